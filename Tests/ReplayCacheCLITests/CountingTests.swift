import ReplayCacheTestSupport
import ReplayGenerator
import Testing

/// `query --group-by`, `query --format csv` and `stats`.
struct CountingTests {
    let sandbox: CommandLineSandbox

    init() async throws {
        sandbox = try CommandLineSandbox()
        try await sandbox.writeLibrary(count: 12)
        try sandbox.write("slp/broken.slp", "no replay at all")
        try sandbox.write("slp/notes.txt", "notes")
        try await sandbox.run("push", "slp", "remote")
    }

    private func groups(_ arguments: String...) async throws -> [JSONValue] {
        let result = try await sandbox.run(try sandbox.configuration(["query", "--format", "json"] + arguments))
        #expect(result.status == 0, "\(result.errors)")
        return try result.json()
    }

    @Test(arguments: ["character", "matchup", "stage", "month", "player", "version", "platform"])
    func groupsFitTheirSchemaAndComeLargestFirst(_ field: String) async throws {
        let schema = try JSONSchemaCheck("group")
        let rows = try await groups("--group-by", field)
        #expect(!rows.isEmpty)
        for row in rows {
            #expect(schema.problems(row) == [])
            #expect(row[field] != nil)
        }
        let counts = rows.compactMap { $0["replays"]?.int }
        #expect(counts == counts.sorted(by: >))
    }

    @Test func doublesAreNeverShownAsSingles() async throws {
        var game = ReplaySpec(frames: 130)
        game.isTeams = true
        game.players = [2, 9, 20, 12].enumerated().map { index, character in
            var player = ReplaySpec.Player(port: index + 1, character: character)
            player.team = UInt8(index % 2)
            return player
        }
        try sandbox.write("doubles/game.slp", game.bytes())
        try await sandbox.run("scan", "doubles")
        let result = try await sandbox.run("query", "--doubles", "--local")
        let line = result.lines.last?.filter { $0 != "*" } ?? ""
        #expect(line.contains("  Fox + Falco vs Marth + Peach  "), "\(result.output)")
        #expect(result.output.count { $0 == "*" } == 2, "\(result.output)")
    }

    /// The views say the same, in another way.
    @Test(arguments: [
        ("stage", "stage"), ("month", "month"), ("matchup", "matchup"), ("version", "version"),
        ("platform", "played_on"),
    ])
    func groupsAreThoseOfTheViews(_ field: String, _ column: String) async throws {
        let sql = """
            SELECT \(column) AS name, count(*) AS n, sum(size) AS bytes, round(coalesce(sum(duration_seconds), 0), 3) AS s
            FROM replays GROUP BY 1
            """
        let views = try await sandbox.run("sql", sql, "--json").json().map { row in
            "\(row["name"]?.string ?? "-") \(row["n"]?.int ?? -1) \(row["bytes"]?.int ?? -1) \(Self.seconds(row["s"]?.number))"
        }
        let found = try await groups("--group-by", field).map { row in
            "\(row[field]?.string ?? "-") \(row["replays"]?.int ?? -1) \(row["bytes"]?.int ?? -1) "
                + "\(Self.seconds((row["hours"]?.number ?? 0) * 3600))"
        }
        #expect(found.sorted() == views.sorted())
    }

    private static func seconds(_ value: Double?) -> Int { Int(((value ?? -1) * 10).rounded()) }

