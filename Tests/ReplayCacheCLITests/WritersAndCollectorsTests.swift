import ReplayCache
import ReplayCacheTestSupport
import Testing

/// Eight pushers and two collectors, real processes with local states of their own, at one place at once.
///
/// Between the rounds the place ages: what was put by pushes that were killed is a week old, what collectors condemned a
/// day. So in each round collectors condemn keys that pushers are putting, and remove what pushers need again.
struct WritersAndCollectorsTests {
    private static let pushers = 8
    private static let ghostCount = 16

    private let sandbox: CommandLineSandbox
    private let scratch: Scratch

    init() throws {
        sandbox = try CommandLineSandbox(below: Scratch.memory)
        scratch = try Scratch(below: Scratch.memory)
    }

    private func bytes(_ seed: Int) -> [UInt8] { SampleBytes.random(2000, seed: UInt64(seed)) }

    @Test(arguments: PlaceKind.allCases)
    func pushersAndCollectorsEndWithTheUnion(_ kind: PlaceKind) async throws {
        let depot = try await Depot(kind, in: scratch)
        let ghosts = try depot.plantOldRepository(
            ghosts: (0..<Self.ghostCount).map { bytes(1000 + $0) },
            living: (0..<3).map { bytes(2000 + $0) }
        )
        var removed = 0
        for round in 0..<4 {
            try await depot.ageLists(hours: 25)
            for pusher in 0..<Self.pushers { try prepare(pusher, round, depot) }
            removed += try await run(round, depot)
        }
        // Deleted, pushed again, and some of it condemned once more: the last lists are acted on too.
        try await depot.ageLists(hours: 25)
        removed += try await collect("collector-0", depot)

        // Every deleted content of the old days went, and came back under a key that was never used.
        #expect(removed >= Self.ghostCount)
        let objects = Set(try depot.keys("objects/"))
        for key in ghosts {
            #expect(!objects.contains(key.remoteKey.string))
            #expect(objects.contains { $0.contains("\(key.digest.hex).") })
        }
        try await expectTheUnion(depot)
    }

    // MARK: Rounds

    /// What a pusher finds in its folder when a round begins.
    private func prepare(_ pusher: Int, _ round: Int, _ depot: Depot) throws {
        switch round {
        case 0:
            for number in 0..<6 {
                // Half of it was put before by pushes that never committed.
                let own = bytes(100 * pusher + number)
                try sandbox.write("\(pusher)/own/\(pusher)-\(number).slp", own)
                if number % 2 == 0 { _ = try depot.plantObject(own, hoursAgo: 8 * 24) }
                try sandbox.write("\(pusher)/all/\(number).slp", bytes(3000 + number))
                if pusher == 0 { _ = try depot.plantObject(bytes(3000 + number), hoursAgo: 8 * 24) }
            }
            for owner in [pusher, (pusher + 1) % Self.pushers] {
                try sandbox.write("\(pusher)/two/\(owner).slp", SampleBytes.replay(seed: UInt64(owner)))
            }
            try sandbox.write("\(pusher)/each.txt", "of \(pusher)")
        case 1, 2:
            // Each content that collectors remove is needed by two.
            for ghost in 0..<Self.ghostCount where ghost % 2 == round - 1 && [0, 1].contains((ghost / 2 + pusher) % 8) {
                try sandbox.write("\(pusher)/ghosts/\(pusher)-\(ghost).slp", bytes(1000 + ghost))
            }
            let later = bytes(5000 + 100 * pusher + round)
            try sandbox.write("\(pusher)/later/\(pusher)-\(round).slp", later)
            _ = try depot.plantObject(later, hoursAgo: 8 * 24)
            guard pusher % 2 == 0 else { return }
            let name = "\(pusher)/own/\(pusher)-0.slp"
            if round == 1 { try Tree.remove(sandbox(name)) } else { try sandbox.write(name, bytes(100 * pusher)) }
        default:
            try sandbox.write("\(pusher)/own/\(pusher)-1.slp", bytes(9000 + pusher))
        }
    }

