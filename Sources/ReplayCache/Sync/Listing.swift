/// One entry, as `ls` prints it.
public struct EntryRow: Sendable, Equatable, Encodable {
    /// Version of this form.
    public let v = 1
    /// Always `entry`.
    public let event = "entry"
    /// Path in the repository.
    public var path: String
    /// Length in bytes.
    public var size: Int64
    /// Digest of the content.
    public var sha256: Digest
    /// Modification time of the file; RFC 3339.
    public var modifiedAt: String
    /// Bytes stored at the place, nil when not known.
    public var encodedSize: Int64?
}

extension PlaceStore {
    /// Calls `body` with the entries at or below a path, in the order of their paths; answers how many there were.
    func eachEntry(below path: LogicalPath?, _ body: @Sendable (EntryRow) throws -> Void) throws -> Int {
        var count = 0
        let scope = path.map { path in
            (
                sql: "AND (e.path = ?1 OR (e.path > ?1 || '/' AND e.path < ?1 || '0'))",
                values: [SQLiteValue.text(path.string)]
            )
        }
        try database.query(
            """
            SELECT e.path, c.size, c.digest, e.mtime, c.encoded_size
            FROM main.entry e JOIN main.content c ON c.id = e.content WHERE 1 \(scope?.sql ?? "") ORDER BY e.path
            """,
            scope?.values ?? []
        ) { (row: borrowing Row) throws in
            try Task.checkCancellation()
            guard let digest = row.digest(2) else {
                throw SQLiteError(code: 11, message: "a digest is damaged", sql: nil)
            }
            try body(
                EntryRow(
                    path: row.text(0),
                    size: row.int64(1),
                    sha256: digest,
                    modifiedAt: Timestamp(nanoseconds: row.int64(3)).rfc3339,
                    encodedSize: row.optionalInt64(4)
                )
            )
            count += 1
        }
        return count
    }
}
