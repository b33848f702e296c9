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
        var remaining = selection.limit ?? .max
        switch scope {
        case .place(let store):
            _ = try await store.eachReplay(selection, limit: remaining, body)
        case .local:
            _ = try await catalog.eachLocalReplay(selection, limit: remaining, notIn: [], body)
        case .everything:
            let places = try await catalog.knownPlaces()
            for (index, place) in places.enumerated() where remaining > 0 {
                let store = try PlaceStore(record: PlaceRecord(id: place.id, path: place.path), home: catalog.home)
                let earlier = places[..<index].map(\.path)
                remaining -= try await store.eachReplay(selection, limit: remaining, notIn: earlier, body)
            }
            guard remaining > 0 else { return }
            _ = try await catalog.eachLocalReplay(selection, limit: remaining, notIn: places.map(\.path), body)
        }
    }
}

extension PlaceStore {
    /// Replays of this place's entries, without those that a place in `others` has under the same path.
    func eachReplay(
        _ selection: Selection,
        limit: Int,
        notIn others: [String] = [],
        _ body: @Sendable (ReplayRow) throws -> Void
    ) throws -> Int {
        let condition = selection.condition(schema: "main", content: "e.content", path: "e.path")
        let localPath = """
            (SELECT root.path || '/' || p.path FROM catalog.content lc JOIN catalog.file f ON f.content = lc.id
                JOIN catalog.file_path p ON p.file = f.id JOIN catalog.root ON root.id = p.root
                WHERE lc.digest = c.digest LIMIT 1)
            """
        return try database.attaching(others) { schemas in
            let known = schemas.map { schema in
                """
                AND NOT EXISTS (SELECT 1 FROM \(schema).entry oe JOIN \(schema).content oc ON oc.id = oe.content
                    WHERE oe.path = e.path AND oc.digest = c.digest)
                """
            }
            var count = 0
            try database.query(
                """
                SELECT \(ReplayQuery.columns(path: "e.path", localPath: localPath))
                FROM main.entry e JOIN main.content c ON c.id = e.content JOIN main.replay r ON r.content = c.id
                WHERE \(condition.sql) \(known.joined(separator: " "))
                ORDER BY e.path LIMIT \(limit)
                """,
                condition.values
            ) { (row: borrowing Row) throws in
                try Task.checkCancellation()
                let players = try ReplayQuery.players(of: ReplayQuery.content(row), schema: "main", in: database)
                try body(ReplayQuery.row(row, players: players))
                count += 1
            }
            return count
        }
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
        let condition = selection.condition(schema: "main", content: "c.id", path: "p.path")
        return try database.attaching(others) { schemas in
            let known = schemas.map { schema in
                """
                AND NOT EXISTS (SELECT 1 FROM \(schema).content oc JOIN \(schema).entry oe ON oe.content = oc.id
                    WHERE oc.digest = c.digest)
                """
            }
            var count = 0
            try database.query(
                """
                SELECT \(ReplayQuery.columns(path: "p.path", localPath: "root.path || '/' || p.path"))
                FROM main.file_path p JOIN main.root ON root.id = p.root JOIN main.file f ON f.id = p.file
                JOIN main.content c ON c.id = f.content JOIN main.replay r ON r.content = c.id
                WHERE \(condition.sql) \(known.joined(separator: " "))
                ORDER BY p.path LIMIT \(limit)
                """,
                condition.values
            ) { (row: borrowing Row) throws in
                try Task.checkCancellation()
                let players = try ReplayQuery.players(of: ReplayQuery.content(row), schema: "main", in: database)
                try body(ReplayQuery.row(row, players: players))
                count += 1
            }
            return count
        }
    }
}

extension Database {
    /// Calls `body` with the schema names of other databases, attached meanwhile.
    ///
    /// At most eight, the room that SQLite's limit of ten leaves; further ones are passed over.
    func attaching<Value>(_ paths: [String], _ body: ([String]) throws -> Value) throws -> Value {
        let schemas = paths.prefix(8).indices.map { "other\($0)" }
        for (schema, path) in zip(schemas, paths) { try run("ATTACH ? AS \(schema)", .text(path)) }
        defer {
            // Statements that use the schemas are reset by now; a failure would show at the next ATTACH of the name.
            for schema in schemas { _ = try? run("DETACH \(schema)") }
        }
        return try body(schemas)
    }
}
