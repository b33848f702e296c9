import ArgumentParser
import ReplayCache

/// The command `replaycache`.
@main
struct ReplayCacheCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replaycache",
        abstract: "Keep Slippi replays and training checkpoints in step between a laptop, a bucket and cloud pods.",
        discussion: """
            Files are known by their content (SHA-256): only what changed moves, an interrupted run continues where it \
            stopped, and nothing gets its name before its bytes are verified.

            Examples:
              replaycache push ~/slp /mnt/backup/melee
              replaycache fetch /mnt/backup/melee ./replays --character mewtwo
            """,
        version: Version.current,
        subcommands: [
            Push.self, Fetch.self, Status.self, List.self, Query.self, Dedup.self, Verify.self, Scan.self, SQL.self,
            Checkpoint.self,
        ]
    )

    static func main() async {
        ProcessSetup.run()
        do {
            try await Interruption().watch {
                let command = try parseAsRoot()
                if var command = command as? any AsyncParsableCommand {
                    try await command.run()
                } else {
                    var command = command
                    try command.run()
                }
            }
        } catch let error as ReplayCacheError {
            Console.report(error)
            Self.exit(withError: ExitCode(ExitStatus.of(error.code)))
        } catch is BrokenPipe {
            Self.exit(withError: ExitCode.success)
        } catch {
            Self.exit(withError: error)
        }
    }
}
