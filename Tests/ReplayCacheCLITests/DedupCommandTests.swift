import ReplayCache
import ReplayCacheTestSupport
import Testing

/// `replaycache dedup` as people and scripts use it.
struct DedupCommandTests {
    private let sandbox: CommandLineSandbox

    init() throws { sandbox = try CommandLineSandbox(below: Scratch.memory) }

    @Test func groupsAreReadable() async throws {
        try sandbox.writeTwins("slp")
        try sandbox.write("slp/a.bin", "same")
        try sandbox.write("slp/b.bin", "same")
        let result = try await sandbox.run("dedup", "slp")
        #expect(result.status == 0, "\(result.errors)")
        for text in [
            "2 x 4 B, 4 B wasted (hard links save 4 B)", "2 recordings", "same events, other metadata",
            "same game, by its match id", "keep ", "1 superfluous copy of 1 file, 4 B wasted; --apply link saves 4 B",
            "1 recording with the events of another one", "1 recording of a game that another one has",
        ] {
            #expect(result.output.contains(text), "\(text) in \(result.output)")
        }
        #expect(try await sandbox.run("dedup", "slp", "--path", "nothing").output == "no duplicates\n")
    }

    @Test func pathsAreThoseThatAreNotKept() async throws {
        try sandbox.writeTwins("slp")
        try sandbox.write("slp/odd\nname", "same")
        try sandbox.write("slp/a.bin", "same")
        let all = try await sandbox.run("dedup", "slp", "--format", "paths", "-0")
        let paths = all.outputBytes.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
        #expect(paths.count == 3)
        #expect(paths.first == sandbox("slp/odd\nname"))
        #expect(all.errors.isEmpty)
        // What is left has nothing superfluous.
        for path in paths { try Tree.remove(path) }
        #expect(try await sandbox.run("dedup", "slp", "--format", "paths").output.isEmpty)
        #expect(sandbox.files("slp").count == 2)
    }

    @Test func csvIsReadByOthers() async throws {
        try sandbox.writeTwins("slp")
        try sandbox.write("slp/a \"quoted\", name\n.bin", "same")
        try sandbox.write("slp/b.bin", "same")
        try await sandbox.run("scan", "slp")
        let script = """
            set -e
            replaycache dedup --format csv > groups.csv
            python3 -c 'import csv
            for r in csv.DictReader(open("groups.csv", newline="")):
                print(r["group"], r["rule"], r["keep"], repr(r["path"].split("/slp/")[1]), r["frames"], r["complete"])'
            """
        let result = try await sandbox.shell(script)
        #expect(result.errors.isEmpty)
        #expect(
            result.output.split(separator: "\n") == [
                "1 content 1 'a \"quoted\", name\\n.bin'  ", "1 content 0 'b.bin'  ",
                "2 events 1 'stamped.slp' 130 1", "2 events 0 'theirs.slp' 130 1", "3 matchId 1 'mine.slp' 130 1",
                "3 matchId 0 'stamped.slp' 130 1",
            ]
        )
    }

    @Test(arguments: [
        ["dedup", "--apply", "link"], ["dedup", "slp", "--remote", "remote"], ["dedup", "slp", "--dry-run"],
        ["dedup", "slp", "-0"], ["dedup", "slp", "--apply", "link", "--format", "csv"],
        ["dedup", "--remote", "remote", "--apply", "link"], ["dedup", "slp", "--prefer", "best"],
    ])
    func whatMakesNoSenseIsRefused(_ arguments: [String]) async throws {
        let result = try await sandbox.run(try sandbox.configuration(arguments))
        #expect(result.status == 64)
        #expect(result.output.isEmpty)
    }

    @Test func applyingTellsWhatWasSaved() async throws {
        for name in ["a", "b", "c"] { try sandbox.write("slp/\(name).bin", "same") }
        let plan = try await sandbox.run("dedup", "slp", "--apply", "link", "--dry-run")
        #expect(plan.output.contains("8 B would be saved"))
        #expect(plan.errors.contains("would link: b.bin -> a.bin"))
        let result = try await sandbox.run("dedup", "slp", "--apply", "link")
        #expect(result.status == 0)
        #expect(result.output.contains("looked at 3 files: 8 B saved"))
        #expect(result.output.contains("2 files became names of another, read-only"))
        #expect(result.errors.contains("read-only"))
        #expect(try await sandbox.run("dedup", "slp").output == "no duplicates\n")
    }

    @Test(.enabled(if: Surroundings.isRoot && Program.exist("unshare", "mount"), "mounts a folder read-only"))
    func aFolderThatCannotBeWrittenToIsToldAndTheOthersAreLinked() async throws {
        for name in ["a.bin", "locked/b.bin", "c.bin"] { try sandbox.write("slp/\(name)", "same") }
        try await sandbox.run("scan", "slp")
        let script = """
            mount --bind slp/locked slp/locked && mount -o remount,ro,bind slp/locked || exit 77
            replaycache dedup slp --apply link
            """
        let result = try await sandbox.shell("unshare -m bash -c '\(script)'")
        guard result.status != 77 else { return }
        #expect(result.status == 3)
        #expect(result.errors.contains("failed: locked/b.bin"))
        let inodes = try ["a.bin", "c.bin"].map { try Tree.status(sandbox("slp/\($0)")).inode }
        #expect(inodes[0] == inodes[1])
        #expect(try sandbox.read("slp/locked/b.bin") == Array("same".utf8))
    }
}

