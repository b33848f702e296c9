import ArgumentParser
import ReplayCache

struct DatasetDrop: ReplayCacheSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "drop",
        abstract: "Give up a dataset, so that what only it keeps can be collected.",
        discussion: """
            Takes the name away from the list, for good, and changes no entry: what paths still show stays. What only the \
            dataset kept is condemned by the next `replaycache gc` and removed by one a day later. The list is not read, so \
            that a dataset whose list is lost, and keeps `gc` from working, can be dropped too.

            Examples:
              replaycache dataset drop fox-2025 --dry-run
              replaycache dataset drop fox-2025@1a2b3c4d --remote b2:hub/melee
            """
    )

    @Argument(help: "NAME, or NAME@DIGITS of the digest of its list.")
    var name: String

    @Flag(help: "Also when checkpoints were trained on it.")
    var force = false

    @Flag(help: "Only say what would be dropped.")
    var dryRun = false

    @OptionGroup var remote: CheckpointRemote
    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let place = try remote.place()
        var options = DropOptions(name)
        options.isForced = force
        options.isDryRun = dryRun
        try await global.run { [options] workspace in
            let (summary, dataset) = try await workspace.dropDataset(at: place, options: options)
            if global.json { try Console.json(dataset) }
            return summary
        }
    }
}
