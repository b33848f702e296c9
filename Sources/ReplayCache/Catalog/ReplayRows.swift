/// What the reader found in a replay, and the same as JSON, made where there are threads to spare.
package struct ScannedReplay: Sendable {
    package let metadata: ReplayMetadata
    package let json: String

    package init(_ metadata: ReplayMetadata) throws {
        self.metadata = metadata
        json = try JSON.text(metadata)
    }
}

/// Writes what a reader found: one row a game, its players packed, names apart, which the catalog and every place's database
/// have alike (`schema/base.sql`, `schema/m0004_games.sql`).
package enum ReplayRows {
    /// Stores what a reader of this machine found in the catalog, unless a reader at least as new has done so.
    ///
    /// The catalog also keeps the whole of it as JSON, for the next push to publish.
    package static func store(_ replay: ScannedReplay, content: Int64, in database: Database) throws {
        let reader = ReplayReader.version
        let known = try database.first("SELECT reader FROM game WHERE content = ?", [.integer(content)]) { $0.int(0) }
        if let known, known >= reader { return }
        let seed = SQLiteValue(replay.metadata.randomSeed.map(Int64.init))
        try write(replay.metadata, content, in: database, also: [("reader", .integer(Int64(reader))), ("seed", seed)])
        try database.run(
            "INSERT OR REPLACE INTO game_metadata (content, metadata) VALUES (?, ?)",
            .integer(content),
            .text(replay.json)
        )
    }

    /// Stores what an operation tells of a content in the state of a place, in place of what stood there.
    static func store(
        _ replay: ReplayMetadata,
        reader: Int,
        content: Int64,
        saidBy mark: (segment: Int64, line: Int),
        in database: Database
    ) throws {
        // Where there is a match id, that tells which game it is; a seed would be four bytes that no base can compress.
        let seed = replay.matchID == nil ? replay.randomSeed.map(Int64.init) : nil
        try write(
            replay,
            content,
            in: database,
            also: [
                ("reader", .integer(Int64(reader))), ("seed", SQLiteValue(seed)),
                ("segment", .integer(mark.segment)), ("line", .integer(Int64(mark.line))),
            ]
        )
    }

    private static func write(
        _ replay: ReplayMetadata,
        _ content: Int64,
        in database: Database,
        also extra: [(column: String, value: SQLiteValue)]
    ) throws {
        var columns: [(column: String, value: SQLiteValue)] = [
            // Numbered in the statement: the view makes the usual way of writing a time of the seconds again.
            ("started_at_seconds", SQLiteValue(replay.startedAtMilliseconds.map { $0 / 1000 })),
            ("started_at", SQLiteValue(replay.startedAt)),
            ("content", .integer(content)), ("version", SQLiteValue(replay.slippiVersion)),
            ("is_teams", SQLiteValue(replay.isTeams)), ("is_complete", SQLiteValue(replay.isComplete)),
            ("problem", SQLiteValue(replay.problem)), ("end_method", SQLiteValue(replay.endMethod)),
            ("tiebreaker", SQLiteValue(replay.tiebreaker)), ("played_on", SQLiteValue(replay.playedOn)),
            ("match_id", SQLiteValue(replay.matchID)),
            (
                "winner_ports",
                SQLiteValue(replay.winnerPorts.map { ports in ports.sorted().map(String.init).joined(separator: ",") })
            ),
            ("stage", SQLiteValue(replay.stageID)), ("game", SQLiteValue(replay.gameNumber)),
            ("last_frame", SQLiteValue(replay.lastFrame)),
            // Nobody starts with none: that is what a copy says of those that it does not know.
            ("start_stocks", SQLiteValue(replay.players.map(\.startStocks).min().flatMap { $0 > 0 ? $0 : nil })),
        ]
        columns += extra
        columns += try players(of: replay, in: database)
        let marks = columns.indices.map { index in
            index == 1 ? "nullif(?2, strftime('%Y-%m-%dT%H:%M:%SZ', ?1, 'unixepoch'))" : "?\(index + 1)"
        }
        let names = columns.map(\.column)
        try database.run(
            """
            INSERT INTO game (\(names.joined(separator: ", "))) VALUES (\(marks.joined(separator: ", ")))
            ON CONFLICT (content) DO UPDATE SET \(names.map { "\($0) = excluded.\($0)" }.joined(separator: ", "))
            """,
            columns.map(\.value)
        )
    }

    /// The columns of all four ports, so that the statement is the same whoever plays.
    private static func players(
        of replay: ReplayMetadata,
        in database: Database
    ) throws -> [(column: String, value: SQLiteValue)] {
        try (1...4).flatMap { port in
            let player = replay.players.first { $0.port == port }
            return [
                ("person\(port)", SQLiteValue(try player.flatMap { try person($0, in: database) })),
                ("player\(port)", SQLiteValue(player?.packed)),
            ]
        }
    }

    /// The row of the names of a player, made on first use; nil for one without names.
    private static func person(_ player: ReplayPlayer, in database: Database) throws -> Int64? {
        let names = [player.connectCode, player.displayName, player.nameTag]
        guard names.contains(where: { $0 != nil }) else { return nil }
        let values = names.map { SQLiteValue($0) }
        let known = try database.first(
            "SELECT id FROM person WHERE connect_code IS ? AND display_name IS ? AND name_tag IS ?",
            values
        ) { $0.int64(0) }
        if let known { return known }
        try database.run("INSERT INTO person (connect_code, display_name, name_tag) VALUES (?, ?, ?)", values)
        return database.lastInsertedRowID
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

extension ReplayPlayer {
    /// Character, costume, type and team in one number, which stands in a column of `game` (`schema/base.sql`).
    ///
    /// The numbers are within the limits of a replay file (``ReplayMetadata/withinLimits``).
    fileprivate var packed: Int64 {
        Int64(costume & 0xFF) | Int64(characterID & 0xFF) << 8 | type.number << 16 | Int64((team ?? -1) + 1) << 25
    }
}

extension PlayerType {
    /// One more than the number of the type in a replay file; 0 for a type that has none.
    fileprivate var number: Int64 {
        switch self {
        case .human: return 1
        case .cpu: return 2
        case .demo: return 3
        default:
            guard rawValue.hasPrefix("type "), let number = UInt8(rawValue.dropFirst(5)), number > 2 else { return 0 }
            return Int64(number) + 1
        }
    }
}
