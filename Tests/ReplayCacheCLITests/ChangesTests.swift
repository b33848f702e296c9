import ReplayCacheTestSupport
import Subprocess
import Testing

/// Removing, looking back, bringing back and copying, as a user types it.
struct ChangesTests {
    private let sandbox: CommandLineSandbox

    init() async throws {
        sandbox = try CommandLineSandbox()
        for number in 0..<10 { try sandbox.write("slp/\(number % 2)/\(number).slp", "game \(number)") }
        try await sandbox.run("push", "slp", "remote")
    }

    private func entries() async throws -> [String] {
        try await sandbox.run("ls", "remote").output.split(separator: "\n").map(String.init)
    }

    @Test func whatAPushRemovedIsUndoneByTheCommandThatItPrints() async throws {
        try await sandbox.run("fetch", "remote", "before")
        _ = try await sandbox.shell("rm slp/0/0.slp slp/1/1.slp")
        let counted = try await sandbox.run("push", "slp", "remote")
        #expect(counted.output.contains("2 files gone here; their entries stand, --delete removes them"))
        let plan = try await sandbox.run("push", "slp", "remote", "--delete", "--max-delete", "2", "--dry-run")
        #expect(plan.errors.contains("would remove: replays/0/0.slp\nwould remove: replays/1/1.slp\n"))
        let refused = try await sandbox.run("push", "slp", "remote", "--delete")
        #expect(refused.status == 6)
        #expect(refused.errors.contains("hint: --dry-run names them; if it is meant, repeat with --max-delete 2"))
        #expect(try await entries().count == 10)
        let removed = try await sandbox.run("push", "slp", "remote", "--delete", "--max-delete", "2")
        #expect(removed.status == 0)
        #expect(removed.errors.contains("removed: replays/0/0.slp"))
        #expect(try await entries().count == 8)
        let line = try #require(removed.output.split(separator: "\n").first { $0.contains("to undo: ") })
        let undo = try #require(line.components(after: "to undo: "))
        let undone = try await sandbox.shell("cd \(sandbox.path) && REPLAYCACHE_HOME=\(sandbox("pod-home")) \(undo)")
        #expect(undone.output.hasPrefix("restored 2 entries"))
        try await sandbox.run("fetch", "remote", "after", machine: "pod")
        #expect(try sandbox.isSameTree("before", "after"))
    }

    @Test func fetchRemovesWhatWasDeletedAtTheRemote() async throws {
        try await sandbox.run("fetch", "remote", "pod", machine: "pod")
        try await sandbox.run("rm", "remote", "replays/0/0.slp")
        let left = try await sandbox.run("fetch", "remote", "pod", machine: "pod")
        #expect(left.output.contains("1 file deleted at the remote; the local files were left alone"))
        let fetch = try await sandbox.run("fetch", "remote", "pod", "--delete", machine: "pod")
        #expect(fetch.status == 0)
        #expect(fetch.output.contains("1 file removed here, as they were deleted at the remote"))
        #expect(sandbox.files("pod").count == 9)
    }

