import ReplayCacheTestSupport
import Testing

/// The exit status tells a script what to do next; the text tells a person.
struct ExitStatusTests {
    let sandbox: CommandLineSandbox

    init() throws { sandbox = try CommandLineSandbox() }

    @Test func aConflictIsNamedLeftAloneAndStatus3() async throws {
        try sandbox.write("laptop/a.slp", "first")
        try await sandbox.run("push", "laptop", "remote")
        try sandbox.write("pod/a.slp", "something else")
        let result = try await sandbox.run("fetch", "remote", "pod", machine: "pod")
        #expect(result.status == 3)
        #expect(result.errors.contains("conflict: replays/a.slp changed on both sides"))
        #expect(result.errors.contains("--force"))
        #expect(try sandbox.read("pod/a.slp") == Array("something else".utf8))
    }

    @Test func damagedBytesAtTheRemoteAreNeverPlacedAndStatus4() async throws {
        try sandbox.write("slp/a.slp", "good bytes")
        try sandbox.write("slp/b.slp", "other bytes")
        try await sandbox.run("push", "slp", "remote")
        let object = try #require(sandbox.files("remote/objects").first)
        var bytes = try sandbox.read("remote/objects/\(object)")
        bytes[0] ^= 1
        try sandbox.write("remote/objects/\(object)", bytes)
        let result = try await sandbox.run("fetch", "remote", "pod", machine: "pod")
        #expect(result.status == 4)
        #expect(result.errors.contains("failed: "))
        #expect(sandbox.files("pod").count == 1)
    }

    @Test(arguments: [
        ["ls", "remote"], ["ls", "remote", "--json"], ["query", "--remote", "remote"],
        ["query", "--remote", "remote", "--count"], ["query", "--remote", "remote", "--json"],
        ["checkpoint", "log", "--remote", "remote"], ["checkpoint", "log", "--remote", "remote", "--json"],
        ["dedup", "--remote", "remote"], ["dedup", "--remote", "remote", "--json"],
    ])
    func whatAnUndamagedPartOfTheLogSaysIsPrintedAndStatus4(_ command: [String]) async throws {
        try await sandbox.writeLibrary(count: 2)
        try await sandbox.run("push", "slp", "remote")
        try sandbox.write("model.pkl", "w")
        try await sandbox.run("checkpoint", "push", "model.pkl", "--run", "fox", "--remote", "remote")
        try sandbox.write("remote/log/20200101T000000000Z-00000000000000ff-0.0123abcd.ndjson.zst", "no segment")
        let result = try await sandbox.run(try sandbox.configuration(command, machine: "pod"))
        #expect(result.status == 4)
        #expect(!result.output.isEmpty)
        #expect(result.errors.contains("error: part of the log at the remote is damaged"))
        if command.last == "--json" {
            let lines = try result.json()
            #expect(lines.count > 1)
            #expect(["summary", "error"].contains(lines.last?["event"]?.string))
            #expect(lines.filter { $0["event"]?.string == "error" }.count <= 1)
        } else {
            #expect(result.errors.contains("20200101T000000000Z-00000000000000ff-0"))
        }
    }

    @Test func aSegmentOfAFastClockIsNoDamage() async throws {
        try sandbox.write("slp/a.slp", "x")
        try await sandbox.run("push", "slp", "remote")
        try sandbox.write("remote/log/29990101T000000000Z-00000000000000ff-0.0123abcd.ndjson.zst", "the clock")
        let result = try await sandbox.run("ls", "remote")
        #expect(result.status == 0)
        #expect(result.errors.contains("clock"))
    }

    @Test(arguments: [["dedup", "slp"], ["dedup", "slp", "--json"]])
    func aFileThatCannotBeComparedIsStatus3(_ command: [String]) async throws {
        try sandbox.write("slp/a.slp", "same")
        try sandbox.write("slp/b.slp", "same")
        #expect(try await sandbox.shell(#"printf same > "$(printf 'slp/\377.slp')""#).status == 0)
        let result = try await sandbox.run(try sandbox.configuration(command))
        #expect(result.status == 3)
        #expect(result.output.contains("a.slp"))
        #expect(result.errors.contains("1 file failed"))
    }

    @Test(arguments: [["fetch", "empty", "pod"], ["ls", "absent"], ["status", "slp", "empty"], ["fetch", "pod"]])
    func aPlaceWithoutARepositoryIsStatus5(_ command: [String]) async throws {
        try sandbox.write("slp/a.slp", "x")
        #expect(try await sandbox.shell("mkdir empty").status == 0)
        let result = try await sandbox.run(try sandbox.configuration(command))
        #expect(result.status == 5)
        #expect(result.output.isEmpty)
        #expect(result.errors.contains("hint: "))
        #expect(sandbox.files("empty").isEmpty)
    }

