import ArgumentParser
import ReplayCache

struct Status: ReplayCacheSubcommand {
    static let configuration = CommandConfiguration(
        abstract: "Say what a push and a fetch would move.",
        discussion: """
            With a selection, what a fetch of it would move; a push takes everything.

            Examples:
              replaycache status ~/slp /mnt/backup/melee
              replaycache status ~/slp --offline
              replaycache status ~/slp /mnt/backup/melee --character mewtwo
            """
    )

    @Argument(help: "The folder.")
    var dir: String

    @Argument(help: "The repository; by default $REPLAYCACHE_REMOTE, else the bucket of the provider that is set up.")
    var remote: String?

    @Option(help: ArgumentHelp("The path in the repository that DIR stands for.", valueName: "path"))
    var into = "replays"

    @Flag(help: "Compare with what is known of the remote, without asking it.")
    var offline = false

    @OptionGroup(title: "Selection") var selection: SelectionOptions

    @OptionGroup var global: GlobalOptions

    func run() async throws {
        try Place.refuse(asFolder: dir, of: "status", other: remote)
        let place = try RemoteArgument.place(remote)
        let path = try PushOptions(into: into).into
        let selection = try selection.selection()
        try await global.run {
            try await $0.status(dir, at: place, path: path, isOffline: offline, selection: selection)
        }
    }
}
