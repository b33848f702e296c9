import ReplayCacheTestSupport
import Testing

@testable import ReplayCache

/// Regions, clocks and credentials that are wrong at first are put right once, and stay right.
struct S3AmendTests {
    private struct Case: CustomTestStringConvertible {
        let status: Int
        let hasHeader: Bool
        let verb: S3Verb
        var testDescription: String { "\(status) \(hasHeader ? "with" : "without") header, \(verb)" }

        /// HEAD without a header tells nothing: a listing is asked.
        var requests: Int { verb == .head && !hasHeader ? 3 : 2 }
    }

    private static let redirects = [301, 307, 400].flatMap { status in
        [true, false].flatMap { hasHeader in
            S3Verb.allCases.map { Case(status: status, hasHeader: hasHeader, verb: $0) }
        }
    }

    private static func elsewhere(_ row: Case) -> ServerBehaviour {
        var behaviour = ServerBehaviour()
        behaviour.redirect = .init(status: row.status, region: "eu-west-3", header: row.hasHeader)
        return behaviour
    }

    @Test(arguments: redirects)
    private func anotherRegionIsFollowedOnceAndRemembered(_ row: Case) async throws {
        // Of these answers only the first kind's body tells the region.
        guard row.hasHeader || row.status == 400 else { return }
        let bench = try await S3Bench(.aws, behaviour: Self.elsewhere(row))
        try bench.bucket.plant("some/prefix/\(S3Verb.key)", S3Verb.bytes)
        try await row.verb.perform(bench.remote)
        #expect(try bench.bucket.stats().requests == row.requests)
        try await S3Verb.put.perform(bench.remote)
        try await S3Verb.get.perform(bench.remote)
        #expect(try bench.bucket.stats().requests == row.requests + 2)
        #expect(bench.notices == [.regionFollowed(bucket: bench.bucket.name, region: "eu-west-3")])
        #expect(bench.remote.learnt.region == "eu-west-3")
        #expect(bench.pauses.isEmpty)
        #expect(try bench.bucket.stats().followedRedirects == 0)
    }

    @Test
    func aRedirectThatDoesNotSayWhereIsAnErrorForPeople() async throws {
        let row = Case(status: 301, hasHeader: false, verb: .list)
        let bench = try await S3Bench(.aws, behaviour: Self.elsewhere(row))
        let error = try #require(await bench.refusal { try await S3Verb.list.perform(bench.remote) })
        #expect(error.code == .configuration)
        #expect(error.message.contains("\"us-east-1\""))
        #expect(error.hint?.contains("AWS_REGION") == true)
        #expect(try bench.bucket.stats().requests == 1)
        #expect(try bench.bucket.stats().followedRedirects == 0)
    }

    @Test
    func manyThatFindTheWrongRegionAtOnceAllSucceed() async throws {
        let bench = try await S3Bench(
            .aws,
            behaviour: Self.elsewhere(Case(status: 301, hasHeader: true, verb: .put))
        )
        try await Self.putMany(bench)
        #expect(bench.notices.count { $0 == .regionFollowed(bucket: bench.bucket.name, region: "eu-west-3") } == 1)
    }

