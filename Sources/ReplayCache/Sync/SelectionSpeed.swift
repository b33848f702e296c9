/// The ways to an answer that cost least.
extension Database {
    /// Tables for rows in the order of paths.
    ///
    /// A character that is hardly ever played is found by its games, which are sorted by path then; else walking the paths
    /// comes upon the first one sooner than all of them are found.
    func tables(for selection: Selection, _ source: SelectionSource) throws -> String {
        guard source.kind == .entries, let game = try rareGames(selection) else {
            return source.tables(isOfReplays: true)
        }
        return """
            \(game) CROSS JOIN main.entry x ON x.content = k.content CROSS JOIN main.content c ON c.id = k.content
            CROSS JOIN main.game g ON g.content = k.content
            """
    }

    /// Games that are found and sorted in no time.
    private static let rareCount = 5000

    /// The contents `k` in which somebody plays one of the characters, if there is a table of them and it is better to begin
    /// with them: all are wanted, or they are few.
    func gamesToBeginWith(_ selection: Selection) throws -> String? {
        try selection.limit == nil ? gamesOfCharacters(selection) : rareGames(selection)
    }

    /// The contents `k` in which somebody plays one of the characters, if they are few and there is a table of them.
    private func rareGames(_ selection: Selection) throws -> String? {
        guard let games = try gamesOfCharacters(selection) else { return nil }
        let sql = "SELECT count(*) FROM (SELECT 1 FROM \(games) LIMIT \(Self.rareCount))"
        let count = try first(sql) { $0.int(0) } ?? 0
        return count < Self.rareCount ? games : nil
    }

    /// The contents `k` in which somebody plays one of the characters, if there is a table of them.
    private func gamesOfCharacters(_ selection: Selection) throws -> String? {
        let numbers = Set(selection.characters.anyOf.map(\.rawValue)).sorted().map(String.init)
        guard !numbers.isEmpty, try hasCharacterTable() else { return nil }
        let list = numbers.joined(separator: ", ")
        // Of several, two may play in one game.
        return numbers.count == 1
            ? "(SELECT content FROM main.character_game WHERE character = \(list)) k"
            : "(SELECT DISTINCT content FROM main.character_game WHERE character IN (\(list))) k"
    }

    func hasCharacterTable() throws -> Bool {
        try first("SELECT 1 FROM main.sqlite_schema WHERE type = 'table' AND name = 'character_game'") { _ in true }
            != nil
    }

    /// How many paths of a source hold replays that fulfil conditions.
    func count(_ selection: Selection, _ conditions: SelectionConditions, _ source: SelectionSource) throws -> Int {
        let sql = try countOfGames(selection, conditions, source) ?? countOfPaths(selection, conditions, source)
        return try first(sql.sql, sql.values) { $0.int(0) } ?? 0
    }

    private func countOfPaths(
        _ selection: Selection,
        _ conditions: SelectionConditions,
        _ source: SelectionSource
    ) throws -> SQLText {
        let test = conditions.joined(content: source.content, path: "x.path")
        return SQLText(
            "SELECT count(*) FROM \(try tables(of: selection, source)) WHERE (\(source.scope.sql)) AND \(test.sql)",
            source.scope.values + test.values
        )
    }

    /// Tables for one look at all rows in whatever order, with a row `x` of a path and `g` of `game`: for as many as a
    /// selection needs.
    ///
    /// Where nothing is asked of the path, an index has all that is wanted of the entries in the order of their contents, in
    /// which the games lie too: that costs less than half of a search for each game's paths.
    func tables(of selection: Selection, _ source: SelectionSource) throws -> String {
        guard source.scope.sql == "1" else { return source.tables(isOfReplays: true) }
        switch source.kind {
        case .files:
            return "\(source.paths()) CROSS JOIN \(source.schema).game g ON g.content = f.content"
        case .entries:
            guard source.schema == "main", let games = try gamesOfCharacters(selection) else {
                return "\(source.paths()) CROSS JOIN \(source.schema).game g ON g.content = x.content"
            }
            return """
                \(games) CROSS JOIN main.game g ON g.content = k.content
                CROSS JOIN main.entry x ON x.content = g.content
                """
        }
    }

    /// A count of games corrected by those that are at several paths or at none; nil where there is no table of that, or
    /// something is asked of paths.
    private func countOfGames(
        _ selection: Selection,
        _ conditions: SelectionConditions,
        _ source: SelectionSource
    ) throws -> SQLText? {
        guard source.scope.sql == "1", source.kind == .entries, source.schema == "main", conditions.isOfGamesAlone,
            try hasCharacterTable()
        else { return nil }
        let games = try gamesOfCharacters(selection)
        let test = SQLText.all(conditions.game)
        // Where nothing is asked but who is played, there is no need to look at the games.
        let all =
            if let games, selection.isOfCharactersAlone {
                SQLText("SELECT count(*) FROM \(games)")
            } else {
                SQLText(
                    """
                    SELECT count(*) FROM \(games.map { "\($0) CROSS JOIN main.game g ON g.content = k.content" } ?? "main.game g")
                    WHERE \(test.sql)
                    """,
                    test.values
                )
            }
        let apart = """
            SELECT coalesce(sum((SELECT count(*) FROM main.entry x WHERE x.content = a.content) - 1), 0)
            FROM main.counted_apart a CROSS JOIN main.game g ON g.content = a.content WHERE \(test.sql)
            """
        return SQLText("SELECT (\(all.sql)) + (\(apart))", all.values + test.values)
    }
}

extension Selection {
    /// Whether nothing is asked but who is played.
    fileprivate var isOfCharactersAlone: Bool {
        self == Selection(characters: characters.anyOf, limit: limit) && !characters.anyOf.isEmpty
    }
}

extension PlaceStore {
    private static let askedKey = "asked-by-character"

    /// Makes the tables that questions by character are answered from, when the second one is asked: who asks but once, as a
    /// pod does, is answered by a scan in less time.
    ///
    /// Where they cannot be made, because the disk is full or another process writes, answers take longer.
    func noteQuestion(_ selection: Selection) {
        guard !selection.characters.anyOf.isEmpty, (try? database.hasCharacterTable()) == false else { return }
        guard (try? value(Self.askedKey)) ?? nil != nil else {
            try? setValue("1", for: Self.askedKey)
            return
        }
        try? database.transaction {
            guard try !database.hasCharacterTable() else { return }
            try Schema.makeCharacterTable(in: database)
        }
    }
}
