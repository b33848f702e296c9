/// Finds replays in the repositories known here and in the local folders, joined by content.
struct Query {
    let catalog: Catalog
    let selection: Selection

    /// Which rows are wanted.
    enum Scope: Sendable {
        /// Entries of all known places, and local files that are in none.
        case everything
        /// Entries of one place.
        case place(PlaceStore)
        /// Local files alone.
        case local
    }

    /// Calls `body` with each row, in the order of paths within each source, until the limit is reached.
    ///
    /// `body` runs while the statement is open, so that the first row is there at once and no row is held.
    func run(_ scope: Scope, _ body: @Sendable (ReplayRow) throws -> Void) async throws {
        try await eachSource(
            of: scope,
            place: { try await $0.eachReplay(selection, limit: $1, notIn: $2, body) },
            local: { try await catalog.eachLocalReplay(selection, limit: $0, notIn: $1, body) }
        )
    }

    /// How many rows ``run(_:_:)`` would give.
    func count(_ scope: Scope) async throws -> Int {
        var total = 0
        try await eachSource(
            of: scope,
            place: { store, limit, others in
                let count = try await store.countReplays(selection, limit: limit, notIn: others)
                total += count
                return count
            },
            local: { limit, others in
                let count = try await catalog.countLocalReplays(selection, limit: limit, notIn: others)
                total += count
                return count
            }
        )
        return total
    }

    /// Asks each source in turn for as many rows as are still wanted, without those that earlier ones have; each answers
    /// how many it gave.
    private func eachSource(
        of scope: Scope,
        place askPlace: (PlaceStore, _ limit: Int, _ others: [String]) async throws -> Int,
        local askLocal: (_ limit: Int, _ others: [String]) async throws -> Int
    ) async throws {
        var remaining = selection.limit ?? .max
        switch scope {
        case .place(let store):
            _ = try await askPlace(store, remaining, [])
        case .local:
            _ = try await askLocal(remaining, [])
        case .everything:
            let places = try await catalog.knownPlaces()
            for (index, place) in places.enumerated() where remaining > 0 {
                let store = try await PlaceStore.open(PlaceRecord(id: place.id, path: place.path), home: catalog.home)
                remaining -= try await askPlace(store, remaining, places[..<index].map(\.path))
            }
            if remaining > 0 { _ = try await askLocal(remaining, places.map(\.path)) }
        }
    }
}

extension PlaceStore {
    /// Replays of this place's entries, without those that a place in `others` has under the same path.
    func eachReplay(
        _ selection: Selection,
        limit: Int,
        notIn others: [String],
        _ body: @Sendable (ReplayRow) throws -> Void
    ) throws -> Int {
        makeIndexes(for: selection)
        return try database.attaching(others) { schemas in
            try database.each(Self.source(selection, notIn: schemas), limit: limit, body)
        }
    }

    func countReplays(_ selection: Selection, limit: Int, notIn others: [String]) throws -> Int {
        makeIndexes(for: selection)
        guard others.isEmpty else {
            return try database.attaching(others) { schemas in
                try database.count(Self.source(selection, notIn: schemas), limit: limit)
            }
        }
        // Counted from indexes alone. Who has a player has a game.
        let condition = selection.condition(schema: "main", content: "e.content", path: "e.path")
        let games = selection.characters.isEmpty ? " JOIN main.game g ON g.content = e.content" : ""
        let sql = "SELECT count(*) FROM main.entry e\(games) WHERE \(condition.sql)"
        return min(limit, try database.first(sql, condition.values) { $0.int(0) } ?? 0)
    }

