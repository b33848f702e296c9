import ArgumentParser
import ReplayCache

struct Verify: ReplayCacheSubcommand {
    static let configuration = CommandConfiguration(
        abstract: "Read a folder again and compare every byte with the catalog.",
        discussion: """
            Finds files whose bytes changed although nobody wrote to them. Exit status 4 if there are any.

            Examples:
              replaycache verify ~/slp
              replaycache verify ./replays --quiet
            """
    )

    @Argument(help: "The folder.")
    var dir: String

    @OptionGroup var global: GlobalOptions

    func run() async throws {
        try await global.run { try await $0.verify(dir) }
    }
}
