/// What a copy would do with the entries of the source that the target does not hold alike.
enum CopyAction: Int, Sendable {
    /// The target holds nothing there, or what the source held before: it gets the source's content.
    case copy = 1
    /// The target has moved on from what the source holds: it is left.
    case behind = 2
    /// Neither followed the other: it is left and told.
    case conflict = 3
    /// The target had the same and deleted it: it is not brought back.
    case deletedElsewhere = 4
    /// The source deleted what the target holds.
    case remove = 5
}

/// One row of the plan.
struct CopyItem: PlanItem {
    let id: Int64
    let action: CopyAction
    let path: String
    let digest: Digest
    let size: Int64
    let mtime: Int64
    /// What the target holds there.
    let was: Digest?
}

// The target's state is `main`; that of the source is attached while the plan is worked out.
extension PlaceStore {
    /// Works out the plan against the state of `source`; it stays until the next one.
    func planCopy(from source: PlaceRecord) throws -> [CopyAction: PlanTotal] {
        try database.execute(
            """
            DROP TABLE IF EXISTS temp.copy_plan;
            CREATE TEMP TABLE copy_plan (
                id INTEGER PRIMARY KEY, action INTEGER, path TEXT, digest BLOB, size INTEGER, mtime INTEGER, was BLOB
            )
            """
        )
        try database.attaching([source.path]) { schemas in
            guard let from = schemas.first else { return }
            try planCopies(from)
            try planRemovals(from)
        }
        return try totals(of: "copy_plan", CopyAction.init(rawValue:))
    }

    /// Equal contents stand together, in the order in which the source came to know them.
    private func planCopies(_ from: String) throws {
        try database.run(
            """
            INSERT INTO temp.copy_plan (action, path, digest, size, mtime, was)
            SELECT action, path, digest, size, mtime, was FROM (
                SELECT CASE
                    WHEN tc.digest = sc.digest THEN NULL
                    WHEN t.path IS NULL THEN \(CopyAction.copy.rawValue)
                    WHEN t.content IS NULL THEN
                        CASE WHEN \(Self.holds("main", "sc.digest")) AND NOT EXISTS (
                                SELECT 1 FROM \(from).history d WHERE d.path = s.path AND d.content IS NULL)
                            THEN \(CopyAction.deletedElsewhere.rawValue) ELSE \(CopyAction.copy.rawValue) END
                    WHEN \(Self.holds(from, "tc.digest")) THEN \(CopyAction.copy.rawValue)
                    WHEN \(Self.holds("main", "sc.digest")) THEN \(CopyAction.behind.rawValue)
                    ELSE \(CopyAction.conflict.rawValue) END AS action,
                    s.path AS path, sc.digest AS digest, sc.size AS size, s.mtime AS mtime, tc.digest AS was,
                    sc.id AS content
                FROM \(from).entry s
                JOIN \(from).content sc ON sc.id = s.content
                LEFT JOIN main.entry t ON t.path = s.path
                LEFT JOIN main.content tc ON tc.id = t.content
            ) WHERE action IS NOT NULL
            ORDER BY content, path
            """
        )
    }

    /// Paths that the source held and deleted, where the target still has what the source had.
    private func planRemovals(_ from: String) throws {
        try database.run(
            """
            INSERT INTO temp.copy_plan (action, path, digest, size, mtime, was)
            SELECT \(CopyAction.remove.rawValue), s.path, tc.digest, tc.size, t.mtime, tc.digest
            FROM \(from).entry s
            JOIN main.entry t ON t.path = s.path
            JOIN main.content tc ON tc.id = t.content
            WHERE s.content IS NULL AND \(Self.holds(from, "tc.digest"))
            ORDER BY s.path
            """
        )
    }

    /// Whether the path of `s` held a content before, in the history of a schema.
    private static func holds(_ schema: String, _ digest: String) -> String {
        """
        EXISTS (SELECT 1 FROM \(schema).history h JOIN \(schema).content hc ON hc.id = h.content
            WHERE h.path = s.path AND hc.digest = \(digest))
        """
    }

