/// What the reader found in a replay, and the same as JSON, made where there are threads to spare.
package struct ScannedReplay: Sendable {
    package let metadata: ReplayMetadata
    package let json: String

    package init(_ metadata: ReplayMetadata) throws {
        self.metadata = metadata
        json = try JSON.text(metadata)
    }
}

/// Writes what the reader found into the `replay` and `player` tables, which the catalog and every place's database have
/// alike (`schema/m0001_catalog.sql`, `schema/base.sql`).
package enum ReplayRows {
    /// Stores what a reader of this machine found, unless a reader at least as new has done so.
    ///
    /// The catalog also keeps the whole of it as JSON, for the next push to publish.
    package static func store(_ replay: ScannedReplay, content: Int64, in database: Database) throws {
        let reader = ReplayReader.version
        let known = try database.first("SELECT reader FROM replay WHERE content = ?", [.integer(content)]) { $0.int(0) }
        if let known, known >= reader { return }
        try write(
            replay.metadata,
            reader: reader,
            content: content,
            replacing: known != nil,
            in: database,
            also: [("metadata", .text(replay.json))]
        )
    }

    /// Stores what was found in a content, in place of what stood there if `isKnown`.
    ///
    /// `extra` are the columns that only one of the databases has.
    static func write(
        _ metadata: ReplayMetadata,
        reader: Int,
        content: Int64,
        replacing isKnown: Bool,
        in database: Database,
        also extra: [(column: String, value: SQLiteValue)]
    ) throws {
        try database.run(
            """
            INSERT OR REPLACE INTO replay (content, reader, version, stage, is_teams, started_at, started_at_seconds,
                last_frame, is_complete, problem, end_method, winner_ports, match_id, game, tiebreaker, played_on, seed,
                \(extra.map(\.column).joined(separator: ", ")))
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, \(extra.map { _ in "?" }.joined(separator: ", ")))
            """,
            replayValues(metadata, reader: reader, content: content) + extra.map(\.value)
        )
        if isKnown { try database.run("DELETE FROM player WHERE content = ?", .integer(content)) }
        for player in metadata.players { try store(player, content: content, in: database) }
    }

    private static func replayValues(_ metadata: ReplayMetadata, reader: Int, content: Int64) -> [SQLiteValue] {
        let winners = metadata.winnerPorts.map { ports in ports.sorted().map(String.init).joined(separator: ",") }
        return [
            .integer(content), .integer(Int64(reader)), SQLiteValue(metadata.slippiVersion),
            SQLiteValue(metadata.stageID), SQLiteValue(metadata.isTeams), SQLiteValue(metadata.startedAt),
            SQLiteValue(metadata.startedAtMilliseconds.map { $0 / 1000 }), SQLiteValue(metadata.lastFrame),
            SQLiteValue(metadata.isComplete), SQLiteValue(metadata.problem), SQLiteValue(metadata.endMethod),
            SQLiteValue(winners), SQLiteValue(metadata.matchID), SQLiteValue(metadata.gameNumber),
            SQLiteValue(metadata.tiebreaker), SQLiteValue(metadata.playedOn),
            SQLiteValue(metadata.randomSeed.map(Int64.init)),
        ]
    }

    private static func store(_ player: ReplayPlayer, content: Int64, in database: Database) throws {
        try database.run(
            """
            INSERT OR REPLACE INTO player (content, port, character, type, costume, team, display_name, connect_code,
                name_tag)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            .integer(content),
            .integer(Int64(player.port)),
            .integer(Int64(player.characterID)),
            .text(player.type.rawValue),
            .integer(Int64(player.costume)),
            SQLiteValue(player.team),
            SQLiteValue(player.displayName),
            SQLiteValue(player.connectCode),
            SQLiteValue(player.nameTag)
        )
    }

    /// Fills the tables that give the views their names.
    package static func storeNames(in database: Database) throws {
        for character in MeleeCharacter.all {
            try database.run(
                "INSERT OR REPLACE INTO character_name (id, name) VALUES (?, ?)",
                .integer(Int64(character.rawValue)),
                .text(character.name)
            )
        }
        for stage in Stage.all {
            try database.run(
                "INSERT OR REPLACE INTO stage_name (id, name) VALUES (?, ?)",
                .integer(Int64(stage.rawValue)),
                .text(stage.name)
            )
        }
    }
}
