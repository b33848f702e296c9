/// One look at all replays of a selection, which feeds several sums.
struct GroupingPass: Sendable {
    let selection: Selection
    /// What is summed up by which fields.
    let groupings: [[GroupField]]
    /// Whether what is no replay is looked at as well.
    var includesOthers = false
    /// Whether more than replays, bytes and length is wanted of all of them together.
    var isOverview = false

    /// What was found, of one source or of several.
    struct Result: Sendable {
        var groups: [[[String?]: GroupSums.Totals]]
        var overview = CollectionOverview()

        mutating func add(_ other: Result) {
            for index in groups.indices {
                groups[index].merge(other.groups[index]) { left, right in
                    var sum = left
                    sum += right
                    return sum
                }
            }
            overview.add(other.overview)
        }
    }

    private var empty: Result { Result(groups: groupings.map { _ in [:] }) }

    /// Looks at each source in turn, without what earlier ones have.
    func run(_ scope: Query.Scope, _ catalog: Catalog) async throws -> Result {
        try await selection.explained { try await look(scope, catalog) }
    }

    private func look(_ scope: Query.Scope, _ catalog: Catalog) async throws -> Result {
        switch scope {
        case .place(let store):
            return try await store.interruptible { try await store.look(self, limit: selection.limit, notIn: []) }
        case .local:
            return try await catalog.interruptible { try await catalog.look(self, limit: selection.limit, notIn: []) }
        case .everything where selection.isOfSets:
            let places = try await catalog.knownPlaces().map(\.path)
            return try await catalog.interruptible { try await catalog.lookAtSet(self, in: places) }
        case .everything:
            let places = try await catalog.knownPlaces()
            var result = empty
            for (index, place) in places.enumerated() {
                let store = try await PlaceStore.open(PlaceRecord(id: place.id, path: place.path), home: catalog.home)
                let limit = selection.limit.map { max(0, $0 - result.overview.replays) }
                let others = places[..<index].map(\.path)
                result.add(
                    try await store.interruptible { try await store.look(self, limit: limit, notIn: others) }
                )
            }
            let limit = selection.limit.map { max(0, $0 - result.overview.replays) }
            let others = places.map(\.path)
            result.add(
                try await catalog.interruptible { try await catalog.look(self, limit: limit, notIn: others) }
            )
            return result
        }
    }

    /// Looks at one source in a database.
    fileprivate func look(_ database: Database, _ source: SelectionSource, limit: Int?) throws -> Result {
        let conditions = try SelectionConditions(selection, in: database, schema: source.schema)
        let test = conditions.joined(content: source.content, path: "x.path")
        let first = limit.map { " ORDER BY x.path LIMIT \($0)" } ?? ""
        let content = " CROSS JOIN \(source.schema).content c ON c.id = \(source.content)"
        let tables =
            if includesOthers {
                "\(source.paths())\(content) LEFT JOIN \(source.schema).game g ON g.content = c.id"
            } else if limit == nil, source.scope.sql == "1" {
                try database.tables(of: selection, source) + content
            } else {
                source.tables(isOfReplays: true)
            }
        return try look(
            database,
            source,
            tables: tables,
            SQLText("(\(source.scope.sql)) AND \(test.sql)\(first)", source.scope.values + test.values)
        )
    }

    fileprivate func look(_ database: Database, _ sources: [SelectionSource]) throws -> Result {
        _ = try database.makeSelectionSet(selection, in: sources, isOfReplays: true)
        var result = empty
        for (index, source) in sources.enumerated() {
            let tables = source.tables(isOfReplays: true, from: "temp.selection_set s")
            result.add(try look(database, source, tables: tables, SQLText("s.source = \(index)")))
        }
        return result
    }

    private func look(
        _ database: Database,
        _ source: SelectionSource,
        tables: String,
        _ condition: SQLText
    ) throws -> Result {
        var keys = GroupingKeys()
        var sums = groupings.map(GroupSums.init)
        var overview = CollectionOverview()
        // Of local files nothing is stored anywhere.
        let stored = source.kind == .entries ? "c.encoded_size" : "NULL"
        let others = isOverview ? "g.is_complete, g.problem, g.started_at_seconds" : "1, NULL, NULL"
        var rows = 0
        try database.query(
            """
            SELECT \(GroupingKeys.columns(for: Set(groupings.joined()))), c.size, g.last_frame, c.id, \(stored), g.content,
                \(others)
            FROM \(tables) WHERE \(condition.sql)
            """,
            condition.values
        ) { (row: borrowing Row) throws in
            rows += 1
            if rows & 1023 == 0 { try Task.checkCancellation() }
            let sizes = overview.note(row, from: GroupingKeys.columnCount)
            guard sizes.replays > 0 else { return }
            for index in sums.indices { sums[index].add(row, from: 0, &keys, sizes) }
        }
        overview.seen.removeAll()
        var names: [Int64: String?] = [:]
        let groups = try sums.map { sum in
            try sum.named(keys) { person in
                if let name = names[person] { return name }
                let name = try database.first(
                    """
                    SELECT coalesce(nullif(connect_code, ''), nullif(display_name, ''), nullif(name_tag, ''))
                    FROM \(source.schema).person WHERE id = ?
                    """,
                    [.integer(person)]
                ) { $0.optionalText(0) }
                names[person] = name ?? nil
                return name ?? nil
            }
        }
        return Result(groups: groups, overview: overview)
    }
}

extension PlaceStore {
    fileprivate func look(_ pass: GroupingPass, limit: Int?, notIn others: [String]) throws -> GroupingPass.Result {
        noteQuestion(pass.selection)
        return try database.attaching(others) { schemas in
            var source = SelectionSource(kind: .entries, schema: "main", catalog: "catalog")
            source.exclude(schemas)
            return pass.selection.isOfSets
                ? try pass.look(database, [source]) : try pass.look(database, source, limit: limit)
        }
    }
}

extension Catalog {
    fileprivate func look(_ pass: GroupingPass, limit: Int?, notIn others: [String]) throws -> GroupingPass.Result {
        try database.attaching(others) { schemas in
            var source = SelectionSource(kind: .files, schema: "main", catalog: "main")
            source.exclude(schemas)
            return pass.selection.isOfSets
                ? try pass.look(database, [source]) : try pass.look(database, source, limit: limit)
        }
    }

    fileprivate func lookAtSet(_ pass: GroupingPass, in places: [String]) throws -> GroupingPass.Result {
        try database.attaching(places) { schemas in
            var sources = schemas.indices.map { index in
                var source = SelectionSource(kind: .entries, schema: schemas[index], catalog: "main")
                source.exclude(Array(schemas[..<index]))
                return source
            }
            var files = SelectionSource(kind: .files, schema: "main", catalog: "main")
            files.exclude(schemas)
            sources.append(files)
            return try pass.look(database, sources)
        }
    }
}