    /// The rows after `id` with one of `actions`, at most `limit`.
    func copyItems(_ actions: [CopyAction], after id: Int64, limit: Int) throws -> [CopyItem] {
        try database.all(
            """
            SELECT id, action, path, digest, size, mtime, was FROM temp.copy_plan
            WHERE id > ? AND action IN (\(actions.map { "\($0.rawValue)" }.joined(separator: ", ")))
            ORDER BY id LIMIT ?
            """,
            [.integer(id), .integer(Int64(limit))]
        ) { row in
            guard let action = CopyAction(rawValue: row.int(1)), let digest = row.digest(3) else {
                throw SQLiteError(code: 1, message: "a plan row is damaged", sql: nil)
            }
            return CopyItem(
                id: row.int64(0),
                action: action,
                path: row.text(2),
                digest: digest,
                size: row.int64(4),
                mtime: row.int64(5),
                was: row.digest(6)
            )
        }
    }

    /// Contents to copy that no object at the target holds yet: their number and bytes.
    func unstoredInCopyPlan() throws -> PlanTotal {
        let sql = """
            SELECT count(*), coalesce(sum(size), 0) FROM (
                SELECT DISTINCT p.digest, p.size FROM temp.copy_plan p
                WHERE p.action = \(CopyAction.copy.rawValue) AND NOT EXISTS (
                    SELECT 1 FROM main.content c WHERE c.digest = p.digest AND c.encoding IS NOT NULL))
            """
        return try database.first(sql) { PlanTotal(files: $0.int(0), bytes: $0.int64(1)) } ?? PlanTotal()
    }

    // MARK: What the source knows

    /// What a reader found in a content, as far as a state keeps it, with the version of the reader.
    func publishedReplay(of digest: Digest) throws -> FoundMetadata? {
        let row = try database.first(
            """
            SELECT r.content, r.reader, r.version, r.stage, r.is_teams, r.started_at, r.started_at_seconds, r.last_frame,
                r.is_complete, r.problem, r.end_method, r.winner_ports, r.match_id, r.game, r.tiebreaker, r.played_on,
                r.seed, r.start_stocks
            FROM main.content c JOIN main.replay r ON r.content = c.id WHERE c.digest = ?
            """,
            [.blob(digest.bytes)]
        ) { row in
            var metadata = ReplayMetadata()
            metadata.slippiVersion = row.optionalText(2)
            metadata.stageID = row.optionalInt(3)
            metadata.isTeams = row.optionalInt(4).map { $0 != 0 }
            metadata.startedAt = row.optionalText(5)
            let (milliseconds, overflows) = row.int64(6).multipliedReportingOverflow(by: 1000)
            metadata.startedAtMilliseconds = row.isNull(6) || overflows ? nil : milliseconds
            metadata.lastFrame = row.optionalInt(7)
            metadata.isComplete = row.bool(8)
            metadata.problem = row.optionalText(9)
            metadata.endMethod = row.optionalInt(10)
            metadata.winnerPorts = row.optionalText(11)?.split(separator: ",").compactMap { Int($0) }
            metadata.matchID = row.optionalText(12)
            metadata.gameNumber = row.optionalInt(13)
            metadata.tiebreaker = row.optionalInt(14)
            metadata.playedOn = row.optionalText(15)
            metadata.randomSeed = row.optionalInt64(16).flatMap(UInt32.init(exactly:))
            let found = FoundMetadata(metadata: metadata, reader: row.int(1))
            return (content: row.int64(0), found: found, startStocks: row.optionalInt(17))
        }
        guard let row else { return nil }
        var found = row.found
        found.metadata.players = try publishedPlayers(of: row.content, startStocks: row.startStocks ?? 0)
        return found
    }

    /// A state keeps of the stocks the fewest, so that a copy tells the same state; 0 stands for what is not known.
    private func publishedPlayers(of content: Int64, startStocks: Int) throws -> [ReplayPlayer] {
        try database.all(
            """
            SELECT port, character, type, costume, team, display_name, connect_code, name_tag FROM main.player
            WHERE content = ? ORDER BY port
            """,
            [.integer(content)]
        ) { row in
            var player = ReplayPlayer(
                port: row.int(0),
                characterID: row.int(1),
                type: PlayerType(rawValue: row.text(2)),
                costume: row.int(3),
                startStocks: startStocks
            )
            player.team = row.optionalInt(4)
            player.displayName = row.optionalText(5)
            player.connectCode = row.optionalText(6)
            player.nameTag = row.optionalText(7)
            return player
        }
    }
}

/// What a reader found in a replay.
struct FoundMetadata: Sendable {
    var metadata: ReplayMetadata
    /// Version of the reader.
    let reader: Int
}
