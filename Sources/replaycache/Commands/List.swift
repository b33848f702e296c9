import ArgumentParser
import ReplayCache
import Synchronization

struct List: ReplayCacheSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "ls",
        abstract: "List the entries of a repository.",
        usage: "replaycache ls [<remote>] [<path>] [<options>]",
        discussion: """
            Examples:
              replaycache ls /mnt/backup/melee
              replaycache ls /mnt/backup/melee replays/mewtwo -l
            """
    )

    @Argument(help: ArgumentHelp("The repository, and the path below which to list.", valueName: "remote> <path"))
    var arguments: [String] = []

    @Flag(name: .short, help: "Also print size, stored size and modification time.")
    var long = false

    @OptionGroup var global: GlobalOptions

    func validate() throws {
        if arguments.count > 2 { throw ValidationError("at most a remote and a path can be given") }
    }

    func run() async throws {
        let isRemoteGiven = arguments.count == 2 || (arguments.count == 1 && Place.isPlace(arguments[0]))
        let place = try RemoteArgument.place(isRemoteGiven ? arguments[0] : nil, other: arguments.first)
        let path = isRemoteGiven ? arguments.dropFirst().first : arguments.first
        // A shell completes a folder with a slash.
        let below = try path.map { try LogicalPath($0.hasSuffix("/") ? String($0.dropLast()) : $0) }
        let workspace = try await global.open().workspace
        let table = Mutex(Table(["MODIFIED", "SIZE", "STORED", "PATH"]))
        let (isJSON, isLong) = (global.json, long)
        let summary = try await workspace.list(place, below: below) { entry in
            if isJSON {
                try Console.json(entry)
            } else if isLong {
                let stored = entry.encodedSize.map { ByteCount($0).description } ?? "-"
                try table.withLock {
                    try $0.add([entry.modifiedAt, ByteCount(entry.size).description, stored, entry.path])
                }
            } else {
                try Console.data(DisplayText.escaped(entry.path))
            }
        }
        try table.withLock { try $0.flush() }
        if let below, summary.filesSeen == 0, summary.failure == nil {
            throw ReplayCacheError(
                .usage,
                "nothing is at or below \(DisplayText.quoted(below.string))",
                hint: "`replaycache ls` without a path lists everything",
                subject: below.string
            )
        }
        try global.conclude(summary)
    }
}
