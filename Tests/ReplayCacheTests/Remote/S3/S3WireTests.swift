import ReplayCacheTestSupport
import ReplayGenerator
import Testing

@testable import ReplayCache

/// The bytes on the wire are those that were signed, whatever the names: the server checks by an implementation of its own.
struct S3WireTests {
    /// Marks that are easily encoded twice, not at all, or normalised away.
    private static let pieces = [
        " ", "+", "%", "%20", "~", "ä", "e\u{301}", "🦊", "&", "=", "?", "#", "'", "\"", "(", ")", "*", "!", ";", ":",
        "@", ",", "$", "[", "]", "\\", "^", "`", "{", "|", "}", "<", ">", "..", ".", "-", "_", "a", "Z", "0", "//", "/",
        "  ", "\u{7F}", "日本",
    ]

    private static func name(_ random: inout SeededGenerator) -> String {
        (0..<Int.random(in: 1...12, using: &random)).map { _ in
            pieces[Int.random(in: 0..<pieces.count, using: &random)]
        }
        .joined()
    }

    @Test(
        arguments: [(1, false, false), (2, false, true), (3, true, false), (4, true, true)] as [(UInt64, Bool, Bool)]
    )
    func anyNameIsSignedAsItIsSent(seed: UInt64, bucketInHost: Bool, hasToken: Bool) async throws {
        let server = try await TestServer.shared(.quirks(.aws))
        let credentials = hasToken ? try server.temporaryCredentials() : server.credentials
        let bucket = try await server.makeBucket()
        let connection = bucket.connection(
            bucketInHost: bucketInHost,
            credentials: FixedS3Credentials(credentials)
        )
        let client = S3Client(connection, pacing: Instants().pacing())
        var random = SeededGenerator(seed: seed)
        for round in 0..<40 {
            let key = "k" + Self.name(&random)
            let bytes = Array("\(round) \(key)".utf8)
            var put = S3Request(purpose: .put, method: .put, key: key)
            put.payloadHash = try Digest.of(bytes).hex
            try await client.send(put, upload: { Self.upload(bytes) })
            let answer = try await client.send(S3Request(purpose: .get, method: .get, key: key))
            #expect(answer.body == bytes, "seed \(seed): \(key)")
            var list = S3Request(purpose: .list, method: .get)
            list.query = [(name: "list-type", value: "2"), (name: "prefix", value: key)]
            let page = try await client.send(list) { try ListPage($0.body) }
            #expect(page.items.contains { Array($0.key.utf8) == Array(key.utf8) }, "seed \(seed): \(key)")
            try await client.send(S3Request(purpose: .delete, method: .delete, key: key))
        }
        #expect(try bucket.objects().isEmpty)
        #expect(try bucket.stats().codes.isEmpty)
    }

    private static func upload(_ bytes: [UInt8]) -> HTTPClient.Upload {
        HTTPClient.Upload(byteCount: Int64(bytes.count)) { offset, buffer in
            ByteArraySource(bytes).read(at: offset, into: &buffer)
        }
    }

    @Test(arguments: 1...4)
    func aRepositoryMayHaveAnyPrefix(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        let prefix = "p" + Self.name(&random) + "q"
        let bench = try await S3Bench(.aws, connection: { $0.connection(prefix: prefix) })
        let names = ["log/1", "log/2", "objects/ab/3"]
        for name in names {
            try await bench.remote.put(S3Bench.key(name), try RemoteBody(Array(name.utf8)), durability: .eventual)
        }
        #expect(try bench.bucket.objects().map(\.key) == names.map { "\(prefix)/\($0)" }, "seed \(seed)")
        let found = Guarded<[String]>([])
        try await bench.remote.list(prefix: "log/", after: S3Bench.key("log/1")) { page in
            found.change { $0 += page.map(\.key.string) }
        }
        #expect(found.value == ["log/2"])
        #expect(try await bench.remote.foreignName() != nil)
        try await bench.remote.delete(names.map(S3Bench.key))
        #expect(try bench.bucket.objects().isEmpty, "seed \(seed)")
    }

    @Test(arguments: Provider.all)
    func nothingIsSentThatSomeProviderRefuses(_ provider: Provider) async throws {
        let server = try await TestServer.start(.quirks(provider))
        let bench = try await S3Bench(server: server)
        for verb in [S3Verb.put, .get, .head, .list, .delete, .bulkDelete] { try await verb.perform(bench.remote) }
        // Longer than what curl would ask leave for with Expect.
        let bytes = SampleBytes.random(2 << 20, seed: 4)
        try await bench.remote.put(S3Bench.key("objects/ab/large"), try RemoteBody(bytes), durability: .commit)
        let stats = try server.stats()
        #expect(stats.expectSeen == 0)
        let names = Set(stats.headerNames)
        #expect(names.isDisjoint(with: ["expect", "transfer-encoding", "te", "accept-encoding", "range"]))
        #expect(
            !names.contains {
                $0.hasPrefix("x-amz-checksum") || $0.hasPrefix("x-amz-sdk") || $0.hasPrefix("x-amz-meta")
            }
        )
        #expect(names.isSuperset(of: ["authorization", "x-amz-content-sha256", "x-amz-date", "host", "user-agent"]))
        #expect(stats.codes.isEmpty)
    }
}
