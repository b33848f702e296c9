/// An entry that a selection means.
struct SelectedEntry: PlanItem, Equatable {
    let id: Int64
    let path: String
    let digest: Digest
    let size: Int64
    /// Modification time of the file that was pushed, nanoseconds since 1970 UTC.
    let mtime: Int64
}

extension PlaceStore {
    /// Works out which entries at or below `path` a selection means; they stay until the next call.
    ///
    /// - Returns: How many there are, and the bytes of their contents.
    func select(_ selection: Selection, below path: LogicalPath) throws -> PlanTotal {
        try database.execute(
            """
            DROP TABLE IF EXISTS temp.selected;
            CREATE TEMP TABLE selected (id INTEGER PRIMARY KEY, path TEXT, digest BLOB, size INTEGER, mtime INTEGER)
            """
        )
        let condition = selection.condition(schema: "main", content: "e.content", path: "e.path")
        try database.run(
            """
            INSERT INTO temp.selected (path, digest, size, mtime)
            SELECT e.path, c.digest, c.size, e.mtime FROM main.entry e JOIN main.content c ON c.id = e.content
            WHERE (e.path = ?1 OR e.path > ?1 || '/' AND e.path < ?1 || '0') AND \(condition.sql)
            ORDER BY e.path LIMIT \(selection.limit ?? -1)
            """,
            [.text(path.string)] + condition.values
        )
        let total = try database.first("SELECT count(*), coalesce(sum(size), 0) FROM temp.selected") { row in
            PlanTotal(files: row.int(0), bytes: row.int64(1))
        }
        return total ?? PlanTotal()
    }

    /// The rows of the last ``select(_:below:)`` after one, in the order of their paths, at most `limit`.
    func selectedEntries(after id: Int64, limit: Int = 512) throws -> [SelectedEntry] {
        try database.all(
            "SELECT id, path, digest, size, mtime FROM temp.selected WHERE id > ? ORDER BY id LIMIT ?",
            [.integer(id), .integer(Int64(limit))]
        ) { row in
            guard let digest = row.digest(2) else {
                throw SQLiteError(code: 11, message: "a digest is damaged", sql: nil)
            }
            return SelectedEntry(
                id: row.int64(0),
                path: row.text(1),
                digest: digest,
                size: row.int64(3),
                mtime: row.int64(4)
            )
        }
    }
}
