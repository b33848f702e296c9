@testable import ReplayCacheTestSupport
import Testing

@testable import ReplayCache

/// That the servers which other tests rely on start, answer and end.
struct TestServerTests {
    @Test(arguments: TestServer.Kind.everyProvider)
    func aServerStartsForEveryProvider(_ kind: TestServer.Kind) async throws {
        let bucket = try await TestServer.shared(kind).makeBucket()
        #expect(bucket.connection().endpoint.host == "127.0.0.1")
        #expect(!bucket.server.region.isEmpty)
        try bucket.plant("log/one", [1, 2, 3])
        try bucket.damage("log/one", at: 2)
        #expect(try bucket.objects().map(\.byteCount) == [3])
        try bucket.remove("log/one")
        #expect(try bucket.objects().isEmpty)
        #expect(try bucket.stats().requests == 0)
    }

    @Test
    func aKindIsStartedOnce() async throws {
        async let one = TestServer.shared(.quirks(.b2))
        async let other = TestServer.shared(.quirks(.b2))
        #expect(try await one.port == other.port)
        #expect(try await TestServer.start(.quirks(.b2)).port != one.port)
    }

    @Test(arguments: RealServer.available)
    func aRealServerTakesABucket(_ server: RealServer) async throws {
        let bucket = try await TestServer.shared(.real(server)).makeBucket()
        #expect(bucket.server.accessKey.isEmpty == false)
        #expect(bucket.server.provider == .generic)
    }

    @Test
    func aMisspeltBehaviourIsNotTakenQuietly() async throws {
        let server = try await TestServer.shared(.quirks(.generic))
        #expect(throws: (any Error).self) {
            let _: JSONValue = try server.control("PUT", "behaviour", ["denyed": ["PUT"]])
        }
    }

    @Test(.enabled(if: Program.exist("openssl")))
    func aServerWithTLSIsStillControlledWithout() async throws {
        var options = TestServer.Options()
        options.usesTLS = true
        let server = try await TestServer.start(.quirks(.r2), options: options)
        #expect(server.endpoint.isSecure)
        #expect(Tree.exists(try #require(server.certificateFile)))
        #expect(try server.stats().requests == 0)
        #expect(throws: (any Error).self) { try LoopbackHTTP.exchange("GET", port: server.port, "/_control/stats") }
    }

    @Test
    func behaviourIsOfOneBucketAndCanBeTakenBack() async throws {
        let server = try await TestServer.shared(.quirks(.generic))
        let (one, other) = (try await server.makeBucket(), try await server.makeBucket())
        var behaviour = ServerBehaviour()
        behaviour.nextErrors = [.init(503, "SlowDown", count: 3)]
        try one.behave(behaviour)
        for (bucket, status) in [(one, "503"), (other, "403"), (one, "503")] {
            // An unsigned request, so all that it can get otherwise is a refusal.
            _ = try? LoopbackHTTP.exchange("GET", port: server.port, "/\(bucket.name)/key")
            #expect(try bucket.stats().statuses[status] != nil)
        }
        try one.behaveNormally()
        try one.forgetStats()
        _ = try? LoopbackHTTP.exchange("GET", port: server.port, "/\(one.name)/key")
        #expect(try one.stats().codes == ["AccessDenied": 1])
    }

    @Test
    func temporaryCredentialsHaveAToken() async throws {
        let given = try await TestServer.shared(.quirks(.aws)).temporaryCredentials()
        #expect(!given.accessKeyID.isEmpty && given.sessionToken != nil)
    }

    @Test(.timeLimit(.minutes(1)))
    func aServerEndsWithItsLastReference() async throws {
        var server: TestServer? = try await TestServer.start(.quirks(.generic))
        let port = try #require(server).port
        #expect(try LoopbackHTTP.exchange("GET", port: port, "/_control/stats").isEmpty == false)
        server = nil
        while (try? LoopbackHTTP.exchange("GET", port: port, "/_control/stats")) != nil { await Task.yield() }
    }

    @Test
    func aProxyPassesRequestsOnAndBreaksThemByRule() async throws {
        let server = try await TestServer.shared(.quirks(.generic))
        let proxy = try await server.proxy()
        #expect(try LoopbackHTTP.exchange("GET", port: proxy.port, "/_control/stats").isEmpty == false)
        try proxy.setRules(#"[{"id": "all", "match": {}, "do": {"action": "close"}}]"#)
        #expect(throws: (any Error).self) { try LoopbackHTTP.exchange("GET", port: proxy.port, "/_control/stats") }
    }
}
