/// Telling a place what is in contents that it knows only through an older reader (`docs/format.md`, "put").
extension PlaceStore {
    /// Adds to the plan the contents that the root holds in step, that the reader of this program has read here, and of
    /// which the place knows what an older one found, or nothing.
    ///
    /// One row a content, however many paths show it. Where nothing is out of date this costs one pass over the games of
    /// the place.
    func planRemarks(_ scope: PushScope) throws {
        let filter = Self.filter(scope, path: "substr(e.path, length(?3) + 1)")
        try database.run(
            """
            INSERT INTO temp.push_plan (action, path, local, digest, size, mtime, was, content)
            SELECT \(PushAction.remark.rawValue), min(e.path), substr(e.path, length(?3) + 1), c.digest, lc.size, e.mtime,
                c.digest, lc.id
            -- In this order, each found by its key: the games are read once, and the rest only for those that are outdated.
            FROM main.content c LEFT JOIN main.game g ON g.content = c.id
            CROSS JOIN catalog.content lc ON lc.digest = c.digest
            CROSS JOIN main.entry e ON e.content = c.id
            CROSS JOIN catalog.file_path p ON p.root = ?1 AND p.path = substr(e.path, length(?3) + 1)
            CROSS JOIN catalog.file f ON f.id = p.file AND f.content = lc.id
            WHERE coalesce(g.reader, -1) < ?2 AND e.path > ?3 AND e.path < ?4
                AND EXISTS (SELECT 1 FROM catalog.replay r WHERE r.reader = ?2 AND r.content = lc.id) \(filter.sql)
            GROUP BY c.id
            """,
            [
                .integer(scope.root.rawValue), .integer(Int64(ReplayReader.version)),
                .text(scope.into.string + "/"), .text(scope.into.string + "0"),
            ] + filter.values
        )
    }

    /// What the catalog's reader found in a content, with the version of the reader.
    ///
    /// `byteCount` is the length of the metadata as JSON.
    func localReplay(of digest: Digest) throws -> (metadata: ReplayMetadata, reader: Int, byteCount: Int)? {
        let row = try database.first(
            """
            SELECT r.metadata, r.reader FROM catalog.content c JOIN catalog.replay r ON r.content = c.id
            WHERE c.digest = ?
            """,
            [.blob(digest.bytes)]
        ) { (text: $0.text(0), reader: $0.int(1)) }
        guard let row else { return nil }
        return (try JSON.decode(ReplayMetadata.self, from: row.text.utf8), row.reader, row.text.utf8.count)
    }
}
