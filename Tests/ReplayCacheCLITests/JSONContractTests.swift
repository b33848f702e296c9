import ReplayCacheTestSupport
import Testing

/// What `--json` prints, against the schemas that other programs rely on.
struct JSONContractTests {
    let sandbox: CommandLineSandbox

    init() throws { sandbox = try CommandLineSandbox() }

    /// Commands that end with a summary, in an order that makes each meaningful.
    private static let summarised = [
        ["scan", "slp"], ["push", "slp", "remote", "--dry-run"], ["push", "slp", "remote"],
        ["status", "slp", "remote"], ["fetch", "remote", "pod"], ["fetch", "remote", "pod", "--dry-run"],
        ["fetch", "remote", "share", "--shard", "1/2", "--link", "--dry-run"],
        ["fetch", "remote", "share", "--shard", "1/2", "--link"], ["cost", "remote"],
        ["verify", "slp"], ["ls", "remote"], ["checkpoint", "push", "model.pkl", "--run", "r", "--remote", "remote"],
        ["dataset", "freeze", "all", "--remote", "remote", "--dry-run"],
        ["dataset", "freeze", "all", "--remote", "remote"], ["dataset", "freeze", "all", "--remote", "remote"],
        ["dataset", "freeze", "some", "--limit", "2", "--remote", "remote"], ["dataset", "list", "--remote", "remote"],
        ["dataset", "show", "some", "--remote", "remote"], ["dataset", "diff", "all", "some", "--remote", "remote"],
        ["dataset", "freeze", "old", "--limit", "1", "--remote", "remote"],
        ["dataset", "drop", "old", "--remote", "remote", "--dry-run"],
        ["dataset", "drop", "old", "--remote", "remote"],
        ["fetch", "remote", "frozen", "--dataset", "some"],
        ["checkpoint", "push", "model.pkl", "--run", "r", "--dataset", "all", "--remote", "remote"],
        ["checkpoint", "log", "--remote", "remote"],
        ["checkpoint", "fetch", "r", "-o", "out", "--remote", "remote"], ["dedup", "slp"], ["dedup"],
        ["dedup", "--remote", "remote"], ["dedup", "twins"], ["dedup", "twins", "--apply", "link", "--dry-run"],
        ["dedup", "twins", "--apply", "link"], ["doctor", "remote"], ["verify", "remote"],
        ["verify", "remote", "--deep"],
        ["push", "slp", "remote", "--heal"], ["gc", "remote", "--dry-run"], ["gc", "remote"],
        ["history", "checkpoints/r/model.pkl", "remote"],
        ["rm", "remote", "checkpoints/r/model.pkl", "--dry-run"], ["rm", "remote", "checkpoints/r/model.pkl"],
        ["history", "checkpoints/r/model.pkl", "remote"], ["restore", "checkpoints/r/model.pkl", "remote"],
        ["push", "slp", "remote", "--delete"], ["fetch", "remote", "pod", "--delete"],
        ["export", "--remote", "remote", "--to", "plain", "--dry-run"],
        ["export", "--remote", "remote", "--to", "plain"],
        ["export", "--remote", "remote", "--to", "plain"], ["export", "--remote", "remote", "--to", "plain.tar"],
        ["copy", "remote", "second", "--dry-run"], ["copy", "remote", "second", "--delete"],
        ["import", "slp", "third", "--dry-run"], ["import", "slp", "third"],
    ]

    /// What every summary has, whatever the schema says.
    private static let contract = [
        "v", "event", "command", "filesSeen", "filesHashed", "filesUnchanged", "filesDeferred", "filesFailed",
        "entriesAdded", "entriesRemoved", "objectsUploaded", "objectsDownloaded", "objectsReused", "bytesRaw",
        "bytesUploaded", "bytesDownloaded", "requests", "seconds",
    ]

    @Test func everyLineFitsItsSchema() async throws {
        try await sandbox.writeLibrary(count: 4)
        try sandbox.write("model.pkl", "weights")
        for name in ["a.bin", "b.bin"] { try sandbox.write("twins/\(name)", "the same") }
        try sandbox.writeTwins("twins")
        let schemas = [
            "summary": try JSONSchemaCheck("summary"), "entry": try JSONSchemaCheck("entry"),
            "checkpoint": try JSONSchemaCheck("checkpoint"), "duplicate": try JSONSchemaCheck("duplicate"),
            "check": try JSONSchemaCheck("check"), "garbage": try JSONSchemaCheck("garbage"),
            "version": try JSONSchemaCheck("version"), "sharing": try JSONSchemaCheck("sharing"),
            "dataset": try JSONSchemaCheck("dataset"),
            "datasetFile": try JSONSchemaCheck("datasetFile"),
        ]
        let events = try JSONSchemaCheck("event")
        for command in Self.summarised {
            let result = try await sandbox.run(try sandbox.configuration(command + ["--json"]))
            #expect(result.status == 0, "\(command) says \(result.errors)")
            let lines = try result.json()
            let summary = try #require(lines.last)
            #expect(summary["event"] == .string("summary"))
            #expect(Self.contract.filter { summary[$0] == nil } == [], "\(command)")
            for line in lines {
                let problems = (schemas[line["event"]?.string ?? ""] ?? events).problems(line)
                #expect(problems.isEmpty, "\(command): \(line)")
            }
        }
    }

