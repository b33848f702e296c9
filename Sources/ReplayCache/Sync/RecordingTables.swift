/// The recordings that may be of one game, side by side in a temporary table: what they are told apart by is compared where
/// it is sorted, so that a million take no memory.
///
/// `cluster` is the same for recordings that the first rule, or the second but for the time, finds alike.
struct RecordingTables {
    let database: Database
    let source: DuplicateSource

    /// Two clients' clocks tell the start of a game this many seconds apart at most.
    private static let clockSeconds: Int64 = 5
    /// One client sees the end of a game this many frames after the other at most.
    private static let endFrames = 60

    /// Finds the contents that share what a game is known by with another selected one.
    func make() throws {
        try database.execute(
            """
            DROP TABLE IF EXISTS temp.dedup_recording; DROP TABLE IF EXISTS temp.dedup_superfluous;
            CREATE TEMP TABLE dedup_recording (
                content INTEGER PRIMARY KEY, cluster TEXT NOT NULL, has_match INTEGER NOT NULL, started INTEGER,
                last_frame INTEGER, is_complete INTEGER NOT NULL, events_end INTEGER, events BLOB);
            CREATE TEMP TABLE dedup_superfluous (content INTEGER PRIMARY KEY)
            """
        )
        try add(
            key: "r.match_id, r.game, coalesce(r.tiebreaker, 0)",
            where: "r.match_id <> ''",
            cluster: "k.first",
            hasMatch: true
        )
        // A seed alone says little where programs play: they may begin with the same one every time.
        try add(
            key: "r.seed, r.stage",
            where: "coalesce(r.match_id, '') = '' AND r.seed IS NOT NULL",
            cluster: """
                k.first || ' ' || coalesce((SELECT group_concat(p.port || ':' || p.character, ' ') FROM
                    (SELECT port, character FROM main.player WHERE content = r.content ORDER BY port) p), '')
                """,
            hasMatch: false
        )
        try database.execute("CREATE INDEX temp.dedup_recording_cluster ON dedup_recording (cluster)")
    }

    private func add(key: String, where condition: String, cluster: String, hasMatch: Bool) throws {
        // One pass over all replays; only those that are left over are looked up.
        try database.execute(
            """
            INSERT OR IGNORE INTO temp.dedup_recording (
                content, cluster, has_match, started, last_frame, is_complete, events_end)
            SELECT r.content, \(cluster), \(hasMatch ? 1 : 0), r.started_at_seconds, r.last_frame, r.is_complete,
                \(source.eventsEnd)
            FROM (SELECT json_group_array(r.content) AS contents, min(r.content) AS first FROM main.replay r
                    WHERE \(condition) GROUP BY \(key) HAVING count(*) > 1) k
            CROSS JOIN json_each(k.contents) j CROSS JOIN main.replay r ON r.content = j.value
            WHERE EXISTS (SELECT 1 FROM temp.dedup_name n WHERE n.content = r.content)
            """
        )
    }

    // MARK: Groups

    /// A row of the table.
    private struct Candidate {
        let content: Int64
        let cluster: String
        let hasMatch: Bool
        let started: Int64
        let lastFrame: Int?
        let isComplete: Bool
        let events: [UInt8]
    }

    /// Calls `body` with each group: first recordings of the same events, then the games of which several are left when
    /// of those only the one to keep counts.
    func eachGroup(_ preference: RecordingPreference, _ body: (DuplicateGroup) throws -> Void) throws {
        try eachRun(
            "SELECT \(Self.columns) FROM temp.dedup_recording WHERE events IS NOT NULL ORDER BY cluster, events, content",
            isSame: { $0.cluster == $1.cluster && $0.events == $1.events }
        ) { run in
            let recordings = try ordered(run, preference)
            for other in recordings.dropFirst() {
                try database.run("INSERT INTO temp.dedup_superfluous (content) VALUES (?)", .integer(other.content))
            }
            try body(Self.group(.events, recordings.map(\.recording)))
        }
        try eachRun(
            """
            SELECT \(Self.columns) FROM temp.dedup_recording
            WHERE content NOT IN (SELECT content FROM temp.dedup_superfluous) AND (has_match OR started IS NOT NULL)
            ORDER BY cluster, started, content
            """,
            isSame: { first, next in
                first.cluster == next.cluster && (first.hasMatch || next.started - first.started <= Self.clockSeconds)
            }
        ) { run in
            guard let hasMatch = run.first?.hasMatch else { return }
            for game in hasMatch ? [run] : Self.games(among: run) where game.count > 1 {
                try body(Self.group(hasMatch ? .matchID : .startTime, try ordered(game, preference).map(\.recording)))
            }
        }
    }

