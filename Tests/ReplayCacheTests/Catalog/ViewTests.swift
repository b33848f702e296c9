import ReplayCacheTestSupport
import Testing

@testable import ReplayCache

/// The documented views, through `sql` and through other programs (`design.md` section 4).
struct ViewTests {
    private let scratch: Scratch
    private let laptop: Laptop
    private let place: Place

    init() async throws {
        scratch = try Scratch()
        laptop = try await Laptop("laptop", in: scratch)
        place = try scratch.place()
        // Fox against Falco, Mewtwo against Falco.
        try Tree.write(SampleBytes.replay(character: 2), to: laptop.at("fox/a.slp"), modifiedAt: 1_700_000_000)
        try Tree.write(SampleBytes.replay(character: 10), to: laptop.at("mewtwo/b.slp"), modifiedAt: 1_700_000_000)
        try Tree.write(SampleBytes.replay(character: 2), to: laptop.at("backup/a.slp"), modifiedAt: 1_700_000_000)
        try laptop.write("notes", to: "notes.txt")
        try await laptop.push(to: place)
        var description = CheckpointDescription(run: "fox-v3")
        description.step = 7
        description.metrics = ["loss": 0.5]
        _ = try await laptop.workspace.pushCheckpoint([laptop.at("notes.txt")], to: place, description)
    }

    private func rows(_ sql: String) async throws -> [[SQLCell]] {
        var rows: [[SQLCell]] = []
        try await laptop.workspace.sql(sql, header: { _ in }, { rows.append($0) })
        return rows
    }

    @Test
    func copiesThatShareTheirBlocksWasteNothing() throws {
        let database = try Schema.openCatalog(at: scratch.at("sharing.sqlite"))
        try database.execute(
            """
            INSERT INTO root (id, path) VALUES (1, '/a');
            INSERT INTO content (id, digest, size) VALUES (1, zeroblob(32), 100);
            INSERT INTO file (id, device, inode, size, mtime, ctime, hashed_at, content) VALUES
                (1, 7, 1, 100, 1, 10, 1, 1), (2, 7, 2, 100, 1, 20, 1, 1), (3, 7, 3, 100, 1, 30, 1, 1);
            INSERT INTO file_path (root, path, file) VALUES (1, 'a', 1), (1, 'b', 2), (1, 'c', 3);
            """
        )
        func answer() throws -> [Int]? {
            try database.first("SELECT copies, wasted FROM duplicates") { [$0.int(0), $0.int(1)] }
        }
        #expect(try answer() == [3, 200])
        try database.execute("INSERT INTO shared_file (device, inode, ctime) VALUES (7, 1, 10), (7, 2, 20)")
        #expect(try answer() == [3, 100])
        // One of them was written to since.
        try database.execute("UPDATE file SET ctime = 21 WHERE id = 2")
        #expect(try answer() == [3, 200])
    }

