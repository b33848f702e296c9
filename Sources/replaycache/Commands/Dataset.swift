import ArgumentParser
import ReplayCache

struct Dataset: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Give selections of replays a name for good: freeze, list, compare and drop datasets.",
        subcommands: [
            DatasetFreeze.self, DatasetList.self, DatasetShow.self, DatasetDiff.self, DatasetDrop.self,
        ]
    )
}

struct DatasetFreeze: ReplayCacheSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "freeze",
        abstract: "Give the replays that are selected now a name that means them for ever.",
        discussion: """
            The list of their paths and digests becomes part of the repository and never changes; its own digest is what \
            the dataset is. Every replay in it can be fetched with `fetch --dataset NAME`, also when its entry was \
            changed or removed since. The same list again under the same name changes nothing.

            Examples:
              replaycache dataset freeze fox-2026 --character fox --remote b2:hub/melee
              replaycache fetch b2:hub/melee ./replays --dataset fox-2026
            """
    )

    @Argument(help: "What to call it: without / and @.")
    var name: String

    @OptionGroup(title: "Selection") var selection: SelectionOptions

    @Flag(help: "Only say how much would be in it.")
    var dryRun = false

    @OptionGroup var remote: CheckpointRemote
    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let place = try remote.place()
        var options = FreezeOptions(name: name, selection: try selection.selection())
        options.isDryRun = dryRun
        try await global.run { [options] workspace in
            let (summary, dataset) = try await workspace.freezeDataset(at: place, options: options)
            guard let dataset else { return summary }
            if global.json {
                try Console.json(dataset)
            } else if !global.quiet {
                StandardStream.note(DisplayText.escaped("\(dataset.name): sha256 \(dataset.sha256.hex)"))
            }
            return summary
        }
    }
}

struct DatasetList: ReplayCacheSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the datasets of a repository.",
        discussion: """
            Where two machines gave one name to different lists at the same time, the one that was first has it; the \
            other is called NAME@DIGITS, after its digest.

            Examples:
              replaycache dataset list
              replaycache dataset list --remote /mnt/backup/melee --json
            """
    )

    @OptionGroup var remote: CheckpointRemote
    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let (summary, rows) = try await global.open().workspace.datasets(at: try remote.place())
        var table = Table(["NAME", "FILES", "SIZE", "FROZEN", "HOST", "SHA256", "SELECTION"])
        for row in rows {
            if global.json {
                try Console.json(row)
            } else {
                try table.add([
                    row.isCurrent ? row.name : row.shortReference, Decimals.grouped(row.files),
                    ByteCount(row.bytes).description, row.committedAt, row.host, String(row.sha256.hex.prefix(8)),
                    row.selection ?? "everything",
                ])
            }
        }
        try table.flush()
        if rows.isEmpty, !global.json, !global.quiet { StandardStream.note("no datasets") }
        try global.conclude(summary)
    }
}
