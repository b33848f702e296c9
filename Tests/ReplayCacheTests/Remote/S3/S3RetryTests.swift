import ReplayCacheTestSupport
import Testing

@testable import ReplayCache

/// What is sent again, how often, and what is not, at a server that fails on request.
struct S3RetryTests {
    private struct Fault: CustomTestStringConvertible {
        let name: String
        let error: ServerBehaviour.NextError
        var first = Duration.milliseconds(100)
        var testDescription: String { name }
    }

    private static let faults = [
        Fault(name: "500", error: .init(500, count: 2)),
        Fault(name: "503 SlowDown", error: .init(503, "SlowDown", count: 2), first: .seconds(1)),
        Fault(name: "503, in 7 s", error: .init(503, "SlowDown", retryAfter: 7, count: 2), first: .seconds(8)),
        Fault(name: "429, in 2 s", error: .init(429, "TooManyRequests", retryAfter: 2, count: 2), first: .seconds(3)),
        Fault(name: "502 in HTML", error: .init(502, html: true, count: 2)),
        Fault(name: "200 in HTML", error: .init(200, html: true, count: 2)),
        Fault(name: "404 in HTML", error: .init(404, html: true, count: 2)),
        Fault(name: "no answer", error: .init(0, drop: true, count: 2)),
        Fault(name: "200 with an error", error: .init(200, "InternalError", count: 2)),
        Fault(name: "200 with SlowDown", error: .init(200, "SlowDown", count: 2), first: .seconds(1)),
    ]

    /// HEAD has no body to tell by.
    private static func applies(_ fault: Fault, to verb: S3Verb) -> Bool {
        verb != .head || !["404 in HTML", "200 with SlowDown"].contains(fault.name)
    }

    @Test(arguments: Provider.all)
    func aRefusalIsBelievedAtOnceUnlessTheProviderRefusesAtRandom(_ provider: Provider) async throws {
        var behaviour = ServerBehaviour()
        behaviour.nextErrors = [.init(403, "AccessDenied", count: 3, operation: .put)]
        let bench = try await S3Bench(provider, behaviour: behaviour)
        let error = await bench.refusal {
            try await bench.remote.put(S3Bench.key("log/one"), try RemoteBody([1]), durability: .commit)
        }
        #expect((error == nil) == (provider.name == .runpod))
        #expect(bench.pauses.count == (provider.name == .runpod ? 3 : 0))
    }

    @Test(arguments: faults, S3Verb.allCases)
    private func itIsSentAgainUntilItSucceeds(_ fault: Fault, _ verb: S3Verb) async throws {
        guard Self.applies(fault, to: verb) else { return }
        let bench = try await S3Bench()
        try bench.bucket.plant("some/prefix/\(S3Verb.key)", S3Verb.bytes)
        var behaviour = ServerBehaviour()
        var error = fault.error
        error.operation = verb.operation
        behaviour.nextErrors = [error]
        try bench.bucket.behave(behaviour)
        try await verb.perform(bench.remote)
        // A request that is cut off on a connection that was used before is sent again by libcurl itself.
        if fault.error.drop != true {
            #expect(bench.pauses.count == 2)
            #expect(bench.pauses.first == fault.first)
        }
        #expect(bench.remote.retries.requests == bench.pauses.count)
        #expect(bench.notices.count == bench.pauses.count)
        #expect(try bench.bucket.stats().requests == 3)
    }

    private struct End: CustomTestStringConvertible {
        let name: String
        let error: ServerBehaviour.NextError
        let attempts: Int
        let code: ReplayCacheError.Code
        var testDescription: String { name }
    }

    private static let ends = [
        End(name: "always 500", error: .init(500, count: 100), attempts: 10, code: .unavailable),
        End(name: "always busy", error: .init(503, "SlowDown", count: 100), attempts: 10, code: .unavailable),
        End(name: "always HTML", error: .init(200, html: true, count: 100), attempts: 6, code: .unavailable),
        End(name: "always cut off", error: .init(0, drop: true, count: 100), attempts: 10, code: .unavailable),
        End(name: "damaged on the way", error: .init(400, "BadDigest", count: 100), attempts: 4, code: .integrity),
        End(name: "denied", error: .init(403, "AccessDenied", count: 100), attempts: 1, code: .configuration),
        End(name: "unknown", error: .init(403, "InvalidAccessKeyId", count: 100), attempts: 1, code: .configuration),
        End(
            name: "a cap",
            error: .init(403, "AccessDenied", message: "Cannot upload, cap exceeded", count: 100),
            attempts: 1,
            code: .quota
        ),
        End(name: "no bucket", error: .init(404, "NoSuchBucket", count: 100), attempts: 1, code: .notFound),
        End(name: "no such thing", error: .init(501, "NotImplemented", count: 100), attempts: 1, code: .configuration),
        // Credentials that stay as they are: asked for once more, and that is it.
        End(name: "expired", error: .init(400, "ExpiredToken", count: 100), attempts: 2, code: .configuration),
        End(name: "an error as 200", error: .init(200, "AccessDenied", count: 100), attempts: 1, code: .configuration),
    ]