    @Test func aSelectionIsHonoured() async throws {
        let all = try await groups("--group-by", "character")
        let character = try #require(all.first?["character"]?.string)
        let count = try #require(all.first?["replays"]?.int)
        #expect(
            try await groups("--group-by", "version", "--character", character).compactMap { $0["replays"]?.int }
                .reduce(0, +) == count
        )
        let limited = try await groups("--group-by", "version", "--limit", "3")
        #expect(limited.compactMap { $0["replays"]?.int }.reduce(0, +) == 3)
        let local = try await groups("--group-by", "version", "--local")
        #expect(local.compactMap { $0["replays"]?.int }.reduce(0, +) == 13)
        let remote = try await groups("--group-by", "version", "--remote", "remote")
        #expect(remote == local)
    }

    @Test func severalFieldsAreCountedTogether() async throws {
        let one = try await groups("--group-by", "stage,month")
        let other = try await groups("--group-by", "stage", "--group-by", "month")
        #expect(one == other)
        #expect(one.compactMap { $0["replays"]?.int }.reduce(0, +) == 13)
        #expect(one.allSatisfy { $0["stage"] != nil && $0["month"] != nil })
    }

    @Test func groupsInCSVHaveAHeader() async throws {
        let result = try await sandbox.run("query", "--group-by", "stage", "--format", "csv")
        #expect(result.lines.first == "stage,replays,bytes,hours")
        #expect(result.lines.contains { $0.hasPrefix(",1,16,0.0") })
    }

    @Test func theTableIsPlainWithoutATerminal() async throws {
        let result = try await sandbox.run("query", "--group-by", "stage")
        #expect(result.lines.first?.split(separator: " ") == ["STAGE", "REPLAYS", "SIZE", "HOURS"])
        #expect(!result.output.contains("█"))
    }

    @Test(arguments: [
        ["--group-by", "colour"], ["--group-by", "stage,"], ["--group-by", ""], ["--group-by", "stage", "--count"],
        ["--group-by", "stage", "--format", "paths"], ["--group-by", "stage,stage"],
    ])
    func whatCannotBeCountedIsAUsageError(_ arguments: [String]) async throws {
        #expect(try await sandbox.run(try sandbox.configuration(["query"] + arguments)).status == 64)
    }

    @Test(.enabled(if: Program.exist("python3"), "needs python3"))
    func pythonReadsTheCSVOfAQuery() async throws {
        let script = """
            import csv, json, subprocess
            run = lambda f: subprocess.check_output(["replaycache", "query", "--format", f], text=True)
            rows = list(csv.DictReader(run("csv").splitlines()))
            objects = [json.loads(line) for line in run("json").splitlines()]
            assert len(rows) == len(objects) == 13
            for row, o in zip(rows, objects):
                assert row["path"] == o["path"] and row["size"] == str(o["size"])
                assert row["stage"] == (o["stage"] or "") and row["problem"] == (o["problem"] or "")
                for p in o["players"]:
                    assert row[f"port{p['port']}_character"] == p["character"]
                    assert row[f"port{p['port']}_connect_code"] == (p["connectCode"] or "")
            print("same")
            """
        try sandbox.write("read.py", script)
        let result = try await sandbox.shell("python3 read.py")
        #expect(result.lines == ["same"], "\(result.errors)")
    }

    // MARK: stats

    @Test func theOverviewAddsUp() async throws {
        let stats = try #require(try await sandbox.run("stats", "--json").json().first)
        #expect(try JSONSchemaCheck("stats").problems(stats) == [])
        #expect(stats["replays"]?.int == 13)
        #expect(stats["otherFiles"]?.int == 1)
        #expect(stats["otherBytes"]?.int == 5)
        #expect((stats["incomplete"]?.int ?? 0) >= 1)
        let view = "SELECT count(*) AS n, sum(size) AS bytes, sum(duration_seconds) / 3600 AS hours FROM replays"
        let row = try #require(try await sandbox.run("sql", view, "--json").json().first)
        #expect(stats["bytes"] == row["bytes"])
        #expect(abs((stats["hours"]?.number ?? 0) - (row["hours"]?.number ?? 1)) < 1e-6)
        let stages = stats["stages"]?.array?.compactMap { $0["replays"]?.int } ?? []
        #expect(stages.reduce(0, +) == 13)
    }

    @Test func copiesAreStoredOnce() async throws {
        let name = try #require(sandbox.files("slp").first { $0.hasSuffix(".slp") && $0 != "broken.slp" })
        try sandbox.write("slp/copy.slp", try sandbox.read("slp/\(name)"))
        let before = try #require(try await sandbox.run("stats", "--json").json().first)
        try await sandbox.run("push", "slp", "remote")
        let after = try #require(try await sandbox.run("stats", "--remote", "remote", "--json").json().first)
        #expect(after["copies"]?.int == (before["copies"]?.int ?? -2) + 1)
        #expect(after["bytesStored"] == before["bytesStored"])
        #expect((after["bytes"]?.int ?? 0) > (before["bytes"]?.int ?? 0))
    }

    @Test func theOverviewFitsAScreen() async throws {
        let result = try await sandbox.run("stats")
        #expect(result.lines.count <= 40)
        #expect(result.lines.first?.hasPrefix("13 replays in ") == true)
        #expect(result.output.contains("characters, in how many replays:"))
        let nothing = try await sandbox.run(try sandbox.configuration(["stats"], machine: "new"))
        #expect(nothing.lines == ["0 replays in 0 B"])
    }
}
