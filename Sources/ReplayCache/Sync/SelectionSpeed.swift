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

    /// The contents `k` in which somebody plays one of the characters, if they are few and there is a table of them.
    private func rareGames(_ selection: Selection) throws -> String? {
        guard let games = try gamesOfCharacters(selection) else { return nil }
        let sql = "SELECT count(*) FROM (SELECT 1 FROM \(games) LIMIT \(Self.rareCount))"
        let count = try first(sql) { $0.int(0) } ?? 0
        return count < Self.rareCount ? games : nil
    }

    /// The contents `k` in which somebody plays one of the characters, and the numbers of their paths, if there is a table
    /// of them.
    private func gamesOfCharacters(_ selection: Selection) throws -> String? {
        let numbers = Set(selection.characters.anyOf.map(\.rawValue)).sorted().map(String.init)
        guard !numbers.isEmpty, try hasCharacterTable() else { return nil }
        let list = numbers.joined(separator: ", ")
        // Of several, two may play in one game.
        return numbers.count == 1
            ? "(SELECT content, paths FROM main.game_character WHERE character = \(list)) k"
            : "(SELECT content, max(paths) AS paths FROM main.game_character WHERE character IN (\(list)) GROUP BY content) k"
    }

    func hasCharacterTable() throws -> Bool {
        try first("SELECT 1 FROM main.sqlite_schema WHERE type = 'table' AND name = 'game_character'") { _ in true }
            != nil
    }

    /// How many paths of a source hold replays that fulfil conditions.
    func count(_ selection: Selection, _ conditions: SelectionConditions, _ source: SelectionSource) throws -> Int {
        if let sql = try countOfGames(selection, conditions, source) {
            return try first(sql.sql, sql.values) { $0.int(0) } ?? 0
        }
        let test = conditions.joined(content: source.content, path: "x.path")
        let sql = "SELECT count(*) FROM \(source.tables(isOfReplays: true)) WHERE (\(source.scope.sql)) AND \(test.sql)"
        return try first(sql, source.scope.values + test.values) { $0.int(0) } ?? 0
    }

    /// A count of games first and then of what holds them, where nothing is asked of paths.
    private func countOfGames(
        _ selection: Selection,
        _ conditions: SelectionConditions,
        _ source: SelectionSource
    ) throws -> SQLText? {
        guard source.scope.sql == "1", conditions.isOfGamesAlone else { return nil }
        let test = SQLText.all(conditions.game)
        switch source.kind {
        case .files:
            return SQLText(
                """
                SELECT count(*) FROM main.game g CROSS JOIN main.file f ON f.content = g.content
                    CROSS JOIN main.file_path x ON x.file = f.id WHERE \(test.sql)
                """,
                test.values
            )
        case .entries:
            let games = try gamesOfCharacters(selection)
            if let games, selection.isOfCharactersAlone {
                return SQLText("SELECT coalesce(sum(k.paths), 0) FROM \(games)")
            }
            guard let games else {
                return SQLText(
                    """
                    SELECT count(*) FROM main.game g CROSS JOIN main.entry x ON x.content = g.content WHERE \(test.sql)
                    """,
                    test.values
                )
            }
            return SQLText(
                """
                SELECT coalesce(sum(k.paths), 0) FROM \(games) CROSS JOIN main.game g ON g.content = k.content
                WHERE \(test.sql)
                """,
                test.values
            )
        }
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

    /// Makes the table that questions by character are answered from, when the second one is asked: who asks but once, as a
    /// pod does, is answered by a scan in less time.
    ///
    /// Where it cannot be made, because the disk is full or another process writes, answers take longer.
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
