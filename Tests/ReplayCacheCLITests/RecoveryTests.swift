import FoundationEssentials
import ReplayCache
import ReplayCacheTestSupport
import Testing

/// The shell script of `docs/format.md` restores a repository without the program.
@Suite(.enabled(if: hasTools, "needs zstd, jq, sqlite3 and sha256sum"))
struct RecoveryTests {
    @Test func aShellRestoresTheNewestStateOfEveryPath() async throws {
        let sandbox = try CommandLineSandbox()
        try await sandbox.writeLibrary(count: 6)
        try sandbox.write("slp/changed.slp", "before")
        try await sandbox.run("push", "slp", "remote")
        try sandbox.write("slp/changed.slp", "after")
        #expect(try await sandbox.shell("mkdir slp/new && mv slp/*/Game_*00*.slp slp/new").status == 0)
        try await sandbox.run("push", "slp", "remote")
        try sandbox.write("model.pkl", [UInt8](repeating: 7, count: 33 << 20))
        try await sandbox.run("checkpoint", "push", "model.pkl", "--run", "fox", "--remote", "remote")

        try sandbox.write("restore.sh", try Self.script())
        let result = try await sandbox.shell("sh restore.sh remote out")
        #expect(result.status == 0, "\(result.errors)")
        #expect(try sandbox.isSameTree("slp", "out/replays"))
        #expect(try sandbox.read("out/checkpoints/fox/model.pkl") == sandbox.read("model.pkl"))

        // The same from a base and the segments after it.
        let laptop = try await Laptop(home: sandbox("compacting"), folder: sandbox("slp"))
        try await laptop.repository(at: Place(sandbox("remote"))).compact()
        #expect(try await sandbox.shell("cd remote/log && rm $(ls | sort | head -n -1)").status == 0)
        try sandbox.write("slp/changed.slp", "after that")
        try await sandbox.run("push", "slp", "remote")
        let again = try await sandbox.shell("sh restore.sh remote again")
        #expect(again.status == 0, "\(again.errors)")
        #expect(try sandbox.isSameTree("slp", "again/replays"))
        #expect(try sandbox.read("again/checkpoints/fox/model.pkl") == sandbox.read("model.pkl"))
    }

    private static func script() throws -> String {
        let page = URL(filePath: "\(CommandLineSandbox.checkout)/docs/format.md")
        let text = String(decoding: try Data(contentsOf: page), as: UTF8.self)
        let block = try #require(text.split(separator: "```sh\n").dropFirst().first)
        return String(try #require(block.split(separator: "```").first))
    }
}

private let hasTools = ["zstd", "jq", "sqlite3", "sha256sum"].allSatisfy {
    FileManager.default.fileExists(atPath: "/usr/bin/\($0)")
}
