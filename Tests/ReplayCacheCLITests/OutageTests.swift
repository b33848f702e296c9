import ReplayCache
import ReplayCacheTestSupport
import Testing

/// What ends in the middle of a job: the network, the credentials, the room on the disk.
///
/// Each has its exit status, and the same command continues when it is back.
struct OutageTests {
    /// Requests that go well before.
    @Test(arguments: [0, 4, 9])
    func credentialsThatExpireHalfWayEndThePushWithStatus5(_ requests: Int) async throws {
        let bench = try await BucketSandbox()
        for number in 0..<10 { try bench.sandbox.write("slp/\(number).slp", "file \(number)") }
        var behaviour = ServerBehaviour()
        behaviour.nextErrors = [.init(400, "ExpiredToken", count: 1000, skip: requests)]
        try bench.bucket.behave(behaviour)
        let given = try bench.temporary(bench.bucket.server.temporaryCredentials())
        let stopped = try await bench.push(changes: given)
        #expect(stopped.status == 5)
        #expect(stopped.errors("error").first?.contains("credentials have expired") == true, "\(stopped.errors)")
        #expect(stopped.errors("hint").count == 1)
        try bench.bucket.behaveNormally()

        let arrived = try objectCount(bench)
        try bench.bucket.forgetStats()
        let fresh = try bench.temporary(bench.bucket.server.temporaryCredentials())
        let resumed = try await bench.run(["push", "slp", bench.place, "--json"], changes: fresh)
        #expect(resumed.status == 0, "\(resumed.errors)")
        // At most what was under way is sent again.
        #expect(try resumed.summary()["entriesAdded"] == .number(12))
        #expect(try objectCount(bench) == 12)
        if requests > 4 { #expect(arrived > 0) }
        #expect(try await bench.run(["fetch", bench.place, "pod"], machine: "pod").status == 0)
        #expect(try bench.sandbox.isSameTree("slp", "pod"))
    }

    @Test(arguments: [0, 4])
    func credentialsThatExpireHalfWayEndTheFetchWithStatus5(_ requests: Int) async throws {
        let bench = try await BucketSandbox()
        for number in 0..<10 { try bench.sandbox.write("slp/\(number).slp", "file \(number)") }
        #expect(try await bench.push().status == 0)
        var behaviour = ServerBehaviour()
        behaviour.nextErrors = [.init(400, "ExpiredToken", count: 1000, skip: requests)]
        try bench.bucket.behave(behaviour)
        let stopped = try await bench.run(["fetch", bench.place, "pod"], machine: "pod")
        #expect(stopped.status == 5)
        for name in bench.sandbox.files("pod") where name.hasSuffix(".slp") {
            #expect(try bench.sandbox.read("pod/\(name)") == bench.sandbox.read("slp/\(name)"))
        }
        try bench.bucket.behaveNormally()
        #expect(try await bench.run(["fetch", bench.place, "pod"], machine: "pod").status == 0)
        #expect(try bench.sandbox.isSameTree("slp", "pod"))
    }

    private func objectCount(_ bench: BucketSandbox) throws -> Int {
        try bench.bucket.objects().filter { $0.key.contains("/objects/") }.count
    }

    @Test(arguments: ["push", "fetch"])
    func aNetworkThatStaysAwayEndsTheJobWithStatus7(_ job: String) async throws {
        let bench = try await BucketSandbox()
        if job == "fetch" { #expect(try await bench.push().status == 0) }
        // Nobody listens there, as when the network is gone; what goes on half way is tried by `FailingRequestTests`.
        let line = ["AWS_ENDPOINT_URL": "http://127.0.0.1:1"]
        let arguments = job == "push" ? ["push", "slp", bench.place] : ["fetch", bench.place, "pod"]
        let stopped = try await bench.run(arguments, machine: job, changes: line)
        #expect(stopped.status == 7)
        #expect(stopped.errors("error").count == 1, "\(stopped.errors)")
        #expect(stopped.errors("hint").count == 1, "\(stopped.errors)")
        let resumed = try await bench.run(arguments, machine: job)
        #expect(resumed.status == 0, "\(resumed.errors)")
        #expect(try await bench.run(["fetch", bench.place, "pod"], machine: "pod").status == 0)
        #expect(try bench.sandbox.isSameTree("slp", "pod"))
    }

    /// The local state is on a disk that is full from the beginning, or fills up on the way.
    @Test(
        .enabled(if: Surroundings.isRoot && Program.exist("unshare", "mount"), "mounts a small disk"),
        arguments: ["push slp remote", "fetch remote pod"],
        [4, 100, 600]
    )
    func aFullDiskUnderTheLocalStateEndsTheJobWithStatus8(_ job: String, _ freeKilobytes: Int) async throws {
        let sandbox = try CommandLineSandbox(below: Scratch.memory)
        for number in 0..<1500 { try sandbox.write("slp/\(number).txt", "file \(number)") }
        if job.hasPrefix("fetch") {
            #expect(try await sandbox.run("push", "slp", "remote", machine: "author").status == 0)
        }
        let script = """
            mkdir small && unshare -m sh -c '
                mount -t tmpfs -o size=\(freeKilobytes)k none small || exit 77
                export REPLAYCACHE_HOME=$PWD/small
                replaycache \(job); echo "status $?"
                mount -o remount,size=64m small
                replaycache \(job); echo "status $?"'
            """
        let result = try await sandbox.shell(script)
        guard result.status != 77 else { return }  // A container without the right to mount.
        let statuses = result.lines.filter { $0.hasPrefix("status ") }
        #expect(statuses == ["status 8", "status 0"], "\(result.errors)")
        #expect(result.errors.contains("hint: free some space"), "\(result.errors)")
        if job.hasPrefix("push") {
            #expect(try await sandbox.run("fetch", "remote", "pod", machine: "pod").status == 0)
        }
        #expect(try sandbox.isSameTree("slp", "pod"))
    }
}
