import ReplayCache
import ReplayCacheTestSupport
import Subprocess
import Testing

/// One job of the built command that is struck by faults, and what must hold after each.
///
/// A push goes from `slp`, a fetch into `pod`; what another machine has to do with it, it does in peace.
final class FaultBench {
    enum Job: String, CaseIterable, CustomTestStringConvertible {
        case push, fetch
        var testDescription: String { rawValue }
    }

    let job: Job
    let sandbox: CommandLineSandbox
    /// Where the repository is, as it is written on a command line.
    let remote: String
    /// The bucket, when it is one.
    let bucket: TestBucket?
    /// What counts operations, and strikes.
    private(set) var disk: FaultyDisk
    /// More arguments of the job.
    var extraArguments: [String] = []
    private let variables: [String: String]
    private var memory = PlaceAudit.Memory()
    /// The contents that each path of `slp` had so far.
    private var contents: [String: Set<Digest>] = [:]
    /// Seconds that an untroubled run took last.
    private(set) var usualSeconds = 0.2

    init(_ job: Job, _ kind: PlaceKind, losing: Losing = .everything) async throws {
        self.job = job
        sandbox = try CommandLineSandbox(below: Scratch.memory)
        switch kind {
        case .directory:
            bucket = nil
            remote = sandbox("remote")
            variables = [:]
        case .bucket:
            let made = try await TestServer.shared(.quirks(.generic)).makeBucket()
            bucket = made
            remote = "s3:\(made.name)/replaycache"
            variables = made.variables()
        }
        let written = job == .push ? sandbox("remote") : sandbox("pod")
        disk = try await FaultyDisk(
            sandbox("disk"),
            folders: [sandbox("laptop-home"), written],
            losing: losing == .everything ? nil : [written]
        )
    }

    /// What a loss of power hurts.
    enum Losing: CaseIterable {
        case everything
        /// The local state is luckier than what it tells of.
        case filesAlone
    }

    /// Fails the test when anything is broken; keeps the state for who looks into it where `REPLAYCACHE_KEEP` says, which
    /// `scripts/soak` sets.
    private func expectNothing(_ broken: [String], _ comment: String) async throws {
        #expect(broken.isEmpty, "\(comment)")
        guard !broken.isEmpty, let folder = FaultSettings.text("REPLAYCACHE_KEEP") else { return }
        let copy = "\(folder)/state-\(job)-\(UInt32.random(in: 0 ... .max))"
        _ = try await sandbox.shell("cp -a . '\(copy)'")
        try Tree.write("\(comment)\n\(broken.joined(separator: "\n"))\n", to: "\(copy)/what-happened")
    }

    // MARK: Files

    /// Writes a file to `slp`.
    func write(_ path: String, _ bytes: [UInt8]) throws {
        try sandbox.write("slp/\(path)", bytes)
        contents[path, default: []].insert(try Digest.of(bytes))
    }

    /// Some small files in folders: replays, incompressible bytes, copies, an empty one.
    func writeSmallFiles(round: Int = 0) throws {
        for number in 0..<6 {
            let seed = UInt64(100 * round + number)
            let bytes = number < 2 ? SampleBytes.replay(seed: seed) : SampleBytes.random(3000, seed: seed)
            try write("\(number % 3)/\(round)-\(number).slp", bytes)
            if number == 5 { try write("copies/\(round).slp", bytes) }
        }
        try write("changes.txt", Array("round \(round)".utf8))
        if round == 0 { try write("empty", []) }
    }

    /// Gives a file of an earlier round another name.
    func moveFile(round: Int) throws {
        let (old, new) = ("slp/1/\(round)-4.slp", "slp/moved/\(round).slp")
        guard sandbox.files("slp").contains(String(old.dropFirst(4))) else { return }
        let bytes = try sandbox.read(old)
        try Tree.remove(sandbox(old))
        try write(String(new.dropFirst(4)), bytes)
    }

    /// Publishes what is in `slp` from another machine, for a fetch.
    func publish() async throws {
        guard job == .fetch else { return }
        let result = try await sandbox.run("push", "slp", remote, machine: "author", environment: variables)
        try #require(result.status == 0, "\(result.errors)")
    }

    /// As before the first run.
    func startAgain() throws {
        for name in ["laptop-home", "pod"] + (job == .push ? ["remote"] : []) where Tree.exists(sandbox(name)) {
            try Tree.remove(sandbox(name))
        }
        if job == .push { memory = PlaceAudit.Memory() }
    }

    // MARK: Running

    /// The arguments of the job.
    private var arguments: [String] {
        (job == .push ? ["push", "slp", remote] : ["fetch", remote, "pod"]) + extraArguments
    }

