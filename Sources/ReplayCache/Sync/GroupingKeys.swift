/// What a row of `game` tells of a field, as numbers: names are looked up once a group and not once a row.
struct GroupingKeys {
    /// A value of a field that is not known.
    static let unknown: Int64 = -1

    /// Texts that were met, by number.
    private(set) var texts: [String] = []
    private var numbers: [String: Int64] = [:]

    /// Texts that were met among the first, which are looked for before all others.
    private static let commonCount = 4

    /// The columns of a game `g` that ``each(_:_:from:_:)`` reads for some fields, in this order; those that it does not
    /// read for them are NULL, and cost nothing.
    static func columns(for fields: Set<GroupField>) -> String {
        let players = fields.contains(.character) || fields.contains(.matchup)
        let wanted: [(column: String, isRead: Bool)] = [
            ("stage", fields.contains(.stage)), ("started_at_seconds", fields.contains(.month)),
            ("version", fields.contains(.version)), ("played_on", fields.contains(.platform)),
            ("is_teams", fields.contains(.matchup)), ("player1", players), ("player2", players), ("player3", players),
            ("player4", players), ("person1", fields.contains(.player)), ("person2", fields.contains(.player)),
            ("person3", fields.contains(.player)), ("person4", fields.contains(.player)),
        ]
        return wanted.map { $0.isRead ? "g.\($0.column)" : "NULL" }.joined(separator: ", ")
    }
    static let columnCount = 13

    /// Calls `body` with each value that a row has for a field; `first` is where its columns begin.
    mutating func each(_ field: GroupField, _ row: borrowing Row, from first: Int, _ body: (Int64) -> Void) {
        switch field {
        case .stage: body(row.optionalInt64(first) ?? Self.unknown)
        case .month: body(row.optionalInt64(first + 1).flatMap(Self.day) ?? Self.unknown)
        case .version: body(text(row, first + 2))
        case .platform: body(text(row, first + 3))
        case .matchup: body(Self.singles(row, from: first) ?? Self.matchup(Self.sides(row, from: first)))
        case .character: Self.distinct(row, from: first + 5, body) { $0 >> 8 & 255 }
        case .player: Self.distinct(row, from: first + 9, body) { $0 }
        }
    }

    private mutating func text(_ row: borrowing Row, _ column: Int) -> Int64 {
        guard !row.isNull(column) else { return Self.unknown }
        for index in 0..<min(texts.count, Self.commonCount) where row.order(column, against: texts[index]) == 0 {
            return Int64(index)
        }
        let text = row.text(column)
        if let number = numbers[text] { return number }
        let number = Int64(texts.count)
        texts.append(text)
        numbers[text] = number
        return number
    }

    /// Each value of four columns once; unknown when there is none.
    private static func distinct(
        _ row: borrowing Row,
        from first: Int,
        _ body: (Int64) -> Void,
        _ value: (Int64) -> Int64
    ) {
        var seen: InlineArray<4, Int64> = .init(repeating: unknown)
        var count = 0
        for column in first..<(first + 4) where !row.isNull(column) {
            let found = value(row.int64(column))
            var isNew = true
            for index in 0..<count where seen[index] == found { isNew = false }
            guard isNew else { continue }
            seen[count] = found
            count += 1
            body(found)
        }
        if count == 0 { body(unknown) }
    }

    /// The name of the month in which a day is, counted from 1970 on: `2023-05`.
    static func monthName(_ day: Int64) -> String {
        String(Timestamp(milliseconds: day * 86_400_000).rfc3339.prefix(7))
    }

    /// Days are told apart, of which there are few, and not months: fewer divisions a row.
    private static func day(_ seconds: Int64) -> Int64? {
        (0...253_402_300_799).contains(seconds) ? seconds / 86_400 : nil
    }

    // MARK: Who meets whom

    /// What ``matchup(_:)`` gives for two players who are no team, as most games have them; nil for others.
    private static func singles(_ row: borrowing Row, from first: Int) -> Int64? {
        guard !row.bool(first + 4) else { return nil }
        var count = 0
        var low: Int64 = 255
        var high: Int64 = 0
        for port in 0..<4 where !row.isNull(first + 5 + port) {
            let character = row.int64(first + 5 + port) >> 8 & 255
            low = min(low, character)
            high = max(high, character)
            count += 1
        }
        return count == 2 ? (1 << 9 | 256 | low) << 9 | 256 | high : nil
    }

    /// A player: the character, and what tells the sides apart.
    private static func sides(_ row: borrowing Row, from first: Int) -> [(side: Int64, character: Int64)] {
        let isTeams = row.bool(first + 4)
        var players: [(side: Int64, character: Int64)] = []
        for port in 0..<4 where !row.isNull(first + 5 + port) {
            let packed = row.int64(first + 5 + port)
            let team = packed >> 25 & 511
            players.append((isTeams && team > 0 ? 100 + team : Int64(port), packed >> 8 & 255))
        }
        return players
    }

    /// The characters of each side, whatever their ports: eight bits each, in the order of their names, with a bit where a
    /// side begins.
    private static func matchup(_ players: [(side: Int64, character: Int64)]) -> Int64 {
        guard !players.isEmpty else { return unknown }
        if players.count == 2, players[0].side != players[1].side {
            let (one, other) = (players[0].character, players[1].character)
            return pack([[min(one, other)], [max(one, other)]])
        }
        var sides: [Int64: [Int64]] = [:]
        for player in players { sides[player.side, default: []].append(player.character) }
        return pack(sides.values.map { $0.sorted() }.sorted { $0.lexicographicallyPrecedes($1) })
    }

    private static func pack(_ sides: [[Int64]]) -> Int64 {
        var packed: Int64 = 1
        for side in sides {
            for (index, character) in side.enumerated() { packed = packed << 9 | (index == 0 ? 256 : 0) | character }
        }
        return packed
    }

    /// `Fox vs Marth`, or `Falco+Fox vs Marth+Peach`: names in the order of the alphabet, as the views have them.
    static func matchupName(_ packed: Int64) -> String {
        var rest = packed
        var sides: [[String]] = []
        var side: [String] = []
        while rest > 1 {
            side.append(MeleeCharacter(rawValue: Int(rest & 255)).name)
            if rest & 256 != 0 {
                sides.append(side)
                side = []
            }
            rest >>= 9
        }
        return sides.map { $0.sorted(by: precedes).joined(separator: "+") }.sorted(by: precedes)
            .joined(separator: " vs ")
    }

    /// By bytes, as SQLite orders.
    private static func precedes(_ left: String, _ right: String) -> Bool {
        left.utf8.lexicographicallyPrecedes(right.utf8)
    }
}
