import ReplayCacheTestSupport
import Testing

/// From a laptop to a remote to a pod, as a user does it.
struct MainJobTests {
    let sandbox: CommandLineSandbox

    init() throws { sandbox = try CommandLineSandbox() }

    @Test func aPodReceivesExactlyTheMewtwoGames() async throws {
        try await sandbox.writeLibrary()
        let push = try await sandbox.run("push", "slp", "remote")
        #expect(push.status == 0)
        #expect(push.output.hasPrefix("pushed 20 files: "))
        #expect(push.errors == "created a repository at \(sandbox("remote"))\n")

        let fetch = try await sandbox.run("fetch", "remote", "pod", "--character", "mewtwo", machine: "pod")
        #expect(fetch.status == 0)
        let wanted = try await sandbox.run("query", "--character", "Mewtwo", "--format", "paths")
        #expect(!wanted.lines.isEmpty)
        #expect(sandbox.files("pod").map { "replays/\($0)" } == wanted.lines)
        let known = try await sandbox.run("query", "--local", "--count", machine: "pod")
        #expect(known.lines == ["\(wanted.lines.count)"])
        for name in sandbox.files("pod") {
            #expect(try sandbox.read("pod/\(name)") == sandbox.read("slp/\(name)"))
        }
    }

    @Test func aSecondPushMovesNothingAndAsksOnce() async throws {
        try await sandbox.writeLibrary()
        try await sandbox.run("push", "slp", "remote")
        let stored = sandbox.files("remote")
        let again = try await sandbox.run("push", "slp", "remote", "--json")
        let summary = try again.summary()
        #expect(summary["bytesUploaded"]?.int == 0)
        #expect(summary["entriesAdded"]?.int == 0)
        #expect(summary["requests"]?.object?.values.compactMap(\.int).reduce(0, +) == 1)
        #expect(sandbox.files("remote") == stored)
    }

    @Test func renamedAndRefiledReplaysMoveNoObjects() async throws {
        try await sandbox.writeLibrary(count: 5)
        try await sandbox.run("push", "slp", "remote")
        #expect(try await sandbox.shell("mkdir new && mv slp new/2023 && mv new slp").status == 0)
        let summary = try await sandbox.run("push", "slp", "remote", "--json").summary()
        #expect(summary["objectsUploaded"]?.int == 0)
        #expect(summary["entriesAdded"]?.int == summary["entriesRemoved"]?.int)
        try await sandbox.run("fetch", "remote", "pod", machine: "pod")
        #expect(try sandbox.isSameTree("slp", "pod"))
    }

    @Test func dedupNamesEachCopy() async throws {
        try sandbox.write("slp/a.slp", "the same")
        try sandbox.write("slp/b/c.slp", "the same")
        try sandbox.write("slp/other.slp", "different")
        let text = try await sandbox.run("dedup", "slp")
        #expect(text.status == 0)
        #expect(text.lines.dropFirst() == ["  \(sandbox("slp/a.slp"))", "  \(sandbox("slp/b/c.slp"))", text.lines[3]])
        let group = try #require(try await sandbox.run("dedup", "slp", "--json").json().first)
        #expect(group["paths"]?.array?.count == 2)
        #expect(group["bytesWasted"]?.int == 8)
    }

    @Test func statusTellsBothDirections() async throws {
        try sandbox.write("laptop/a.slp", "one")
        try await sandbox.run("push", "laptop", "remote")
        try sandbox.write("laptop/b.slp", "two")
        try await sandbox.run("push", "laptop", "remote")
        try sandbox.write("pod/c.slp", "three")
        let plan = try await sandbox.run("status", "pod", "remote", "--json", machine: "pod").summary()["plan"]
        #expect(plan?["pushFiles"]?.int == 1)
        #expect(plan?["fetchFiles"]?.int == 2)
        #expect(sandbox.files("pod") == ["c.slp"])
    }

    @Test func checkpointsShareTheirPartsAndComeBackByMetric() async throws {
        var weights = [UInt8](repeating: 0, count: 40 << 20)
        var state: UInt64 = 1
        for index in stride(from: 0, to: weights.count, by: 4096) {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            weights[index] = UInt8(truncatingIfNeeded: state >> 56)
        }
        try sandbox.write("run/weights.bin", weights)
        let first = try await pushCheckpoint(step: 1, loss: 0.4)
        #expect(first["objectsUploaded"]?.int == 3)
        weights[20 << 20] ^= 1
        try sandbox.write("run/weights.bin", weights)
        let second = try await pushCheckpoint(step: 2, loss: 0.5)
        #expect(second["objectsUploaded"]?.int == 1)

        let log = try await sandbox.run("checkpoint", "log", "fox", "--remote", "remote", "--json").json()
        #expect(log.dropLast().map { $0["step"]?.int } == [2, 1])
        let best = try await sandbox.run(
            "checkpoint",
            "fetch",
            "fox@best:val_loss",
            "-o",
            "best",
            "--remote",
            "remote",
            machine: "pod"
        )
        #expect(best.status == 0)
        weights[20 << 20] ^= 1
        #expect(try sandbox.read("best/weights.bin") == weights)
    }

    private func pushCheckpoint(step: Int, loss: Double) async throws -> JSONValue {
        try await sandbox.run(
            "checkpoint",
            "push",
            "run",
            "--run",
            "fox",
            "--step",
            "\(step)",
            "--metric",
            "val_loss=\(loss)",
            "--remote",
            "remote",
            "--json"
        ).summary()
    }
}
