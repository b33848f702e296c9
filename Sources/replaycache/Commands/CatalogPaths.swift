import ArgumentParser
import ReplayCache

struct CatalogPaths: ReplayCacheSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "catalog",
        abstract: "Tell where the databases are and how other programs read them.",
        discussion: """
            The catalog has the files of this machine, and each repository used from here has a database of its own. Their \
            views are described in docs/catalog.md; they can be read while replaycache is running.

            Examples:
              replaycache catalog
              replaycache catalog --json
            """
    )

    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let databases = try await global.open().workspace.databases()
        if global.json {
            for database in databases { try Console.json(database) }
            return
        }
        var table = Table(["NAME", "REMOTE", "FILE"])
        for database in databases { try table.add([database.name, database.remote ?? "-", database.path]) }
        try table.flush()
        for line in Self.lines(databases) { try Console.data(DisplayText.escaped(line)) }
    }

    /// What can be pasted; URIs have no character that means something in a shell, in SQL or in Python.
    private static func lines(_ databases: [DatabaseRow]) -> [String] {
        guard let catalog = databases.first else { return [] }
        let remotes = databases.dropFirst()
        let example = remotes.first.map { "\($0.name).replays" } ?? "replays"
        var lines = ["", "sqlite3:", "  sqlite3 '\(catalog.uri)'"]
        lines += remotes.map { "  \($0.sqlite)" }
        lines += ["  SELECT * FROM \(example) LIMIT 5;", "", "DuckDB:", "  INSTALL sqlite; LOAD sqlite;"]
        lines += databases.map { "  \($0.duckdb)" }
        lines += [
            "  SELECT * FROM \(remotes.isEmpty ? "catalog.replays" : example) LIMIT 5;", "", "pandas:",
            "  import pandas, sqlite3", "  db = sqlite3.connect(\"\(catalog.uri)\", uri=True)",
        ]
        lines += remotes.map { "  db.execute(\"ATTACH '\($0.uri)' AS \($0.name)\")" }
        return lines + ["  pandas.read_sql(\"SELECT * FROM \(example) LIMIT 5\", db)"]
    }
}
