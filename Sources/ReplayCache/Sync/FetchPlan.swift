/// What a fetch would do with the entries that are not in step (`design.md` section 4).
enum FetchAction: Int, Sendable {
    /// Nothing is there: place the content.
    case place = 1
    /// Same content on both sides: remember that they agree.
    case adopt = 2
    /// The entry changed, the local file did not: replace it.
    case replace = 3
    /// Both changed, or never agreed and different.
    case conflict = 4
    /// The entry is gone, the local file stands.
    case deletedElsewhere = 5
    /// Only the local file changed: leave it.
    case changedLocally = 6
    /// The local file is named by an entry that was deleted, and its content by a new one: rename it.
    case move = 7
    /// Both changed and the user insists: replace it, and keep the local file under another name.
    case overwrite = 8
    /// The local file changed and the entry is gone: a conflict without an entry.
    case changedAndDeleted = 9
    /// What the local file holds is not known, because it is being written or cannot be read: leave it, whoever insists.
    ///
    /// The scan has named and counted it.
    case unread = 10
    /// Something that the scan passed over stands in the way: leave it.
    case obstructed = 11
    /// The entry is gone, the local file is as it was agreed on, and the user wants it to go too.
    case remove = 12
    /// To be placed, but the folder would grow beyond what it may hold (``FetchOptions/maximumBytes``): leave it.
    case noRoom = 20
}

/// One row of a plan.
struct FetchItem: PlanItem {
    let id: Int64
    let action: FetchAction
    /// In the repository.
    let path: String
    /// Below the root.
    ///
    /// Not checked yet: it comes from a remote.
    let localPath: String
    let digest: Digest
    let size: Int64
    let mtime: Int64
    /// For a move: the file to rename, below the root.
    let source: String?
    /// The local file as the catalog knows it; nil when nothing is there.
    let known: FileStatus?

    /// What both sides hold when the item is done.
    var agreement: Agreement { Agreement(path: path, digest: digest, size: size) }
}

extension PlaceStore {
    struct FetchScope: Sendable {
        let root: RootID
        let from: LogicalPath
        var selection = Selection()
        /// The share of what is selected; nil for all of it.
        var shard: Shard?
        /// Replace local files in spite of changes.
        var isForced = false
        /// Remove local files whose entries were deleted.
        var deletes = false
    }

    /// Works out the plan; it stays until the next one.
    func planFetch(_ scope: FetchScope) throws -> [FetchAction: PlanTotal] {
        try database.execute(
            """
            DROP TABLE IF EXISTS temp.fetch_plan;
            CREATE TEMP TABLE fetch_plan (
                id INTEGER PRIMARY KEY, action INTEGER, path TEXT, local TEXT, digest BLOB, size INTEGER, mtime INTEGER,
                source TEXT, device INTEGER, inode INTEGER, known_size INTEGER, known_mtime INTEGER, known_ctime INTEGER
            )
            """
        )
        // Only as many as asked for, by path, and only then what is to be done with them: the same ones every time.
        let selected = try entries(scope.criteria, scope.paths, from: scope.source)
        try database.run(
            """
            INSERT INTO temp.fetch_plan (action, path, local, digest, size, mtime, device, inode, known_size, known_mtime,
                known_ctime)
            SELECT action, path, local, digest, size, mtime, device, inode, known_size, known_mtime, known_ctime
            FROM (
                SELECT \(Self.fetchAction(scope)) AS action, e.path AS path,
                    substr(e.path, length(?3) + 1) AS local, ec.digest AS digest, ec.size AS size, e.mtime AS mtime,
                    f.device AS device, f.inode AS inode, f.size AS known_size, f.mtime AS known_mtime,
                    f.ctime AS known_ctime, ec.id AS content
                FROM (\(selected.sql)) e
                JOIN main.content ec ON ec.id = e.content
                LEFT JOIN catalog.file_path p ON p.root = ?1 AND p.path = substr(e.path, length(?3) + 1)
                LEFT JOIN catalog.file f ON f.id = p.file
                LEFT JOIN catalog.content lc ON lc.id = f.content
                LEFT JOIN catalog.agreed a ON a.root = ?1 AND a.place = ?2 AND a.path = e.path
            ) WHERE action IS NOT NULL AND \(scope.isInShard("digest"))
            ORDER BY content, path
            """,
            // The marks without a number come after the three that have one.
            bindings(scope).prefix(3) + selected.values
        )
        try planDeletions(scope)
        try planMoves(scope)
        if scope.deletes { try planRemovals(scope) }
        return try fetchTotals()
    }

