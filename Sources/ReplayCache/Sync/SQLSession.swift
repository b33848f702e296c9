/// A value in the answer to a user's statement.
public enum SQLCell: Sendable, Equatable {
    /// NULL.
    case null
    /// An integer.
    case integer(Int64)
    /// A floating-point number.
    case real(Double)
    /// Text.
    case text(String)
    /// Bytes.
    case blob([UInt8])
}

/// Runs SQL that a user wrote, over the documented views of the catalog and of all known places (`docs/catalog.md`).
///
/// Read-only by SQLite's authorizer: statements that write, attach or set are refused whatever they look like.
struct SQLSession {
    private let database: Database

    /// Opens the views.
    init(catalog: Catalog) async throws {
        let places = try await catalog.knownPlaces()
        let home = catalog.home
        database = try Self.open(home: home, places: places)
    }

    private static func open(home: String, places: [KnownPlace]) throws -> Database {
        let database = try Database(path: ":memory:")
        try database.run("ATTACH ? AS catalog", .text(Catalog.path(in: home)))
        try database.execute(
            """
            CREATE TEMP VIEW files AS SELECT * FROM catalog.files;
            CREATE TEMP VIEW duplicates AS SELECT * FROM catalog.duplicates;
            CREATE TEMP VIEW local_replays AS SELECT * FROM catalog.replays;
            """
        )
        // SQLite attaches ten databases at most; the catalog is one of them.
        let attached = places.prefix(9)
        for (index, place) in attached.enumerated() {
            try database.run("ATTACH ? AS place\(index)", .text(place.path))
        }
        for view in ["entries", "replays", "players", "checkpoints"] {
            let parts = attached.indices.map { index in
                let name = attached[index].canonical.split(separator: "'", omittingEmptySubsequences: false)
                    .joined(separator: "''")
                return "SELECT '\(name)' AS place, * FROM place\(index).\(view)"
            }
            guard !parts.isEmpty else { continue }
            try database.execute("CREATE TEMP VIEW \(view) AS \(parts.joined(separator: " UNION ALL "))")
        }
        database.forbidWrites()
        return database
    }

    /// Runs one statement; `header` gets the names of the columns, `body` each row.
    func run(_ sql: String, header: ([String]) throws -> Void, _ body: ([SQLCell]) throws -> Void) throws {
        do {
            let statement = try database.prepare(sql)
            let names = statement.columnNames
            try header(names)
            while try statement.step() {
                try Task.checkCancellation()
                let row = Row(statement)
                try body(names.indices.map { SQLCell(row.value($0)) })
            }
        } catch let error as SQLiteError where error.isReadOnly {
            throw ReplayCacheError(
                .usage,
                "sql only reads: that statement would change something",
                cause: error.message
            )
        } catch let error as SQLiteError where [1, 21].contains(error.primaryCode) {
            // SQLITE_ERROR, and SQLITE_MISUSE for an empty statement.
            throw ReplayCacheError(
                .usage,
                "the statement is not valid: \(error.message)",
                hint: "views: files, duplicates, local_replays, entries, replays, players, checkpoints"
            )
        }
    }
}

extension SQLCell {
    fileprivate init(_ value: SQLiteValue) {
        switch value {
        case .null: self = .null
        case .integer(let value): self = .integer(value)
        case .real(let value): self = .real(value)
        case .text(let value): self = .text(value)
        case .blob(let value): self = .blob(value)
        }
    }
}
