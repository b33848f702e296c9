import ArgumentParser
import ReplayCache
import Synchronization

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
        let reading = try await global.open()
        let totals = Mutex((groups: 0, copies: 0, wasted: Int64(0)))
        let isJSON = global.json
        let isRemote = remote != nil
        let tell: @Sendable (DuplicateGroup) throws -> Void = { group in
            totals.withLock {
                $0.groups += 1
                $0.copies += group.paths.count - 1
                $0.wasted += group.bytesWasted
            }
            if isJSON { return try Console.json(group) }
            let waste = isRemote ? "stored once" : "\(ByteCount(group.bytesWasted)) wasted"
            try Console.data(
                "\(group.paths.count) x \(ByteCount(group.size)), \(waste), sha256 \(group.sha256.hex.prefix(16))"
            )
            for path in group.paths { try Console.data("  \(DisplayText.escaped(path))") }
        }
        var scan: SyncSummary?
        if let remote {
            try await reading.workspace.duplicates(at: try Place(remote), tell)
        } else {
            scan = try await reading.workspace.duplicates(in: dir, tell)
        }
        let (groups, copies, wasted) = totals.withLock { $0 }
        let unread = scan?.filesFailed ?? 0
        try conclude(DedupSummary(groups: groups, copies: copies, bytesWasted: wasted, filesFailed: unread))
        if let failure = reading.damage ?? scan?.failure { throw SummarizedFailure(error: failure) }
    }

    private func conclude(_ summary: DedupSummary) throws {
        if global.json { return try Console.json(summary) }
        let (groups, copies, wasted) = (summary.groups, summary.copies, summary.bytesWasted)
        let waste = remote != nil ? "" : ", \(ByteCount(wasted)) wasted"
        try Console.data(
            groups == 0
                ? "no duplicates"
                : "\(Decimals.grouped(copies)) superfluous \(copies == 1 ? "copy" : "copies") of "
                    + "\(Decimals.grouped(groups)) \(groups == 1 ? "file" : "files")\(waste)"
        )
    }
}

/// The last line of `dedup --json`.
private struct DedupSummary: Encodable {
    let v = 1
    let event = "summary"
    let command = "dedup"
    let groups: Int
    let copies: Int
    let bytesWasted: Int64
    /// Files that could not be read, and so were not compared.
    let filesFailed: Int
}