    /// All at once; answers how many objects collectors removed.
    private func run(_ round: Int, _ depot: Depot) async throws -> Int {
        try await withThrowingTaskGroup(of: Int.self) { group in
            for pusher in 0..<Self.pushers {
                group.addTask {
                    try await work(pusher, round, depot)
                    return 0
                }
            }
            for collector in 0..<2 {
                group.addTask {
                    try await collect("collector-\(collector)", depot) + collect("collector-\(collector)", depot)
                }
            }
            return try await group.reduce(0, +)
        }
    }

    private func work(_ pusher: Int, _ round: Int, _ depot: Depot) async throws {
        let remote = depot.commandLine.remote
        var push = ["push", "\(pusher)", remote]
        if round == 1 { push += ["--delete", "--max-delete", "5"] }
        // What was deleted comes back only by intent.
        if round == 2 && pusher % 2 == 0 { push.append("--force") }
        try await run(push, "machine-\(pusher)", depot)
        let path = "replays/own/\(pusher)-2.slp"
        switch round {
        case 1 where pusher % 2 == 1:
            try await run(["rm", remote, path, "--max-delete", "5"], "machine-\(pusher)", depot)
        case 2 where pusher % 2 == 1: try await run(["restore", path, remote], "machine-\(pusher)", depot)
        default: break
        }
    }

    private func run(_ arguments: [String], _ machine: String, _ depot: Depot) async throws {
        let result = try await sandbox.run(
            sandbox.configuration(arguments, machine: machine, environment: depot.commandLine.variables)
        )
        // A file that all have otherwise is a conflict.
        #expect([0, 3].contains(result.status), "\(machine) \(arguments): \(result.errors)")
    }

    private func collect(_ machine: String, _ depot: Depot) async throws -> Int {
        let (remote, variables) = depot.commandLine
        let result = try await sandbox.run(
            "gc",
            remote,
            "--yes",
            "--json",
            machine: machine,
            environment: variables
        )
        #expect(result.status == 0, "\(machine): \(result.errors)")
        guard case .number(let removed) = try result.summary()["garbage"]?["removed"] else { return 0 }
        return Int(removed)
    }

    // MARK: The end

    private func expectTheUnion(_ depot: Depot) async throws {
        let (remote, variables) = depot.commandLine
        let audit = try await PlaceAudit(of: depot.remote())
        #expect(audit.problems.isEmpty)
        #expect(!audit.condemned.isEmpty)
        var expected: [String: Set<Digest>] = [:]
        for pusher in 0..<Self.pushers {
            for name in sandbox.files("\(pusher)") {
                expected["replays/\(name)", default: []].insert(try Digest.of(sandbox.read("\(pusher)/\(name)")))
            }
        }
        for number in 0..<3 { expected["replays/old/living-\(number).slp"] = [try Digest.of(bytes(2000 + number))] }
        #expect(audit.entries.keys.sorted() == expected.keys.sorted())
        for (path, digest) in audit.entries { #expect(expected[path]?.contains(digest) == true, "\(path)") }

        // One that knows nothing, and one that was there from the beginning.
        for machine in ["pod", "machine-3"] {
            let fetch = try await sandbox.run("fetch", remote, machine, machine: machine, environment: variables)
            #expect(fetch.status == 0, "\(fetch.errors)")
            let names = sandbox.files(machine)
            #expect(names.map { "replays/\($0)" } == expected.keys.sorted())
            for name in names {
                let digest = try Digest.of(sandbox.read("\(machine)/\(name)"))
                #expect(audit.entries["replays/\(name)"] == digest, "\(name) in \(machine)")
            }
        }
        let verify = try await sandbox.run("verify", remote, "--deep", machine: "pod", environment: variables)
        #expect(verify.status == 0, "\(verify.errors)")
    }
}