    private static func putMany(_ bench: S3Bench) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<16 {
                group.addTask {
                    let body = try RemoteBody([UInt8(number)])
                    try await bench.remote.put(S3Bench.key("log/\(number)"), body, durability: .eventual)
                }
            }
            try await group.waitForAll()
        }
        #expect(try bench.bucket.objects().count == 16)
        #expect(bench.pauses.isEmpty)
    }

    @Test(arguments: [
        ("s3.amazonaws.com", "s3.eu-west-3.amazonaws.com"),
        ("s3.us-east-1.amazonaws.com", "s3.eu-west-3.amazonaws.com"),
        ("s3.dualstack.us-east-1.amazonaws.com", "s3.dualstack.eu-west-3.amazonaws.com"),
        ("127.0.0.1", "127.0.0.1"),
    ])
    func theHostOfAnotherRegionIs(_ host: String, _ expected: String) {
        let connection = S3Connection(
            provider: .aws,
            endpoint: S3Endpoint(host: host),
            region: "us-east-1",
            bucket: "fox",
            prefix: "",
            credentials: FixedS3Credentials(
                S3Credentials(accessKeyID: "k", secretAccessKey: Secret("s"), source: "a test")
            )
        )
        let knowledge = S3Knowledge(connection, now: { 0 })
        knowledge.follow("eu-west-3", connection)
        #expect(knowledge.address.endpoint == S3Endpoint(host: expected))
        #expect(knowledge.address.region == "eu-west-3")
    }

    // MARK: Clocks

    @Test(arguments: [-1200, 1200, -86_400, 400_000_000], S3Verb.allCases)
    func aClockThatIsOffIsCorrectedOnceAndRemembered(seconds: Int, _ verb: S3Verb) async throws {
        var behaviour = ServerBehaviour()
        behaviour.clockOffsetSeconds = seconds
        let bench = try await S3Bench(.aws, behaviour: behaviour)
        try bench.bucket.plant("some/prefix/\(S3Verb.key)", S3Verb.bytes)
        try await verb.perform(bench.remote)
        // Asking for the code of a refused HEAD costs a request.
        let first = verb == .head ? 3 : 2
        #expect(try bench.bucket.stats().requests == first)
        try await S3Verb.put.perform(bench.remote)
        try await S3Verb.list.perform(bench.remote)
        #expect(try bench.bucket.stats().requests == first + 2)
        #expect(bench.notices.count == 1)
        guard case .clockCorrected(let offset, "127.0.0.1") = bench.notices.first else {
            Issue.record("\(bench.notices)")
            return
        }
        #expect(abs(offset.seconds - Double(seconds)) < 60)
        #expect(bench.pauses.isEmpty)
    }

    @Test
    func manyThatFindTheClockOffAllSucceed() async throws {
        var behaviour = ServerBehaviour()
        behaviour.clockOffsetSeconds = 3000
        let bench = try await S3Bench(.aws, behaviour: behaviour)
        try await Self.putMany(bench)
        #expect(bench.notices.count == 1)
    }

    @Test
    func aClockThatIsSetRightMeanwhileIsFollowed() async throws {
        var behaviour = ServerBehaviour()
        behaviour.clockOffsetSeconds = 1200
        let bench = try await S3Bench(.aws, behaviour: behaviour)
        try await S3Verb.put.perform(bench.remote)
        try bench.bucket.behaveNormally()
        try await S3Verb.list.perform(bench.remote)
        #expect(bench.remote.learnt.clockOffset == 0)
        #expect(bench.notices.count == 1)
    }

    @Test
    func aRefusalThatIsNotAboutTheClockDoesNotChangeIt() async throws {
        var behaviour = ServerBehaviour()
        behaviour.denied = [.list]
        let bench = try await S3Bench(.aws, behaviour: behaviour)
        let error = try #require(await bench.refusal { try await S3Verb.list.perform(bench.remote) })
        #expect(error.message.contains("may not list"))
        #expect(bench.remote.learnt.clockOffset == 0)
        #expect(try bench.bucket.stats().requests == 1)
    }

    // MARK: Credentials

    /// Gives others when those it gave were refused.
    private final class Reloading: S3CredentialSource {
        let reloads = Guarded(0)
        private let server: TestServer
        private let current: Guarded<S3Credentials>

        init(_ server: TestServer) throws {
            self.server = server
            current = Guarded(try server.temporaryCredentials())
        }

        func credentials(isReloading: Bool) async throws -> S3Credentials {
            guard isReloading else { return current.value }
            reloads.change { $0 += 1 }
            let fresh = try server.temporaryCredentials()
            current.change { $0 = fresh }
            return fresh
        }
    }

    @Test(arguments: S3Verb.allCases)
    func aTokenThatExpiredIsReloadedOnce(_ verb: S3Verb) async throws {
        let server = try await TestServer.start(.quirks(.aws))
        let source = try Reloading(server)
        let bench = try await S3Bench(
            server: server,
            connection: { $0.connection(prefix: "some/prefix", credentials: source) }
        )
        try await S3Verb.put.perform(bench.remote)
        var behaviour = ServerBehaviour()
        behaviour.expireToken = true
        try server.behave(behaviour)
        // Later tries of the same request take what was reloaded.
        behaviour.expireToken = nil
        behaviour.nextErrors = [.init(500, skip: 1, operation: verb.operation)]
        try bench.bucket.behave(behaviour)
        try await verb.perform(bench.remote)
        #expect(source.reloads.value == 1)
        #expect(bench.pauses.count == 1)
    }
}
