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
/// Read-only by SQLite's authorizer: statements that write, attach or set are refused whatever they look like. The
/// statement runs on a queue of the session's own, so that one that takes for ever can be cancelled.
actor SQLSession {
    nonisolated let executor = QueueExecutor(label: "replaycache.sql")
    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    private let database: Database
    private nonisolated let interrupter: Interrupter
    private var statement: Statement?

    /// Rows handed over at once: the first one at once, then more and more of them.
    private var batchCount = 1
    private static let maximumBatchCount = 256
    /// Rows are handed over when the first of them is this old.
    private static let batchAge = Duration.milliseconds(50)

    /// Runs one statement; `header` gets the names of the columns, `body` each row.
    static func run(
        _ sql: String,
        catalog: Catalog,
        header: ([String]) throws -> Void,
        _ body: ([SQLCell]) throws -> Void
    ) async throws {
        let places = try await catalog.knownPlaces()
        let home = catalog.home
        let session = try await BlockingPool.shared.run { try SQLSession(home: home, places: places) }
        try await withTaskCancellationHandler {
            try header(try await session.start(sql))
            while true {
                let rows = try await session.rows()
                guard !rows.isEmpty else { break }
                for row in rows { try body(row) }
            }
        } onCancel: {
            session.interrupter.interrupt()
        }
    }

    /// Opens the views.
    ///
    /// Blocks.
    private init(home: String, places: [KnownPlace]) throws {
        database = try Database(path: ":memory:")
        interrupter = database.interrupter
        try database.attach(Catalog.path(in: home), as: "catalog")
        try database.execute(
            """
            CREATE TEMP VIEW files AS SELECT * FROM catalog.files;
            CREATE TEMP VIEW duplicates AS SELECT * FROM catalog.duplicates;
            CREATE TEMP VIEW local_replays AS SELECT * FROM catalog.replays;
            """
        )
        // SQLite attaches ten databases at most; the catalog is one of them.
        let attached = places.prefix(9)
        for (index, place) in attached.enumerated() { try database.attach(place.path, as: "place\(index)") }
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
    }

    /// Returns the names of the columns.
    private func start(_ sql: String) throws -> [String] {
        do {
            let statement = try database.prepare(sql)
            self.statement = statement
            return statement.columnNames
        } catch {
            throw Self.explained(error)
        }
    }

    /// The next rows; none at the end.
    private func rows() throws -> [[SQLCell]] {
        guard let statement else { return [] }
        let started = ContinuousClock.now
        var rows: [[SQLCell]] = []
        do {
            while rows.isEmpty || (rows.count < batchCount && ContinuousClock.now - started < Self.batchAge) {
                try Task.checkCancellation()
                guard try statement.step() else {
                    self.statement = nil
                    break
                }
                let row = Row(statement)
                rows.append((0..<statement.columnCount).map { SQLCell(row.value($0)) })
            }
        } catch let error as SQLiteError {
            throw Self.explained(error)
        }
        batchCount = min(2 * batchCount, Self.maximumBatchCount)
        return rows
    }

    private static func explained(_ error: SQLiteError) -> any Error {
        if error.isReadOnly {
            return ReplayCacheError(
                .usage,
                "sql only reads: that statement would change something",
                cause: error.message
            )
        }
        // SQLITE_ERROR, and SQLITE_MISUSE for an empty statement.
        guard [1, 21].contains(error.primaryCode) else { return error }
        return ReplayCacheError(
            .usage,
            "the statement is not valid: \(error.message)",
            hint: "views: files, duplicates, local_replays, entries, replays, players, checkpoints"
        )
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
