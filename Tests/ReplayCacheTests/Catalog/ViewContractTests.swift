import ReplayCacheTestSupport
import Testing

@testable import ReplayCache

/// The documented views are what `docs/catalog.md` says, in every database and however old it is.
struct ViewContractTests {
    private let scratch: Scratch

    init() throws { scratch = try Scratch() }

    // MARK: The page

    /// Views of each section of the page with their columns.
    private static func documented() throws -> (catalog: [String: Set<String>], place: [String: Set<String>]) {
        let text = try #require(Tree.text("\(CommandLineSandbox.checkout)/docs/catalog.md"))
        var sections: [String: [String: Set<String>]] = [:]
        var section = ""
        var view = ""
        for line in text.split(separator: "\n") {
            if line.hasPrefix("## ") { section = String(line.dropFirst(3)) }
            if line.hasPrefix("**"), let name = line.dropFirst(2).split(separator: "*").first {
                view = String(name)
                sections[section, default: [:]][view] = []
            }
            if line.hasPrefix("| `"), let cell = line.split(separator: "|").first, !view.isEmpty {
                let names = cell.split(separator: "`").map(String.init).filter {
                    $0.allSatisfy { $0.isLetter || $0 == "_" || $0.isNumber }
                }
                sections[section]?[view]?.formUnion(names)
            }
        }
        var catalog = sections["In catalog.sqlite"] ?? [:]
        let place = sections["In places/<id>.sqlite"] ?? [:]
        // Described as the same as those of a place.
        catalog["replays"] = place["replays"]
        catalog["players"] = place["players"]
        return (catalog, place)
    }

    private static func views(of database: Database) throws -> [String: Set<String>] {
        let internalViews: Set = ["replay", "player"]
        let names = try database.all("SELECT name FROM sqlite_schema WHERE type = 'view'") { $0.text(0) }
        var result: [String: Set<String>] = [:]
        for name in names where !internalViews.contains(name) {
            result[name] = Set(try database.all("SELECT name FROM pragma_table_info(?)", [.text(name)]) { $0.text(0) })
            // A view may stand there and not work.
            try database.query("SELECT * FROM \(name)") { _ in }
        }
        return result
    }

    @Test
    func thePageHasEveryColumnOfEveryViewAndNoOther() throws {
        let documented = try Self.documented()
        #expect(try Self.views(of: Schema.openCatalog(at: scratch.at("catalog.sqlite"))) == documented.catalog)
        #expect(try Self.views(of: Schema.openPlace(at: scratch.at("place.sqlite"))) == documented.place)
    }

