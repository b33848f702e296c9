import ReplayCacheTestSupport
import Testing

@testable import ReplayCache

/// Catalogs that earlier versions of the program made.
struct CatalogMigrationTests {
    private let scratch: Scratch

    init() throws { scratch = try Scratch() }

    @Test(arguments: 1...3)
    func whatIsKnownOfReplaysOutlivesTheChangeOfTheirTables(_ version: Int) throws {
        let path = scratch.at("catalog.sqlite")
        let old = try Database(path: path)
        for script in ["m0001_catalog", "m0002_reader", "m0003_engine"].prefix(version) {
            try old.execute(try #require(Tree.text("\(CatalogMigrationTests.checkout)/schema/\(script).sql")))
        }
        try old.execute(
            """
            PRAGMA user_version = \(version);
            INSERT INTO content (id, digest, size) VALUES (1, zeroblob(32), 5), (2, x'\(String(repeating: "11", count: 32))', 6);
            INSERT INTO replay VALUES (1, 3, '3.9.0', 31, 0, '2022-01-01T00:00:00Z', 1640995200, 500, 1, NULL, 2, '1', 'm', 1,
                0, 'dolphin', 7, '{"players":[{"startStocks":4},{"startStocks":3}]}');
            INSERT INTO replay VALUES (2, 2, NULL, NULL, NULL, '1 Jan', NULL, NULL, 0, 'is cut', NULL, NULL, NULL, NULL, NULL,
                NULL, NULL, '{}');
            INSERT INTO player VALUES (1, 1, 2, 'human', 3, NULL, 'Bob', 'BOB#1', NULL), (1, 4, 25, 'type 7', 0, 2, 'Bob',
                'BOB#1', NULL), (1, 2, 20, 'cpu', 5, 1, NULL, NULL, 'TAG'), (2, 3, 33, 'demo', 255, NULL, NULL, NULL, NULL);
            """
        )
        let columns = """
            content, reader, version, stage, is_teams, started_at, started_at_seconds, last_frame, is_complete, problem,
            end_method, winner_ports, match_id, game, tiebreaker, played_on, seed, metadata
            """
        func rows(_ database: Database) throws -> [[SQLiteValue]] {
            try database.all("SELECT \(columns) FROM replay ORDER BY 1") { row in (0..<18).map { row.value($0) } }
                + database.all("SELECT * FROM player ORDER BY content, port") { row in (0..<9).map { row.value($0) } }
        }
        let before = try rows(old)
        #expect(before.count == 6)
        let new = try Schema.openCatalog(at: path)
        #expect(try rows(new) == before)
        #expect(try new.all("SELECT start_stocks FROM game ORDER BY content") { $0.optionalInt(0) } == [3, nil])
        // The two rows of one person are one.
        #expect(try new.first("SELECT count(*) FROM person") { $0.int(0) } == 2)
        #expect(try new.first("SELECT count(*) FROM replays") { $0.int(0) } == 2)
    }

    private static let checkout = #filePath.split(separator: "/").dropLast(4).reduce("") { "\($0)/\($1)" }
}
