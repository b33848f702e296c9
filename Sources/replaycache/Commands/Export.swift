import ArgumentParser
import ReplayCache

struct Export: ReplayCacheSubcommand {
    static let configuration = CommandConfiguration(
        abstract: "Write a selection as plain files, into a bucket, or as a tar stream.",
        discussion: """
            What is written is as it was pushed, under its path and with its time, for programs that know nothing of this \
            one. DEST is a folder, a bucket and prefix (b2:bucket/prefix, for rclone and others), a file FILE.tar, or - for \
            a tar archive on standard output; then everything else is written to standard error. Content that is on this \
            machine already is not downloaded.

            In a folder or a bucket what is there already is passed over, and a file that differs is named and left, \
            unless --force replaces it. Nothing that was exported is remembered.

            Examples:
              replaycache export --to ./plain --character mewtwo
              replaycache export --to b2:shared-bucket/slp --remote b2:hub/melee
              replaycache export --to - --shard 2/8 --remote b2:hub/melee | python train.py
            """
    )

    @OptionGroup(title: "Selection") var selection: SelectionOptions

    @Option(
        help: ArgumentHelp(
            "Where to: a folder, a bucket and prefix, FILE.tar, or - for standard output.",
            valueName: "dest"
        )
    )
    var to: String

    @Option(
        help: ArgumentHelp(
            "The repository; by default $REPLAYCACHE_REMOTE, else the bucket of the provider that is set up.",
            valueName: "remote"
        )
    )
    var remote: String?

    @Option(help: ArgumentHelp("The path in the repository that DEST stands for.", valueName: "path"))
    var from = "replays"

    @Option(
        help: ArgumentHelp(
            "Of what is selected, take share I of N: disjoint, even, decided by content alone.",
            valueName: "i/n"
        )
    )
    var shard: String?

    @Flag(
        help: """
            In a folder: make hard links instead of copies of files that are on this machine already; both names become \
            read-only.
            """
    )
    var link = false

    @Flag(help: "Replace what is at the destination and differs.")
    var force = false

    @Flag(help: "Compare the bytes of every file that is there already, whatever its size and time.")
    var paranoid = false

    @Flag(help: "Only say what would be done.")
    var dryRun = false

    @OptionGroup(title: "Network") var transfer: TransferArguments

    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let destination = try ExportDestination(to)
        if destination == .standardOutput {
            if Machine.isTerminal(1) && !dryRun { throw ReplayCacheError.terminal }
            if !dryRun { Console.leaveStandardOutput() }
        }
        let place = try RemoteArgument.place(remote)
        var options = try ExportOptions(from: from, selection: try selection.selection())
        options.shard = try shard.map { try Shard($0) }
        options.links = link
        options.isForced = force
        options.isParanoid = paranoid
        options.isDryRun = dryRun
        try await global.run(transfer.options()) { [options] in
            try await $0.export(from: place, to: destination, options: options)
        }
    }
}

extension ReplayCacheError {
    fileprivate static let terminal = ReplayCacheError(
        .usage,
        "a tar archive does not go to a terminal",
        hint: "pipe it into a program, or name a file: --to FILE.tar"
    )
}
