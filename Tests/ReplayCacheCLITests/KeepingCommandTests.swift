import ReplayCacheTestSupport
import Testing

/// `gc`, `verify` and `push --heal` as people use them.
struct KeepingCommandTests {
    private let sandbox: CommandLineSandbox
    private let orphan = "objects/ab/\("ab" + String(repeating: "0", count: 62)).raw"

    init() async throws {
        sandbox = try CommandLineSandbox()
        try sandbox.write("slp/a.slp", "first")
        try sandbox.write("slp/b.slp", "second")
        try await sandbox.run("push", "slp", "remote")
    }

    private func objects() throws -> [String] {
        try Tree.files(below: sandbox("remote/objects"))
    }

    @Test func aDryRunListsWhatWouldGo() async throws {
        try Tree.write("orphan", to: sandbox("remote/\(orphan)"), modifiedAt: 1_600_000_000)
        let result = try await sandbox.run("gc", "remote", "--dry-run")
        #expect(result.status == 0)
        let lines = result.output.split(separator: "\n").map(String.init)
        #expect(lines.first?.split(separator: " ") == ["ACTION", "SIZE", "KEY", "PATH"])
        #expect(lines.dropFirst().first?.split(separator: " ") == ["condemn", "6", "B", Substring(orphan), "-"])
        #expect(lines.dropFirst(2).first?.hasPrefix("would remove 0 objects, 0 B, and condemn 1 object") == true)
        let rows = try await sandbox.run("gc", "remote", "--dry-run", "--json").json()
        #expect(rows.count == 2)
        #expect(try JSONSchemaCheck("garbage").problems(try #require(rows.first)) == [])
        #expect(rows.first?["path"] == .null)
        #expect(rows.last?["garbage"]?["condemned"]?.int == 1)
        #expect(try objects().count == 3)
        #expect(!Tree.exists(sandbox("remote/gc")))
    }

    @Test func aRunCondemnsAndTheNextWaits() async throws {
        try Tree.write("orphan", to: sandbox("remote/\(orphan)"), modifiedAt: 1_600_000_000)
        let first = try await sandbox.run("gc", "remote", "--json").summary()
        #expect(first["garbage"]?["condemned"]?.int == 1)
        #expect(first["garbage"]?["bytesWaiting"]?.int == 6)
        let second = try await sandbox.run("gc", "remote", machine: "other")
        #expect(second.output.contains("removed 0 objects"))
        #expect(second.output.contains("6 B wait for a run a day later"))
        #expect(try objects().count == 3)
    }

    @Test func verifyTakesAFolderOrARemote() async throws {
        #expect(try await sandbox.run("verify", "slp").output.hasPrefix("verified 2 files of 2"))
        #expect(try await sandbox.run("verify", "remote").output.hasPrefix("2 objects needed at the remote: 0 missing"))
        #expect(try await sandbox.run("verify", "slp", "--deep").status == 64)
        #expect(try await sandbox.run("verify", "remote", "--sample", "5%").status == 64)
        #expect(try await sandbox.run("verify", "slp", "--sample", "0").status == 64)
        #expect(try await sandbox.run("verify", "slp", "--sample", "50%").output.hasPrefix("verified 1 file of 1"))
        #expect(try await sandbox.run("gc", "nowhere").status == 5)
    }

    @Test func whatAnotherProgramRemovedIsNoticedNamedAndPutBack() async throws {
        try Tree.remove(sandbox("remote/objects"))
        let found = try await sandbox.run("verify", "remote")
        #expect(found.status == 4)
        #expect(found.errors.contains("is missing; needed by replays/a.slp"))
        let elsewhere = try await sandbox.run("fetch", "remote", "pod", machine: "pod")
        #expect(elsewhere.status == 4)
        let told = try await sandbox.run("push", "slp", "remote", "--heal", "--dry-run")
        #expect(told.status == 0)
        #expect(told.errors.contains("all of it would be stored again"))
        #expect(told.output.contains("2 files would be stored again"))
        #expect(try await sandbox.run("verify", "remote").status == 4)
        let healed = try await sandbox.run("push", "slp", "remote", "--heal")
        #expect(healed.status == 0)
        #expect(healed.errors.contains("2 objects of this repository are missing at"))
        #expect(healed.output.contains("2 files stored again"))
        #expect(try await sandbox.run("verify", "remote", "--deep").status == 0)
        #expect(try await sandbox.run("fetch", "remote", "pod", machine: "pod").status == 0)
    }
}
