import ArgumentParser
import ReplayCache

struct Dedup: ReplayCacheSubcommand {
    static let configuration = CommandConfiguration(
        abstract: "Find files with the same content.",
        discussion: """
            Hard links of one file are not copies of it. Nothing is changed.

            Examples:
              replaycache dedup ~/slp
              replaycache dedup --remote /mnt/backup/melee --json
            """
    )

    @Argument(help: "The folder, scanned first; without it all folders known.")
    var dir: String?

    @Option(help: ArgumentHelp("Look among the entries of this repository.", valueName: "remote"))
    var remote: String?

    @OptionGroup var global: GlobalOptions

    func validate() throws {
        if dir != nil && remote != nil { throw ValidationError("a folder and --remote contradict each other") }
    }

    func run() async throws {
        let workspace = try await global.open().workspace
        let isJSON = global.json
        let isRemote = remote != nil
        let tell: @Sendable (DuplicateGroup) throws -> Void = { group in
            if isJSON { return try Console.json(group) }
            let waste = isRemote ? "stored once" : "\(ByteCount(group.bytesWasted)) wasted"
            try Console.data(
                "\(group.paths.count) x \(ByteCount(group.size)), \(waste), sha256 \(group.sha256.hex.prefix(16))"
            )
            for path in group.paths { try Console.data("  \(DisplayText.escaped(path))") }
        }
        let summary =
            if let remote {
                try await workspace.duplicates(at: try Place(remote), tell)
            } else {
                try await workspace.duplicates(in: dir, tell)
            }
        if !isJSON { try Console.data(Self.totals(summary, isRemote: isRemote)) }
        try global.conclude(summary)
    }

    private static func totals(_ summary: SyncSummary, isRemote: Bool) -> String {
        guard let groups = summary.groups, let copies = summary.copies, groups > 0 else { return "no duplicates" }
        return "\(Decimals.grouped(copies)) superfluous \(copies == 1 ? "copy" : "copies") of "
            + "\(Decimals.grouped(groups)) \(groups == 1 ? "file" : "files")"
            + (isRemote ? "" : ", \(ByteCount(summary.bytesWasted ?? 0)) wasted")
    }
}