    @Test
    func everyViewAnswers() async throws {
        #expect(try await rows("SELECT count(*) FROM files") == [[.integer(4)]])
        #expect(try await rows("SELECT copies, wasted > 0 FROM duplicates") == [[.integer(2), .integer(1)]])
        #expect(try await rows("SELECT count(*) FROM local_replays") == [[.integer(2)]])
        #expect(try await rows("SELECT count(*), min(size) FROM entries") == [[.integer(5), .integer(5)]])
        #expect(try await rows("SELECT count(*), sum(complete) FROM replays") == [[.integer(3), .integer(3)]])
        #expect(
            try await rows("SELECT r.path FROM replays r JOIN players p USING (sha256) WHERE p.character = 'Mewtwo'")
                == [[.text("replays/mewtwo/b.slp")]]
        )
        #expect(
            try await rows("SELECT run, name, step, files, size, json_extract(metrics, '$.loss') FROM checkpoints")
                == [[.text("fox-v3"), .text("notes"), .integer(7), .integer(1), .integer(5), .real(0.5)]]
        )
        #expect(try await rows("SELECT parent, note FROM checkpoints") == [[.null, .null]])
        #expect(try await rows("SELECT DISTINCT place FROM entries") == [[.text("file:\(place.directory)")]])
    }

    @Test
    func aStatementNamesItsColumns() async throws {
        var names: [String] = []
        try await laptop.workspace.sql("SELECT path, size AS bytes, NULL, 1.5, x'00ff' FROM files LIMIT 0") {
            names = $0
        } _: { _ in
        }
        #expect(names.prefix(2) == ["path", "bytes"])
        #expect(
            try await rows("SELECT NULL, 1.5, x'00ff', 'a', 7")
                == [[.null, .real(1.5), .blob([0, 255]), .text("a"), .integer(7)]]
        )
    }

    @Test(
        arguments: [
            "DELETE FROM catalog.file", "UPDATE catalog.file SET size = 0",
            "INSERT INTO catalog.root (path) VALUES ('x')",
            "DROP TABLE catalog.file", "CREATE TABLE t (a)", "CREATE TEMP TABLE t (a)", "ATTACH '/tmp/x.sqlite' AS x",
            "DETACH catalog", "PRAGMA catalog.user_version = 7", "PRAGMA journal_mode = DELETE",
            "VACUUM INTO '/tmp/y.sqlite'",
            "REINDEX", "ANALYZE", "BEGIN", "SAVEPOINT s", "ALTER TABLE catalog.file ADD COLUMN x",
            "WITH x AS (SELECT 1) DELETE FROM catalog.file", "  -- comment\n delete from catalog.file",
        ]
    )
    func statementsThatWouldChangeSomethingAreRefused(_ sql: String) async throws {
        let before = try Tree.listing(of: laptop.home).filter { $0.contains("catalog.sqlite ") }
        await #expect {
            try await rows(sql)
        } throws: { ($0 as? ReplayCacheError)?.code == .usage }
        #expect(try Tree.listing(of: laptop.home).filter { $0.contains("catalog.sqlite ") } == before)
        #expect(try await rows("SELECT count(*) FROM files") == [[.integer(4)]])
    }

    @Test(arguments: ["SELECT 1; SELECT 2", "SELECT 1; DELETE FROM files", "SELECT 1;; SELECT"])
    func moreThanOneStatementIsAUsageError(_ sql: String) async throws {
        await #expect {
            try await rows(sql)
        } throws: { ($0 as? ReplayCacheError)?.code == .usage }
        #expect(try await rows("SELECT 1; \n") == [[.integer(1)]])
    }

    @Test(arguments: ["SELEC 1", "SELECT nothing FROM files", "", "SELECT * FROM nowhere"])
    func aStatementThatIsNotValidSaysSo(_ sql: String) async throws {
        await #expect {
            try await rows(sql)
        } throws: { ($0 as? ReplayCacheError)?.code == .usage }
    }

    private static let endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"

    @Test(.timeLimit(.minutes(1)))
    func aStatementThatTakesForEverCanBeCancelled() async throws {
        let (firstRow, signal) = AsyncStream.makeStream(of: Void.self)
        let laptop = laptop
        let query = Task {
            let sql = "\(Self.endless) SELECT 1 UNION ALL SELECT count(*) FROM n"
            try await laptop.workspace.sql(sql, header: { _ in }, { _ in signal.yield() })
        }
        for await _ in firstRow { break }
        query.cancel()
        await #expect {
            try await query.value
        } throws: { ($0 as? ReplayCacheError)?.code == .cancelled }
    }

    @Test(.timeLimit(.minutes(1)))
    func aPlanThatTakesLongCanBeCancelled() async throws {
        let (firstRow, signal) = AsyncStream.makeStream(of: Void.self)
        let store = try await laptop.repository(at: place).store
        let sql = "\(Self.endless) SELECT 1 UNION ALL SELECT count(*) FROM n"
        let plan = Task {
            try await store.interruptible { try await store.eachRow(of: sql) { signal.yield() } }
        }
        for await _ in firstRow { break }
        plan.cancel()
        await #expect {
            try await plan.value
        } throws: { ($0 as? SQLiteError)?.classified(doing: "planning").code == .cancelled }
    }

    @Test
    func aLongAnswerIsWholeAndInOrder() async throws {
        let found = try await rows("\(Self.endless) SELECT i FROM n LIMIT 1000")
        #expect(found == (1...1000).map { [.integer($0)] })
    }

    @Test
    func thePlacesWhoseStateIsGoneAreLeftOut() async throws {
        let places = "\(laptop.home)/places"
        let other = try scratch.place("other")
        try await laptop.push(to: other)
        let lost = try await Catalog(home: laptop.home).place(place).path
        for name in try Tree.files(below: places) where "\(places)/\(name)".hasPrefix(lost) {
            try Tree.remove("\(places)/\(name)")
        }
        #expect(try await rows("SELECT DISTINCT place FROM entries") == [[.text("file:\(other.directory)")]])
        #expect(try await laptop.workspace.query(Selection()).count == 3)
        #expect(!Tree.exists(lost))
    }

    @Test(.enabled(if: Program.exist("python3"), "needs python3"))
    func pythonReadsTheSameViews() async throws {
        let script = """
            import glob, sqlite3, sys
            home = sys.argv[1]
            c = sqlite3.connect(f"file:{home}/catalog.sqlite?mode=ro", uri=True)
            for view in ["files", "duplicates", "replays"]:
                print(view, c.execute(f"SELECT count(*) FROM {view}").fetchone()[0])
            p = sqlite3.connect("file:" + glob.glob(home + "/places/*.sqlite")[0] + "?mode=ro", uri=True)
            for view in ["entries", "replays", "players", "checkpoints"]:
                print(view, p.execute(f"SELECT count(*) FROM {view}").fetchone()[0])
            print(sorted(r[0] for r in p.execute("SELECT DISTINCT character FROM players")))
            """
        let result = try await Program.run("python3", ["-c", script, laptop.home])
        #expect(
            result.output.split(separator: "\n") == [
                "files 4", "duplicates 1", "replays 2", "entries 5", "replays 3", "players 4", "checkpoints 1",
                "['Falco', 'Fox', 'Mewtwo']",
            ],
            "\(result.error)"
        )
    }

    @Test
    func queriesSelectByCharacterAndPath() async throws {
        func paths(_ selection: Selection, in scope: Workspace.QueryScope) async throws -> [String] {
            try await laptop.workspace.query(selection, in: scope).map(\.path)
        }
        let mewtwo = Selection(characters: try Selection.characters(named: ["mewtwo"]))
        #expect(try await paths(mewtwo, in: .everything) == ["replays/mewtwo/b.slp"])
        #expect(try await paths(mewtwo, in: .local) == ["mewtwo/b.slp"])
        #expect(try await paths(Selection(paths: ["fox/*"]), in: .place(place)) == ["replays/fox/a.slp"])
        #expect(
            try await paths(Selection(limit: 2), in: .place(place)) == ["replays/backup/a.slp", "replays/fox/a.slp"]
        )
        #expect(throws: ReplayCacheError.self) { try Selection.characters(named: ["mewthree"]) }
    }

    @Test
    func aFetchOfASelectionBringsJustThat() async throws {
        let pod = try await Laptop("pod", in: scratch)
        let characters = try Selection.characters(named: ["mewtwo"])
        let summary = try await pod.fetch(from: place) { $0.selection.characters.anyOf = characters }
        #expect(try pod.files() == ["mewtwo/b.slp"])
        #expect(summary.objectsDownloaded == 1)
        try await pod.fetch(from: place) { $0.selection.limit = 1 }
        #expect(try pod.files() == ["backup/a.slp", "mewtwo/b.slp"])
    }
}

extension PlaceStore {
    fileprivate func eachRow(of sql: String, _ body: @Sendable () -> Void) throws {
        try database.query(sql) { (_: borrowing Row) in body() }
    }
}
