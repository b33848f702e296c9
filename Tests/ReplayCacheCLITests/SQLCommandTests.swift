import ReplayCacheTestSupport
import Testing

/// `sql` and `catalog`: what other programs are told and get.
struct SQLCommandTests {
    let sandbox: CommandLineSandbox

    init() async throws {
        sandbox = try CommandLineSandbox()
        try await sandbox.writeLibrary(count: 4)
        try await sandbox.run("push", "slp", "remote")
    }

    private static let endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"

    @Test(arguments: [
        "SELECT load_extension('x')", "SELECT fts3_tokenizer('simple')", "SELECT fts3_tokenizer('x', x'00')",
        "PRAGMA query_only = 0", "PRAGMA cache_size = 1", "SELECT * FROM pragma_journal_mode('delete')",
        "INSERT INTO files (path) VALUES ('x') RETURNING path", "CREATE VIRTUAL TABLE temp.x USING fts5(a)",
        "CREATE VIRTUAL TABLE temp.x USING rtree(a, b, c)", "CREATE TEMP VIEW x AS SELECT 1", "DROP VIEW files",
        "CREATE TEMP TRIGGER t INSTEAD OF INSERT ON files BEGIN SELECT 1; END", "VACUUM", "ROLLBACK",
        "ATTACH ':memory:' AS x", "REPLACE INTO catalog.setting VALUES ('a', 'b')",
    ])
    func whatIsNoReadingIsRefused(_ sql: String) async throws {
        let result = try await sandbox.run("sql", sql)
        #expect(result.status == 64)
        #expect(result.errors.contains("sql only reads"), "\(result.errors)")
        #expect(result.lines.isEmpty)
    }

