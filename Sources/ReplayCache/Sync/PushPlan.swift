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
    /// Same content on both sides, in which an older reader than this one found less: tell what is in it.
    case remark = 7

    /// Whether the file is the same on both sides, or is none.
    var isInStep: Bool { [.adopt, .retire, .remark].contains(self) }
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
    /// The row of the content in the catalog.
    let content: Int64
    /// An object of the content may be named as it is.
    let isStored: Bool
    /// No object of the content was ever heard of: neither at the place, nor condemned, nor sent by an interrupted push or
    /// by an earlier row.
    let isFresh: Bool
    /// An earlier row publishes the same content.
    let isRepeat: Bool
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

    /// Works out the whole plan; it stays until the next one.
    func planPush(_ scope: PushScope) throws -> [PushAction: PlanTotal] {
        try beginPushPlan()
        try planPush(scope, after: nil, through: nil)
        try planRetirements(scope)
        try planRemarks(scope)
        return try pushTotals()
    }

    /// Empties the plan.
    func beginPushPlan() throws {
        try database.execute(
            """
            DROP TABLE IF EXISTS temp.push_plan;
            CREATE TEMP TABLE push_plan (
                id INTEGER PRIMARY KEY, action INTEGER, path TEXT, local TEXT, digest BLOB, size INTEGER,
                mtime INTEGER, was BLOB, content INTEGER, stored INTEGER, fresh INTEGER, repeated INTEGER, late INTEGER
            );
            CREATE INDEX temp.push_plan_published ON push_plan (content) WHERE action = \(PushAction.publish.rawValue);
            CREATE INDEX temp.push_plan_retired ON push_plan (content) WHERE action = \(PushAction.retire.rawValue);
            CREATE INDEX temp.push_plan_late ON push_plan (id) WHERE late = 1
            """
        )
    }

    /// Works out the plan for the local paths after one and through another, and adds it.
    ///
    /// A file that may be one that moved is late: what it was called before is known when everything was scanned.
    @discardableResult
    func planPush(
        _ scope: PushScope,
        after lower: LogicalPath?,
        through upper: LogicalPath?
    ) throws -> PlannedStretch {
        let filter = Self.filter(scope)
        let last = try database.first("SELECT max(id) FROM temp.push_plan") { $0.int64(0) } ?? 0
        try database.run(
            """
            INSERT INTO temp.push_plan (action, path, local, digest, size, mtime, was, content, stored, fresh, repeated, late)
            SELECT action, path, local, digest, size, mtime, was, content, \(Self.standing)
            FROM (
                SELECT \(Self.pushAction(isForced: scope.isForced)) AS action,
                    ?3 || p.path AS path, p.path AS local, lc.digest, lc.size, f.mtime, ec.digest AS was, lc.id AS content
                FROM catalog.file_path p
                JOIN catalog.file f ON f.id = p.file
                JOIN catalog.content lc ON lc.id = f.content
                LEFT JOIN main.entry e ON e.path = ?3 || p.path
                LEFT JOIN main.content ec ON ec.id = e.content
                LEFT JOIN catalog.agreed a ON a.root = ?1 AND a.place = ?2 AND a.path = ?3 || p.path
                WHERE p.root = ?1 AND p.path > ?4 AND p.path <= ?5 \(filter.sql)
            ) n WHERE action IS NOT NULL
            ORDER BY content, path -- row ids of contents follow the order of the scan: good for disks
            """,
            [
                .integer(scope.root.rawValue), .integer(record.id), .text(scope.into.string + "/"),
                .text(lower?.string ?? ""), Catalog.upperBound(upper),
            ] + filter.values
        )
        let sql = """
            SELECT count(*), coalesce(sum(size), 0) FROM temp.push_plan NOT INDEXED WHERE id > ? AND \(PushRows.early.condition)
            """
        let early = try database.first(sql, [.integer(last)]) { PlanTotal(files: $0.int(0), bytes: $0.int64(1)) }
        return PlannedStretch(last: last, early: early ?? PlanTotal())
    }

    /// Whether a row after `id` is to be published.
    func publishesAnything(after id: Int64) throws -> Bool {
        let sql = """
            SELECT 1 FROM temp.push_plan NOT INDEXED WHERE id > ? AND action = \(PushAction.publish.rawValue) LIMIT 1
            """
        return try database.first(sql, [.integer(id)]) { _ in true } ?? false
    }

    /// Takes the rows after `id` out of the plan.
    func dropPushPlan(after id: Int64) throws {
        try database.run("DELETE FROM temp.push_plan WHERE id > ?", .integer(id))
    }

    /// What planning a stretch of paths added.
    struct PlannedStretch: Sendable {
        /// The row before the first that was added.
        let last: Int64
        /// What may be published at once.
        let early: PlanTotal
    }

    /// What is known of a content `n` that is to be published, as the columns `stored`, `fresh`, `repeated` and `late`.
    private static var standing: String {
        let publish = PushAction.publish.rawValue
        let forms = (Encoding.allCases.map(\.rawValue) + [ObjectKey.Form.recipe.suffix]).map { "'\($0)'" }
        let condemned = "EXISTS (SELECT 1 FROM catalog.condemned WHERE place = ?2 AND digest = n.digest)"
        let repeated = "EXISTS (SELECT 1 FROM temp.push_plan o WHERE o.content = n.content AND o.action = \(publish))"
        return """
            action = \(publish) AND NOT \(condemned) AND EXISTS (SELECT 1 FROM main.content c
                WHERE c.digest = n.digest AND c.size = n.size AND c.generation >= 0
                    AND c.encoding IN (\(forms.joined(separator: ", ")))),
            action = \(publish) AND NOT \(condemned) AND NOT \(repeated)
                AND NOT EXISTS (SELECT 1 FROM main.content c WHERE c.digest = n.digest AND c.encoding IS NOT NULL)
                AND NOT EXISTS (SELECT 1 FROM catalog.transfer t WHERE t.place = ?2
                    AND t.repository = (SELECT value FROM main.repository WHERE key = 'repository')
                    AND t.digest = n.digest),
            action = \(publish) AND \(repeated),
            action = \(publish) AND EXISTS (SELECT 1 FROM main.content c
                -- In this order, each found by its key: the planner would go through all agreements for each row.
                CROSS JOIN main.entry o ON o.content = c.id CROSS JOIN catalog.agreed g
                ON g.root = ?1 AND g.place = ?2 AND g.path = o.path AND g.content = n.content
                WHERE c.digest = n.digest)
            """
    }

    /// Files and bytes of the plan by action.
    func pushTotals() throws -> [PushAction: PlanTotal] {
        try totals(of: "push_plan", PushAction.init(rawValue:))
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
    /// Where more names of a content left than appear, nothing tells which of them moved and which are gone, as with a
    /// disk that is not mounted: all entries stay, since only `--delete` removes what is gone. So do those that the patterns
    /// leave out.
    ///
    /// The catalog forgets a path also when the file is ignored now, or was reached through a link: whoever retires it
    /// looks first whether the file is really gone (``LocalRoot/vanished(_:)``).
    func planRetirements(_ scope: PushScope) throws {
        let late = "SELECT 1 FROM temp.push_plan WHERE late = 1 LIMIT 1"
        guard try database.first(late, [], { _ in true }) != nil else { return }
        let filter = Self.filter(scope, path: "substr(a.path, length(?3) + 1)")
        try database.run(
            """
            INSERT INTO temp.push_plan (action, path, local, digest, size, mtime, was, content)
            SELECT \(PushAction.retire.rawValue), a.path, substr(a.path, length(?3) + 1), ac.digest, ac.size, 0, ac.digest,
                ac.id
            FROM catalog.agreed a
            JOIN catalog.content ac ON ac.id = a.content
            JOIN main.entry e ON e.path = a.path
            JOIN main.content ec ON ec.id = e.content AND ec.digest = ac.digest
            WHERE a.root = ?1 AND a.place = ?2 AND a.path > ?3 AND a.path < ?4
                AND EXISTS (SELECT 1 FROM temp.push_plan o
                    WHERE o.content = a.content AND o.action = \(PushAction.publish.rawValue))
                AND NOT EXISTS (SELECT 1 FROM catalog.file_path p
                    WHERE p.root = ?1 AND p.path = substr(a.path, length(?3) + 1))
                AND NOT EXISTS (SELECT 1 FROM catalog.root_use u
                    JOIN catalog.file_path p ON p.root = ?1 AND p.path = substr(a.path, length(u.path) + 2)
                    WHERE u.root = ?1 AND u.place = ?2 AND a.path > u.path || '/' AND a.path < u.path || '0')
                \(filter.sql)
            """,
            [
                .integer(scope.root.rawValue), .integer(record.id), .text(scope.into.string + "/"),
                .text(scope.into.string + "0"),
            ] + filter.values
        )
        try database.run(
            """
            DELETE FROM temp.push_plan WHERE action = \(PushAction.retire.rawValue) AND content IN (
                SELECT content FROM temp.push_plan
                WHERE action IN (\(PushAction.publish.rawValue), \(PushAction.retire.rawValue))
                GROUP BY content
                HAVING sum(action = \(PushAction.retire.rawValue)) > sum(action = \(PushAction.publish.rawValue)))
            """
        )
    }

    /// Which rows of a plan are meant.
    enum PushRows: Sendable {
        case of([PushAction])
        /// Those to publish at once, and those that wait for the end of the scan.
        case early, late

        /// By row id, but where an index leads to the few.
        fileprivate var access: String {
            if case .late = self { "" } else { "NOT INDEXED" }
        }

        fileprivate var condition: String {
            switch self {
            case .of(let actions): "action IN (\(actions.map { "\($0.rawValue)" }.joined(separator: ", ")))"
            case .early: "action = \(PushAction.publish.rawValue) AND late = 0"
            case .late: "late = 1"
            }
        }
    }

    /// The rows after `id`, at most `limit`.
    func pushItems(_ rows: PushRows, after id: Int64, limit: Int) throws -> [PushItem] {
        try pushItems(
            where: "\(rows.access) WHERE id > ? AND \(rows.condition) ORDER BY id LIMIT ?",
            [.integer(id), .integer(Int64(limit))]
        )
    }

    /// Takes out of the plan the names that the contents of the late rows `ids` had before.
    func takeRetirements(for ids: ClosedRange<Int64>) throws -> [PushItem] {
        let condition = """
            action = \(PushAction.retire.rawValue) AND content IN (SELECT content FROM temp.push_plan
                WHERE late = 1 AND id BETWEEN ? AND ?)
            """
        let range: [SQLiteValue] = [.integer(ids.lowerBound), .integer(ids.upperBound)]
        let items = try pushItems(where: "WHERE \(condition)", range)
        if !items.isEmpty { try database.run("DELETE FROM temp.push_plan WHERE \(condition)", range) }
        return items
    }

    private func pushItems(where condition: String, _ values: [SQLiteValue]) throws -> [PushItem] {
        try database.all(
            """
            SELECT id, action, path, local, digest, size, mtime, was, content, stored, fresh, repeated FROM temp.push_plan
            \(condition)
            """,
            values
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
                was: row.digest(7),
                content: row.int64(8),
                isStored: row.bool(9),
                isFresh: row.bool(10),
                isRepeat: row.bool(11)
            )
        }
    }
}
