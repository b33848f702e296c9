import ArgumentParser
import ReplayCache

struct Fetch: ReplayCacheSubcommand {
    static let configuration = CommandConfiguration(
        abstract: "Bring what changed at a remote into a folder.",
        usage: "replaycache fetch [<remote>] [<dir>] [<options>]",
        discussion: """
            Content that is on this machine already is not downloaded. Local changes are never overwritten, and nothing \
            is deleted, unless --delete asks for it: then files go that came from the remote, are as they came, and were \
            deleted there. A read-only key or mount suffices.

            Examples:
              replaycache fetch /mnt/backup/melee ./replays
              replaycache fetch /mnt/backup/melee ./replays --character mewtwo --limit 1000
              replaycache fetch b2:hub/melee ./replays --shard 2/4 --max-disk 200G
            """
    )

    @Argument(
        help: ArgumentHelp(
            "The repository and the folder; one alone is told apart by what it is.",
            valueName: "remote> <dir"
        )
    )
    var arguments: [String] = []

    @OptionGroup(title: "Selection") var selection: SelectionOptions

    @Option(help: ArgumentHelp("The path in the repository that DIR stands for.", valueName: "path"))
    var from = "replays"

    @Option(
        help: ArgumentHelp(
            "Of what is selected, take share I of N: disjoint, even, decided by content alone.",
            valueName: "i/n"
        )
    )
    var shard: String?

    @Option(
        help: ArgumentHelp(
            "Leave what would make the files in DIR larger than this together, such as 200G; exit status 6.",
            valueName: "size"
        )
    )
    var maxDisk: SizeArgument?

    @Flag(
        help: """
            Make files with the same content hard links to one, read-only, instead of copies; files in other folders \
            are copied, unless they are read-only already.
            """
    )
    var link = false

    @Flag(help: "Where both sides changed, take the remote's version; the local one is kept as NAME.replaced-….")
    var force = false

    @OptionGroup var deletion: DeletionArguments

    @Flag(help: "Read every local file, whatever its time stamps say.")
    var paranoid = false

    @Flag(help: "Only say what would be done.")
    var dryRun = false

    @OptionGroup(title: "Network") var transfer: TransferArguments

    @OptionGroup var global: GlobalOptions

    func validate() throws {
        if arguments.count > 2 { throw ValidationError("at most a remote and a folder can be given") }
    }

    func run() async throws {
        let (place, directory) = try RemoteArgument.remoteAndDirectory(arguments)
        var options = try FetchOptions(from: from, selection: try selection.selection())
        options.shard = try shard.map { try Shard($0) }
        options.maximumBytes = maxDisk?.bytes
        options.links = link
        options.isForced = force
        options.deletion = deletion.options()
        options.isParanoid = paranoid
        options.isDryRun = dryRun
        try await global.run(transfer.options()) { [options] in
            try await $0.fetch(from: place, into: directory, options: options)
        }
    }
}
