extension SQLText {
    /// A condition on the path of `x`: at or below `path`.
    static func below(_ path: LogicalPath) -> SQLText {
        SQLText(
            "(x.path = ? OR x.path > ? AND x.path < ?)",
            [.text(path.string), .text(path.string + "/"), .text(path.string + "0")]
        )
    }
}

extension PlaceStore {
    /// A query for path, content and mtime of the entries that a selection means, in the order of paths.
    ///
    /// `scope` is a condition on `x.path`. What depends on the whole set is worked out at once.
    /// With `standIn`, a query for the same three, those of its rows that the selection means.
    func entries(_ selection: Selection, _ scope: SQLText, from standIn: String? = nil) throws -> SQLText {
        noteQuestion(selection)
        let table = standIn ?? "main.entry"
        let columns = "SELECT x.path AS path, x.content AS content, x.mtime AS mtime"
        guard !selection.isOfSets else {
            var source = SelectionSource(kind: .entries, schema: "main", catalog: "catalog", scope: scope)
            source.standIn = standIn
            _ = try database.makeSelectionSet(selection, in: [source], isOfReplays: false)
            return SQLText(
                "\(columns) FROM temp.selection_set s CROSS JOIN \(table) x ON x.path = s.path ORDER BY s.id LIMIT -1"
            )
        }
        let conditions = try SelectionConditions(selection, in: database)
        var tables = "\(table) x"
        if standIn == nil, let games = try database.gamesToBeginWith(selection) {
            tables = """
                \(games) CROSS JOIN main.game g ON g.content = k.content
                CROSS JOIN main.entry x ON x.content = k.content
                """
        } else if !conditions.game.isEmpty {
            tables += " CROSS JOIN main.game g ON g.content = x.content"
        }
        let test = conditions.joined(content: "x.content", path: "x.path")
        return SQLText(
            """
            \(columns) FROM \(tables)
            WHERE \(scope.sql) AND x.content IS NOT NULL AND \(test.sql)
            ORDER BY x.path LIMIT \(selection.limit ?? -1)
            """,
            scope.values + test.values
        )
    }

    /// Works out which entries at or below `path` a selection means; they stay in `temp.selected`, in the order of their paths,
    /// until the next call.
    ///
    /// Of a dataset, with `asFrozen`, what its list has rather than what paths hold now.
    ///
    /// - Returns: How many there are, and the bytes of their contents.
    func select(_ selection: Selection, below path: LogicalPath, asFrozen: Bool = false) throws -> PlanTotal {
        try database.execute(
            """
            DROP TABLE IF EXISTS temp.selected;
            CREATE TEMP TABLE selected (id INTEGER PRIMARY KEY, path TEXT, digest BLOB, size INTEGER, mtime INTEGER)
            """
        )
        let frozen = FetchScope(root: RootID(rawValue: 0), from: path, selection: selection)
        let entries =
            try asFrozen
            ? entries(frozen.criteria, .below(path), from: frozen.source) : entries(selection, .below(path))
        try database.run(
            """
            INSERT INTO temp.selected (path, digest, size, mtime)
            SELECT e.path, c.digest, c.size, e.mtime FROM (\(entries.sql)) e CROSS JOIN main.content c ON c.id = e.content
            """,
            entries.values
        )
        let total = try database.first("SELECT count(*), coalesce(sum(size), 0) FROM temp.selected") { row in
            PlanTotal(files: row.int(0), bytes: row.int64(1))
        }
        return total ?? PlanTotal()
    }
}
