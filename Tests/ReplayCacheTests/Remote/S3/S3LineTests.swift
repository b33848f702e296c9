import ReplayCacheTestSupport
import Testing

@testable import ReplayCache

/// Connections: used again, given up when the server closes them, and closed when nobody waits any more.
struct S3LineTests {
    @Test
    func connectionsAreUsedAgain() async throws {
        let server = try await TestServer.start(.quirks(.generic))
        let bench = try await S3Bench(server: server, jobs: 3)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<60 {
                group.addTask {
                    let key = try S3Bench.key("log/\(number)")
                    try await bench.remote.put(key, try RemoteBody([1]), durability: .eventual)
                    _ = try await bench.remote.bytes(of: key, maximum: 1)
                }
            }
            try await group.waitForAll()
        }
        let stats = try server.stats()
        #expect(stats.requests == 120)
        #expect(stats.mostConnections <= 3)
        // One for each in flight, and few more on a machine so slow that they are idle for too long.
        #expect(stats.connections <= 30)
    }

    @Test
    func whatNobodyTookIsNotCountedAsSent() async throws {
        // Nobody listens at port 9 (RFC 863) of this machine.
        let bench = try await S3Bench(connection: { $0.connection(port: 9) })
        let body = try RemoteBody(SampleBytes.random(1 << 20, seed: 9))
        let error = await bench.refusal {
            try await bench.remote.put(S3Bench.key("log/one"), body, durability: .commit)
        }
        #expect(error?.code == .unavailable)
        #expect(bench.remote.retries == RetryCounts(requests: 2, bytes: 0))
    }

    @Test
    func connectionsThatTheServerClosedAreNoFailure() async throws {
        let server = try await TestServer.start(.quirks(.b2))
        let bench = try await S3Bench(server: server)
        let bytes = SampleBytes.random(300_000, seed: 5)
        for round in 0..<6 {
            let key = try S3Bench.key("log/\(round)")
            try await bench.remote.put(key, try RemoteBody(bytes), durability: .commit)
            try server.closeIdleConnections()
            #expect(try await bench.remote.bytes(of: key, maximum: 1 << 20) == bytes)
            try server.closeIdleConnections()
        }
        #expect(try bench.bucket.objects().count == 6)
    }

    @Test(.timeLimit(.minutes(5)))
    func cancellingADownloadEndsItAndClosesItsConnection() async throws {
        let server = try await TestServer.start(.quirks(.generic))
        let bench = try await S3Bench(server: server)
        let bytes = SampleBytes.large(12 << 20)
        try await bench.remote.put(S3Bench.key("log/one"), try RemoteBody(bytes), durability: .commit)
        let running = Guarded<Task<Void, any Error>?>(nil)
        let received = Guarded(0)
        let task = Task {
            while running.value == nil { await Task.yield() }
            try await bench.remote.get(S3Bench.key("log/one"), maximum: 64 << 20) {
                { piece in
                    received.change { $0 += piece.count }
                    running.value?.cancel()
                }
            }
        }
        running.change { $0 = task }
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(received.value < 6 << 20)
        while try server.stats().openConnections > 0 { await Task.yield() }
    }

    @Test(.timeLimit(.minutes(5)))
    func cancellingAnUploadEndsItAndLeavesNoObject() async throws {
        let server = try await TestServer.start(.quirks(.generic))
        let bench = try await S3Bench(server: server)
        let bytes = SampleBytes.large(8 << 20)
        let running = Guarded<Task<Void, any Error>?>(nil)
        let source = EventfulSource(bytes) { offset in if offset > 4 << 20 { running.value?.cancel() } }
        let body = RemoteBody(source: source, byteCount: Int64(bytes.count), digest: try Digest.of(bytes))
        let task = Task {
            while running.value == nil { await Task.yield() }
            try await bench.remote.put(S3Bench.key("log/one"), body, durability: .commit)
        }
        running.change { $0 = task }
        await #expect(throws: CancellationError.self) { try await task.value }
        while try server.stats().openConnections > 0 { await Task.yield() }
        #expect(try bench.bucket.objects().isEmpty)
    }

    @Test
    func aReceiverThatFailsEndsTheRequestWithItsError() async throws {
        struct Full: Error, Equatable {}
        let bench = try await S3Bench()
        try await bench.remote.put(
            S3Bench.key("log/one"),
            try RemoteBody(SampleBytes.large(2 << 20)),
            durability: .commit
        )
        await #expect(throws: Full()) {
            try await bench.remote.get(S3Bench.key("log/one"), maximum: 4 << 20) { { _ in throw Full() } }
        }
        #expect(bench.pauses.isEmpty)
        try await S3Verb.list.perform(bench.remote)
    }

    // MARK: TLS

    private static func secureServer() async throws -> TestServer {
        var options = TestServer.Options()
        options.usesTLS = true
        return try await TestServer.start(.quirks(.r2), options: options)
    }

    @Test(.enabled(if: Program.exist("openssl")))
    func anAuthorityOfOnesOwnIsTrustedWhenItIsNamed() async throws {
        let server = try await Self.secureServer()
        let bench = try await S3Bench(server: server)
        let bytes = SampleBytes.random(1 << 20, seed: 9)
        let key = try S3Bench.key("log/one")
        try await bench.remote.put(key, try RemoteBody(bytes), durability: .commit)
        #expect(try await bench.remote.bytes(of: key, maximum: 1 << 20) == bytes)
        #expect(try server.stats().requests == 2)
    }

    private enum Distrust: CaseIterable { case unknownAuthority, anotherName, noFile }

    @Test(.enabled(if: Program.exist("openssl")), arguments: Distrust.allCases)
    private func aCertificateThatIsNotTrustedGetsNoRequest(_ distrust: Distrust) async throws {
        let server = try await Self.secureServer()
        let scratch = try Scratch()
        let bench = try await S3Bench(
            server: server,
            connection: { bucket in
                switch distrust {
                // The system's file knows no authority of this kind.
                case .unknownAuthority:
                    bucket.connection(certificateFile: "/etc/ssl/certs/ca-certificates.crt")
                // `bucket.localhost` is not in the certificate.
                case .anotherName: bucket.connection(bucketInHost: true)
                case .noFile: bucket.connection(certificateFile: scratch.at("none.pem"))
                }
            }
        )
        let error = try #require(await bench.refusal { try await S3Verb.list.perform(bench.remote) })
        #expect(error.code == .configuration)
        #expect(error.message.contains(distrust == .noFile ? "file of trusted certificates" : "certificate of"))
        #expect(error.hint?.contains("AWS_CA_BUNDLE") == true)
        #expect(bench.pauses.isEmpty)
        #expect(try server.stats().requests == 0)
    }
}
