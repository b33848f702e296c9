/// The tables of an ``ObjectSurvey``: temporary ones, on disk, gone with the connection.
extension PlaceStore {
    /// The key of the object of a row of `content`, as `docs/format.md` writes it.
    static func keySQL(_ table: String) -> String {
        """
        'objects/' || substr(lower(hex(\(table).digest)), 1, 2) || '/' || lower(hex(\(table).digest))
            || CASE \(table).generation WHEN 0 THEN '' ELSE '.' || \(table).generation END || '.' || \(table).encoding
        """
    }

    /// An object that is needed.
    struct SurveyedObject: Sendable {
        /// The row of the content that needs it; 0 when nothing in the state does.
        let content: Int64
        let object: StoredObject
        /// Stored bytes; nil when it is not there.
        let listedSize: Int64?
    }

    /// Begins anew: what is needed is what entries and checkpoints hold, and what an entry held at `cutoff` or later.
    func beginSurvey(historyAfter cutoff: Int64) throws {
        try database.execute(
            """
            DROP TABLE IF EXISTS temp.survey_content; DROP TABLE IF EXISTS temp.survey_object;
            DROP TABLE IF EXISTS temp.survey_need; DROP TABLE IF EXISTS temp.survey_condemned;
            DROP TABLE IF EXISTS temp.survey_path; DROP TABLE IF EXISTS temp.survey_frozen;
            CREATE TEMP TABLE survey_frozen (digest BLOB PRIMARY KEY) WITHOUT ROWID;
            CREATE TEMP TABLE survey_content (content INTEGER PRIMARY KEY);
            CREATE TEMP TABLE survey_object (
                key TEXT PRIMARY KEY, digest BLOB NOT NULL, bytes INTEGER NOT NULL, modified INTEGER NOT NULL
            ) WITHOUT ROWID;
            CREATE TEMP TABLE survey_need (
                key TEXT NOT NULL, content INTEGER NOT NULL, size INTEGER, encoded_size INTEGER,
                PRIMARY KEY (key, content)
            ) WITHOUT ROWID;
            CREATE TEMP TABLE survey_condemned (
                key TEXT PRIMARY KEY, is_due INTEGER NOT NULL, is_kept INTEGER NOT NULL
            ) WITHOUT ROWID;
            """
        )
        try database.run(
            """
            INSERT OR IGNORE INTO temp.survey_content (content)
            SELECT content FROM main.entry WHERE content IS NOT NULL
            UNION SELECT content FROM main.checkpoint_file
            UNION SELECT list FROM main.dataset WHERE NOT is_dropped
            """
        )
        // A version can be restored for so long after the next one came, so a newer one that is old itself ends it.
        try database.run(
            """
            INSERT OR IGNORE INTO temp.survey_content (content)
            SELECT h.content FROM main.history h
            WHERE h.content IS NOT NULL
            AND NOT EXISTS (
                SELECT 1 FROM main.history u WHERE u.path = h.path AND u.hlc > h.hlc AND u.hlc < ?1)
            AND NOT EXISTS (
                SELECT 1 FROM main.entry e JOIN main.segment s ON s.id = e.segment
                WHERE e.path = h.path AND s.hlc > h.hlc AND s.hlc < ?1)
            """,
            .integer(cutoff)
        )
        try needContents()
    }

    /// Adds the keys of the contents that are needed.
    private func needContents() throws {
        try database.run(
            """
            INSERT OR IGNORE INTO temp.survey_need (key, content, size, encoded_size)
            SELECT \(Self.keySQL("c")), c.id, c.size, c.encoded_size
            FROM temp.survey_content n JOIN main.content c ON c.id = n.content WHERE c.encoding IS NOT NULL
            """
        )
    }

    /// Adds what the list of a dataset names.
    func addFrozen(_ list: OpenFile, of dataset: DatasetRow) throws {
        try database.execute("BEGIN")
        do {
            try DatasetList.read(list, of: dataset) { digest, _ in
                try database.run("INSERT OR IGNORE INTO temp.survey_frozen (digest) VALUES (?)", .blob(digest.bytes))
            }
            try database.execute("COMMIT")
        } catch {
            // The first error is the one to report.
            try? database.execute("ROLLBACK")
            throw error
        }
    }

    /// Needs all that was added by ``addFrozen(_:of:)``; what stays in the table is known to nobody.
    func needFrozen() throws {
        try database.execute(
            """
            INSERT OR IGNORE INTO temp.survey_content (content)
            SELECT c.id FROM temp.survey_frozen f JOIN main.content c ON c.digest = f.digest;
            DELETE FROM temp.survey_frozen WHERE EXISTS (
                SELECT 1 FROM main.content c WHERE c.digest = survey_frozen.digest);
            """
        )
        try needContents()
    }

    /// Contents that a dataset names and nobody told anything of.
    func unknownFrozenCount() throws -> Int {
        try database.first("SELECT count(*) FROM temp.survey_frozen") { $0.int(0) } ?? 0
    }

    /// Adds what a listing found; what is no object is passed over.
    func addListed(_ items: [RemoteItem]) throws {
        try database.transaction {
            for item in items {
                guard let key = ObjectKey(item.key.string) else { continue }
                try database.run(
                    "INSERT OR REPLACE INTO temp.survey_object (key, digest, bytes, modified) VALUES (?, ?, ?, ?)",
                    .text(item.key.string),
                    .blob(key.digest.bytes),
                    .integer(item.byteCount),
                    .integer(item.modified.milliseconds)
                )
            }
        }
    }

