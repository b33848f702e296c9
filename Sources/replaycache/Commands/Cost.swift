import ArgumentParser
import ReplayCache

struct Cost: ReplayCacheSubcommand {
    static let configuration = CommandConfiguration(
        abstract: "Say what a remote costs: storage a month, and a full fetch.",
        discussion: """
            From what was known here when the remote was last reached, at list prices; no request is made. What an account \
            has free a month is left out, and so are the log and objects that nothing refers to any more.

            Examples:
              replaycache cost b2:hub/melee
              replaycache cost --json
            """
    )

    @Argument(help: "The repository; by default $REPLAYCACHE_REMOTE, else the bucket of the provider that is set up.")
    var remote: String?

    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let place = try RemoteArgument.place(remote)
        try await global.run { try await $0.cost(of: place) }
    }
}
