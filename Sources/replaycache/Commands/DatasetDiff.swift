import ArgumentParser
import ReplayCache
import Synchronization

struct DatasetShow: ReplayCacheSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Print the list that a dataset is.",
        discussion: """
            A line for each file, in the form of sha256sum, by path: what `sha256sum -c` checks in the folder above the \
            one that was fetched into.

            Examples:
              replaycache dataset show fox-2026 | sha256sum -c --quiet
              replaycache dataset show fox-2026@1a2b3c4d --json
            """
    )

    @Argument(help: "NAME, or NAME@DIGITS of the digest of its list.")
    var name: String

    @OptionGroup var remote: CheckpointRemote
    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let workspace = try await global.open().workspace
        let isJSON = global.json
        // For a program every byte is as the dataset has it; on a terminal nothing may act.
        let isTerminal = Machine.isTerminal(1)
        let summary = try await workspace.showDataset(name, at: try remote.place()) { file in
            if isJSON { return try Console.json(file) }
            try Console.data(isTerminal ? DisplayText.escaped(file.checksumLine) : file.checksumLine)
        }
        try global.conclude(summary)
    }
}

struct DatasetDiff: ReplayCacheSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "diff",
        abstract: "Compare two datasets by their contents.",
        discussion: """
            A file that only moved is no difference. Lines begin with - for what only the first has, and with + for what \
            only the second has.

            Examples:
              replaycache dataset diff fox-2025 fox-2026
              replaycache dataset diff fox-2025 fox-2026 --json
            """
    )

    @Argument(help: "NAME, or NAME@DIGITS of the digest of its list.")
    var first: String

    @Argument(help: "The one to compare it with.")
    var second: String

    @Option(help: ArgumentHelp("Print at most so many files of each kind; with --json all are.", valueName: "n"))
    var limit = 50

    @OptionGroup var remote: CheckpointRemote
    @OptionGroup var global: GlobalOptions

    func validate() throws {
        if limit < 0 { throw ValidationError("--limit must not be negative") }
    }

    func run() async throws {
        let workspace = try await global.open().workspace
        let (isJSON, limit) = (global.json, limit)
        let told = Mutex((removed: 0, added: 0))
        let summary = try await workspace.compareDatasets(first, second, at: try remote.place()) { file in
            if isJSON { return try Console.json(file) }
            let isAdded = file.change == .added
            let count = told.withLock { told in
                if isAdded { told.added += 1 } else { told.removed += 1 }
                return isAdded ? told.added : told.removed
            }
            guard count <= limit else { return }
            try Console.data("\(isAdded ? "+" : "-") \(DisplayText.escaped(file.path))")
        }
        if !isJSON, let difference = summary.difference {
            for line in Self.lines(difference, limit: limit) { try Console.data(line) }
        }
        try global.conclude(summary)
    }

    private static func lines(_ found: DatasetDifference, limit: Int) -> [String] {
        func files(_ count: Int) -> String { "\(Decimals.grouped(count)) \(count == 1 ? "file" : "files")" }
        let isCut = found.filesAdded > limit || found.filesRemoved > limit
        let note = isCut ? ["at most \(Decimals.grouped(limit)) of each are named; --limit names more"] : []
        return note + [
            "\(files(found.filesAdded)) added, \(ByteCount(found.bytesAdded)); \(files(found.filesRemoved)) removed, "
                + "\(ByteCount(found.bytesRemoved)); \(files(found.filesKept)) in both"
        ]
    }
}
