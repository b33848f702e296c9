import ReplayCacheTestSupport
import ReplayGenerator
import Testing

@testable import ReplayCache

/// The language of selections: what each flag means, in the state of a place, in a catalog, and of one file after another.
struct SelectionTests {
    private let scratch: Scratch

    init() throws { scratch = try Scratch() }

    // MARK: What is meant

    @Test(arguments: 1...8)
    func selectionsMeanWhatThePlainRuleSays(_ seed: UInt64) throws {
        let library = try SelectionLibrary(try SelectionLibrary.random(60, seed: seed), in: scratch)
        var random = SeededGenerator(seed: seed)
        for _ in 0..<120 {
            let selection = Self.selection(&random)
            let rule = library.members.filter { SelectionRule(selection: selection, path: $0.path).means($0.replay) }
            let replays = rule.filter { $0.replay != nil }.map(\.path)
            let said = "\(selection.criteria ?? "everything"), seed \(seed)"
            #expect(try library.paths(selection) == replays.sorted(), "\(said)")
            #expect(try library.paths(selection, inCatalog: true) == replays.sorted(), "in the catalog: \(said)")
            #expect(
                try library.paths(selection, isOfReplays: false) == rule.map(\.path).sorted(),
                "of all files: \(said)"
            )
            #expect(try library.count(selection) == replays.count, "\(said)")
            #expect(try library.count(selection, inCatalog: true) == replays.count, "in the catalog: \(said)")
            #expect(try library.accepted(selection) == rule.map(\.path), "one by one: \(said)")
        }
    }

    @Test
    func theTableOfCharactersChangesNoAnswer() throws {
        let library = try SelectionLibrary(try SelectionLibrary.random(100, seed: 3), in: scratch)
        var random = SeededGenerator(seed: 5)
        let selections = (0..<60).map { _ in Self.selection(&random) }
        let without = try selections.map { try library.count($0) }
        try Schema.makeCharacterTable(in: library.place)
        #expect(try selections.map { try library.count($0) } == without)
    }

    private static let characters = (0..<6).map { MeleeCharacter(rawValue: $0 * 6) }

    /// Each criterion now and then, with one or several values, some of them negated.
    private static func selection(_ random: inout SeededGenerator) -> Selection {
        func criterion<Value>(_ values: [Value]) -> Criterion<Value> {
            var criterion = Criterion<Value>()
            guard Int.random(in: 0..<5, using: &random) == 0 else { return criterion }
            for value in values where Int.random(in: 0..<3, using: &random) == 0 {
                if Int.random(in: 0..<3, using: &random) == 0 {
                    criterion.noneOf.append(value)
                } else {
                    criterion.anyOf.append(value)
                }
            }
            return criterion
        }
        func now<Value>(_ value: Value) -> Value? { Int.random(in: 0..<9, using: &random) == 0 ? value : nil }
        var selection = Selection()
        selection.characters = criterion(characters)
        selection.opponents = criterion(characters)
        selection.matchups = criterion(characters.map { Matchup($0, characters[1]) })
        selection.stages = criterion([2, 3, 9, 31].map(Stage.init(rawValue:)))
        selection.players = criterion(["abc#123", "éVA", "tag", "nobody", "BOB"])
        selection.winners = criterion([.character(characters[0]), .player("ABC#123"), .player("éva")])
        selection.platforms = criterion(["DOLPHIN", "nintendont"])
        selection.versions = criterion([">=3.7", "3.9", "<3.9,>2", "<=3.9"].compactMap { VersionRange($0) })
        selection.paths = criterion(["*/fox/*", "10[0-4]*.slp", "1001.slp"])
        selection.since = now(.fixed(1_640_995_200_000))
        selection.until = now(.fixed(1_650_000_000_000))
        selection.minimumDuration = now(.seconds(45))
        selection.maximumDuration = now(.seconds(45))
        selection.isComplete = now(true) ?? false
        selection.isLegal = now(true) ?? false
        selection.isDoubles = now(true) ?? false
        selection.humans = now(2)
        selection.minimumStocks = now(3)
        selection.modes = now([.ranked]) ?? now([.ranked, .unranked]) ?? []
        return selection
    }

    // MARK: Expressions

    @Test(arguments: [
        ("stage_id = 31 AND complete", "stage 31"),
        ("EXISTS (SELECT 1 FROM players WHERE character_id = 6 AND won)", "won"),
        ("path LIKE '%/fox/%' OR (SELECT count(*) FROM players) > 2", "path"),
    ])
    func anExpressionIsOverTheReplayAndItsPlayers(_ expression: String, _ name: String) throws {
        let library = try SelectionLibrary(try SelectionLibrary.random(80, seed: 9), in: scratch)
        var selection = Selection()
        selection.expression = try Selection.expression(expression)
        let expected = library.members.filter { member in
            guard let game = member.replay else { return false }
            switch name {
            case "stage 31": return game.stageID == 31 && game.isComplete
            case "won":
                return game.players.contains { $0.characterID == 6 && game.winnerPorts?.contains($0.port) == true }
            default: return member.path.contains("/fox/") || game.players.count > 2
            }
        }.map(\.path).sorted()
        #expect(!expected.isEmpty)
        #expect(try library.paths(selection) == expected)
        #expect(try library.paths(selection, inCatalog: true) == expected)
        #expect(try library.accepted(selection).sorted() == expected)
    }

    /// The views themselves are the rule.
    @Test(arguments: [
        "matchup LIKE 'Captain Falcon%'", "winner IS NOT NULL", "month = '2022-01' OR legal_stage", "humans = 1",
        "player_count > 2 AND NOT is_teams", "digest > x'80'", "lower(hex(digest)) = sha256 AND seed IS NULL",
        "EXISTS (SELECT 1 FROM players WHERE opponent LIKE '%+%' OR digest IS NULL)",
        "mode = 'ranked' OR start_stocks < 2",
        "replays.size = 1 AND (SELECT count(*) FROM replays) = 1 AND stage LIKE 'F%'",
        "(SELECT count(*) FROM players JOIN replays USING (digest) WHERE won) = 1",
    ])
    func anExpressionMeansWhatTheViewsSay(_ expression: String) throws {
        let library = try SelectionLibrary(try SelectionLibrary.random(80, seed: 9), in: scratch)
        var selection = Selection()
        selection.expression = try Selection.expression(expression)
        let expected = try library.members.filter { member in
            guard let replay = member.replay else { return false }
            // Nothing else is there that the expression could be about.
            let alone = try Database(path: ":memory:")
            try Schema.makeBase(in: alone)
            try alone.run("INSERT INTO content (id, digest, size) VALUES (1, ?, 1)", .blob(member.digest.bytes))
            try alone.run("INSERT INTO entry (path, segment, line, content) VALUES (?, 0, 0, 1)", .text(member.path))
            try ReplayRows.store(replay, reader: 1, content: 1, saidBy: (0, 0), in: alone)
            return try alone.first("SELECT 1 FROM replays WHERE (\(expression))") { _ in true } != nil
        }.map(\.path).sorted()
        #expect(!expected.isEmpty)
        #expect(try library.paths(selection) == expected)
        #expect(try library.paths(selection, inCatalog: true) == expected)
        #expect(try library.count(selection) == expected.count)
        #expect(try library.accepted(selection).sorted() == expected)
    }

    @Test(arguments: ["replays", "players"])
    func anExpressionKnowsEveryColumnOfTheViews(_ view: String) throws {
        let library = try SelectionLibrary(try SelectionLibrary.random(5, seed: 2), in: scratch)
        for database in [library.place, library.catalog] {
            let columns = try database.all("SELECT name FROM pragma_table_info(?)", [.text(view)]) { $0.text(0) }
            #expect(columns.count > 10)
            for column in columns {
                var selection = Selection()
                selection.expression = try Selection.expression("(SELECT count(\(column)) FROM \(view)) >= 0")
                let replays = library.members.filter { $0.replay != nil }.map(\.path).sorted()
                #expect(try library.paths(selection) == replays)
                #expect(try library.paths(selection, inCatalog: true) == replays)
            }
        }
    }

    @Test
    func anUnknownColumnSuggestsANearOne() throws {
        let error = #expect(throws: ReplayCacheError.self) { try Selection.expression("framess > 1") }
        #expect(error?.hint?.hasPrefix("did you mean frames") == true, "\(error?.hint ?? "")")
    }

    @Test(arguments: [
        ("framez > 1", "framez"), ("1; DROP TABLE entry", "\";\""), ("1) OR (1", "\")\""), ("1 = 'x", "'x"),
        ("(1", "not closed"), ("EXISTS (SELECT 1 FROM entry)", "entry"), ("path = ?", "?"), ("1 -- x", "\"--\""),
        ("1, 2", "row value"), ("", "syntax"), ("load_extension('x')", "load_extension"),
        ("(DELETE FROM replays)", "DELETE"), ("EXISTS (SELECT 1 FROM temp.selection_set)", "selection_set"),
    ])
    func whatIsNoExpressionIsRefusedWithTheWord(_ expression: String, _ word: String) throws {
        let error = #expect(throws: ReplayCacheError.self) { try Selection.expression(expression) }
        #expect(error?.code == .usage)
        #expect(error?.message.hasPrefix("--where: ") == true)
        #expect(error?.message.contains(word) == true, "\(error?.message ?? "")")
    }

    // MARK: Sets

    @Test
    func aSampleIsTheSameEverywhereAndEven() throws {
        let members = try SelectionLibrary.random(400, seed: 11).filter { $0.replay != nil }
        let library = try SelectionLibrary(members, in: scratch)
        let shuffled = try SelectionLibrary(members.reversed(), in: scratch)
        func sample(_ count: Int, _ seed: UInt64, _ strata: [Selection.Stratum] = []) -> Selection {
            var selection = Selection()
            selection.sample = Selection.Sample(count: count, seed: seed, strata: strata)
            return selection
        }
        let drawn = try library.paths(sample(50, 1))
        #expect(drawn.count == 50)
        #expect(try shuffled.paths(sample(50, 1)) == drawn)
        #expect(try library.paths(sample(50, 1), inCatalog: true) == drawn)
        #expect(try library.paths(sample(50, 2)) != drawn)
        #expect(try Set(library.paths(sample(20, 1))).isSubset(of: drawn))
        #expect(try library.paths(sample(10_000, 1)).count == members.count)
        // Each stage as often as there are games on it, up to an even share, and what is missing from the others.
        let stages = Dictionary(grouping: members) { $0.replay?.stageID }.mapValues(\.count)
        let even = try Set(library.paths(sample(stages.count * 10, 1, [.stage])))
        let counts = Dictionary(grouping: members.filter { even.contains($0.path) }) { $0.replay?.stageID }
        #expect(counts.values.allSatisfy { $0.count == 10 })
    }

    @Test
    func ofSeveralRecordingsOfOneGameTheBestStays() throws {
        var game = ReplayMetadata()
        game.matchID = "mode.ranked-2022"
        game.gameNumber = 1
        game.lastFrame = 100
        var whole = game
        whole.isComplete = true
        var longer = whole
        longer.lastFrame = 101
        var next = longer
        next.gameNumber = 2
        let members = try zip(["a", "b", "c", "d", "e"], [game, longer, whole, next, next]).enumerated().map {
            SelectionLibrary.Member(path: $1.0, digest: try SelectionLibrary.digest($0), replay: $1.1)
        }
        let library = try SelectionLibrary(members, in: scratch)
        var selection = Selection()
        selection.unique = .game
        #expect(try library.paths(selection) == ["b", "d"])
        selection.unique = .file
        #expect(try library.paths(selection) == ["a", "b", "c", "d", "e"])
        selection.limit = 2
        #expect(try library.paths(selection) == ["a", "b"])
    }

    @Test
    func aProbeTakesAsManyAsTheLimitAndRefusesWhatDependsOnAll() throws {
        let library = try SelectionLibrary(try SelectionLibrary.random(20, seed: 2), in: scratch)
        #expect(try library.accepted(Selection(limit: 3)) == library.members.prefix(3).map(\.path))
        var selection = Selection()
        selection.unique = .game
        #expect(throws: ReplayCacheError.self) { try SelectionProbe(selection) }
    }

    // MARK: Words

    @Test(arguments: [
        ("--character", "20", "bare number"), ("--character", "mewthree", "no character is called"),
        ("--stage", "31", "bare number"), ("--stage", "battlefeild", "no stage is called"),
        ("--matchup", "fox", "no matchup"), ("--matchup", "fox/", "no character"), ("--winner", "2", "bare number"),
        ("--player", "", "empty"), ("--slippi", "new", "no condition"), ("--slippi", ">=", "no condition"),
        ("--since", "yesterdayish", "no moment"), ("--min-duration", "1m30", "no length"),
        ("--min-duration", "30s1m", "no length"), ("--per", "colour", "nothing to be even across"),
        ("--character", "\u{1B}[31m", "\\u{1b}"),
    ])
    func whatIsNoValueIsRefusedWithFlagAndWord(_ flag: String, _ word: String, _ reason: String) throws {
        let error = #expect(throws: ReplayCacheError.self) {
            switch flag {
            case "--character": _ = try Selection.characters([word])
            case "--stage": _ = try Selection.stages([word])
            case "--matchup": _ = try Selection.matchups([word])
            case "--winner": _ = try Selection.winners([word])
            case "--player": _ = try Selection.players([word])
            case "--slippi": _ = try Selection.versions([word])
            case "--since": _ = try Selection.since(word)
            case "--per": _ = try Selection.strata([word])
            default: _ = try Selection.duration(word, flag: flag)
            }
        }
        #expect(error?.code == .usage)
        #expect(error?.message.hasPrefix("\(flag): ") == true)
        #expect(error?.message.contains(reason) == true, "\(error?.message ?? "")")
    }

    @Test
    func wordsAreReadAsPeopleWriteThem() throws {
        let fox = try #require(MeleeCharacter(name: "fox"))
        #expect(try Selection.characters(["FOX", "not:fox"]) == Criterion(anyOf: [fox], noneOf: [fox]))
        #expect(try Selection.characters(["external:2", "internal:1"]).anyOf == [fox, fox])
        #expect(try Selection.winners(["fox", "abc#1"]).anyOf == [.character(fox), .player("abc#1")])
        #expect(try Selection.duration("1m30s", flag: "") == .seconds(90))
        #expect(try Selection.duration("45", flag: "") == .seconds(45))
        // A day that something lasts until is part of it; a moment is not.
        #expect(try Selection.until("2022-01-01") == .fixed(1_641_081_600_000))
        #expect(try Selection.until("2022-01-01T00:00:00Z") == .fixed(1_640_995_200_000))
        #expect(try Selection.since("2022-01-01") == .fixed(1_640_995_200_000))
    }

    @Test
    func tenThousandNamesAreOneValue() throws {
        let library = try SelectionLibrary(try SelectionLibrary.random(40, seed: 4), in: scratch)
        var one = Selection()
        one.players = ["abc#123"]
        var many = one
        many.players.anyOf += (0..<10_000).map { "NONE#\($0)\u{0}\u{1B}" }
        many.players.noneOf += (0..<10_000).map { "OTHER#\($0)" }
        #expect(try !library.paths(one).isEmpty)
        #expect(try library.paths(many) == library.paths(one))
    }
}
