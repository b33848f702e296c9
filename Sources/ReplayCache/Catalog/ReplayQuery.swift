/// Reads replay rows from a database that has the table `game` and the view `player` in `schema`.
enum ReplayQuery {
    /// The columns that ``row(_:players:)`` expects, from a game `g`, its content `c`, and expressions for the paths.
    static func columns(path: String, localPath: String) -> String {
        """
        \(path), \(localPath), c.digest, c.size, g.version, g.stage,
        coalesce(g.started_at, strftime('%Y-%m-%dT%H:%M:%SZ', g.started_at_seconds, 'unixepoch')), g.last_frame,
        g.is_complete, g.problem, g.played_on, g.match_id, g.winner_ports, c.id
        """
    }

    static func row(_ row: borrowing Row, players: [ReplayRow.Player]) throws -> ReplayRow {
        guard let digest = row.digest(2) else { throw SQLiteError(code: 11, message: "a digest is damaged", sql: nil) }
        let frames = row.optionalInt(7).flatMap(FrameNumber.count(upTo:))
        let winners = row.optionalText(12)?.split(separator: ",").compactMap { Int($0) }
        return ReplayRow(
            path: row.text(0),
            localPath: row.optionalText(1),
            sha256: digest,
            size: row.int64(3),
            version: row.optionalText(4),
            stage: row.optionalInt(5).map { Stage(rawValue: $0).name },
            stageId: row.optionalInt(5),
            startedAt: row.optionalText(6),
            frames: frames,
            durationSeconds: frames.map { Double($0) / 60 },
            complete: row.bool(8),
            problem: row.optionalText(9),
            playedOn: row.optionalText(10),
            matchId: row.optionalText(11),
            winnerPorts: winners,
            players: players
        )
    }

    /// The content that a row is about, for looking up its players.
    static func content(_ row: borrowing Row) -> Int64 { row.int64(13) }

    static func players(of content: Int64, schema: String, in database: Database) throws -> [ReplayRow.Player] {
        try database.all(
            """
            SELECT port, character, type, costume, team, display_name, connect_code, name_tag
            FROM \(schema).player WHERE content = ? ORDER BY port
            """,
            [.integer(content)]
        ) { row in
            ReplayRow.Player(
                port: row.int(0),
                character: MeleeCharacter(rawValue: row.int(1)).name,
                characterId: row.int(1),
                type: row.text(2),
                costume: row.optionalInt(3),
                team: row.optionalInt(4),
                displayName: row.optionalText(5),
                connectCode: row.optionalText(6),
                nameTag: row.optionalText(7)
            )
        }
    }
}