    private func configuration(_ environment: [String: String] = [:]) throws -> Configuration {
        try sandbox.configuration(arguments, environment: variables.merging(environment) { $1 })
    }

    /// Runs the job in peace; it must succeed.
    func complete(_ comment: String) async throws {
        let started = ContinuousClock.now
        let result = try await sandbox.run(try configuration())
        usualSeconds = (ContinuousClock.now - started).seconds
        try await expectNothing(result.status == 0 ? [] : ["status \(result.status)", result.errors], comment)
    }

    /// Runs the job and counts the operations that a fault may strike.
    func count(_ fault: FaultyDisk.Fault) async throws -> Int {
        try disk.forget()
        let result = try await sandbox.run(try configuration(disk.environment(fault)))
        try #require(result.status == 0, "\(result.errors)")
        return try disk.operations
    }

    /// Runs the job with a fault at operation `nth`.
    func run(_ fault: FaultyDisk.Fault, at nth: Int, loss: FaultyDisk.Loss = .data) async throws -> CommandLineResult {
        try disk.forget()
        return try await sandbox.run(try configuration(disk.environment(fault, at: nth, loss: loss)))
    }

    /// Runs the job and kills it after `seconds`; answers whether it was still running.
    func kill(after seconds: Double) async throws -> Bool {
        let result = try await Subprocess.run(
            try configuration(),
            input: .none,
            output: .discarded,
            error: .discarded
        ) { execution in
            // Any moment will do: that is the test.
            try await Task.sleep(for: .seconds(seconds))
            // It may be gone.
            try? execution.send(signal: .kill)
        }
        if case .signaled = result.terminationStatus { return true }
        return false
    }

    // MARK: Promises

    /// Nothing has a name that it does not deserve, at the place or in the destination.
    func expectPromises(_ comment: String, afterLoss: Bool = false) async throws {
        let audit = try await audit(onlyCommitted: afterLoss)
        var broken = audit.problems
        for (path, digest) in audit.entries {
            let name = String(path.dropFirst("replays/".count))
            if contents[name]?.contains(digest) != true { broken.append("\(path) is \(digest) at the place") }
        }
        for name in job == .fetch ? sandbox.files("pod") : [] where !Self.isTemporary(name) {
            let digest = try Digest.of(sandbox.read("pod/\(name)"))
            if contents[name]?.contains(digest) != true { broken.append("\(name) is \(digest) in the destination") }
        }
        // Renames come after the sync.
        broken += try damagedFinalNames().map { "\($0) lost bytes under its name" }
        try await expectNothing(broken, comment)
    }

    /// The job is done: both sides have the same files.
    func expectDone(_ comment: String) async throws {
        let audit = try await audit()
        var broken = audit.problems
        var expected: [String: Digest] = [:]
        for name in sandbox.files("slp") { expected["replays/\(name)"] = try Digest.of(sandbox.read("slp/\(name)")) }
        for path in Set(audit.entries.keys).union(expected.keys) where audit.entries[path] != expected[path] {
            broken.append(
                "\(path) is \(audit.entries[path]?.hex ?? "missing"), not \(expected[path]?.hex ?? "missing")"
            )
        }
        if job == .fetch, try !sandbox.isSameTree("slp", "pod") { broken.append("the destination has other files") }
        try await expectNothing(broken, comment)
    }

    /// Reads every byte of the local files again and compares them with the catalog.
    func expectCatalogIsTrue(_ comment: String) async throws {
        let folder = job == .push ? "slp" : "pod"
        let result = try await sandbox.run("verify", folder)
        try await expectNothing(result.status == 0 ? [] : [result.errors], comment)
    }

    /// Files with final names that lost bytes when the power failed, relative to the destination.
    private func damagedFinalNames() throws -> [String] {
        let prefix = "\(sandbox("pod"))/"
        return try disk.damagedFiles.filter { $0.hasPrefix(prefix) && !Self.isTemporary($0) }
    }

    private static func isTemporary(_ path: String) -> Bool {
        path.split(separator: "/").last?.hasPrefix(".replaycache-") == true
    }

    private func audit(onlyCommitted: Bool = false) async throws -> PlaceAudit {
        // After a loss of power, times tell nothing of bytes.
        if onlyCommitted { memory = PlaceAudit.Memory() }
        if let bucket {
            let remote = S3Remote(bucket.connection(prefix: "replaycache"))
            return try await PlaceAudit(of: remote, onlyCommitted: onlyCommitted, memory: memory)
        }
        let folder = Tree.exists(sandbox("remote")) ? try DirectoryRemote(path: sandbox("remote")) : nil
        return try await PlaceAudit(of: folder, onlyCommitted: onlyCommitted, memory: memory)
    }
}
