import ArgumentParser
import ReplayCache

struct Scan: ReplayCacheSubcommand {
    static let configuration = CommandConfiguration(
        abstract: "Bring the local catalog up to date with a folder.",
        discussion: """
            Examples:
              replaycache scan ~/slp
              replaycache scan ~/slp --json
            """
    )

    @Argument(help: "The folder.")
    var dir: String

    @Flag(help: "Follow symbolic links; without it they are passed over.")
    var follow = false

    @Flag(help: "Read every file, whatever its time stamps say.")
    var paranoid = false

    @OptionGroup var global: GlobalOptions

    func run() async throws {
        try await global.run { try await $0.scan(dir, followsLinks: follow, isParanoid: paranoid) }
    }
}
