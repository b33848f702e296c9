import ArgumentParser
import ReplayCache

struct Push: ReplayCacheSubcommand {
    static let configuration = CommandConfiguration(
        abstract: "Publish what changed in a folder.",
        discussion: """
            Creates the repository in an empty or absent folder. Files that are there already, under any name, are not \
            sent again. Nothing is deleted.

            Examples:
              replaycache push ~/slp /mnt/backup/melee
              replaycache push ~/slp/fox /mnt/backup/melee --into replays/fox --dry-run
            """
    )

    @Argument(help: "The folder with the replays.")
    var dir: String

    @Argument(help: "The repository; by default $REPLAYCACHE_REMOTE, else the bucket of the provider that is set up.")
    var remote: String?

    @Option(help: ArgumentHelp("The path in the repository that DIR stands for.", valueName: "path"))
    var into = "replays"

    @Option(help: ArgumentHelp("Push only files whose path matches; may be repeated.", valueName: "glob"))
    var include: [String] = []

    @Option(help: ArgumentHelp("Leave files whose path matches; may be repeated.", valueName: "glob"))
    var exclude: [String] = []

    @Flag(help: "Follow symbolic links; without it they are passed over.")
    var follow = false

    @Flag(help: "Where both sides changed, publish the local version; the other stays in the history of the path.")
    var force = false

    @Flag(name: .customLong("new"), help: "Start again where the known repository is gone or replaced.")
    var startsNew = false

    @Flag(help: "Store again what is missing at the remote, for example after another program removed it.")
    var heal = false

    @Flag(help: "Read every file, whatever its time stamps say.")
    var paranoid = false

    @Flag(help: "Only say what would be done.")
    var dryRun = false

    @OptionGroup(title: "Network") var transfer: TransferArguments

    @OptionGroup var global: GlobalOptions

    func run() async throws {
        try Place.refuse(asFolder: dir, of: "push", other: remote)
        let place = try RemoteArgument.place(remote)
        var options = try PushOptions(into: into)
        options.includes = include
        options.excludes = exclude
        options.followsLinks = follow
        options.isForced = force
        options.insistsOnNew = startsNew
        options.isHealing = heal
        options.isParanoid = paranoid
        options.isDryRun = dryRun
        try await global.run(transfer.options()) { [options] workspace in
            try await workspace.push(dir, to: place, options: options)
        }
    }
}
