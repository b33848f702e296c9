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
    /// `body` runs while the statement is open, so that the first row is there at once and no row is held; only what depends
    /// on the whole set, as a sample does, is worked out first.
    func run(_ scope: Scope, _ body: @escaping @Sendable (ReplayRow) throws -> Void) async throws {
        _ = try await selection.explained { try await answer(scope, .rows(body)) }
    }

    /// How many rows ``run(_:_:)`` would give.
    func count(_ scope: Scope) async throws -> Int {
        try await selection.explained { try await answer(scope, .count) }
    }

    /// What is wanted of the rows.
    enum Answer: Sendable {
        case count
        case rows(@Sendable (ReplayRow) throws -> Void)
    }

    /// Asks each source in turn for as many rows as are still wanted, without those that earlier ones have.
    private func answer(_ scope: Scope, _ answer: Answer) async throws -> Int {
        let limit = selection.limit ?? .max
        switch scope {
        case .place(let store):
            return try await store.interruptible {
                try await store.replays(selection, answer, limit: limit, notIn: [])
            }
        case .local:
            return try await catalog.interruptible {
                try await catalog.localReplays(selection, answer, limit: limit, notIn: [])
            }
        case .everything where selection.isOfSets:
            let places = try await catalog.knownPlaces().map(\.path)
            return try await catalog.interruptible { try await catalog.replaysOfSet(selection, answer, in: places) }
        case .everything:
            let places = try await catalog.knownPlaces()
            var count = 0
            for (index, place) in places.enumerated() where count < limit {
                let store = try await PlaceStore.open(PlaceRecord(id: place.id, path: place.path), home: catalog.home)
                count += try await store.interruptible { [count] in
                    let others = places[..<index].map(\.path)
                    return try await store.replays(selection, answer, limit: limit - count, notIn: others)
                }
            }
            guard count < limit else { return count }
            return try await count
                + catalog.interruptible { [count] in
                    let others = places.map(\.path)
                    return try await catalog.localReplays(selection, answer, limit: limit - count, notIn: others)
                }
        }
    }
}

extension PlaceStore {
    /// Replays of this place's entries, without those that a place in `others` has under the same path.
    ///
    /// - Returns: How many there are, at most `limit`.
    func replays(
        _ selection: Selection,
        _ answer: Query.Answer,
        limit: Int,
        notIn others: [String]
    ) throws -> Int {
        noteQuestion(selection)
        return try database.attaching(others) { schemas in
            var source = SelectionSource(kind: .entries, schema: "main", catalog: "catalog")
            source.exclude(schemas)
            guard !selection.isOfSets else { return try database.ofSet(selection, answer, [source]) }
            return try database.streamed(selection, answer, source, limit: limit)
        }
    }
}

extension Catalog {
    /// Local replays whose content is in none of the place databases `others`.
    ///
    /// - Returns: How many there are, at most `limit`.
    func localReplays(
        _ selection: Selection,
        _ answer: Query.Answer,
        limit: Int,
        notIn others: [String]
    ) throws -> Int {
        try database.attaching(others) { schemas in
            var source = SelectionSource(kind: .files, schema: "main", catalog: "main")
            source.exclude(schemas)
            guard !selection.isOfSets else { return try database.ofSet(selection, answer, [source]) }
            return try database.streamed(selection, answer, source, limit: limit)
        }
    }

    /// Replays of the place databases `places` and of local files, for a selection that depends on all of them.
    func replaysOfSet(_ selection: Selection, _ answer: Query.Answer, in places: [String]) throws -> Int {
        try database.attaching(places) { schemas in
            var sources = schemas.indices.map { index in
                var source = SelectionSource(kind: .entries, schema: schemas[index], catalog: "main")
                source.exclude(Array(schemas[..<index]))
                return source
            }
            var files = SelectionSource(kind: .files, schema: "main", catalog: "main")
            files.exclude(schemas)
            sources.append(files)
            return try database.ofSet(selection, answer, sources)
        }
    }
}

extension Database {
    /// What a selection of each alone means in one source.
    fileprivate func streamed(
        _ selection: Selection,
        _ answer: Query.Answer,
        _ source: SelectionSource,
        limit: Int
    ) throws -> Int {
        let conditions = try SelectionConditions(selection, in: self, schema: source.schema)
        switch answer {
        case .count: return min(limit, try count(selection, conditions, source))
        case .rows(let body):
            let test = conditions.joined(content: source.content, path: "x.path")
            return try each(
                source,
                tables: try tables(for: selection, source),
                SQLText(
                    "(\(source.scope.sql)) AND \(test.sql) ORDER BY x.path LIMIT \(limit)",
                    source.scope.values + test.values
                ),
                body
            )
        }
    }

    /// What a selection that depends on the whole set means in all sources together.
    fileprivate func ofSet(
        _ selection: Selection,
        _ answer: Query.Answer,
        _ sources: [SelectionSource]
    ) throws -> Int {
        let count = try makeSelectionSet(selection, in: sources, isOfReplays: true)
        guard case .rows(let body) = answer else { return count }
        for (index, source) in sources.enumerated() {
            let tables = source.tables(isOfReplays: true, from: "temp.selection_set s")
            _ = try each(source, tables: tables, SQLText("s.source = \(index) ORDER BY s.id"), body)
        }
        return count
    }

    /// Calls `body` with each row that fulfils a condition; answers how many there were.
    private func each(
        _ source: SelectionSource,
        tables: String,
        _ condition: SQLText,
        _ body: @Sendable (ReplayRow) throws -> Void
    ) throws -> Int {
        var count = 0
        try query(
            """
            SELECT \(ReplayQuery.columns(path: "x.path", localPath: source.localPath)) FROM \(tables)
            WHERE \(condition.sql)
            """,
            condition.values
        ) { (row: borrowing Row) throws in
            try Task.checkCancellation()
            let players = try ReplayQuery.players(of: ReplayQuery.content(row), schema: source.schema, in: self)
            try body(ReplayQuery.row(row, players: players))
            count += 1
        }
        return count
    }
}

extension Selection {
    /// Runs `body`, whose failure may be one of the expression: a value that it cannot do with.
    func explained<Value>(_ body: () async throws -> Value) async throws -> Value {
        do {
            return try await body()
        } catch let error as SQLiteError where (error.primaryCode == 1 || error.isTooLarge) && expression != nil {
            let reason = error.isTooLarge ? "a value of it is larger than any that a replay has" : error.message
            throw SelectionExpression.refusal(reason, nil, expression ?? "")
        }
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
