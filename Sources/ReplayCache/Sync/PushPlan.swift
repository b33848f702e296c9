/// What a push would do with the paths that are not in step (`design.md` section 4, "What push and fetch do with a path").
///
/// Worked out by one statement over catalog and place, into a temporary table, so that its size is not bounded by memory
/// and its totals are known before anything moves.
enum PushAction: Int, Sendable {
    /// The local content becomes the entry's.
    case publish = 1
    /// Same content on both sides: remember that they agree.
    case adopt = 2
    /// The entry changed, the local file did not.
    case behind = 3
    /// Both changed, or never agreed and different.
    case conflict = 4
    /// The entry was deleted elsewhere; it is not brought back.
    case deletedElsewhere = 5
    /// The old name of a file that moved: its entry goes, in the same commit.
    case retire = 6
}

/// One row of a plan.
struct PushItem: PlanItem {
    let id: Int64
    let action: PushAction
    /// In the repository.
    let path: String
    /// Below the root.
    let localPath: String
    let digest: Digest
    let size: Int64
    let mtime: Int64
    /// The content that the entry holds now.
    let was: Digest?
}

extension PlaceStore {
    struct PushScope: Sendable {
        let root: RootID
        /// The path in the repository that the root stands for.
        let into: LogicalPath
        var includes: [String] = []
        var excludes: [String] = []
        /// Publish in spite of conflicts, newer entries and deletions elsewhere.
        var isForced = false
    }

    /// Works out the plan; it stays until the next one.
    func planPush(_ scope: PushScope) throws -> [PushAction: PlanTotal] {
        try database.execute(
            """
            DROP TABLE IF EXISTS temp.push_plan;
            CREATE TEMP TABLE push_plan (
                id INTEGER PRIMARY KEY, action INTEGER, path TEXT, local TEXT, digest BLOB, size INTEGER,
                mtime INTEGER, was BLOB
            )
            """
        )
        let filter = Self.filter(scope)
        try database.run(
            """
            INSERT INTO temp.push_plan (action, path, local, digest, size, mtime, was)
            SELECT action, path, local, digest, size, mtime, was FROM (
                SELECT \(Self.pushAction(isForced: scope.isForced)) AS action,
                    ?3 || p.path AS path, p.path AS local, lc.digest, lc.size, f.mtime, ec.digest AS was, lc.id AS content
                FROM catalog.file_path p
                JOIN catalog.file f ON f.id = p.file
                JOIN catalog.content lc ON lc.id = f.content
                LEFT JOIN main.entry e ON e.path = ?3 || p.path
                LEFT JOIN main.content ec ON ec.id = e.content
                LEFT JOIN catalog.agreed a ON a.root = ?1 AND a.place = ?2 AND a.path = ?3 || p.path
                WHERE p.root = ?1 \(filter.sql)
            ) WHERE action IS NOT NULL
            ORDER BY content, path -- row ids of contents follow the order of the scan: good for disks
            """,
            [.integer(scope.root.rawValue), .integer(record.id), .text(scope.into.string + "/")] + filter.values
        )
        try planRetirements(scope)
        return try totals(of: "push_plan", PushAction.init(rawValue:))
    }

    /// The table of `design.md` section 4, with `lc` the local content, `e` and `ec` the entry, `a` the agreement.
    ///
    /// NULL where both sides agree and know it.
    private static func pushAction(isForced: Bool) -> String {
        func unlessForced(_ action: PushAction) -> Int { (isForced ? .publish : action).rawValue }
        return """
            CASE
            WHEN ec.digest = lc.digest THEN
                CASE WHEN a.content = lc.id THEN NULL ELSE \(PushAction.adopt.rawValue) END
            WHEN e.path IS NULL THEN \(PushAction.publish.rawValue)
            WHEN e.content IS NULL THEN
                CASE WHEN a.content = lc.id OR (a.content IS NULL AND \(isLocalInHistory))
                        THEN \(unlessForced(.deletedElsewhere))
                    WHEN a.content IS NULL THEN \(PushAction.publish.rawValue)
                    ELSE \(unlessForced(.conflict)) END
            WHEN a.content IS NULL OR a.content = lc.id THEN
                CASE WHEN \(entryFollowsLocal) THEN \(unlessForced(.behind)) ELSE \(unlessForced(.conflict)) END
            WHEN (SELECT digest FROM catalog.content WHERE id = a.content) = ec.digest
                THEN \(PushAction.publish.rawValue)
            ELSE \(unlessForced(.conflict)) END
            """
    }

