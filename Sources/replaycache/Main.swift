import ArgumentParser
import ReplayCache

/// The command `replaycache`.
@main
struct ReplayCacheCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replaycache",
        abstract:
            "Keep Slippi replays and training checkpoints in step between a laptop, a shared remote and cloud pods.",
        discussion: """
            Files are known by their content (SHA-256): only what changed moves, an interrupted run continues where it \
            stopped, and nothing gets its name before its bytes are verified.

            Examples:
              replaycache push ~/slp b2:my-bucket/replaycache
              replaycache fetch b2:my-bucket/replaycache ./replays --character mewtwo
              replaycache push ~/slp /mnt/backup/melee
            """,
        version: Version.current,
        subcommands: [
            Push.self, Fetch.self, Status.self, List.self, Query.self, Stats.self, Dedup.self, History.self,
            Restore.self, Remove.self, Copy.self, Import.self, Verify.self, GC.self, Cost.self, Scan.self, SQL.self,
            CatalogPaths.self, DoctorCommand.self, Checkpoint.self, Dataset.self,
        ]
    )

    static func main() async {
        ProcessSetup.run()
        do {
            try refuseUnreadableArguments()
            try await Interruption().watch {
                try await perform(try parse())
            }
        } catch let error as ReplayCacheError {
            if error.code != .outputClosed { Console.report(error) }
            Self.exit(withError: ExitCode(ExitStatus.of(error.code)))
        } catch {
            Self.exit(withError: error)
        }
    }

    /// Swift repairs arguments that are not UTF-8, and a repaired path is another path.
    private static func refuseUnreadableArguments() throws {
        guard !Machine.hasReadableArguments else { return }
        throw ReplayCacheError(
            .usage,
            "an argument is not UTF-8",
            hint: "rename the file or folder, or reach it through a link with a readable name"
        )
    }

    /// Reads the arguments; what is wrong with them is told in JSON too where that was asked for.
    private static func parse() throws -> any ParsableCommand {
        do {
            return try parseAsRoot()
        } catch {
            // Help and version are no failures.
            if CommandLine.arguments.contains("--json"), exitCode(for: error) != .success {
                try Console.json(FailureLine(ReplayCacheError(.usage, message(for: error))))
            }
            throw error
        }
    }

    private static func perform(_ command: sending any ParsableCommand) async throws {
        let isJSON = (command as? any ReplayCacheSubcommand)?.global.json ?? false
        do {
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                var command = command
                try command.run()
            }
        } catch let failure as SummarizedFailure {
            throw failure.error
        } catch let error as LogicalPathError {
            throw try told(ReplayCacheError(error, doing: "reading the arguments"), isJSON)
        } catch let error as ReplayCacheError {
            throw try told(error, isJSON)
        }
    }

    /// With `--json` the last line is the summary or the error.
    private static func told(_ error: ReplayCacheError, _ isJSON: Bool) throws -> ReplayCacheError {
        if isJSON { try Console.json(FailureLine(error)) }
        return error
    }
}