    @Test func rmNamesWhatGoesAndHowToUndoIt() async throws {
        let refused = try await sandbox.run("rm", "remote", "-r", "replays/0")
        #expect(refused.status == 6)
        #expect(refused.errors.contains("5 of the 10 entries"))
        let folder = try await sandbox.run("rm", "remote", "replays/0")
        #expect(folder.status == 64)
        let removed = try await sandbox.run("rm", "remote", "-r", "replays/0/", "--max-delete", "5")
        #expect(removed.output.hasPrefix("removed 5 entries"))
        #expect(
            removed.output.contains("to undo: replaycache restore -r replays/0 \(sandbox("remote")) --deleted-since ")
        )
        #expect(removed.errors.split(separator: "\n").count == 5)
        #expect(try await entries().count == 5)
    }

    @Test func historyIsATableAndRestoreTakesAMoment() async throws {
        try sandbox.write("slp/0/0.slp", "changed")
        try await sandbox.run("push", "slp", "remote")
        let history = try await sandbox.run("history", "replays/0/0.slp", "remote")
        let lines = history.output.split(separator: "\n")
        #expect(lines.count == 3)
        #expect(lines[0].hasPrefix("WHEN"))
        #expect(lines[1].contains("replaced") && lines[1].hasSuffix("current"))
        #expect(lines[2].contains("added") && lines[2].contains("restorable, at least until 2"))
        let rows = try await sandbox.run("history", "replays/0/0.slp", "remote", "--json").json()
        let first = try #require(rows.dropLast().last?["at"]?.string)
        let restored = try await sandbox.run("restore", "replays/0/0.slp@\(first)", "remote")
        #expect(restored.output.hasPrefix("restored 1 entry"))
        try await sandbox.run("fetch", "remote", "slp")
        #expect(try sandbox.read("slp/0/0.slp") == Array("game 0".utf8))
    }

    @Test func aCopyTellsWhatItDid() async throws {
        let copy = try await sandbox.run("copy", "remote", "second")
        #expect(copy.status == 0)
        #expect(copy.output.hasPrefix("copied 10 entries: 10 objects"))
        #expect(try await sandbox.run("copy", "remote", "second").output.hasPrefix("copied 0 entries: nothing sent"))
        try await sandbox.run("fetch", "second", "pod", machine: "pod")
        #expect(try sandbox.isSameTree("slp", "pod"))
    }

    @Test func aCopyThatIsKilledIsContinued() async throws {
        for number in 0..<40 {
            try sandbox.write("slp/big/\(number).bin", SampleBytes.random(300_000, seed: UInt64(number)))
        }
        try await sandbox.run("push", "slp", "remote")
        let objects = sandbox("second/objects")
        let status = try await sandbox.run(["copy", "remote", "second"], until: { Tree.exists(objects) }, .kill)
        #expect([nil, 137].contains(status))
        let again = try await sandbox.run("copy", "remote", "second")
        #expect(again.status == 0)
        try await sandbox.run("fetch", "second", "pod", machine: "pod")
        #expect(try sandbox.isSameTree("slp", "pod"))
    }

    @Test func aFolderThatCannotBeReadKeepsEveryEntry() async throws {
        let prepared = try await sandbox.shell("rm slp/0/0.slp && chmod -R a+rwX . && chmod 0 slp/1")
        #expect(prepared.status == 0)
        var configuration = try sandbox.configuration(["push", "slp", "remote", "--delete", "--max-delete", "100"])
        // Tests that run as root ask as somebody who is not.
        configuration.platformOptions.userID = 65_534
        let push = try await sandbox.run(configuration)
        #expect(push.status == 6)
        #expect(push.errors.contains("some folders in \(sandbox("slp")) could not be read"))
        #expect(try await sandbox.shell("chmod 755 slp/1").status == 0)
        #expect(try await entries().count == 10)
    }

    @Test(arguments: [
        ["push", "slp", "remote", "--max-delete", "3"], ["push", "slp", "remote", "--delete", "--max-delete", "-1"],
        ["restore", "replays", "remote", "--deleted-since", "1h"],
        ["restore", "-r", "replays", "remote", "--deleted-since", "yesterday"], ["rm", "remote"],
        ["restore", "replays/none", "remote"], ["history", "replays/none", "remote"], ["copy", "remote", "remote"],
    ])
    func whatMakesNoSenseIsAUsageError(_ command: [String]) async throws {
        #expect(try await sandbox.run(try sandbox.configuration(command)).status == 64)
        #expect(try await entries().count == 10)
    }
}

extension StringProtocol {
    /// What follows a text.
    fileprivate func components(after text: String) -> String? {
        var rest = self[...]
        while !rest.isEmpty {
            if rest.hasPrefix(text) { return String(rest.dropFirst(text.count)) }
            rest = rest.dropFirst()
        }
        return nil
    }
}