    /// Files whose content is known and that the scope is about.
    func candidateCount(_ scope: PushScope) throws -> Int {
        let filter = Self.filter(scope)
        let count = try database.first(
            """
            SELECT count(*) FROM catalog.file_path p JOIN catalog.file f ON f.id = p.file
            WHERE p.root = ? AND f.content IS NOT NULL \(filter.sql)
            """,
            [.integer(scope.root.rawValue)] + filter.values
        ) { $0.int(0) }
        return count ?? 0
    }

    /// What the patterns of a scope ask of a path below the root.
    static func filter(_ scope: PushScope, path: String = "p.path") -> (sql: String, values: [SQLiteValue]) {
        func matches(_ patterns: [String]) -> String {
            "(" + patterns.map { _ in "path_matches(?, \(path))" }.joined(separator: " OR ") + ")"
        }
        var sql = ""
        if !scope.includes.isEmpty { sql += " AND \(matches(scope.includes))" }
        if !scope.excludes.isEmpty { sql += " AND NOT \(matches(scope.excludes))" }
        return (sql, (scope.includes + scope.excludes).map { .text($0) })
    }

    /// A path that left the root, while its content is published under a new path of the root, moved: its entry goes.
    ///
    /// The catalog forgets a path also when the file is ignored now, or was reached through a link: whoever retires it
    /// looks first whether the file is really gone (``LocalRoot/vanished(_:)``).
    private func planRetirements(_ scope: PushScope) throws {
        try database.run(
            """
            INSERT INTO temp.push_plan (action, path, local, digest, size, mtime, was)
            SELECT \(PushAction.retire.rawValue), a.path, substr(a.path, length(?3) + 1), ac.digest, ac.size, 0, ac.digest
            FROM catalog.agreed a
            JOIN catalog.content ac ON ac.id = a.content
            JOIN main.entry e ON e.path = a.path
            JOIN main.content ec ON ec.id = e.content AND ec.digest = ac.digest
            WHERE a.root = ?1 AND a.place = ?2 AND a.path > ?3 AND a.path < ?4
                AND NOT EXISTS (SELECT 1 FROM catalog.file_path p
                    WHERE p.root = ?1 AND p.path = substr(a.path, length(?3) + 1))
                AND NOT EXISTS (SELECT 1 FROM catalog.root_use u
                    JOIN catalog.file_path p ON p.root = ?1 AND p.path = substr(a.path, length(u.path) + 2)
                    WHERE u.root = ?1 AND u.place = ?2 AND a.path > u.path || '/' AND a.path < u.path || '0')
                AND ac.digest IN (SELECT digest FROM temp.push_plan WHERE action = \(PushAction.publish.rawValue))
            """,
            .integer(scope.root.rawValue),
            .integer(record.id),
            .text(scope.into.string + "/"),
            .text(scope.into.string + "0")
        )
    }

    /// The rows after `id` with one of `actions`, at most `limit`.
    func pushItems(_ actions: [PushAction], after id: Int64, limit: Int) throws -> [PushItem] {
        try database.all(
            """
            SELECT id, action, path, local, digest, size, mtime, was FROM temp.push_plan
            WHERE id > ? AND action IN (\(actions.map { "\($0.rawValue)" }.joined(separator: ", ")))
            ORDER BY id LIMIT ?
            """,
            [.integer(id), .integer(Int64(limit))]
        ) { row in
            guard let action = PushAction(rawValue: row.int(1)), let digest = row.digest(4) else {
                throw SQLiteError(code: 1, message: "a plan row is damaged", sql: nil)
            }
            return PushItem(
                id: row.int64(0),
                action: action,
                path: row.text(2),
                localPath: row.text(3),
                digest: digest,
                size: row.int64(5),
                mtime: row.int64(6),
                was: row.digest(7)
            )
        }
    }

    /// Contents to publish that no object holds yet: their number and bytes.
    func unstoredInPushPlan() throws -> PlanTotal {
        let sql = """
            SELECT count(*), coalesce(sum(size), 0) FROM (
                SELECT DISTINCT p.digest, p.size FROM temp.push_plan p
                WHERE p.action = \(PushAction.publish.rawValue) AND NOT EXISTS (
                    SELECT 1 FROM main.content c WHERE c.digest = p.digest AND c.encoding IS NOT NULL))
            """
        return try database.first(sql) { PlanTotal(files: $0.int(0), bytes: $0.int64(1)) } ?? PlanTotal()
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