    /// Files and bytes of the plan by action.
    func fetchTotals() throws -> [FetchAction: PlanTotal] {
        try totals(of: "fetch_plan", FetchAction.init(rawValue:))
    }

    private func bindings(_ scope: FetchScope) -> [SQLiteValue] {
        [
            .integer(scope.root.rawValue), .integer(record.id), .text(scope.from.string + "/"),
            .text(scope.from.string + "0"),
        ]
    }

    /// The table of `design.md` section 4, with `e` and `ec` the entry, `p`, `f` and `lc` the local file, `a` the
    /// agreement.
    ///
    /// NULL where both sides agree and know it.
    private static func fetchAction(_ scope: FetchScope) -> String {
        func unlessForced(_ action: FetchAction) -> Int { (scope.isForced ? .overwrite : action).rawValue }
        return """
            CASE
            WHEN p.path IS NULL THEN \(FetchAction.place.rawValue)
            WHEN lc.digest = ec.digest THEN
                CASE WHEN a.content = lc.id THEN NULL ELSE \(FetchAction.adopt.rawValue) END
            WHEN lc.id IS NULL THEN \(FetchAction.unread.rawValue)
            WHEN a.content IS NULL OR a.content = lc.id THEN
                CASE WHEN \(scope.list == nil ? entryFollowsLocal : pathHoldsLocal) THEN \(FetchAction.replace.rawValue)
                    ELSE \(unlessForced(.conflict)) END
            WHEN (SELECT digest FROM catalog.content WHERE id = a.content) = ec.digest
                THEN \(unlessForced(.changedLocally))
            ELSE \(unlessForced(.conflict)) END
            """
    }

    /// Files that this root and the place agreed on, whose entries were deleted: a conflict where the file changed since.
    private func planDeletions(_ scope: FetchScope) throws {
        try database.run(
            """
            INSERT INTO temp.fetch_plan (action, path, local, digest, size, mtime, device, inode, known_size, known_mtime,
                known_ctime)
            SELECT CASE WHEN f.content = a.content THEN \(FetchAction.deletedElsewhere.rawValue)
                    ELSE \(FetchAction.changedAndDeleted.rawValue) END,
                a.path, p.path, lc.digest, lc.size, f.mtime, f.device, f.inode, f.size, f.mtime, f.ctime
            FROM catalog.agreed a
            JOIN catalog.file_path p ON p.root = ?1 AND p.path = substr(a.path, length(?3) + 1)
            JOIN catalog.file f ON f.id = p.file
            JOIN catalog.content lc ON lc.id = f.content
            JOIN main.entry e ON e.path = a.path AND e.content IS NULL
            WHERE a.root = ?1 AND a.place = ?2 AND a.path > ?3 AND a.path < ?4
                AND \(scope.isInShard("(SELECT digest FROM catalog.content WHERE id = a.content)"))
                AND \(scope.isFrozen("a.path").map { "NOT \($0)" } ?? "1")
            """,
            bindings(scope)
        )
    }

