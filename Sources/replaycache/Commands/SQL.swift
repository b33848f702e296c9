import ArgumentParser
import ReplayCache

struct SQL: ReplayCacheSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "sql",
        abstract: "Run a SELECT over the catalog.",
        discussion: """
            Views: files, duplicates, local_replays, local_players (this machine); entries, replays, players, checkpoints, \
            datasets (all repositories used from here, with a column `place`). They are described in docs/catalog.md. \
            Statements that would change something are refused.

            Examples:
              replaycache sql "SELECT stage, count(*) FROM replays GROUP BY stage"
              replaycache sql "SELECT path FROM files WHERE problem IS NOT NULL" --json
            """
    )

    @Argument(help: "One statement.")
    var statement: String

    @Option(help: ArgumentHelp("How to print the rows.", valueName: "format"))
    var format = RowPrinter.Format.table

    @Option(
        help: ArgumentHelp(
            "Stop a statement that works longer than this, such as 30s, 5m or 2h; `none` for no limit.",
            valueName: "duration"
        )
    )
    var timeout = TimeLimit.minutes(5)

    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let workspace = try await global.open().workspace
        let format = global.json ? .json : format
        var printer: RowPrinter?
        try await workspace.sql(statement, timeout: timeout.duration) { columns in
            printer = try RowPrinter(format, columns: columns)
        } _: { cells in
            try printer?.add(cells)
        }
        try printer?.finish()
    }
}

extension RowPrinter.Format: ExpressibleByArgument {}

/// How long something may take.
struct TimeLimit: ExpressibleByArgument {
    /// Nil without a limit.
    let duration: Duration?
    let defaultValueDescription: String

    static func minutes(_ count: Int) -> TimeLimit {
        TimeLimit(duration: .seconds(60 * count), defaultValueDescription: "\(count)m")
    }

    private init(duration: Duration?, defaultValueDescription: String) {
        self.duration = duration
        self.defaultValueDescription = defaultValueDescription
    }

    init?(argument: String) {
        defaultValueDescription = argument
        guard argument != "none" else {
            duration = nil
            return
        }
        let units: [Character: Double] = ["s": 1, "m": 60, "h": 3600]
        guard let unit = argument.last.flatMap({ units[$0] }), let number = Double(argument.dropLast()), number > 0,
            number * unit <= 1e8
        else { return nil }
        duration = .seconds(number * unit)
    }
}
