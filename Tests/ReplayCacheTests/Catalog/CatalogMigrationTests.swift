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

    /// A catalog of the version before games, with so many of them.
    private func makeOld(_ count: Int, at path: String) throws {
        let old = try Database(path: path)
        for script in ["m0001_catalog", "m0002_reader", "m0003_engine"] {
            try old.execute(try #require(Tree.text("\(CatalogMigrationTests.checkout)/schema/\(script).sql")))
        }
        try old.execute(
            """
            PRAGMA journal_mode = WAL; PRAGMA user_version = 3; BEGIN;
            WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < \(count))
            INSERT INTO content (id, digest, size) SELECT i, CAST(printf('%032d', i) AS BLOB), 5 FROM n;
            INSERT INTO replay
            SELECT id, 1, '3.9.0', 31, 0, NULL, 1640995200 + id, 500, 1, NULL, 2, '1', 'm' || id, 1, 0, 'dolphin', 7,
                '{"players":[{"startStocks":4}]}' FROM content;
            INSERT INTO player SELECT id, 1, 2, 'human', 3, NULL, 'Bob', 'BOB#' || id % 5000, NULL FROM content;
            INSERT INTO player SELECT id, 2, 20, 'human', 0, NULL, 'Eve', 'EVE#' || id % 7000, NULL FROM content;
            COMMIT
            """
        )
    }

    @Test(.timeLimit(.minutes(1)))
    func aLargeCatalogIsMigratedInOnePass() throws {
        let path = scratch.at("catalog.sqlite")
        try makeOld(50_000, at: path)
        let new = try Schema.openCatalog(at: path)
        let sql = """
            SELECT count(*) FROM local_games WHERE one = 'BOB#' || content % 5000 AND two = 'EVE#' || content % 7000
            """
        try new.execute(
            """
            CREATE TEMP VIEW local_games AS SELECT g.content AS content, a.connect_code AS one, b.connect_code AS two
            FROM game g JOIN person a ON a.id = g.person1 JOIN person b ON b.id = g.person2
            """
        )
        #expect(try new.first(sql) { $0.int(0) } == 50_000)
    }

    @Test
    func manyAtOnceMigrateACatalogOnce() async throws {
        let path = scratch.at("catalog.sqlite")
        try makeOld(3000, at: path)
        try await withThrowingTaskGroup(of: Int?.self) { group in
            for _ in 0..<6 {
                group.addTask {
                    try await BlockingPool.shared.run {
                        try Schema.openCatalog(at: path).first("SELECT count(*) FROM replays") { $0.int(0) }
                    }
                }
            }
            for try await count in group { #expect(count == 3000) }
        }
    }

    @Test
    func aMigrationThatFailsLeavesTheCatalogAsItWas() throws {
        let path = scratch.at("catalog.sqlite")
        try makeOld(10, at: path)
        // Something is in the way of the last step.
        try Database(path: path).execute("CREATE TABLE shared_file (x)")
        #expect(throws: SQLiteError.self) { try Schema.openCatalog(at: path) }
        let old = try Database(path: path)
        #expect(try old.first("PRAGMA user_version") { $0.int(0) } == 3)
        #expect(try old.first("SELECT count(*) FROM replay") { $0.int(0) } == 10)
        try old.execute("DROP TABLE shared_file")
        #expect(try Schema.openCatalog(at: path).first("SELECT count(*) FROM replays") { $0.int(0) } == 10)
    }

    private static let checkout = #filePath.split(separator: "/").dropLast(4).reduce("") { "\($0)/\($1)" }
}