    @Test(arguments: [
        "SELECT name FROM pragma_table_info('replays') WHERE name = 'matchup'",
        "SELECT value FROM json_each('[\"matchup\"]')",
        "SELECT group_concat(sql) LIKE '%matchup%' AS m FROM catalog.sqlite_schema",
    ])
    func tablesThatDescribeCanBeRead(_ sql: String) async throws {
        let result = try await sandbox.run("sql", sql)
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.lines.count == 2)
    }

    @Test func anErrorPointsAtTheWordAndNamesNearOnes() async throws {
        let column = try await sandbox.run("sql", "SELECT port,\n  charcter FROM players")
        #expect(
            column.errors == """
                error: the statement is not valid: no such column: charcter
                    charcter FROM players
                    ^
                hint: did you mean character?

                """
        )
        let table = try await sandbox.run("sql", "SELECT * FROM plyers")
        #expect(table.errors.contains("hint: did you mean players?"))
        let name = try await sandbox.run("sql", "SELECT path FROM replays WHERE stage = \"Battlefield\"")
        #expect(name.errors.contains("no such column: Battlefield"))
    }

    @Test(
        .timeLimit(.minutes(1)),
        arguments: [
            "\(endless) SELECT count(*) FROM n", "\(endless) SELECT 1 FROM n ORDER BY i",
            "\(endless) SELECT max(i) FROM n",
        ]
    )
    func aStatementThatNeverEndsIsStopped(_ sql: String) async throws {
        let result = try await sandbox.run("sql", sql, "--timeout", "0.2s")
        #expect(result.status == 6)
        #expect(result.errors.contains("error: the statement was stopped: it took longer than 0.2 s\n"))
    }

    @Test(arguments: ["0s", "-1s", "5", "5x", "s", "", "1e99h", "nan", "infs"])
    func aTimeLimitThatIsNoneIsRefused(_ text: String) async throws {
        #expect(try await sandbox.run("sql", "SELECT 1", "--timeout=\(text)").status == 64)
    }

    @Test(arguments: [
        "SELECT zeroblob(1000000000)", "SELECT hex(zeroblob(50000000))",
        "SELECT " + (0..<12).map { "randomblob(60000000) AS b\($0)" }.joined(separator: ", "),
    ])
    func whatDoesNotFitInMemoryIsRefused(_ sql: String) async throws {
        let result = try await sandbox.run("sql", sql, "--format", "csv")
        #expect(result.status == 6)
        #expect(result.errors.contains("makes more than is kept in memory at once"), "\(result.errors)")
    }

    @Test func aLongListOfNamesIsAsked() async throws {
        let names = (0..<9000).map { "'\($0)'" }.joined(separator: ",")
        let result = try await sandbox.run("sql", "SELECT count(*) AS n FROM replays WHERE sha256 IN (\(names))")
        #expect(result.lines == ["n", "0"])
    }

    @Test func formatsLoseNothing() async throws {
        let sql =
            #"SELECT 'a,"b' AS x, NULL AS n, '' AS e, 1.5 AS r, x'00ff' AS b, char(10) AS x, char(27) || 'é' AS c"#
        let csv = try await sandbox.run("sql", sql, "--format", "csv")
        #expect(csv.output == "x,n,e,r,b,x,c\n\"a,\"\"b\",,\"\",1.5,x'00ff',\"\n\",\u{1B}é\n")
        let json = try #require(try await sandbox.run("sql", sql, "--json").json().first)
        #expect(json["x"] == .string("a,\"b"))
        #expect(json["x_2"] == .string("\n"))
        #expect(json["n"] == .null)
        let table = try await sandbox.run("sql", sql)
        #expect(table.lines.last?.contains(#"\u{1b}é"#) == true)
        #expect(!table.output.contains("\u{1B}"))
    }

    @Test func aReaderThatGoesAwayIsNoError() async throws {
        let result = try await sandbox.shell(
            #"set -o pipefail; replaycache sql "\#(Self.endless) SELECT i FROM n" | head -n 2; echo ${PIPESTATUS[0]}"#
        )
        #expect(result.lines.last == "0")
        #expect(result.errors.isEmpty)
    }

    @Test func rowsOfRemotesTellTheRemoteAndTheLocalFile() async throws {
        let sql = "SELECT place, path, local_path FROM replays ORDER BY path LIMIT 1"
        let row = try #require(try await sandbox.run("sql", sql, "--json").json().first)
        #expect(row["place"] == .string("file:\(sandbox("remote"))"))
        #expect(row["local_path"] == .string("\(sandbox("slp"))/\(try #require(sandbox.files("slp").sorted().first))"))
        #expect(try await sandbox.run("sql", "SELECT count(*) AS n FROM remote.entries").lines.last == "4")
    }

    @Test func beforeAnyRemoteThereAreEmptyViews() async throws {
        let views = ["entries", "replays", "players", "checkpoints", "datasets", "local_replays", "local_players"]
        for view in views {
            let result = try await sandbox.run(
                try sandbox.configuration(["sql", "SELECT count(*) AS n FROM \(view)"], machine: "new")
            )
            #expect(result.lines == ["n", "0"], "\(view): \(result.errors)")
        }
    }

    // MARK: catalog

    @Test func theCatalogsLinesFitTheirSchema() async throws {
        let schema = try JSONSchemaCheck("database")
        let rows = try await sandbox.run("catalog", "--json").json()
        for row in rows { #expect(schema.problems(row) == []) }
        #expect(rows.compactMap { $0["name"]?.string } == ["catalog", "remote"])
    }

    @Test func remotesThatAreCalledAlikeHaveNamesOfTheirOwn() async throws {
        for place in ["a/Melee Hub", "b/melee-hub", "c/order", "d/2024", "e/replaycache"] {
            _ = try await sandbox.shell("mkdir -p \(place.split(separator: "/")[0])")
            try await sandbox.run("push", "slp", place)
        }
        let names = try await sandbox.run("catalog", "--json").json().compactMap { $0["name"]?.string }
        #expect(names == ["catalog", "remote", "melee_hub", "melee_hub_2", "remote_order", "remote_2024", "e"])
        #expect(try await sandbox.run("sql", "SELECT count(DISTINCT place) AS n FROM entries").lines.last == "6")
    }

    @Test(.enabled(if: Program.exist("python3"), "needs python3"))
    func pythonReadsByTheLinesOfTheCatalogWhileThereIsWriting() async throws {
        let script = """
            import json, sqlite3, subprocess, sys
            rows = [json.loads(line) for line in subprocess.check_output(["replaycache", "catalog", "--json"]).splitlines()]
            db = sqlite3.connect(rows[0]["uri"], uri=True)
            for row in rows[1:]:
                db.execute(row["sqlite"])
            before = db.execute("SELECT count(*) FROM remote.replays").fetchone()[0]
            writer = subprocess.Popen(["replaycache", "push", "more", "remote", "--into", "replays/more"], stdout=2)
            seen = set()
            while writer.poll() is None:
                seen.add(db.execute("SELECT count(*) FROM files JOIN remote.players USING (digest)").fetchone()[0])
            assert writer.returncode == 0
            try:
                db.execute("DELETE FROM remote.entry")
            except sqlite3.OperationalError as error:
                print(error)
            print(before, db.execute("SELECT count(*) FROM remote.replays").fetchone()[0], len(seen) > 0)
            """
        try await sandbox.writeLibrary("more", count: 30, frames: 60)
        try sandbox.write("read.py", script)
        let result = try await sandbox.shell("python3 read.py")
        #expect(result.lines == ["attempt to write a readonly database", "4 34 True"], "\(result.errors)")
    }

    @Test(.enabled(if: Program.exist("sqlite3"), "needs sqlite3"))
    func theShellReadsByThePrintedLines() async throws {
        let script = """
            replaycache catalog | sed -n '/^sqlite3:/,/^$/p' | sed 1d > lines
            command=$(head -n 1 lines | sed 's/^ *//')
            sed '1d;/LIMIT/d' lines > statements
            echo "SELECT count(*), count(matchup) FROM remote.replays;" >> statements
            eval "$command" < statements
            """
        let result = try await sandbox.shell(script)
        #expect(result.lines == ["4|4"], "\(result.errors)")
    }
}
