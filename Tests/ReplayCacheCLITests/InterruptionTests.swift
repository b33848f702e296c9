import ReplayCacheTestSupport
import Subprocess
import Testing

/// A push may be stopped anywhere, and two may run at once.
@Suite(.timeLimit(.minutes(2)))
struct InterruptionTests {
    let sandbox: CommandLineSandbox

    init() throws { sandbox = try CommandLineSandbox() }

    @Test(arguments: [1, 20, 150])
    func aPushKilledAfterSomeObjectsIsCompletedByTheNext(_ objects: Int) async throws {
        try await sandbox.writeLibrary(count: 200, frames: 60)
        try await expectNextPushCompletes(remote: try await stopPush(.kill, after: objects, status: 137))
    }

    @Test func anInterruptedPushSaysSoAndIsCompletedByTheNext() async throws {
        try await sandbox.writeLibrary(count: 300, frames: 60)
        try await expectNextPushCompletes(remote: try await stopPush(.interrupt, after: 1, status: 130))
    }

    @Test func aStatementThatTakesForEverIsInterrupted() async throws {
        let sandbox = sandbox
        let sql = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
        let status = try await sandbox.run(
            ["sql", sql],
            until: { sandbox.files("laptop-home").contains("catalog.sqlite") },
            .interrupt
        )
        #expect(status == 130)
    }

    @Test func aFetchKilledAtAnyTimeLeavesOnlyWholeFiles() async throws {
        try await sandbox.writeLibrary(count: 200, frames: 60)
        try await sandbox.run("push", "slp", "remote")
        let sandbox = sandbox
        _ = try await sandbox.run(["fetch", "remote", "pod"], until: { !sandbox.files("pod").isEmpty }, .kill)
        for name in sandbox.files("pod") where name.hasSuffix(".slp") {
            #expect(try sandbox.read("pod/\(name)") == sandbox.read("slp/\(name)"))
        }
        #expect(try await sandbox.run("fetch", "remote", "pod").status == 0)
        #expect(try sandbox.isSameTree("slp", "pod"))
    }

    @Test func twoPushesAtOnceBothArrive() async throws {
        try await sandbox.writeLibrary("one", count: 40, frames: 60)
        for number in 0..<40 { try sandbox.write("two/\(number).txt", "file \(number)") }
        try sandbox.write("first/a.txt", "made the repository")
        try await sandbox.run("push", "first", "remote", "--into", "replays/first")
        async let one = sandbox.run("push", "one", "remote", "--into", "replays/one")
        async let two = sandbox.run("push", "two", "remote", "--into", "replays/two")
        let (first, second) = try await (one, two)
        #expect(first.status == 0, "\(first.errors)")
        #expect(second.status == 0, "\(second.errors)")
        #expect(try await sandbox.run("fetch", "remote", "pod", machine: "pod").status == 0)
        #expect(try sandbox.isSameTree("one", "pod/one"))
        #expect(try sandbox.isSameTree("two", "pod/two"))
    }

    /// Stops a push by a signal, and returns the remote.
    ///
    /// On a busy machine a push may be done before the signal comes: then another one is tried, to another place.
    private func stopPush(_ signal: Signal, after objects: Int, status expected: Int) async throws -> String {
        let sandbox = sandbox
        for attempt in 0..<50 {
            let remote = "remote\(attempt)"
            let status = try await sandbox.run(
                ["push", "slp", remote],
                until: { sandbox.files("\(remote)/objects").count >= objects },
                signal
            )
            if status == expected { return remote }
            try #require(status == nil || status == 0)
        }
        throw PushWasTooQuick()
    }

    private struct PushWasTooQuick: Error {}

    /// Nothing that was sent before is sent again, and nothing is missing.
    private func expectNextPushCompletes(remote: String) async throws {
        let summary = try await sandbox.run("push", "slp", remote, "--json").summary()
        #expect(summary["event"] == .string("summary"))
        #expect(try await sandbox.run("fetch", remote, "pod", machine: "pod").status == 0)
        #expect(try sandbox.isSameTree("slp", "pod"))
    }
}