    @Test func settingsOfSeveralProvidersAreStatus5AndNamed() async throws {
        let settings = [
            "B2_KEY_ID": "i", "B2_APP_KEY": "not-to-be-told", "B2_BUCKET": "fox", "AWS_ACCESS_KEY_ID": "i",
            "AWS_SECRET_ACCESS_KEY": "not-to-be-told", "AWS_BUCKET": "falco",
        ]
        let result = try await sandbox.run("ls", environment: settings)
        #expect(result.status == 5)
        #expect(result.errors.contains("b2:fox/replaycache, s3:falco/replaycache"))
        #expect(result.errors.contains("hint: name the remote, or set REPLAYCACHE_REMOTE to one of them"))
        #expect(!result.errors.contains("not-to-be-told"))
    }

    @Test(arguments: ["notes.txt", "my notes.txt"])
    func aFolderOfOtherThingsIsNotTakenForARemote(_ name: String) async throws {
        try sandbox.write("slp/a.slp", "x")
        try sandbox.write("taken/\(name)", "mine")
        let result = try await sandbox.run("push", "slp", "taken")
        #expect(result.status == 5)
        #expect(result.errors.contains("hint: name a new folder in it"))
        #expect(sandbox.files("taken") == [name])
    }

    @Test func aNewerFormatIsRefusedByNumber() async throws {
        try sandbox.write("slp/a.slp", "x")
        try sandbox.write("remote/replaycache.json", #"{"format":2,"repository":"x"}"#)
        let result = try await sandbox.run("push", "slp", "remote")
        #expect(result.status == 5)
        #expect(result.errors.contains("format 2"))
        #expect(result.errors.contains("hint: install a newer replaycache"))
    }

    @Test func aDestinationBelowAFileIsStatus8() async throws {
        try sandbox.write("slp/a.slp", "x")
        try await sandbox.run("push", "slp", "remote")
        let result = try await sandbox.run("fetch", "remote", "slp/a.slp/pod", machine: "pod")
        #expect(result.status == 8)
        #expect(result.errors.contains("Not a directory"))
    }

    @Test func aFullStandardOutputIsStatus8() async throws {
        try await sandbox.writeLibrary(count: 2)
        try await sandbox.run("scan", "slp")
        let result = try await sandbox.shell("replaycache query > /dev/full")
        #expect(result.status == 8)
        #expect(result.errors.contains("cannot write to standard output"))
    }

    @Test func anUnknownCharacterIsStatus64AndSuggestsOne() async throws {
        let result = try await sandbox.run("query", "--character", "mewtoo")
        #expect(result.status == 64)
        #expect(result.errors == "error: --character: no character is called \"mewtoo\"\nhint: did you mean Mewtwo?\n")
    }

    @Test(arguments: [
        ["push"], ["push", "slp", "remote", "--sideways"], ["query", "--limit", "0"], ["query", "-0"],
        ["push", "slp", "remote", "--into", "/absolute"], ["push", "slp", "remote", "--into", "checkpoints/x"],
        ["push", "slp", "remote", "--into", "foo/bar"],
        ["push", "slp", "slp/inside"], ["push", "slp", "gdrive:folder"], ["push", "slp", "b2:no bucket"],
        ["doctor", "gdrive:folder"],
        ["sql", "SELECT nonsense"],
        ["sql", "CREATE TABLE x (y)"], ["verify", "slp"], ["scan", "slp", "--quiet", "--verbose"],
        ["checkpoint", "push", "slp", "--run", "a/b", "--remote", "remote"],
        ["checkpoint", "push", "slp", "--run", "a", "--metric", "loss", "--remote", "remote"],
    ])
    func wrongUsageIsStatus64(_ command: [String]) async throws {
        try sandbox.write("slp/a.slp", "x")
        let result = try await sandbox.run(try sandbox.configuration(command))
        #expect(result.status == 64)
        #expect(!result.errors.isEmpty)
        #expect(sandbox.files("remote").isEmpty)
    }

    @Test func unknownRunsTagsAndStepsAreStatus64AndNameWhatIsThere() async throws {
        try sandbox.write("model.pkl", "w")
        try await sandbox.run("checkpoint", "push", "model.pkl", "--run", "fox", "--step", "9", "--remote", "remote")
        for reference in ["falco", "fox@10", "fox@other", "fox@best:loss"] {
            let result = try await sandbox.run("checkpoint", "fetch", reference, "--remote", "remote")
            #expect(result.status == 64, "\(reference)")
            #expect(result.errors.contains("hint: "), "\(reference)")
        }
    }
}