    /// A file to be placed whose content such a file has is that file, moved.
    ///
    /// Each source serves one destination; of several with one content the first of each go together, then the second.
    private func planMoves(_ scope: FetchScope) throws {
        let deleted = "SELECT 1 FROM temp.fetch_plan WHERE action = \(FetchAction.deletedElsewhere.rawValue) LIMIT 1"
        guard try database.first(deleted, [], { _ in true }) != nil else { return }
        func ranked(_ action: FetchAction) -> String {
            """
            SELECT id, digest, row_number() OVER (PARTITION BY digest ORDER BY id) AS rank FROM temp.fetch_plan
            WHERE action = \(action.rawValue)
            """
        }
        try database.execute(
            """
            DROP TABLE IF EXISTS temp.fetch_moves;
            CREATE TEMP TABLE fetch_moves (new INTEGER PRIMARY KEY, old INTEGER);
            INSERT INTO temp.fetch_moves
            SELECT new.id, old.id FROM (\(ranked(.deletedElsewhere))) old
            JOIN (\(ranked(.place))) new ON new.digest = old.digest AND new.rank = old.rank;
            UPDATE temp.fetch_plan SET action = \(FetchAction.move.rawValue),
                (source, device, inode, known_size, known_mtime, known_ctime) =
                    (SELECT o.local, o.device, o.inode, o.known_size, o.known_mtime, o.known_ctime
                    FROM temp.fetch_moves m JOIN temp.fetch_plan o ON o.id = m.old WHERE m.new = fetch_plan.id)
            WHERE id IN (SELECT new FROM temp.fetch_moves);
            DELETE FROM temp.fetch_plan WHERE id IN (SELECT old FROM temp.fetch_moves);
            DROP TABLE temp.fetch_moves;
            """
        )
    }

    /// Of the files whose entries were deleted those that the selection means; what it does not mean is left alone.
    private func planRemovals(_ scope: FetchScope) throws {
        let condition = try SelectionConditions(scope.selection, in: database, schema: "catalog")
            .standalone(content: "lc.id", path: "fetch_plan.path")
        try database.run(
            """
            UPDATE temp.fetch_plan SET action = \(FetchAction.remove.rawValue)
            WHERE action = \(FetchAction.deletedElsewhere.rawValue)
                AND EXISTS (SELECT 1 FROM catalog.content lc WHERE lc.digest = fetch_plan.digest AND \(condition.sql))
            """,
            condition.values
        )
    }

    /// The rows after `id` with one of `actions`, at most `limit`.
    func fetchItems(_ actions: [FetchAction], after id: Int64, limit: Int) throws -> [FetchItem] {
        try database.all(
            """
            SELECT id, action, path, local, digest, size, mtime, source, device, inode, known_size, known_mtime,
                known_ctime
            FROM temp.fetch_plan
            WHERE id > ? AND action IN (\(actions.map { "\($0.rawValue)" }.joined(separator: ", ")))
            ORDER BY id LIMIT ?
            """,
            [.integer(id), .integer(Int64(limit))]
        ) { row in
            guard let action = FetchAction(rawValue: row.int(1)), let digest = row.digest(4) else {
                throw SQLiteError(code: 1, message: "a plan row is damaged", sql: nil)
            }
            let known =
                row.isNull(8)
                ? nil
                : FileStatus(
                    device: UInt64(bitPattern: row.int64(8)),
                    inode: UInt64(bitPattern: row.int64(9)),
                    size: row.int64(10),
                    mtimeNanoseconds: row.int64(11),
                    ctimeNanoseconds: row.int64(12)
                )
            return FetchItem(
                id: row.int64(0),
                action: action,
                path: row.text(2),
                localPath: row.text(3),
                digest: digest,
                size: row.int64(5),
                mtime: row.int64(6),
                source: row.optionalText(7),
                known: known
            )
        }
    }

    /// Those of `digests` that the plan places, with the sizes of their contents.
    func contentsInFetchPlan(_ digests: [Digest]) throws -> [Digest: Int64] {
        guard !digests.isEmpty else { return [:] }
        try database.execute(
            "DROP TABLE IF EXISTS temp.begun; CREATE TEMP TABLE begun (digest BLOB PRIMARY KEY) WITHOUT ROWID"
        )
        for digest in digests {
            try database.run("INSERT OR IGNORE INTO temp.begun (digest) VALUES (?)", .blob(digest.bytes))
        }
        var sizes: [Digest: Int64] = [:]
        let sql = """
            SELECT DISTINCT digest, size FROM temp.fetch_plan
            WHERE action IN (\(FetchAction.placingList)) AND digest IN (SELECT digest FROM temp.begun)
            """
        try database.query(sql) { (row: borrowing Row) in
            if let digest = row.digest(0) { sizes[digest] = row.int64(1) }
        }
        return sizes
    }
}
