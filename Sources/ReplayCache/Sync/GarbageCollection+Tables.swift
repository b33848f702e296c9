/// What a collector asks of its ``ObjectSurvey``.
extension PlaceStore {
    /// Adds the keys of a list.
    ///
    /// `isDue` tells that it is old enough to be acted on, `isKept` that it stays for others to read.
    func addCondemned(_ keys: [ObjectKey], isDue: Bool, isKept: Bool) throws {
        try database.transaction {
            for key in keys {
                try database.run(
                    """
                    INSERT INTO temp.survey_condemned (key, is_due, is_kept) VALUES (?, ?, ?)
                    ON CONFLICT (key) DO UPDATE SET is_due = max(is_due, excluded.is_due),
                        is_kept = max(is_kept, excluded.is_kept)
                    """,
                    .text(key.remoteKey.string),
                    .integer(isDue ? 1 : 0),
                    .integer(isKept ? 1 : 0)
                )
            }
        }
    }

    /// What becomes of objects that nothing refers to, as conditions on `o`; `?1` is the time before which an object is
    /// old enough to be condemned.
    enum GarbageCondition {
        static let condemn = """
            \(PlaceStore.isUnneeded) AND o.modified < ?1
            AND NOT EXISTS (SELECT 1 FROM temp.survey_condemned l WHERE l.key = o.key)
            """
        static let remove = """
            \(PlaceStore.isUnneeded)
            AND EXISTS (SELECT 1 FROM temp.survey_condemned l WHERE l.key = o.key AND l.is_due = 1) AND ?1 IS NOT NULL
            """
        static let wait = """
            \(PlaceStore.isUnneeded)
            AND EXISTS (SELECT 1 FROM temp.survey_condemned l WHERE l.key = o.key AND l.is_due = 0) AND ?1 IS NOT NULL
            """
    }

    /// Finds the last path of each content that was an entry once.
    func findLastPaths() throws {
        try database.execute(
            """
            DROP TABLE IF EXISTS temp.survey_path;
            CREATE TEMP TABLE survey_path (content INTEGER PRIMARY KEY, path TEXT NOT NULL);
            INSERT OR REPLACE INTO temp.survey_path (content, path)
            SELECT content, path FROM main.history WHERE content IS NOT NULL ORDER BY hlc;
            """
        )
    }

    /// Calls `body` with each object that fits a condition, in the order of the keys.
    func eachGarbage(
        _ action: GarbageRow.Action,
        _ condition: String,
        storedBefore time: Timestamp,
        _ body: @Sendable (GarbageRow) throws -> Void
    ) throws {
        try database.query(
            """
            SELECT o.key, o.bytes, p.path FROM temp.survey_object o LEFT JOIN main.content c ON c.digest = o.digest
            LEFT JOIN temp.survey_path p ON p.content = c.id WHERE \(condition) ORDER BY o.key
            """,
            [.integer(time.milliseconds)]
        ) { (row: borrowing Row) throws in
            try Task.checkCancellation()
            try body(.init(action: action, key: row.text(0), bytes: row.int64(1), path: row.optionalText(2)))
        }
    }

    /// Objects that fit a condition, in the order of their keys, after one.
    func garbage(
        _ condition: String,
        storedBefore time: Timestamp,
        after key: String,
        limit: Int
    ) throws -> [RemoteKey] {
        try database.all(
            "SELECT o.key FROM temp.survey_object o WHERE o.key > ?2 AND \(condition) ORDER BY o.key LIMIT ?3",
            [.integer(time.milliseconds), .text(key), .integer(Int64(limit))]
        ) { ObjectKey($0.text(0))?.remoteKey }.compactMap(\.self)
    }

    /// Keys that the state still names although nothing needs them and they are gone, or are about to be, and that no list
    /// that stays tells of: without one, somebody who stores the content again would take it for stored.
    ///
    /// In the order of their rows, after one.
    func graves(after content: Int64, limit: Int) throws -> [NamedKey] {
        try database.all(
            """
            SELECT id, key FROM (
                SELECT c.id AS id, \(Self.keySQL("c")) AS key FROM main.content c
                WHERE c.encoding IS NOT NULL AND c.id > ?1
            ) AS k
            WHERE NOT EXISTS (SELECT 1 FROM temp.survey_need n WHERE n.key = k.key)
            AND NOT EXISTS (SELECT 1 FROM temp.survey_condemned l WHERE l.key = k.key AND l.is_kept = 1)
            AND (NOT EXISTS (SELECT 1 FROM temp.survey_object o WHERE o.key = k.key)
                OR EXISTS (SELECT 1 FROM temp.survey_condemned l WHERE l.key = k.key AND l.is_due = 1))
            ORDER BY id LIMIT ?2
            """,
            [.integer(content), .integer(Int64(limit))]
        ) { row in ObjectKey(row.text(1)).map { NamedKey(content: row.int64(0), key: $0) } }.compactMap(\.self)
    }
}
