/// Contents that a push would send, of one kind.
struct UnstoredGroup: Sendable {
    /// The extension of the first of their paths.
    let kind: String
    /// Whether they are stored in parts.
    let isLarge: Bool
    /// Whether an interrupted run has put them.
    let isStored: Bool
    let contents: Int
    let bytes: Int64
    /// Parts of all of them, where they are in parts.
    let parts: Int

    var objects: Int { isStored ? 0 : isLarge ? parts : contents }
    var recipes: Int { isLarge ? contents : 0 }
    /// The length of recipes: a part takes about 190 bytes in one.
    var recipeBytes: Int64 { isLarge ? Int64(parts) * 190 : 0 }
}

/// A number of contents and their bytes.
struct StoredTotal: Sendable {
    var count = 0
    var bytes: Int64 = 0
    var encodedBytes: Int64 = 0
}

/// Contents that entries hold.
struct EntryContents: Sendable {
    var files = 0
    var whole = StoredTotal()
    var recipes = 0
    var recipeBytes: Int64 = 0
    var largeBytes: Int64 = 0
    var parts = 0
}

// What estimates ask of plans and of what is known of a repository.
extension PlaceStore {
    private static let partCount = "((size + \(Recipe.partByteCount) - 1) / \(Recipe.partByteCount))"

    /// Contents of the push plan that no object holds yet, by kind.
    func unstoredGroups(of repository: String) throws -> [UnstoredGroup] {
        let now = Machine.now()
        let sql = """
            SELECT kind, size > \(Recipe.threshold) AS large, stored, count(*), sum(size), sum(\(Self.partCount)) FROM (
                SELECT file_kind(min(p.path)) AS kind, p.size AS size,
                    p.size <= \(Recipe.threshold) AND EXISTS (SELECT 1 FROM catalog.transfer t
                        WHERE t.place = ?1 AND t.repository = ?2 AND t.digest = p.digest
                            AND t.put_at BETWEEN ?3 - ?4 AND ?3) AS stored
                FROM temp.push_plan p
                WHERE p.action = \(PushAction.publish.rawValue) AND NOT EXISTS (
                    SELECT 1 FROM main.content c WHERE c.digest = p.digest AND c.encoding IS NOT NULL)
                GROUP BY p.digest, p.size
            ) GROUP BY kind, large, stored
            """
        let values: [SQLiteValue] = [
            .integer(record.id), .text(repository), .integer(now), .integer(Catalog.transferLifetime),
        ]
        return try database.all(sql, values) { row in
            UnstoredGroup(
                kind: row.text(0),
                isLarge: row.bool(1),
                isStored: row.bool(2),
                contents: row.int(3),
                bytes: row.int64(4),
                parts: row.int(5)
            )
        }
    }

    /// Contents looked at for how well a kind compresses: the latest, which the encoder of today has made.
    private static let sampleCount = 20_000

    /// Encoded bytes for each byte of content, by kind of file; the key nil is for all kinds together.
    func ratios() throws -> [String?: Double] {
        let sql = """
            SELECT kind, sum(size), sum(encoded_size) FROM (
                SELECT file_kind((SELECT e.path FROM main.entry e WHERE e.content = c.id LIMIT 1)) AS kind,
                    c.size AS size, c.encoded_size AS encoded_size
                FROM main.content c WHERE c.encoding IS NOT NULL AND c.encoding <> 'recipe' AND c.size > 0
                ORDER BY c.id DESC LIMIT \(Self.sampleCount)
            ) GROUP BY kind
            """
        var result: [String?: Double] = [:]
        var all = (raw: 0.0, encoded: 0.0)
        try database.query(sql) { (row: borrowing Row) throws in
            let raw = row.double(1)
            let encoded = row.double(2)
            guard raw > 0, encoded >= 0 else { return }
            all = (all.raw + raw, all.encoded + encoded)
            if let kind = row.optionalText(0) { result[kind] = encoded / raw }
        }
        if all.raw > 0 { result[nil] = all.encoded / all.raw }
        return result
    }

    /// The same of objects that no entry holds, as parts are; nil when there are none.
    func ratioOfParts() throws -> Double? {
        let sql = """
            SELECT sum(size), sum(encoded_size) FROM (
                SELECT size, encoded_size FROM main.content c
                WHERE encoding IS NOT NULL AND encoding <> 'recipe'
                    AND NOT EXISTS (SELECT 1 FROM main.entry e WHERE e.content = c.id)
                ORDER BY id DESC LIMIT \(Self.sampleCount))
            """
        let ratio = try database.first(sql) { $0.double(0) > 0 ? $0.double(1) / $0.double(0) : nil } ?? nil
        return ratio
    }

    /// Small files of a kind that a push would send, as samples of how well they compress.
    func samples(of kind: String, maximumSize: Int64, count: Int) throws -> [PushItem] {
        let ids = try database.all(
            """
            SELECT id FROM temp.push_plan
            WHERE action = \(PushAction.publish.rawValue) AND size BETWEEN 1 AND ? AND file_kind(path) = ?
            ORDER BY id LIMIT ?
            """,
            [.integer(maximumSize), .text(kind), .integer(Int64(count))]
        ) { $0.int64(0) }
        return try ids.compactMap { try pushItems(.of([.publish]), after: $0 - 1, limit: 1).first }
    }

