import ReplayCache
import ReplayCacheTestSupport
import Testing

/// Commands beside plain pushes and fetches, killed in front of some of their operations on the disk: the next run of the
/// same command ends as if nothing had happened.
@Suite(.enabled(if: FaultyDisk.isAvailable, "needs a C compiler"), .timeLimit(.minutes(60)))
struct KilledJobTests {
    /// How many operations are tried, evenly spread.
    private static let runs = FaultSettings.number("REPLAYCACHE_FAULT_RUNS") ?? 6

    enum Job: String, CaseIterable, CustomTestStringConvertible {
        case pushDelete, fetchDelete, remove, restore, copy, collect, compact
        var testDescription: String { rawValue }
    }

    @Test(arguments: Job.allCases)
    func theNextRunOfTheSameCommandCompletesIt(_ job: Job) async throws {
        let bench = try await KilledJob(job)
        let expected = try await bench.outcomeInPeace()
        let count = try await bench.operationCount()
        #expect(count > 3)
        for nth in stride(from: 1, through: count, by: max(1, count / Self.runs)) {
            let comment = "a kill in front of operation \(nth) of \(count) of \(job)"
            try await bench.startAgain()
            let killed = try await bench.run(at: nth)
            // How many there are differs a little from run to run.
            #expect(killed.status == (try bench.disk.strikes > 0 ? 137 : 0), "\(comment): \(killed.errors)")
            #expect(try await bench.outcome().problems.isEmpty, "\(comment)")
            let again = try await bench.run()
            // What a killed run removed is named again in vain.
            let isRemoved = job == .remove && again.status == 64 && again.errors.contains("nothing is at")
            #expect(again.status == 0 || isRemoved, "after \(comment): \(again.errors)")
            #expect(try await bench.outcome() == expected, "after \(comment)")
        }
    }
}

/// One command with the state that it begins with.
final class KilledJob {
    /// What a command leaves.
    struct Outcome: Equatable {
        var problems: [String] = []
        var entries: [String: Digest] = [:]
        var copied: [String: Digest] = [:]
        var objects: [String] = []
        var files: [String: Digest] = [:]
        var hasBase = false
    }

    let disk: FaultyDisk
    private let job: KilledJobTests.Job
    private let sandbox: CommandLineSandbox
    private let scratch: Scratch
    private let depot: Depot
    private let arguments: [String]

    /// What a command may change.
    private static let folders = ["laptop-home", "pod", "target"]

    init(_ job: KilledJobTests.Job) async throws {
        self.job = job
        sandbox = try CommandLineSandbox(below: Scratch.memory)
        scratch = try Scratch(below: Scratch.memory)
        depot = try await Depot(.directory, in: scratch)
        let remote = depot.place.directory
        let written = Self.folders.map { [sandbox] in sandbox($0) } + [remote]
        disk = try await FaultyDisk(sandbox("disk"), folders: written)
        arguments =
            switch job {
            case .pushDelete: ["push", "slp", remote, "--delete", "--max-delete", "9"]
            case .fetchDelete: ["fetch", remote, "pod", "--delete", "--max-delete", "9"]
            case .remove: ["rm", remote, "-r", "replays/1", "--max-delete", "9"]
            case .restore: ["restore", "-r", "replays", remote]
            case .copy: ["copy", remote, "target"]
            case .collect: ["gc", remote, "--yes"]
            case .compact: ["push", "slp", remote]
            }
        try await prepare(remote)
        _ = try await sandbox.shell("mkdir -p laptop-home pod target kept && cp -a \(list) kept && rmdir target")
    }

    private var list: String { (Self.folders + [depot.place.directory]).joined(separator: " ") }

    private func prepare(_ remote: String) async throws {
        if job == .collect || job == .compact { try await prepareOldRepository() }
        for number in 0..<9 {
            try sandbox.write("slp/\(number % 3)/\(number).slp", SampleBytes.random(3000, seed: UInt64(number)))
        }
        if job == .compact { return }
        try await must("push", "slp", remote)
        if job == .fetchDelete { try await must("fetch", remote, "pod") }
        for name in ["1/1", "2/2"] { try Tree.remove(sandbox("slp/\(name).slp")) }
        try sandbox.write("slp/new.slp", SampleBytes.random(3000, seed: 100))
        switch job {
        case .fetchDelete: try await must("push", "slp", remote, "--delete", "--max-delete", "9")
        case .restore: try await must("rm", remote, "-r", "replays/0", "--max-delete", "9")
        default: break
        }
    }

    /// With something to condemn and something to remove; or with a log that is long enough to be compacted.
    private func prepareOldRepository() async throws {
        let ghosts = (0..<6).map { SampleBytes.random(2000, seed: UInt64(1000 + $0)) }
        _ = try depot.plantOldRepository(ghosts: ghosts, living: [SampleBytes.random(2000, seed: 2000)])
        if job == .collect {
            try await must("gc", depot.place.directory, "--yes")
            try await depot.ageLists(hours: 25)
            for seed in 0..<4 {
                _ = try depot.plantObject(SampleBytes.random(500, seed: UInt64(3000 + seed)), hoursAgo: 8 * 24)
            }
        } else {
            let digest = try Digest.of(SampleBytes.random(2000, seed: 2000))
            for number in 0..<260 {
                let put = Operation.Put(
                    path: "replays/long/\(number).slp",
                    sha256: digest,
                    was: nil,
                    size: 2000,
                    mtime: 0
                )
                try depot.plantSegment([.put(put)], hoursAgo: 30 * 24 - number)
            }
        }
    }

    private func must(_ arguments: String...) async throws {
        let result = try await sandbox.run(try sandbox.configuration(arguments))
        try #require(result.status == 0, "\(arguments): \(result.errors)")
    }

    // MARK: Running

    /// The state that the command begins with.
    func startAgain() async throws {
        let remote = depot.place.directory
        let name = remote.split(separator: "/").last ?? ""
        let result = try await sandbox.shell(
            "rm -rf \(list) && cp -a kept/laptop-home kept/pod . && cp -a kept/\(name) \(remote)"
        )
        try #require(result.status == 0, "\(result.errors)")
    }

    /// Runs the command, killed in front of an operation; with nil in peace.
    func run(at nth: Int? = nil) async throws -> CommandLineResult {
        try disk.forget()
        return try await sandbox.run(
            sandbox.configuration(arguments, environment: nth.map { disk.environment(.kill, at: $0) } ?? [:])
        )
    }

    func operationCount() async throws -> Int {
        try await startAgain()
        try disk.forget()
        let result = try await sandbox.run(sandbox.configuration(arguments, environment: disk.environment(.kill)))
        try #require(result.status == 0, "\(result.errors)")
        return try disk.operations
    }

    func outcomeInPeace() async throws -> Outcome {
        try await startAgain()
        let result = try await run()
        try #require(result.status == 0, "\(result.errors)")
        return try await outcome()
    }

    func outcome() async throws -> Outcome {
        var outcome = Outcome()
        let audit = try await PlaceAudit(of: depot.remote())
        outcome.problems = audit.problems
        outcome.entries = audit.entries
        outcome.objects = audit.objects.sorted()
        outcome.hasBase = try !depot.keys("base/").isEmpty
        if Tree.exists(sandbox("target")) {
            let copy = try await PlaceAudit(of: DirectoryRemote(path: sandbox("target")))
            outcome.problems += copy.problems
            outcome.copied = copy.entries
        }
        for name in sandbox.files("pod") where !name.contains(".replaycache-") {
            outcome.files[name] = try Digest.of(sandbox.read("pod/\(name)"))
        }
        return outcome
    }
}
