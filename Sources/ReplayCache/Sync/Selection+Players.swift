/// The part of a selection that says who plays, in SQL.
///
/// In a row of `game` a player is a number (`schema/base.sql`), NULL where there is none, so that every comparison with one is
/// false or NULL. Four ports make a condition for each, or for each two.
struct People {
    private static let ports = 1...4

    private let selection: Selection
    /// Rows of the names that are meant.
    private let players: Criterion<Int64>
    private let winners: Criterion<Int64>

    /// Looks up the names in the table `person`.
    init(_ selection: Selection, _ database: Database, _ schema: String) throws {
        func rows(_ criterion: Criterion<String>) throws -> Criterion<Int64> {
            Criterion(
                anyOf: try Self.rows(of: criterion.anyOf, database, schema),
                noneOf: try Self.rows(of: criterion.noneOf, database, schema)
            )
        }
        self.selection = selection
        players = try rows(selection.players)
        winners = try rows(
            Criterion(
                anyOf: selection.winners.anyOf.compactMap(\.name),
                noneOf: selection.winners.noneOf.compactMap(\.name)
            )
        )
    }

    private static func rows(of names: [String], _ database: Database, _ schema: String) throws -> [Int64] {
        guard !names.isEmpty else { return [] }
        // Of the letters that SQLite does not know the case of, the program does.
        let fold = names.allSatisfy { $0.utf8.allSatisfy { $0 < 128 } } ? "lower" : "folded"
        let isMeant = ["connect_code", "display_name", "name_tag"].map { "\(fold)(\($0)) IN names" }
        return try database.all(
            """
            WITH names AS MATERIALIZED (SELECT value FROM json_each(?))
            SELECT id FROM \(schema).person WHERE \(isMeant.joined(separator: " OR "))
            """,
            [.names(names)]
        ) { $0.int64(0) }
    }

    var conditions: [SQLText] {
        var terms: [SQLText] = []
        if selection.namesPlayer || !selection.opponents.anyOf.isEmpty {
            terms.append(.any(Self.ports.map(isMeant)))
        }
        if !selection.namesPlayer, !selection.opponents.noneOf.isEmpty {
            terms.append(.not(.any(Self.ports.flatMap { port in opponents(of: port, selection.opponents.noneOf) })))
        }
        if !selection.matchups.anyOf.isEmpty { terms.append(.any(selection.matchups.anyOf.flatMap(meetings))) }
        if !selection.matchups.noneOf.isEmpty {
            terms.append(.not(.any(selection.matchups.noneOf.flatMap(meetings))))
        }
        if !selection.characters.noneOf.isEmpty {
            terms.append(.not(.any(Self.ports.map { plays($0, selection.characters.noneOf) })))
        }
        if !selection.players.noneOf.isEmpty {
            terms.append(.not(.any(Self.ports.map { isNamed($0, players.noneOf) })))
        }
        if !selection.winners.anyOf.isEmpty {
            terms.append(.any(Self.ports.map { won($0, selection.winners.anyOf, winners.anyOf) }))
        }
        if !selection.winners.noneOf.isEmpty {
            terms.append(.not(.any(Self.ports.map { won($0, selection.winners.noneOf, winners.noneOf) })))
        }
        return terms
    }

    /// Whether at a port is the player whom character, name and opponents describe together; true where they say nothing.
    func isMeant(_ port: Int) -> SQLText {
        var terms = [isPlayer(port)].compactMap { $0 }
        if !selection.opponents.anyOf.isEmpty { terms.append(.any(opponents(of: port, selection.opponents.anyOf))) }
        if selection.namesPlayer, !selection.opponents.noneOf.isEmpty {
            terms.append(.not(.any(opponents(of: port, selection.opponents.noneOf))))
        }
        return .all(terms)
    }

    /// The player whom character and name describe; nil where they say nothing.
    private func isPlayer(_ port: Int) -> SQLText? {
        guard selection.namesPlayer else { return nil }
        var terms: [SQLText] = []
        if !selection.characters.anyOf.isEmpty { terms.append(plays(port, selection.characters.anyOf)) }
        if !selection.players.anyOf.isEmpty { terms.append(isNamed(port, players.anyOf)) }
        return .all(terms)
    }

    /// For each other port: whether somebody there plays one of `characters` and is an opponent.
    private func opponents(of port: Int, _ characters: [MeleeCharacter]) -> [SQLText] {
        Self.ports.filter { $0 != port }.map { other in .all([plays(other, characters), areOpposed(port, other)]) }
    }

    /// For each port: whether the first of the two is there, and the second one somewhere else; most games end at the first.
    private func meetings(_ matchup: Matchup) -> [SQLText] {
        Self.ports.map { port in .all([plays(port, [matchup.first]), .any(opponents(of: port, [matchup.second]))]) }
    }

    private func won(_ port: Int, _ values: [Winner], _ people: [Int64]) -> SQLText {
        var terms: [SQLText] = []
        let characters = values.compactMap(\.character)
        if !characters.isEmpty { terms.append(plays(port, characters)) }
        if values.contains(where: { $0.name != nil }) { terms.append(isNamed(port, people)) }
        return .all([.any(terms), SQLText("instr(g.winner_ports, '\(port)')")])
    }

    // MARK: One port

    private func plays(_ port: Int, _ characters: [MeleeCharacter]) -> SQLText {
        let numbers = Set(characters.map(\.rawValue)).filter { (0...255).contains($0) }.sorted()
        // The shift of the value is done once, and that of the column not at all.
        guard numbers.count > 1 else {
            return SQLText(numbers.first.map { "g.player\(port) & \(255 << 8) = \($0 << 8)" } ?? "0")
        }
        let played = "(g.player\(port) >> 8 & 255)"
        guard numbers.allSatisfy({ $0 < 63 }) else {
            return SQLText("\(played) IN (\(numbers.map(String.init).joined(separator: ", ")))")
        }
        // One shift in place of a search.
        return SQLText("\(numbers.reduce(Int64(0)) { $0 | 1 << Int64($1) }) >> \(played) & 1")
    }

    private static let literalLimit = 16

    private func isNamed(_ port: Int, _ people: [Int64]) -> SQLText {
        guard people.count > Self.literalLimit else {
            return SQLText("g.person\(port) IN (\(people.map(String.init).joined(separator: ", ")))")
        }
        return SQLText("g.person\(port) IN (SELECT value FROM json_each(?))", [.ids(people)])
    }

    /// Whether two players, who are there, are not on one team; those of a teams game whose team is unknown are not.
    private func areOpposed(_ port: Int, _ other: Int) -> SQLText {
        SQLText(
            """
            g.player\(port) IS NOT NULL AND (g.is_teams IS NOT 1 OR g.player\(port) >> 25 <> g.player\(other) >> 25
                OR g.player\(port) >> 25 = 0)
            """
        )
    }
}

extension Winner {
    fileprivate var character: MeleeCharacter? {
        if case .character(let character) = self { character } else { nil }
    }

    fileprivate var name: String? {
        if case .player(let name) = self { name } else { nil }
    }
}
