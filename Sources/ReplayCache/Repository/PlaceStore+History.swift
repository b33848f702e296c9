/// What paths held, when, and who wrote it (`docs/format.md`, "Merge").
extension PlaceStore {
    /// One operation on a path.
    package struct PathVersion: Sendable, Equatable {
        package let stamp: Stamp
        /// The machine that wrote it.
        package let host: String
        /// Nil for a deletion.
        package let content: Digest?
        /// What the writer saw there.
        package let was: Digest?
        /// Length of the content in bytes.
        package let size: Int64?
        /// Modification time of the file, nanoseconds since 1970 UTC.
        package let mtime: Int64?
        /// Whether an object of the content is known.
        package let isStored: Bool
        /// Whether some path holds the content now.
        package let isReferenced: Bool
    }

    /// All operations on a path, the oldest first.
    package func versions(of path: LogicalPath) throws -> [PathVersion] {
        let columns = """
            s.hlc, s.key, v.line, s.host, c.digest, w.digest, c.size, v.mtime, c.encoding IS NOT NULL,
                EXISTS (SELECT 1 FROM main.entry o WHERE o.content = v.content)
            """
        let joins = """
            JOIN main.segment s ON s.id = v.segment LEFT JOIN main.content c ON c.id = v.content
            LEFT JOIN main.content w ON w.id = v.was WHERE v.path = ?1
            """
        return try database.all(
            "SELECT \(columns) FROM main.entry v \(joins) UNION ALL SELECT \(columns) FROM main.history v \(joins)",
            [.text(path.string)]
        ) { row in
            PathVersion(
                stamp: Stamp(hlc: HLC(milliseconds: row.int64(0)), segment: row.text(1), line: row.int(2)),
                host: row.text(3),
                content: row.digest(4),
                was: row.digest(5),
                size: row.optionalInt64(6),
                mtime: row.optionalInt64(7),
                isStored: row.bool(8),
                isReferenced: row.bool(9)
            )
        }.sorted { $0.stamp < $1.stamp }
    }

    /// A content that a path does not show because somebody else replaced the same content at the same time.
    package struct ConcurrentLoser: Sendable, Equatable {
        package let path: String
        package let content: Digest
        /// The machine that wrote it.
        package let host: String
    }

    /// Changes since `since` that lost against a concurrent one and that nobody has taken up, in the order of paths.
    ///
    /// Two who push at once each replace the same older content; what the one that lost wrote is no version that a later
    /// writer saw. Costs a look at the history below the path.
    package func concurrentLosers(below path: LogicalPath, since: HLC, limit: Int) throws -> [ConcurrentLoser] {
        try database.all(
            """
            SELECT h.path, c.digest, s.host FROM main.history h
            JOIN main.content c ON c.id = h.content
            JOIN main.segment s ON s.id = h.segment
            JOIN main.entry e ON e.path = h.path
            WHERE h.path > ?1 AND h.path < ?2 AND h.hlc >= ?3 AND e.content IS NOT NULL
                AND e.content <> h.content AND e.was IS NOT h.content
                AND NOT EXISTS (SELECT 1 FROM main.history r WHERE r.path = h.path AND r.was = h.content)
                AND ((e.was IS h.was)
                    OR EXISTS (SELECT 1 FROM main.history w WHERE w.path = h.path AND w.hlc >= h.hlc
                        AND w.content IS NOT NULL AND w.content <> h.content AND w.was IS h.was))
            ORDER BY h.path, h.hlc, h.segment, h.line LIMIT ?4
            """,
            [
                .text(path.string + "/"), .text(path.string + "0"), .integer(since.milliseconds),
                .integer(Int64(limit)),
            ]
        ) { row in
            guard let digest = row.digest(1) else {
                throw SQLiteError(code: 11, message: "a digest is damaged", sql: nil)
            }
            return ConcurrentLoser(path: row.text(0), content: digest, host: row.text(2))
        }
    }

    /// Entries that hold something, in all or at and below a path.
    func liveCount(below path: LogicalPath? = nil) throws -> Int {
        let scope = Self.range(path)
        let sql = "SELECT count(*) FROM main.entry e WHERE e.content IS NOT NULL \(scope.sql)"
        return try database.first(sql, scope.values) { $0.int(0) } ?? 0
    }

    /// Operations that this program does not know.
    func unknownOperationCount() throws -> Int {
        try database.first("SELECT count(*) FROM main.unknown_operation") { $0.int(0) } ?? 0
    }

    /// A condition on the path of `e`: at or below `path`.
    static func range(_ path: LogicalPath?) -> (sql: String, values: [SQLiteValue]) {
        guard let path else { return ("", []) }
        return ("AND (e.path = ?1 OR (e.path > ?1 || '/' AND e.path < ?1 || '0'))", [.text(path.string)])
    }

    /// Paths at or below `path` that were written to at or after `since`, after `last`, at most `limit`; with `isDeleted`
    /// only those that hold nothing now.
    func pathsWritten(
        below path: LogicalPath,
        since: HLC,
        isDeleted: Bool,
        after last: String?,
        limit: Int
    ) throws -> [String] {
        try database.all(
            """
            SELECT e.path FROM main.entry e JOIN main.segment s ON s.id = e.segment
            WHERE e.path \(last == nil ? ">=" : ">") ?2 AND e.path < ?1 || '0' AND s.hlc >= ?3
                AND (e.path = ?1 OR e.path > ?1 || '/') \(isDeleted ? "AND e.content IS NULL" : "")
            ORDER BY e.path LIMIT ?4
            """,
            [
                .text(path.string), .text(last ?? path.string), .integer(since.milliseconds),
                .integer(Int64(limit)),
            ]
        ) { $0.text(0) }
    }
}
