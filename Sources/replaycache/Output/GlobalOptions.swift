import ArgumentParser
import ReplayCache

/// Options that every command has.
struct GlobalOptions: ParsableArguments {
    @Flag(help: "Print one JSON object a line.")
    var json = false

    @Flag(name: .shortAndLong, help: "Print only errors, what failed, and rows that were asked for.")
    var quiet = false

    @Flag(name: .shortAndLong, help: "Name every file that moves.")
    var verbose = false

    func validate() throws {
        if quiet && verbose { throw ValidationError("--quiet and --verbose contradict each other") }
    }
}

extension GlobalOptions {
    /// Opens the catalog and runs an operation that ends with a summary, telling how it goes.
    func run(
        _ transfer: TransferOptions = TransferOptions(),
        _ operation: (Workspace) async throws -> SyncSummary
    ) async throws {
        let progress = Progress()
        let narrator = Narrator(options: self, progress: progress)
        let workspace = try await Workspace.open(progress: progress, transfer: transfer) { narrator.tell($0) }
        let summary = try await narrator.drawing { try await operation(workspace) }
        try narrator.conclude(summary)
        if let failure = summary.failure { throw SummarizedFailure(error: failure) }
    }

    /// Ends a command that has printed rows of its own.
    func conclude(_ summary: SyncSummary) throws {
        if json { try Console.json(summary) }
        if let failure = summary.failure { throw SummarizedFailure(error: failure) }
    }

    /// Opens the catalog for an operation that prints rows of its own.
    func open() async throws -> Reading {
        let narrator = Narrator(options: self, progress: Progress())
        return Reading(workspace: try await Workspace.open { narrator.tell($0) }, narrator: narrator)
    }
}

/// An operation that prints rows of its own.
struct Reading {
    let workspace: Workspace
    fileprivate let narrator: Narrator

    /// What to end with after the rows are printed: they stand, but some may be missing.
    var damage: ReplayCacheError? { narrator.damage }
}

/// A command with the options that every command has.
protocol ReplayCacheSubcommand: AsyncParsableCommand {
    var global: GlobalOptions { get }
}

/// A failure that the summary has told already.
struct SummarizedFailure: Error {
    let error: ReplayCacheError
}

/// The last line of `--json` when an operation fails as a whole (`schema/error.schema.json`).
struct FailureLine: Encodable {
    let v = 1
    let event = "error"
    let code: String
    let exitCode: Int32
    let message: String
    let hint: String?

    init(_ error: ReplayCacheError) {
        code = error.code.description
        exitCode = ExitStatus.of(error.code)
        message = error.description
        hint = error.hint
    }
}
