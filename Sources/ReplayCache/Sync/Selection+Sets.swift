/// What depends on the whole set of what is selected: one recording of each game, a sample, and how many at most.
extension Database {
    /// Works out what a selection means in some sources, into the table `temp.selection_set`; it stays until the next call.
    ///
    /// The rows come in the order of the sources and of the paths within each. Sorted on disk: memory does not grow with them.
    ///
    /// - Returns: How many there are.
    func makeSelectionSet(
        _ selection: Selection,
        in sources: [SelectionSource],
        isOfReplays: Bool
    ) throws -> Int {
        try execute(
            """
            DROP TABLE IF EXISTS temp.selection_set;
            CREATE TEMP TABLE selection_set (
                id INTEGER PRIMARY KEY, source INTEGER NOT NULL, root INTEGER, path TEXT NOT NULL
            )
            """
        )
        let candidates = try sources.enumerated().map { index, source in
            try self.candidates(selection, in: source, number: index, isOfReplays: isOfReplays)
        }
        var values = candidates.flatMap(\.values)
        var rows = "(\(candidates.map(\.sql).joined(separator: " UNION ALL ")))"
        if selection.unique != nil {
            let best = "is_complete DESC, last_frame DESC, source, path, root"
            rows = """
                (SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY same ORDER BY \(best)) AS copy FROM \(rows))
                WHERE copy = 1)
                """
        }
        if let sample = selection.sample {
            // One from each stratum in turn, as long as it has some.
            let draw = "rank, digest, source, path, root"
            rows = """
                (SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY stratum ORDER BY \(draw)) AS turn FROM \(rows))
                ORDER BY turn, \(draw) LIMIT ?)
                """
            values.append(.integer(Int64(sample.count)))
        }
        return try run(
            """
            INSERT INTO temp.selection_set (source, root, path)
            SELECT source, root, path FROM \(rows) ORDER BY source, path, root LIMIT \(selection.limit ?? -1)
            """,
            values
        )
    }

    private func candidates(
        _ selection: Selection,
        in source: SelectionSource,
        number: Int,
        isOfReplays: Bool
    ) throws -> SQLText {
        let conditions = try SelectionConditions(selection, in: self, schema: source.schema)
        let test = conditions.joined(content: source.content, path: "x.path")
        let needsGame = isOfReplays || !conditions.game.isEmpty
        let same =
            switch selection.unique {
            case .game: "coalesce(\(GameKey.sql), c.digest)"
            case .file: "c.digest"
            case nil: "NULL"
            }
        let seed = selection.sample.map { "sample_rank(c.digest, \(Int64(bitPattern: $0.seed)))" }
        let strata = try (selection.sample?.strata ?? []).map {
            try Strata.sql($0, meant: selection, in: self, source.schema)
        }
        let stratum =
            strata.isEmpty ? "NULL" : strata.map { "coalesce(\($0.sql), '')" }.joined(separator: " || char(10) || ")
        return SQLText(
            """
            SELECT \(number) AS source, \(source.kind == .files ? "x.root" : "NULL") AS root, x.path AS path,
                c.digest AS digest, \(same) AS same, g.is_complete AS is_complete, g.last_frame AS last_frame,
                \(seed ?? "NULL") AS rank, \(stratum) AS stratum
            FROM \(source.tables(isOfReplays: needsGame)) WHERE (\(source.scope.sql)) AND \(test.sql)
            """,
            strata.flatMap(\.values) + source.scope.values + test.values
        )
    }
}

/// What recordings of one game have in common (`docs/catalog.md`, "Selection"), in SQL over a row `g` of `game`.
enum GameKey {
    /// NULL where nothing tells which game it is.
    ///
    /// Online games have an id that both clients write down; without one, start, stage, characters on their ports and the
    /// seed of the game's random numbers tell it.
    static let sql = """
        CASE WHEN g.match_id <> '' THEN
            g.match_id || ' ' || coalesce(g.game, 0) || ' ' || coalesce(g.tiebreaker, 0)
        WHEN g.started_at_seconds IS NOT NULL THEN
            g.started_at_seconds || ' ' || coalesce(g.stage, '') || ' ' || \(characters)coalesce(g.seed, '') END
        """

    private static let characters = (1...4).map { "coalesce(g.player\($0) >> 8 & 255, '') || ' ' || " }.joined()
}

/// What a sample is even across, in SQL over a row `g` of `game`.
enum Strata {
    static func sql(
        _ stratum: Selection.Stratum,
        meant selection: Selection,
        in database: Database,
        _ schema: String
    ) throws -> SQLText {
        switch stratum {
        case .stage: SQLText("g.stage")
        case .month: SQLText("strftime('%Y-%m', g.started_at_seconds, 'unixepoch')")
        case .platform: SQLText("lower(g.played_on)")
        case .version: SQLText("version_number(g.version) >> \(VersionNumber.partBits)")
        case .matchup: SQLText(matchup)
        case .character: try ofMeantPlayer(selection, database, schema) { "g.player\($0) >> 8 & 255" }
        case .player:
            try ofMeantPlayer(selection, database, schema) { port in
                """
                (SELECT coalesce(connect_code, display_name, name_tag) FROM \(schema).person WHERE id = g.person\(port))
                """
            }
        }
    }

    /// Of the player of the lowest port who is meant.
    private static func ofMeantPlayer(
        _ selection: Selection,
        _ database: Database,
        _ schema: String,
        _ value: (Int) -> String
    ) throws -> SQLText {
        let people = try People(selection, database, schema)
        let cases = (1...4).map { port in
            let test = people.isMeant(port)
            return SQLText(" WHEN g.player\(port) IS NOT NULL AND \(test.sql) THEN \(value(port))", test.values)
        }
        return cases.reduce(SQLText("CASE"), +) + SQLText(" END")
    }

    /// Characters in the order of their numbers, teams together.
    private static let matchup = """
        (SELECT group_concat(side, '/') FROM (
            SELECT group_concat(character, '+') AS side FROM (
                SELECT k.character, k.team FROM (
                    \((1...4).map {
                        "SELECT \($0) AS port, g.player\($0) >> 8 & 255 AS character, "
                            + "iif(g.is_teams = 1, g.player\($0) >> 25, -\($0)) AS team"
                    }.joined(separator: " UNION ALL "))
                ) k WHERE k.character IS NOT NULL ORDER BY k.team, k.character
            ) GROUP BY team ORDER BY side))
        """
}
