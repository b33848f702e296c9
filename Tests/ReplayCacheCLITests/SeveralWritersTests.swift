import ReplayCache
import ReplayCacheTestSupport
import Testing

/// Many processes, each with a local state of its own, write to one place at once: it ends with the union of what they had.
struct SeveralWritersTests {
    private static let pushers = 8

    @Test(arguments: PlaceKind.allCases)
    func eightPushersEndWithTheUnion(_ kind: PlaceKind) async throws {
        let sandbox = try CommandLineSandbox(below: Scratch.memory)
        let bucket = kind == .bucket ? try await TestServer.shared(.quirks(.generic)).makeBucket() : nil
        let remote = bucket.map { "s3:\($0.name)/replaycache" } ?? sandbox("remote")
        let variables = bucket?.variables() ?? [:]
        for pusher in 0..<Self.pushers { try write(pusher, in: sandbox) }

        // Two rounds: all make the repository at once, then all add to it.
        for round in 0..<2 {
            if round == 1 {
                for pusher in 0..<Self.pushers { try sandbox.write("\(pusher)/later/\(pusher).slp", "later \(pusher)") }
            }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for pusher in 0..<Self.pushers {
                    group.addTask {
                        let result = try await sandbox.run(
                            "push",
                            "\(pusher)",
                            remote,
                            machine: "machine-\(pusher)",
                            environment: variables
                        )
                        // The file that all have otherwise may be a conflict by the time it is looked at.
                        #expect([0, 3].contains(result.status), "\(pusher): \(result.errors)")
                    }
                }
                try await group.waitForAll()
            }
        }

        let audit = try await PlaceAudit(of: Self.remote(bucket, sandbox))
        #expect(audit.problems.isEmpty)
        var expected: [String: Set<Digest>] = [:]
        for pusher in 0..<Self.pushers {
            for name in sandbox.files("\(pusher)") {
                expected["replays/\(name)", default: []].insert(try Digest.of(sandbox.read("\(pusher)/\(name)")))
            }
        }
        #expect(audit.entries.keys.sorted() == expected.keys.sorted())
        for (path, digest) in audit.entries { #expect(expected[path]?.contains(digest) == true, "\(path)") }
        let fetch = try await sandbox.run("fetch", remote, "pod", machine: "pod", environment: variables)
        #expect(fetch.status == 0, "\(fetch.errors)")
        #expect(sandbox.files("pod").map { "replays/\($0)" } == expected.keys.sorted())
    }

    /// Files of its own, files that all have, files that its neighbour has too, a file that each has otherwise.
    private func write(_ pusher: Int, in sandbox: CommandLineSandbox) throws {
        for number in 0..<5 { try sandbox.write("\(pusher)/own/\(pusher)-\(number).slp", "\(pusher) \(number)") }
        for number in 0..<5 { try sandbox.write("\(pusher)/all/\(number).slp", "all \(number)") }
        for owner in [pusher, (pusher + 1) % Self.pushers] {
            try sandbox.write("\(pusher)/two/\(owner).slp", SampleBytes.replay(seed: UInt64(owner)))
        }
        try sandbox.write("\(pusher)/each.txt", "of \(pusher)")
    }

    private static func remote(_ bucket: TestBucket?, _ sandbox: CommandLineSandbox) throws -> any Remote {
        guard let bucket else { return try DirectoryRemote(path: sandbox("remote")) }
        return S3Remote(bucket.connection(prefix: "replaycache"))
    }
}