/// Faults in front of each operation of `dedup --apply link`: every path keeps its bytes, and the next run completes.
@Suite(.enabled(if: FaultyDisk.isAvailable, "needs a C compiler"), .timeLimit(.minutes(10)))
struct DedupFaultTests {
    private static let names = ["a.bin", "b/b.bin", "b/c.bin", "d.bin"]
    private static let content = SampleBytes.random(5000, seed: 3)
    private static let runs = FaultSettings.number("REPLAYCACHE_FAULT_RUNS") ?? 12

    struct Strike: Sendable, CustomTestStringConvertible {
        let fault: FaultyDisk.Fault
        var loss = FaultyDisk.Loss.data
        var testDescription: String { fault == .loss ? "loss of \(loss)" : fault.rawValue }
    }

    // Not with a loss of names: that takes a file together with the one that was renamed over it, of which a journal keeps one.
    @Test(arguments: [Strike(fault: .full), Strike(fault: .error), Strike(fault: .kill), Strike(fault: .loss)])
    func everyPathKeepsItsBytes(_ strike: Strike) async throws {
        let sandbox = try CommandLineSandbox(below: Scratch.memory)
        let disk = try await FaultyDisk(sandbox("disk"), folders: [sandbox("laptop-home"), sandbox("slp")])
        func prepare() async throws {
            for folder in ["slp", "laptop-home"] where Tree.exists(sandbox(folder)) { try Tree.remove(sandbox(folder)) }
            for name in Self.names { try sandbox.write("slp/\(name)", Self.content) }
            try await sandbox.run("scan", "slp")
            try disk.forget()
        }
        func run(at nth: Int) async throws -> CommandLineResult {
            let environment = disk.environment(strike.fault, at: nth, loss: strike.loss)
            return try await sandbox.run("dedup", "slp", "--apply", "link", environment: environment)
        }
        try await prepare()
        #expect(try await run(at: 0).status == 0)
        let step = max(1, try disk.operations / Self.runs)
        var nth = 1
        while true {
            try await prepare()
            let result = try await run(at: nth)
            guard try disk.strikes > 0 else { break }
            #expect([0, 3, 8, 137].contains(result.status), "\(strike) at \(nth): \(result.errors)")
            for name in Self.names { #expect(try sandbox.read("slp/\(name)") == Self.content, "\(strike) at \(nth)") }
            let again = try await sandbox.run("dedup", "slp", "--apply", "link")
            #expect(again.status == 0, "after \(strike) at \(nth): \(again.errors)")
            #expect(sandbox.files("slp") == Self.names.sorted(), "after \(strike) at \(nth)")
            let inodes = try Set(Self.names.map { try Tree.status(sandbox("slp/\($0)")).inode })
            #expect(inodes.count == 1)
            nth += step
        }
        #expect(nth > 1)
    }
}