    private static let columns = "content, cluster, has_match, started, last_frame, is_complete, events"

    /// Calls `body` with each run of rows that are the same as its first one, if there are several.
    private func eachRun(
        _ sql: String,
        isSame: (_ first: Candidate, _ next: Candidate) -> Bool,
        _ body: ([Candidate]) throws -> Void
    ) throws {
        var run: [Candidate] = []
        try database.query(sql) { (row: borrowing Row) throws in
            try Task.checkCancellation()
            let next = Candidate(
                content: row.int64(0),
                cluster: row.text(1),
                hasMatch: row.bool(2),
                started: row.int64(3),
                lastFrame: row.optionalInt(4),
                isComplete: row.bool(5),
                events: row.blob(6)
            )
            if let first = run.first, !isSame(first, next) {
                if run.count > 1 { try body(run) }
                run.removeAll(keepingCapacity: true)
            }
            run.append(next)
        }
        if run.count > 1 { try body(run) }
    }

    /// Games that began at once with the same stage, characters and seed are told apart by their lengths, as far as they
    /// are whole: programs play many at a time.
    ///
    /// A recording that was cut off counts where only one game is in question.
    private static func games(among run: [Candidate]) -> [[Candidate]] {
        let whole = run.filter { $0.isComplete && $0.lastFrame != nil }
            .sorted { ($0.lastFrame ?? 0, $0.content) < ($1.lastFrame ?? 0, $1.content) }
        var games: [[Candidate]] = []
        for candidate in whole {
            if let first = games.last?.first, (candidate.lastFrame ?? 0) - (first.lastFrame ?? 0) <= endFrames {
                games[games.count - 1].append(candidate)
            } else {
                games.append([candidate])
            }
        }
        return games.count > 1 ? games : [run]
    }

    // MARK: Recordings

    private struct Ordered {
        let content: Int64
        let recording: Recording
    }

    /// The recordings of a run, the one to keep first.
    private func ordered(_ run: [Candidate], _ preference: RecordingPreference) throws -> [Ordered] {
        let recordings = try run.compactMap { candidate in
            try recording(candidate.content).map { Ordered(content: candidate.content, recording: $0) }
        }
        return recordings.sorted { preference.prefers($0.recording, to: $1.recording) }
    }

    private static func group(_ rule: DuplicateGroup.Rule, _ recordings: [Recording]) -> DuplicateGroup {
        DuplicateGroup(
            rule: rule,
            sha256: recordings[0].sha256,
            size: recordings[0].size,
            paths: recordings.map(\.path),
            bytesWasted: recordings.dropFirst().reduce(0) { $0 + $1.storedBytes },
            recordings: recordings
        )
    }

    private func recording(_ content: Int64) throws -> Recording? {
        let names = try database.first(
            "SELECT count(display_name), count(connect_code), count(name_tag) FROM main.player WHERE content = ?",
            [.integer(content)]
        ) { [$0.int(0), $0.int(1), $0.int(2)] }
        let counts = names ?? [0, 0, 0]
        return try database.first(
            """
            SELECT (SELECT min(path) FROM temp.dedup_name n WHERE n.content = c.id), c.digest, c.size, r.last_frame,
                r.is_complete, r.started_at IS NOT NULL, r.played_on IS NOT NULL, \(source.storedBytes)
            FROM main.content c JOIN main.replay r ON r.content = c.id WHERE c.id = ?
            """,
            [.integer(content)]
        ) { row in
            guard let digest = row.digest(1) else {
                throw SQLiteError(code: 11, message: "a digest is damaged", sql: nil)
            }
            let known = [
                ("startedAt", row.int(5)), ("playedOn", row.int(6)), ("displayNames", counts[0]),
                ("connectCodes", counts[1]), ("nameTags", counts[2]),
            ]
            return Recording(
                path: row.text(0),
                sha256: digest,
                size: row.int64(2),
                frames: row.optionalInt(3).flatMap(FrameNumber.count(upTo:)),
                complete: row.bool(4),
                metadata: known.filter { $0.1 > 0 }.map(\.0),
                storedBytes: row.int64(7),
                metadataCount: known.reduce(0) { $0 + $1.1 }
            )
        }
    }
}
