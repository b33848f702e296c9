import ReplayCacheTestSupport
import Testing

/// What goes to which stream, and what must never reach a terminal.
struct OutputTests {
    let sandbox: CommandLineSandbox

    init() throws { sandbox = try CommandLineSandbox() }

    @Test func aReaderThatLeavesEndsTheCommandQuietly() async throws {
        for number in 0..<2_000 { try sandbox.write("slp/\(number).txt", "\(number)") }
        try await sandbox.run("push", "slp", "remote")
        let result = try await sandbox.shell("set -o pipefail; replaycache ls remote | head -n 1")
        #expect(result.status == 0)
        #expect(result.lines == ["replays/0.txt"])
        #expect(result.errors.isEmpty)
    }

    /// A file that gets the number of a closed stream would be written into.
    @Test func closedStreamsStayClosed() async throws {
        try sandbox.write("slp/a.slp", "x")
        try await sandbox.run("push", "slp", "remote")
        for closed in [">&-", "<&- >&-"] {
            let result = try await sandbox.shell("replaycache ls remote \(closed)")
            #expect(result.status == 8)
            #expect(result.errors.contains("cannot write to standard output: Bad file descriptor"))
        }
        for closed in ["2>&-", "<&- 2>&-"] {
            let result = try await sandbox.shell("replaycache push slp remote --verbose \(closed)")
            #expect(result.status == 0)
            #expect(result.lines.count == 1)
        }
        #expect(try await sandbox.shell("replaycache push slp remote <&- >&- 2>&-").status == 8)
        #expect(try await sandbox.run("ls", "remote").lines == ["replays/a.slp"])
    }

    @Test func namesCannotActOnATerminal() async throws {
        let name = "evil\u{1B}[2J\u{202E}\n.slp"
        try sandbox.write("slp/\(name)", "x")
        let push = try await sandbox.run("push", "slp", "remote", "--verbose")
        let listing = try await sandbox.run("ls", "remote")
        #expect(listing.lines == [#"replays/evil\u{1b}[2J\u{202e}\u{a}.slp"#])
        let fetch = try await sandbox.run("fetch", "remote", "pod", "--verbose", machine: "pod")
        #expect(fetch.errors.contains(#"placed: evil\u{1b}"#))
        #expect(sandbox.files("pod") == [name])
        for text in [push.errors, push.output, listing.output, fetch.errors, fetch.output] {
            #expect(!text.unicodeScalars.contains { "\u{1B}\u{202E}".unicodeScalars.contains($0) })
        }
    }

    @Test func quietPrintsNothingWhenAllIsWell() async throws {
        try sandbox.write("slp/a.slp", "x")
        let result = try await sandbox.run("push", "slp", "remote", "--quiet")
        #expect(result.status == 0)
        #expect(result.output.isEmpty)
        #expect(result.errors.isEmpty)
    }

    @Test(arguments: ["scan", "push"])
    func linksThatWerePassedOverAreCounted(_ command: String) async throws {
        try sandbox.write("slp/a.slp", "x")
        _ = try await sandbox.shell("ln -s a.slp slp/b.slp; ln -s . slp/c")
        let arguments = [command, "slp"] + (command == "push" ? ["remote"] : [])
        let result = try await sandbox.run(try sandbox.configuration(arguments))
        #expect(result.errors.contains("2 symbolic links passed over"))
        let summary = try await sandbox.run(try sandbox.configuration(arguments + ["--json"])).json().last
        #expect(summary?["linksSkipped"]?.int == 2)
        let followed = try await sandbox.run(try sandbox.configuration(arguments + ["--follow"]))
        #expect(!followed.errors.contains("passed over"))
    }

    @Test func theRemoteMayComeFromTheEnvironment() async throws {
        try sandbox.write("slp/a.slp", "x")
        let environment = ["REPLAYCACHE_REMOTE": "remote"]
        #expect(try await sandbox.run("push", "slp", environment: environment).status == 0)
        #expect(try await sandbox.run("ls", environment: environment).lines == ["replays/a.slp"])
        #expect(try await sandbox.run("fetch", "pod", machine: "pod", environment: environment).status == 0)
        #expect(try sandbox.isSameTree("slp", "pod"))
        let without = try await sandbox.run("ls")
        #expect(without.status == 5)
        #expect(without.errors.contains("set REPLAYCACHE_REMOTE"))
    }

    @Test func aDryRunChangesNothing() async throws {
        try sandbox.write("slp/a.slp", "x")
        let push = try await sandbox.run("push", "slp", "remote", "--dry-run")
        #expect(push.output.hasPrefix("would push 1 file"))
        #expect(sandbox.files("remote").isEmpty)
        try await sandbox.run("push", "slp", "remote")
        let fetch = try await sandbox.run("fetch", "remote", "pod", "--dry-run", machine: "pod")
        #expect(fetch.output.hasPrefix("would fetch 1 file"))
        #expect(sandbox.files("pod").isEmpty)
    }

    @Test func versionIsANumber() async throws {
        let result = try await sandbox.run("--version")
        #expect(result.output.wholeMatch(of: /\d+\.\d+\.\d+\n/) != nil)
    }
}