    @Test(arguments: ends, [S3Verb.put, .get, .list, .delete])
    private func thereIsAnEnd(_ end: End, _ verb: S3Verb) async throws {
        var behaviour = ServerBehaviour()
        behaviour.nextErrors = [end.error]
        let bench = try await S3Bench(behaviour: behaviour)
        let error = try #require(await bench.refusal { try await verb.perform(bench.remote) })
        #expect(error.code == end.code)
        #expect(error.isWellFormed, "\(error.allText)")
        let uncounted = end.error.drop == true ? 5 : 0
        #expect((end.attempts...end.attempts + uncounted).contains(try bench.bucket.stats().requests))
        #expect(bench.notices.count == bench.pauses.count)
    }

    @Test
    func aRequestEndsWhenNothingMovesForTenMinutes() async throws {
        var behaviour = ServerBehaviour()
        behaviour.nextErrors = [.init(503, "SlowDown", retryAfter: 250, count: 100)]
        let bench = try await S3Bench(behaviour: behaviour)
        await #expect(throws: ReplayCacheError.self) { try await S3Verb.list.perform(bench.remote) }
        #expect(bench.pauses == [.seconds(251), .seconds(251), .seconds(251)])
    }

    @Test
    func anUploadThatTookLongIsSentAgain() async throws {
        var behaviour = ServerBehaviour()
        behaviour.nextErrors = [.init(500, count: 2, operation: .put)]
        let bench = try await S3Bench(behaviour: behaviour)
        let bytes = SampleBytes.random(1 << 20, seed: 3)
        let source = EventfulSource(bytes) { _ in bench.clock.advance(.seconds(120)) }
        let body = RemoteBody(source: source, byteCount: Int64(bytes.count), digest: try Digest.of(bytes))
        try await bench.remote.put(S3Bench.key("log/one"), body, durability: .commit)
        #expect(bench.pauses.count == 2)
        #expect(bench.remote.retries.bytes >= 2 << 20)
    }

    @Test
    func bytesThatWereReceivedForNothingAreCounted() async throws {
        let bench = try await S3Bench()
        #expect(bench.remote.retries == RetryCounts())
        var behaviour = ServerBehaviour()
        behaviour.nextErrors = [.init(500, count: 1)]
        try bench.bucket.behave(behaviour)
        try await S3Verb.put.perform(bench.remote)
        #expect(bench.remote.retries.requests == 1)
        #expect(bench.remote.retries.bytes > 3)
    }

    @Test
    func cancellingEndsAWaitForTheNextTry() async throws {
        var behaviour = ServerBehaviour()
        behaviour.nextErrors = [.init(500, count: 100)]
        let running = Guarded<Task<Void, any Error>?>(nil)
        let bench = try await S3Bench(behaviour: behaviour, onPause: { _ in running.value?.cancel() })
        let task = Task {
            while running.value == nil { await Task.yield() }
            try await S3Verb.list.perform(bench.remote)
        }
        running.change { $0 = task }
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(try bench.bucket.stats().requests == 1)
    }

    @Test
    func aServerThatIsNotThereIsGivenUpAfterThreeTries() async throws {
        let bench = try await S3Bench(connection: { $0.connection(port: 1) })
        let error = try #require(await bench.refusal { try await S3Verb.list.perform(bench.remote) })
        #expect(error.code == .unavailable)
        #expect(error.message == "127.0.0.1:1 cannot be reached")
        #expect(bench.pauses.count == 2)
    }

    @Test
    func aKeyThatIsWrittenTooOftenIsWaitedFor() async throws {
        var behaviour = ServerBehaviour()
        behaviour.writeIntervalSeconds = 1000
        let bench = try await S3Bench(
            .r2,
            behaviour: behaviour,
            onPause: { bucket in
                var behaviour = ServerBehaviour()
                behaviour.writeIntervalSeconds = 0
                try bucket.behave(behaviour)
            }
        )
        try await S3Verb.put.perform(bench.remote)
        try await S3Verb.put.perform(bench.remote)
        #expect(bench.pauses == [.seconds(2)])
        #expect(try bench.bucket.stats().statuses["429"] == 1)
    }
}

/// A source that tells when it is read.
struct EventfulSource: ByteSource {
    private let base: ByteArraySource
    private let onRead: @Sendable (Int64) throws -> Void

    init(_ bytes: [UInt8], onRead: @escaping @Sendable (Int64) throws -> Void) {
        base = ByteArraySource(bytes)
        self.onRead = onRead
    }

    var byteCount: Int64 { base.byteCount }

    func read(at offset: Int64, into buffer: inout [UInt8]) throws -> Int {
        try onRead(offset)
        return base.read(at: offset, into: &buffer)
    }
}