    /// Needed recipes in the order of their keys, after one.
    func neededRecipes(after key: String, limit: Int) throws -> [SurveyedObject] {
        try surveyed("AND n.key LIKE '%.recipe'", after: key, content: .max, limit: limit)
    }

    /// Needed objects in the order of their keys and contents.
    func surveyed(
        _ condition: String,
        after key: String,
        content: Int64,
        limit: Int
    ) throws -> [SurveyedObject] {
        let rows = try database.all(
            """
            SELECT n.key, n.content, n.size, n.encoded_size, o.bytes
            FROM temp.survey_need n LEFT JOIN temp.survey_object o ON o.key = n.key
            WHERE (n.key, n.content) > (?1, ?2) AND n.content <> 0 \(condition)
            ORDER BY n.key, n.content LIMIT ?3
            """,
            [.text(key), .integer(content), .integer(Int64(limit))]
        ) { row in
            (
                key: row.text(0), content: row.int64(1), size: row.int64(2), encodedSize: row.optionalInt64(3),
                listed: row.optionalInt64(4)
            )
        }
        return try rows.map { row in
            // A base, or a database that someone wrote to, may say anything.
            guard let key = ObjectKey(row.key), (0...Recipe.maximumContentByteCount).contains(row.size) else {
                throw ReplayCacheError(
                    .unsupportedFormat,
                    "a content is stored as \(DisplayText.quoted(row.key)), which this program does not know",
                    hint: "install a newer replaycache",
                    subject: row.key
                )
            }
            let object = StoredObject(key: key, size: row.size, encodedSize: row.encodedSize ?? -1)
            return SurveyedObject(content: row.content, object: object, listedSize: row.listed)
        }
    }

    /// The parts of a recipe are needed by its content.
    func addParts(of recipe: Recipe, content: Int64) throws {
        try database.transaction {
            for (index, part) in recipe.parts.enumerated() {
                let range = recipe.range(of: index)
                try database.run(
                    "INSERT OR IGNORE INTO temp.survey_need (key, content, size, encoded_size) VALUES (?, ?, ?, ?)",
                    .text(part.key),
                    .integer(content),
                    .integer(range.upperBound - range.lowerBound),
                    .integer(part.encodedSize)
                )
            }
        }
    }

    /// Recipes that nothing needs, are on no list and were stored after a time, in the order of their keys.
    func unneededRecipes(storedAfter time: Timestamp, after key: String, limit: Int) throws -> [ObjectKey] {
        try database.all(
            """
            SELECT o.key FROM temp.survey_object o
            WHERE o.key > ? AND o.key LIKE '%.recipe' AND o.modified >= ?
            AND NOT EXISTS (SELECT 1 FROM temp.survey_need n WHERE n.key = o.key)
            AND NOT EXISTS (SELECT 1 FROM temp.survey_condemned l WHERE l.key = o.key)
            ORDER BY o.key LIMIT ?
            """,
            [.text(key), .integer(time.milliseconds), .integer(Int64(limit))]
        ) { ObjectKey($0.text(0)) }.compactMap(\.self)
    }

    /// Number and stored bytes of objects.
    struct ObjectTotals: Sendable, Equatable {
        var count = 0
        var bytes: Int64 = 0
    }

    /// Listed objects that fit a condition on `o`, a row of `survey_object`.
    func surveyTotals(_ condition: String, _ values: [SQLiteValue] = []) throws -> ObjectTotals {
        let sql = "SELECT count(*), coalesce(sum(o.bytes), 0) FROM temp.survey_object o WHERE \(condition)"
        return try database.first(sql, values) { ObjectTotals(count: $0.int(0), bytes: $0.int64(1)) } ?? ObjectTotals()
    }

    /// Whether nothing refers to a listed object `o`.
    ///
    /// A needed content that no object is known for may be in any object with its digest.
    static let isUnneeded = """
        NOT EXISTS (SELECT 1 FROM temp.survey_need n WHERE n.key = o.key) AND NOT EXISTS (
            SELECT 1 FROM main.content u JOIN temp.survey_content m ON m.content = u.id
            WHERE u.digest = o.digest AND u.encoding IS NULL)
        AND NOT EXISTS (SELECT 1 FROM temp.survey_frozen f WHERE f.digest = o.digest)
        """

    /// Paths that hold a content, at most `limit`: entries, and with `isSearched` files of checkpoints and lists of datasets,
    /// else what held it before.
    func paths(of content: Int64, limit: Int, isSearched: Bool) throws -> [String] {
        let values: [SQLiteValue] = [.integer(content), .integer(Int64(limit))]
        let entries = "SELECT path FROM main.entry WHERE content = ?1"
        guard isSearched else { return try database.all("\(entries) LIMIT ?2", values) { $0.text(0) } }
        let current = try database.all(
            """
            \(entries)
            UNION ALL SELECT k.run || '@' || k.name || '/' || f.name
                FROM main.checkpoint_file f JOIN main.checkpoint k ON k.identity = f.identity WHERE f.content = ?1
            UNION ALL SELECT 'the list of the dataset ' || d.name FROM main.dataset d WHERE d.list = ?1 AND NOT d.is_dropped
            LIMIT ?2
            """,
            values
        ) { $0.text(0) }
        guard current.isEmpty else { return current }
        return try database.all("SELECT DISTINCT path FROM main.history WHERE content = ?1 LIMIT ?2", values) {
            $0.text(0)
        }
    }
}