    @Test(arguments: 1..<Schema.catalogVersion)
    func aCatalogOfAnyEarlierVersionGetsTheseViews(_ version: Int) throws {
        let path = scratch.at("old.sqlite")
        let old = try Database(path: path)
        let schema = "\(CommandLineSandbox.checkout)/schema"
        let migrations = try Tree.files(below: schema).filter { $0.hasPrefix("m0") }.sorted()
        for name in migrations.prefix(version) { try old.execute(try #require(Tree.text("\(schema)/\(name)"))) }
        // What an older program showed of its own tables.
        try old.execute(
            """
            CREATE VIEW replays AS SELECT content, reader FROM replay;
            INSERT INTO setting (key, value) VALUES ('views', 'older');
            PRAGMA user_version = \(version)
            """
        )
        #expect(try Self.views(of: Schema.openCatalog(at: path)) == Self.documented().catalog)
    }

    @Test
    func theStateOfAPlaceOfTheFirstVersionGetsTheseViews() throws {
        let path = scratch.at("old.sqlite")
        let old = try Database(path: path)
        try Schema.makeBase(in: old, version: Schema.firstBaseVersion)
        try old.execute("PRAGMA user_version = \(Schema.firstBaseVersion)")
        #expect(try Self.views(of: Schema.openPlace(at: path)) == Self.documented().place)
    }

    // MARK: What stands in them

    private static let fox = 2
    private static let falco = 20
    private static let marth = 9
    private static let peach = 12

    /// A game with players at ports: character, team.
    private func place(_ players: [Int: (character: Int, team: Int?)], isTeams: Bool, winners: String?) throws
        -> Database
    {
        let database = try Schema.openPlace(at: scratch.at("games-\(UInt64.random(in: 0 ... .max)).sqlite"))
        try database.execute(
            """
            INSERT INTO segment (key, hlc, writer) VALUES ('log/x', 1700000000123, 'w');
            INSERT INTO content (id, segment, line, size, digest) VALUES (1, 1, 1, 7, zeroblob(32));
            INSERT INTO entry (path, segment, line, content, mtime) VALUES ('replays/a.slp', 1, 1, 1, 1700000000000000000);
            INSERT INTO game (content, segment, line, reader, is_complete, started_at_seconds, match_id, stage)
            VALUES (1, 1, 1, 1, 1, 1700000000, 'mode.ranked-2023-11-14T22:13:20.00-0', 31)
            """
        )
        try database.run("UPDATE game SET is_teams = ?, winner_ports = ?", SQLiteValue(isTeams), SQLiteValue(winners))
        for (port, player) in players {
            let packed = 65536 + 256 * player.character + 33_554_432 * (player.team.map { $0 + 1 } ?? 0)
            try database.run("UPDATE game SET player\(port) = ?", .integer(Int64(packed)))
        }
        return database
    }

    @Test
    func aMatchupIsTheSameWhateverThePorts() throws {
        for players in [
            [1: (Self.marth, nil), 2: (Self.fox, nil)], [2: (Self.fox, nil), 4: (Self.marth, nil as Int?)],
        ] {
            let database = try place(players, isTeams: false, winners: "2")
            #expect(try database.first("SELECT matchup FROM replays") { $0.text(0) } == "Fox vs Marth")
        }
    }

    @Test
    func aTeamsGameIsNeverShownAsSingles() throws {
        let database = try place(
            [1: (Self.fox, 0), 2: (Self.marth, 1), 3: (Self.falco, 0), 4: (Self.peach, 1)],
            isTeams: true,
            winners: "1,3"
        )
        let row = try database.first("SELECT matchup, winner, player_count, humans FROM replays") { row in
            [row.text(0), row.text(1), row.text(2), row.text(3)]
        }
        #expect(row == ["Falco+Fox vs Marth+Peach", "Falco+Fox", "4", "4"])
        let opponents = try database.all("SELECT port, opponent, won FROM players ORDER BY port") { row in
            "\(row.text(0)) \(row.text(1)) \(row.text(2))"
        }
        #expect(opponents == ["1 Marth+Peach 1", "2 Falco+Fox 0", "3 Marth+Peach 1", "4 Falco+Fox 0"])
    }

    @Test
    func oddGamesHaveAMatchupOfTheirOwn() throws {
        let cases: [([Int: (Int, Int?)], Bool, String?)] = [
            ([1: (Self.fox, nil), 2: (Self.peach, nil), 3: (Self.marth, nil)], false, "Fox vs Marth vs Peach"),
            ([1: (Self.fox, nil), 3: (Self.fox, nil)], false, "Fox vs Fox"),
            ([1: (Self.fox, 0), 2: (Self.marth, 0)], true, "Fox+Marth"),
            ([1: (Self.fox, 0), 2: (Self.marth, 1), 3: (Self.peach, 1)], true, "Fox vs Marth+Peach"),
            ([2: (Self.fox, nil)], false, "Fox"), ([:], false, nil),
            ([1: (200, nil), 2: (Self.fox, nil)], false, "Fox vs character 200"),
        ]
        for (players, isTeams, expected) in cases {
            let database = try place(
                players.mapValues { (character: $0.0, team: $0.1) },
                isTeams: isTeams,
                winners: nil
            )
            let row = try database.first("SELECT matchup, winner FROM replays") {
                ($0.optionalText(0), $0.optionalText(1))
            }
            #expect(row?.0 == expected)
            #expect(row?.1 == nil)
        }
    }

    @Test
    func timesAndModesAreReadable() throws {
        let database = try place([1: (Self.fox, nil), 2: (Self.marth, nil)], isTeams: false, winners: "1")
        let row = try database.first(
            """
            SELECT month, mode, legal_stage, modified_at, committed_at, replays.digest = entries.digest, winner
            FROM replays JOIN entries USING (path)
            """
        ) { row in (0..<7).map { row.text($0) } }
        #expect(row == ["2023-11", "ranked", "1", "2023-11-14T22:13:20Z", "2023-11-14T22:13:20Z", "1", "Fox"])
    }

    @Test
    func theLegalStagesAreThoseOfTheProgram() throws {
        let database = try place([:], isTeams: false, winners: nil)
        for stage in Stage.all {
            try database.run("UPDATE game SET stage = ?", .integer(Int64(stage.rawValue)))
            #expect(
                try database.first("SELECT legal_stage FROM replays") { $0.bool(0) } == stage.isLegal,
                "\(stage.name)"
            )
        }
    }

    @Test
    func aJoinByDigestUsesAnIndex() throws {
        let database = try place([1: (Self.fox, nil)], isTeams: false, winners: nil)
        let plan = try database.all("EXPLAIN QUERY PLAN SELECT 1 FROM replays JOIN players USING (digest)") {
            $0.text(3)
        }
        #expect(plan.contains { $0.contains("content_digest") }, "\(plan)")
    }
}
