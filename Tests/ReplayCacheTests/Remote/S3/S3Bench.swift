import ReplayCacheTestSupport
import Testing

@testable import ReplayCache

/// A remote at a programmable server, with a clock that does not make tests wait.
struct S3Bench: Sendable {
    let bucket: TestBucket
    let remote: S3Remote
    let clock: Instants
    private let heard: Guarded<[RemoteNotice]>

    /// What the remote told on the way.
    var notices: [RemoteNotice] { heard.value }

    /// All waits before tries.
    var pauses: [Duration] { clock.pauses }

    /// `server` is one of its own for what concerns a whole server, else the shared one of `provider` is taken.
    init(
        _ provider: Provider = .generic,
        server: TestServer? = nil,
        behaviour: ServerBehaviour? = nil,
        policy: RetryPolicy = RetryPolicy(),
        jobs: Int? = nil,
        onPause: @escaping @Sendable (TestBucket) throws -> Void = { _ in },
        connection: @Sendable (TestBucket) -> S3Connection = { $0.connection(prefix: "some/prefix") }
    ) async throws {
        let server = if let server { server } else { try await TestServer.shared(.quirks(provider)) }
        let bucket = try await server.makeBucket()
        if let behaviour { try bucket.behave(behaviour) }
        let heard = Guarded<[RemoteNotice]>([])
        var settings = RemoteSettings()
        settings.jobs = jobs
        settings.report = { notice in heard.change { $0.append(notice) } }
        let clock = Instants()
        var pacing = clock.pacing(policy)
        pacing.sleep = { duration in
            try onPause(bucket)
            try await clock.sleep(duration)
        }
        remote = S3Remote(connection(bucket), settings: settings, pacing: pacing)
        self.bucket = bucket
        self.clock = clock
        self.heard = heard
    }

    static func key(_ text: String) throws -> RemoteKey { try #require(RemoteKey(text)) }

    /// The error of `body` for people.
    func refusal(_ body: () async throws -> Void) async -> ReplayCacheError? {
        await ReplayCacheTests.refusal(body)
    }
}

/// What a remote does with one request.
enum S3Verb: String, CaseIterable, CustomTestStringConvertible {
    case put, get, head, list, delete, bulkDelete

    var testDescription: String { rawValue }

    /// The key that all of them are about; it must be there for those that read.
    static let key = "log/one"
    static let bytes: [UInt8] = [1, 2, 3]

    var operation: ServerBehaviour.Operation {
        switch self {
        case .put: .put
        case .get: .get
        case .head: .head
        case .list: .list
        case .delete: .delete
        case .bulkDelete: .bulkDelete
        }
    }

    /// Does it, and checks what comes of it.
    func perform(_ remote: S3Remote) async throws {
        let key = try S3Bench.key(Self.key)
        switch self {
        case .put: try await remote.put(key, try RemoteBody(Self.bytes), durability: .commit)
        case .get: #expect(try await remote.bytes(of: key, maximum: 10) == Self.bytes)
        case .head: #expect(try await remote.head(key)?.byteCount == 3)
        case .list:
            let found = Guarded<[String]>([])
            try await remote.list(prefix: "", after: nil) { page in found.change { $0 += page.map(\.key.string) } }
            #expect(found.value == [Self.key])
        case .delete: try await remote.delete([key])
        case .bulkDelete: try await remote.delete([key, S3Bench.key("log/two")])
        }
    }
}