    @Test(arguments: [
        ["ls", "remote"], ["checkpoint", "log", "--remote", "remote"], ["dedup", "--remote", "remote"],
    ])
    func lookingAtARemoteCountsItsRequests(_ command: [String]) async throws {
        try sandbox.write("slp/a.slp", "x")
        try await sandbox.run("push", "slp", "remote")
        let first = try await sandbox.run(try sandbox.configuration(command + ["--json"], machine: "pod")).summary()
        #expect((first["bytesDownloaded"]?.int ?? 0) > 0)
        #expect((first["requests"]?["get"]?.int ?? 0) > 0)
        let second = try await sandbox.run(try sandbox.configuration(command + ["--json"], machine: "pod")).summary()
        #expect(second["requests"]?["list"]?.int == 1)
        #expect(second["requests"]?["get"]?.int == 0)
        #expect((second["seconds"]?.number ?? 0) > 0)
    }

    @Test func listingAndDedupCountWhatTheySaw() async throws {
        try sandbox.write("slp/a.slp", "same")
        try sandbox.write("slp/b.slp", "same")
        try sandbox.write("slp/c.slp", "other")
        let dedup = try await sandbox.run("dedup", "slp", "--json").summary()
        #expect(dedup["filesSeen"]?.int == 3)
        #expect(dedup["filesHashed"]?.int == 3)
        #expect(dedup["bytesWasted"]?.int == 4)
        try await sandbox.run("push", "slp", "remote")
        #expect(try await sandbox.run("ls", "remote", "--json").summary()["filesSeen"]?.int == 3)
    }

    @Test func duplicatesFitTheirSchema() async throws {
        try sandbox.write("slp/a.slp", "same")
        try sandbox.write("slp/b.slp", "same")
        let lines = try await sandbox.run("dedup", "slp", "--json").json()
        #expect(lines.count == 2)
        #expect(try JSONSchemaCheck("duplicate").problems(try #require(lines.first)) == [])
        #expect(lines.last?["copies"]?.int == 1)
    }

    @Test func queryPrintsAllKeysAndNoSummary() async throws {
        try await sandbox.writeLibrary(count: 6)
        try sandbox.write("slp/broken.slp", "not a replay at all")
        try await sandbox.run("push", "slp", "remote")
        let schema = try JSONSchemaCheck("replay")
        let rows = try await sandbox.run("query", "--format", "json").json()
        #expect(rows.count == 7)
        for row in rows { #expect(schema.problems(row) == []) }
        #expect(try await sandbox.run("query", "--json").json() == rows)
        let broken = try #require(rows.first { $0["path"] == .string("replays/broken.slp") })
        #expect(broken["winnerPorts"] == .null)
        #expect(broken["stage"] == .null)
        #expect(broken["problem"]?.string != nil)
    }

    @Test func pathsCanEndWithANUL() async throws {
        try await sandbox.writeLibrary(count: 3)
        try await sandbox.run("scan", "slp")
        let result = try await sandbox.run("query", "--local", "--format", "paths", "-0")
        #expect(result.outputBytes.last == 0)
        #expect(
            result.outputBytes.split(separator: 0).map { String(decoding: $0, as: UTF8.self) } == sandbox.files("slp")
        )
    }

    @Test(arguments: [
        ["fetch", "nowhere", "pod"], ["push", "nowhere", "remote"], ["query", "--character", "mewtoo"],
        ["push", "slp", "remote", "--into", "../up"], ["status", "slp"], ["sql", "DELETE FROM files"],
        ["checkpoint", "fetch", "a@", "--remote", "remote"], ["dataset", "freeze", "a/b", "--remote", "remote"],
    ])
    func aFailureEndsWithAnErrorLine(_ command: [String]) async throws {
        try sandbox.write("slp/a.slp", "x")
        let result = try await sandbox.run(try sandbox.configuration(command + ["--json"]))
        let error = try result.summary()
        #expect(try JSONSchemaCheck("error").problems(error) == [])
        #expect(error["exitCode"]?.int == result.status)
        #expect(result.errors.contains("error: \(error["message"]?.string ?? "?")\n"))
    }
}
