import ArgumentParser
import ReplayCache

struct Checkpoint: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Publish, list and fetch training checkpoints.",
        subcommands: [CheckpointPush.self, CheckpointLog.self, CheckpointFetch.self]
    )
}

/// `--remote` of the checkpoint commands.
struct CheckpointRemote: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The repository; by default $REPLAYCACHE_REMOTE, else the bucket of the provider that is set up.",
            valueName: "remote"
        )
    )
    var remote: String?

    func place() throws -> Place { try RemoteArgument.place(remote) }
}

struct CheckpointPush: ReplayCacheSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "push",
        abstract: "Publish files, or all files of a folder, as one checkpoint.",
        discussion: """
            The set becomes visible at once. Files over 32 MiB are stored in parts, and parts that are there already are \
            not sent again. Every version of a file that is overwritten in place is kept. Links are followed; what \
            cannot be part of the set, such as a file that ends in .part or .tmp, is named and nothing is published.

            Examples:
              replaycache checkpoint push model.pt --run fox --step 9 --metric loss=0.21
              replaycache checkpoint push ./shards --run fox-v3 --remote /mnt/backup/melee
            """
    )

    @Argument(help: "Files, or one folder.")
    var files: [String]

    @Option(help: ArgumentHelp("The training run.", valueName: "run"))
    var run: String

    @Option(help: ArgumentHelp("The training step.", valueName: "n"))
    var step: Int64?

    @Option(help: ArgumentHelp("A metric; may be repeated.", valueName: "name=value"))
    var metric: [String] = []

    @Option(help: ArgumentHelp("What to call the set; by default the first file or the folder.", valueName: "name"))
    var name: String?

    @Option(
        help: ArgumentHelp("The dataset that it was trained on: NAME or NAME@DIGITS of its list.", valueName: "name")
    )
    var dataset: String?

    @Option(help: ArgumentHelp("A remark.", valueName: "text"))
    var note: String?

    @Flag(help: "Only say what would be done.")
    var dryRun = false

    @OptionGroup(title: "Network") var transfer: TransferArguments
    @OptionGroup var remote: CheckpointRemote
    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let place = try remote.place()
        var description = CheckpointDescription(run: run)
        description.name = name
        description.step = step
        description.metrics = try metrics()
        description.dataset = dataset
        description.note = note
        try await global.run(transfer.options()) { [description] in
            try await $0.pushCheckpoint(files, to: place, description, isDryRun: dryRun)
        }
    }

    private func metrics() throws -> [String: Double] {
        var result: [String: Double] = [:]
        for text in metric {
            let parts = text.split(separator: "=", maxSplits: 1)
            guard parts.count == 2, let value = Double(parts[1]) else {
                throw ReplayCacheError(
                    .usage,
                    "the metric \(DisplayText.quoted(text)) is not NAME=NUMBER",
                    hint: "write --metric val_loss=0.21"
                )
            }
            result[String(parts[0])] = value
        }
        return result
    }
}

struct CheckpointLog: ReplayCacheSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "log",
        abstract: "List the checkpoints of a run, or of all runs, newest first.",
        discussion: """
            Newest first is the highest step first; a checkpoint without a step counts as later than the steps published \
            before it.

            Examples:
              replaycache checkpoint log
              replaycache checkpoint log fox-v3 --json
            """
    )

    @Argument(help: "The training run.")
    var run: String?

    @OptionGroup var remote: CheckpointRemote
    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let workspace = try await global.open().workspace
        let (summary, rows) = try await workspace.checkpointLog(of: run, at: try remote.place())
        if let run, rows.isEmpty, summary.failure == nil {
            throw ReplayCacheError(
                .usage,
                "no checkpoint of run \(DisplayText.quoted(run)) was published",
                hint: "`replaycache checkpoint log` lists all runs",
                subject: run
            )
        }
        if global.json {
            for row in rows { try Console.json(row) }
        } else {
            try Self.table(rows)
        }
        try global.conclude(summary)
    }

    private static func table(_ rows: [CheckpointRow]) throws {
        var table = Table(["RUN", "STEP", "NAME", "COMMITTED", "FILES", "SIZE", "METRICS", "DATASET", "NOTE"])
        for row in rows {
            let metrics = row.metricTexts.map { "\($0.name)=\($0.value)" }.joined(separator: " ")
            try table.add([
                row.run, row.step.map { "\($0)" } ?? "-", row.name, row.committedAt, "\(row.files.count)",
                ByteCount(row.size).description, metrics.isEmpty ? "-" : metrics,
                row.shortDataset ?? "-", row.note ?? "",
            ])
        }
        try table.flush()
    }
}

struct CheckpointFetch: ReplayCacheSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "fetch",
        abstract: "Bring the files of one checkpoint into a folder.",
        discussion: """
            RUN alone means its latest checkpoint, the first of the log. `best:METRIC` takes the lowest value for names with loss, err or ppl, \
            else the highest; `best:METRIC:min` and `:max` say it outright. NaN is never best.

            Examples:
              replaycache checkpoint fetch fox-v3@latest -o ./restore
              replaycache checkpoint fetch fox-v3@best:val_loss -o ./restore
            """
    )

    @Argument(help: ArgumentHelp("RUN, RUN@latest, RUN@best:METRIC, RUN@STEP or RUN@NAME.", valueName: "run@which"))
    var reference: String

    @Option(
        name: [.customShort("o"), .long],
        help: ArgumentHelp("The folder; by default one named after the run.", valueName: "dir")
    )
    var output: String?

    @Flag(help: "Replace files that are different; they are kept as NAME.replaced-….")
    var force = false

    @OptionGroup(title: "Network") var transfer: TransferArguments
    @OptionGroup var remote: CheckpointRemote
    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let place = try remote.place()
        let reference = try CheckpointReference(reference)
        try await global.run(transfer.options()) { workspace in
            let (summary, checkpoint) = try await workspace.fetchCheckpoint(
                reference,
                from: place,
                into: output,
                isForced: force
            )
            if !global.json && !global.quiet {
                let step = checkpoint.step.map { " step \($0)" } ?? ""
                let metrics = checkpoint.metricTexts.map { ", \($0.name)=\($0.value)" }.joined()
                StandardStream.note(DisplayText.escaped("\(checkpoint.run) \(checkpoint.name)\(step)\(metrics)"))
            }
            return summary
        }
    }
}