    // MARK: Fetch

    /// Whether the content of the plan row `p` is not on this machine.
    private static let isElsewhere =
        "NOT EXISTS (SELECT 1 FROM temp.fetch_here h WHERE h.digest = p.digest AND h.is_here)"

    /// Contents to place that are stored whole and are not on this machine.
    func wholeContentsToFetch() throws -> StoredTotal {
        let sql = """
            SELECT count(*), coalesce(sum(size), 0), coalesce(sum(encoded_size), 0) FROM (
                SELECT DISTINCT p.digest, p.size, coalesce(c.encoded_size, p.size) AS encoded_size
                FROM temp.fetch_plan p JOIN main.content c ON c.digest = p.digest
                WHERE p.action IN (\(FetchAction.placingList)) AND c.encoding <> 'recipe'
                    AND \(Self.isElsewhere))
            """
        let total = try database.first(sql) {
            StoredTotal(count: $0.int(0), bytes: $0.int64(1), encodedBytes: $0.int64(2))
        }
        return total ?? StoredTotal()
    }

    /// Contents to place that are stored in parts and are not on this machine, after one, at most `limit`.
    func largeContentsToFetch(after digest: Digest?, limit: Int) throws -> [StoredObject] {
        let sql = """
            SELECT DISTINCT p.digest FROM temp.fetch_plan p JOIN main.content c ON c.digest = p.digest
            WHERE p.action IN (\(FetchAction.placingList)) AND c.encoding = 'recipe' AND p.digest > ?
                AND \(Self.isElsewhere)
            ORDER BY p.digest LIMIT ?
            """
        let digests = try database.all(sql, [.blob(digest?.bytes ?? []), .integer(Int64(limit))]) { $0.digest(0) }
        return try digests.compactMap { try $0.flatMap { try object(of: $0) } }
    }

    /// Lists the contents to place that the catalog knows a file of: they may be on this machine.
    func listContentsKnownHere() throws {
        try database.execute(
            """
            DROP TABLE IF EXISTS temp.fetch_here;
            CREATE TEMP TABLE fetch_here (digest BLOB PRIMARY KEY, is_here INTEGER NOT NULL) WITHOUT ROWID;
            INSERT INTO temp.fetch_here (digest, is_here)
            SELECT DISTINCT p.digest, 0 FROM temp.fetch_plan p JOIN catalog.content c ON c.digest = p.digest
            WHERE p.action IN (\(FetchAction.placingList))
                AND EXISTS (SELECT 1 FROM catalog.file f WHERE f.content = c.id)
            """
        )
    }

    /// Those contents after one, at most `limit`.
    func contentsKnownHere(after digest: Digest?, limit: Int) throws -> [Digest] {
        let sql = "SELECT digest FROM temp.fetch_here WHERE digest > ? ORDER BY digest LIMIT ?"
        return try database.all(sql, [.blob(digest?.bytes ?? []), .integer(Int64(limit))]) { $0.digest(0) }
            .compactMap { $0 }
    }

    /// Marks contents that were found to be on this machine.
    func noteContentsHere(_ digests: [Digest]) throws {
        for digest in digests {
            try database.run("UPDATE temp.fetch_here SET is_here = 1 WHERE digest = ?", .blob(digest.bytes))
        }
    }

    // MARK: What is stored

    /// All objects that are known.
    func storedObjects() throws -> StoredTotal {
        let sql = """
            SELECT count(*), coalesce(sum(CASE WHEN encoding = 'recipe' THEN 0 ELSE size END), 0),
                coalesce(sum(encoded_size), 0)
            FROM main.content WHERE encoding IS NOT NULL
            """
        let total = try database.first(sql) {
            StoredTotal(count: $0.int(0), bytes: $0.int64(1), encodedBytes: $0.int64(2))
        }
        return total ?? StoredTotal()
    }

    /// All contents that an entry or a checkpoint holds.
    func contentsOfEntries() throws -> EntryContents {
        let held = """
            (EXISTS (SELECT 1 FROM main.entry e WHERE e.content = c.id)
                OR c.id IN (SELECT content FROM main.checkpoint_file))
            """
        let sql = """
            SELECT c.encoding = 'recipe', count(*), sum(size), sum(encoded_size), sum(\(Self.partCount))
            FROM main.content c WHERE c.encoding IS NOT NULL AND \(held) GROUP BY 1
            """
        var result = EntryContents()
        let files = "SELECT count(*) FROM main.entry WHERE content IS NOT NULL"
        result.files = try database.first(files) { $0.int(0) } ?? 0
        try database.query(sql) { (row: borrowing Row) throws in
            if row.bool(0) {
                result.recipes = row.int(1)
                result.largeBytes = row.int64(2)
                result.recipeBytes = row.int64(3)
                result.parts = row.int(4)
            } else {
                result.whole = StoredTotal(count: row.int(1), bytes: row.int64(2), encodedBytes: row.int64(3))
            }
        }
        return result
    }
}
