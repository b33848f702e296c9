/// What is wrong with needed objects, as an ``ObjectSurvey`` remembers it.
extension PlaceStore {
    /// Forgets earlier problems.
    func beginProblems() throws {
        try database.execute(
            """
            DROP TABLE IF EXISTS temp.survey_problem; DROP TABLE IF EXISTS temp.survey_checked;
            CREATE TEMP TABLE survey_problem (
                key TEXT PRIMARY KEY, is_missing INTEGER NOT NULL, reason TEXT NOT NULL
            ) WITHOUT ROWID;
            CREATE TEMP TABLE survey_checked (key TEXT PRIMARY KEY) WITHOUT ROWID;
            """
        )
    }

    func addProblem(_ key: ObjectKey, isMissing: Bool, reason: String) throws {
        try database.run(
            "INSERT OR IGNORE INTO temp.survey_problem (key, is_missing, reason) VALUES (?, ?, ?)",
            .text(key.remoteKey.string),
            .integer(isMissing ? 1 : 0),
            .text(reason)
        )
    }

    /// Takes every needed object that was not listed for missing.
    func addMissingAsProblems() throws {
        try database.run(
            """
            INSERT OR IGNORE INTO temp.survey_problem (key, is_missing, reason)
            SELECT DISTINCT n.key, 1, 'is missing' FROM temp.survey_need n
            WHERE n.content <> 0 AND NOT EXISTS (SELECT 1 FROM temp.survey_object o WHERE o.key = n.key)
            """
        )
    }

    /// Remembers that an object was read in this run; false when it had been before.
    func noteChecked(_ key: ObjectKey) throws -> Bool {
        try database.run("INSERT OR IGNORE INTO temp.survey_checked (key) VALUES (?)", .text(key.remoteKey.string)) == 1
    }

    /// An object with something wrong about it.
    struct Problem: Sendable {
        let key: ObjectKey
        let isMissing: Bool
        let reason: String
        /// Contents that need it, at most a few.
        let contents: [Int64]
    }

    /// Problems in the order of their keys, after one.
    func problems(after key: String, limit: Int) throws -> [Problem] {
        let rows = try database.all(
            "SELECT key, is_missing, reason FROM temp.survey_problem WHERE key > ? ORDER BY key LIMIT ?",
            [.text(key), .integer(Int64(limit))]
        ) { (key: $0.text(0), isMissing: $0.bool(1), reason: $0.text(2)) }
        return try rows.compactMap { row in
            guard let key = ObjectKey(row.key) else { return nil }
            let contents = try database.all(
                "SELECT content FROM temp.survey_need WHERE key = ? AND content <> 0 LIMIT 10",
                [.text(row.key)]
            ) { $0.int64(0) }
            return Problem(key: key, isMissing: row.isMissing, reason: row.reason, contents: contents)
        }
    }

    /// A content that needs something that is missing or damaged.
    struct BrokenContent: Sendable {
        let content: Int64
        let digest: Digest
        let size: Int64
    }

    /// Contents with problems, among them those that no object is known for, in the order of their rows, after one.
    func brokenContents(after content: Int64, limit: Int) throws -> [BrokenContent] {
        try database.all(
            """
            SELECT c.id, c.digest, coalesce(c.size, 0) FROM main.content c WHERE c.id IN (
                SELECT n.content FROM temp.survey_problem p CROSS JOIN temp.survey_need n ON n.key = p.key
                UNION SELECT u.id FROM temp.survey_content m JOIN main.content u ON u.id = m.content
                    WHERE u.encoding IS NULL)
            AND c.id > ? ORDER BY c.id LIMIT ?
            """,
            [.integer(content), .integer(Int64(limit))]
        ) { row in
            row.digest(1).map { BrokenContent(content: row.int64(0), digest: $0, size: row.int64(2)) }
        }.compactMap(\.self)
    }

    /// A key that the state names, and the row of its content.
    struct NamedKey: Sendable {
        let content: Int64
        let key: ObjectKey
    }

    /// Keys that the state names and that were not listed, of parts too, in the order of their contents, after one.
    func absentKeys(after content: Int64, limit: Int) throws -> [NamedKey] {
        try database.all(
            """
            SELECT id, key FROM (
                SELECT c.id AS id, \(Self.keySQL("c")) AS key FROM main.content c
                WHERE c.encoding IS NOT NULL AND c.id > ?1
            ) AS k
            WHERE NOT EXISTS (SELECT 1 FROM temp.survey_object o WHERE o.key = k.key) ORDER BY id LIMIT ?2
            """,
            [.integer(content), .integer(Int64(limit))]
        ) { row in ObjectKey(row.text(1)).map { NamedKey(content: row.int64(0), key: $0) } }.compactMap(\.self)
    }

    /// Contents that were chosen, and up to which row that was done.
    struct Choice: Sendable {
        let chosen: [SurveyedObject]
        let end: Int64?
    }

    /// Of a page of the needed contents that have an object, after one, those that `isChosen` picks.
    func choose(after content: Int64, limit: Int, _ isChosen: @Sendable () -> Bool) throws -> Choice {
        let rows = try database.all(
            """
            SELECT c.digest, c.id FROM temp.survey_content n JOIN main.content c ON c.id = n.content
            WHERE c.id > ? AND c.encoding IS NOT NULL ORDER BY c.id LIMIT ?
            """,
            [.integer(content), .integer(Int64(limit))]
        ) { (digest: $0.digest(0), content: $0.int64(1)) }
        let chosen = try rows.filter { _ in isChosen() }.compactMap { row in
            try row.digest.flatMap { try object(of: $0) }.map {
                SurveyedObject(content: row.content, object: $0, listedSize: nil)
            }
        }
        return Choice(chosen: chosen, end: rows.last?.content)
    }

    /// How many needed contents no object is known for.
    func unstoredCount() throws -> Int {
        try database.first(
            """
            SELECT count(*) FROM temp.survey_content n JOIN main.content c ON c.id = n.content WHERE c.encoding IS NULL
            """
        ) { $0.int(0) } ?? 0
    }

    /// How many different objects are needed.
    func neededObjectCount() throws -> Int {
        try database.first("SELECT count(DISTINCT key) FROM temp.survey_need WHERE content <> 0") { $0.int(0) } ?? 0
    }
}