    private static func source(_ selection: Selection, notIn schemas: [String]) -> ReplaySource {
        let condition = selection.condition(schema: "main", content: "e.content", path: "e.path")
        let unknown = schemas.map { schema in
            """
             AND NOT EXISTS (SELECT 1 FROM \(schema).entry oe JOIN \(schema).content oc ON oc.id = oe.content
                WHERE oe.path = e.path AND oc.digest = c.digest)
            """
        }
        return ReplaySource(
            path: "e.path",
            localPath: """
                (SELECT root.path || '/' || p.path FROM catalog.content lc JOIN catalog.file f ON f.content = lc.id
                    JOIN catalog.file_path p ON p.file = f.id JOIN catalog.root ON root.id = p.root
                    WHERE lc.digest = c.digest LIMIT 1)
                """,
            tables: """
                main.entry e JOIN main.content c ON c.id = e.content JOIN main.replay r ON r.content = c.id
                """,
            condition: condition.sql + unknown.joined(),
            values: condition.values
        )
    }
}

extension Catalog {
    /// Local replays whose content is in none of the place databases `others`.
    func eachLocalReplay(
        _ selection: Selection,
        limit: Int,
        notIn others: [String],
        _ body: @Sendable (ReplayRow) throws -> Void
    ) throws -> Int {
        try database.attaching(others) { try database.each(Self.source(selection, notIn: $0), limit: limit, body) }
    }

    func countLocalReplays(_ selection: Selection, limit: Int, notIn others: [String]) throws -> Int {
        try database.attaching(others) { try database.count(Self.source(selection, notIn: $0), limit: limit) }
    }

    private static func source(_ selection: Selection, notIn schemas: [String]) -> ReplaySource {
        let condition = selection.condition(schema: "main", content: "c.id", path: "p.path")
        let unknown = schemas.map { schema in
            """
             AND NOT EXISTS (SELECT 1 FROM \(schema).content oc JOIN \(schema).entry oe ON oe.content = oc.id
                WHERE oc.digest = c.digest)
            """
        }
        return ReplaySource(
            path: "p.path",
            localPath: "root.path || '/' || p.path",
            tables: """
                main.file_path p JOIN main.root ON root.id = p.root JOIN main.file f ON f.id = p.file
                JOIN main.content c ON c.id = f.content JOIN main.replay r ON r.content = c.id
                """,
            condition: condition.sql + unknown.joined(),
            values: condition.values
        )
    }
}

/// Where replay rows come from: tables with a replay `r` and its content `c`, and expressions for the paths.
private struct ReplaySource {
    let path: String
    let localPath: String
    let tables: String
    let condition: String
    let values: [SQLiteValue]
}

extension Database {
    /// Calls `body` with each row of a source in the order of its paths; answers how many there were.
    fileprivate func each(
        _ source: ReplaySource,
        limit: Int,
        _ body: @Sendable (ReplayRow) throws -> Void
    ) throws -> Int {
        var count = 0
        try query(
            """
            SELECT \(ReplayQuery.columns(path: source.path, localPath: source.localPath)) FROM \(source.tables)
            WHERE \(source.condition) ORDER BY \(source.path) LIMIT \(limit)
            """,
            source.values
        ) { (row: borrowing Row) throws in
            try Task.checkCancellation()
            let players = try ReplayQuery.players(of: ReplayQuery.content(row), schema: "main", in: self)
            try body(ReplayQuery.row(row, players: players))
            count += 1
        }
        return count
    }

    fileprivate func count(_ source: ReplaySource, limit: Int) throws -> Int {
        let sql = "SELECT count(*) FROM \(source.tables) WHERE \(source.condition)"
        return min(limit, try first(sql, source.values) { $0.int(0) } ?? 0)
    }
}

extension Database {
    /// Calls `body` with the schema names of other databases, attached meanwhile.
    ///
    /// At most eight, the room that SQLite's limit of ten leaves; further ones are passed over.
    func attaching<Value>(_ paths: [String], _ body: ([String]) throws -> Value) throws -> Value {
        let schemas = paths.prefix(8).indices.map { "other\($0)" }
        for (schema, path) in zip(schemas, paths) { try attach(path, as: schema) }
        defer {
            // Statements that use the schemas are reset by now; a failure would show at the next ATTACH of the name.
            for schema in schemas { _ = try? run("DETACH \(schema)") }
        }
        return try body(schemas)
    }
}
