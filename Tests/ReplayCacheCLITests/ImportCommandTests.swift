import ReplayCacheTestSupport
import Subprocess
import Testing

/// `import` as it is typed, and killed.
struct ImportCommandTests {
    let sandbox: CommandLineSandbox

    init() throws { sandbox = try CommandLineSandbox() }

    @Test func anImportTellsWhatItTookAndWhatNot() async throws {
        try await sandbox.writeLibrary(count: 5)
        try sandbox.write("slp/junk.slp", "junk")
        let first = try await sandbox.run("import", "slp", "remote")
        #expect(first.status == 0, "\(first.errors)")
        #expect(first.output.hasPrefix("imported 6 files: "))
        #expect(first.output.contains("1 file unreadable in part"))
        #expect(first.errors.contains("unreadable: replays/junk.slp: not a Slippi replay"))
        #expect(try await sandbox.run("import", "slp", "remote").output.contains("6 files already there"))
        try await sandbox.run("fetch", "remote", "pod", machine: "pod")
        #expect(try sandbox.isSameTree("slp", "pod"))
    }

    @Test func whatIsRefusedDecidesTheExitStatus() async throws {
        try sandbox.write("broken.zip", "PK\u{3}\u{4}, and then nothing")
        let damaged = try await sandbox.run("import", "broken.zip", "remote")
        #expect(damaged.status == 4)
        #expect(damaged.errors.contains("refused: broken.zip"))
        try sandbox.write("a/x.slp", "one")
        try sandbox.write("b/x.slp", "two")
        #expect(try await sandbox.run("import", "a", "remote").status == 0)
        let other = try await sandbox.run("import", "b", "remote")
        #expect(other.status == 3)
        #expect(other.errors.contains("refused: replays/x.slp holds another content"))
        #expect(try await sandbox.run("import", "nowhere", "remote").status == 64)
        #expect(try await sandbox.run("import", "a", "remote", "--into", "checkpoints/x").status == 64)
    }

    /// What was stored is not stored again, and nothing is there twice or by halves.
    @Test(.enabled(if: Program.exist("python3")))
    func aKilledImportContinues() async throws {
        try await sandbox.writeLibrary(count: 60, frames: 600)
        let zipping = "import shutil; shutil.make_archive('\(sandbox("dump"))', 'zip', '\(sandbox("slp"))')"
        try #require(try await Program.run("python3", ["-c", zipping]).code == 0)
        for count in [3, 20, 40] {
            _ = try await sandbox.run(
                ["import", "dump.zip", "remote"],
                until: { [sandbox] in sandbox.files("remote/objects").count >= count },
                .kill
            )
        }
        let before = Set(sandbox.files("remote/objects"))
        let last = try await sandbox.run("import", "dump.zip", "remote")
        #expect(last.status == 0, "\(last.errors)")
        #expect(before.isSubset(of: sandbox.files("remote/objects")))
        #expect(try await sandbox.run("verify", "remote", "--deep").status == 0)
        try await sandbox.run("fetch", "remote", "pod", machine: "pod")
        #expect(try sandbox.isSameTree("slp", "pod"))
    }
}
