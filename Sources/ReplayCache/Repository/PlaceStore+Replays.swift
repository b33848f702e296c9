/// Replays as a base has them: one row a game, its players packed, names apart (`schema/base.sql`).
extension PlaceStore {
    /// The names of a player.
    struct Person: Hashable {
        let displayName: String?
        let connectCode: String?
        let nameTag: String?

        init(_ player: ReplayPlayer) {
            displayName = player.displayName
            connectCode = player.connectCode
            nameTag = player.nameTag
        }

        var hasNone: Bool { displayName == nil && connectCode == nil && nameTag == nil }
    }

    /// Names remembered at once; one that is met again later gets another row, until the next base brings them together.
    private static let maximumPeople = 4096

    /// Stores what a reader found in a content, in place of what stood there.
    func write(_ replay: ReplayMetadata, reader: Int, content: Int64, _ mark: Mark) throws {
        var players: [SQLiteValue] = Array(repeating: .null, count: 8)
        for player in replay.players where (1...4).contains(player.port) {
            players[2 * (player.port - 1)] = SQLiteValue(try row(of: Person(player)))
            players[2 * (player.port - 1) + 1] = .integer(player.packed)
        }
        let winners = replay.winnerPorts.map { ports in ports.sorted().map(String.init).joined(separator: ",") }
        // Where there is a match id, that tells which game it is; a seed would be four bytes that no base can compress.
        let seed = replay.matchID == nil ? replay.randomSeed.map(Int64.init) : nil
        let seconds = replay.startedAtMilliseconds.map { $0 / 1000 }
        let values: [SQLiteValue] = [
            .integer(content), .integer(mark.segment), .integer(Int64(mark.line)), .integer(Int64(reader)),
            SQLiteValue(replay.slippiVersion), SQLiteValue(replay.isTeams), SQLiteValue(replay.isComplete),
            SQLiteValue(replay.problem), SQLiteValue(replay.endMethod), SQLiteValue(replay.tiebreaker),
            SQLiteValue(replay.playedOn), SQLiteValue(replay.startedAt), SQLiteValue(replay.matchID),
            SQLiteValue(winners), SQLiteValue(replay.stageID), SQLiteValue(replay.gameNumber), SQLiteValue(seconds),
            SQLiteValue(replay.lastFrame), SQLiteValue(seed), SQLiteValue(replay.players.map(\.startStocks).min()),
        ]
        // The usual way of writing a time is made of the seconds again by the view.
        try database.run(
            """
            INSERT OR REPLACE INTO game (content, segment, line, reader, version, is_teams, is_complete, problem,
                end_method, tiebreaker, played_on, started_at, match_id, winner_ports, stage, game, started_at_seconds,
                last_frame, seed, start_stocks, person1, player1, person2, player2, person3, player3, person4, player4)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11,
                nullif(?12, strftime('%Y-%m-%dT%H:%M:%SZ', ?17, 'unixepoch')),
                ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28)
            """,
            values + players
        )
    }

    private func row(of person: Person) throws -> Int64? {
        guard !person.hasNone else { return nil }
        if let known = people[person] { return known }
        if people.count >= Self.maximumPeople { people.removeAll(keepingCapacity: true) }
        try database.run(
            "INSERT INTO person (display_name, connect_code, name_tag) VALUES (?, ?, ?)",
            SQLiteValue(person.displayName),
            SQLiteValue(person.connectCode),
            SQLiteValue(person.nameTag)
        )
        people[person] = database.lastInsertedRowID
        return database.lastInsertedRowID
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
