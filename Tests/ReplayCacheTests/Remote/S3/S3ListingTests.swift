import ReplayCacheTestSupport
import Testing

@testable import ReplayCache

/// Listings and deletions at servers with ways of their own.
struct S3ListingTests {
    private static func names(_ bench: S3Bench, prefix: String = "") async throws -> [String] {
        let found = Guarded<[String]>([])
        try await bench.remote.list(prefix: prefix, after: nil) { page in found.change { $0 += page.map(\.key.string) }
        }
        return found.value
    }

    @Test(arguments: Provider.all)
    func repeatedTokensAndEmptyPagesLoseNothing(_ provider: Provider) async throws {
        var behaviour = ServerBehaviour()
        behaviour.repeatsListTokens = true
        behaviour.pageSize = 7
        let bench = try await S3Bench(provider, behaviour: behaviour)
        let expected = (0..<60).map { "log/" + Decimals.padded(Int64($0), to: 3) }
        for name in expected { try bench.bucket.plant("some/prefix/\(name)", [1]) }
        #expect(try await Self.names(bench, prefix: "log/") == expected)
        #expect(bench.pauses.isEmpty)
    }

    @Test
    func aListingInCirclesEnds() async throws {
        let page = """
            <ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken></ListBucketResult>
            """
        let bench = try await Self.answering(page)
        let error = try #require(await bench.refusal { _ = try await Self.names(bench) })
        #expect(error.code == .unavailable)
        #expect(error.isWellFormed)
    }

    @Test
    func aPageWithKeysFromBeforeDoesNotPassForTheRest() async throws {
        let time = "<LastModified>2026-11-24T15:00:00Z</LastModified><Size>1</Size>"
        let more = "<IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken>"
        let bench = try await Self.answering(
            "<ListBucketResult><Contents><Key>some/prefix/log/b</Key>\(time)</Contents>\(more)</ListBucketResult>",
            "<ListBucketResult><Contents><Key>some/prefix/log/a</Key>\(time)</Contents></ListBucketResult>"
        )
        let error = try #require(await bench.refusal { _ = try await Self.names(bench, prefix: "log/") })
        #expect(error.code == .unavailable)
        #expect(error.message.contains("out of order"))
    }

    @Test
    func whatWasNotAskedForIsNoItem() async throws {
        let time = "<LastModified>2026-11-24T15:00:00Z</LastModified><Size>1</Size>"
        let keys = [
            "zzz/log/1", "some/prefix/objects/ab/1", "some/prefix/log/2", "some/prefix/log/1", "some/prefix/log/../x",
        ]
        let items = keys.map { "<Contents><Key>\($0)</Key>\(time)</Contents>" }.joined()
        let bench = try await Self.answering("<ListBucketResult>\(items)</ListBucketResult>")
        #expect(try await Self.names(bench, prefix: "log/") == ["log/1", "log/2"])
    }

    /// A server whose listings are these texts, and then always the last of them.
    private static func answering(_ texts: String...) async throws -> S3Bench {
        let proxy = try await TestServer.shared(.quirks(.generic)).proxy()
        let rules = texts.enumerated().map { index, text in
            let answer =
                "HTTP/1.1 200 OK\\r\\nContent-Type: application/xml\\r\\nContent-Length: \(text.utf8.count)\\r\\n\\r\\n"
            let when = index + 1 < texts.count ? #""when": {"first": 1}, "# : ""
            return
                #"{"id": "\#(index)", "match": {"op": "ListObjectsV2"}, \#(when)"do": {"action": "raw", "text": "\#(answer)\#(text)"}}"#
        }
        try proxy.setRules("[\(rules.joined(separator: ", "))]")
        let kept = Guarded<FaultProxy?>(proxy)
        return try await S3Bench(
            onPause: { _ in _ = kept.value },
            connection: { $0.connection(prefix: "some/prefix", port: proxy.port) }
        )
    }

    // MARK: Deleting

    @Test
    func versionsAndMarkersAreReallyGone() async throws {
        let bench = try await S3Bench(.b2)
        let (key, other) = (try S3Bench.key("log/one"), try S3Bench.key("log/one-more"))
        for byte: UInt8 in 1...3 { try await bench.remote.put(key, try RemoteBody([byte]), durability: .commit) }
        try await bench.remote.put(other, try RemoteBody([9]), durability: .commit)
        #expect(try bench.bucket.objects().map(\.versions) == [3, 1])
        try await bench.remote.delete([key])
        // Neither bytes nor a marker that hides them, and the name that begins alike is left alone.
        #expect(try bench.bucket.objects().map(\.key) == ["some/prefix/log/one-more"])
    }

    @Test
    func manyVersionsOverManyPagesAreGone() async throws {
        var behaviour = ServerBehaviour()
        behaviour.pageSize = 3
        let bench = try await S3Bench(.b2, behaviour: behaviour)
        let key = try S3Bench.key("log/one")
        for byte: UInt8 in 1...10 { try bench.bucket.plant("some/prefix/log/one", [byte]) }
        try await bench.remote.delete([key])
        #expect(try bench.bucket.objects().isEmpty)
    }

    @Test(arguments: [Provider.gcs, .runpod])
    func withoutBulkDeleteKeysGoOneByOneFromThenOn(_ provider: Provider) async throws {
        let bench = try await S3Bench(
            provider,
            connection: { $0.connection(provider: .generic, prefix: "some/prefix") }
        )
        let keys = try (0..<5).map { try S3Bench.key("log/\($0)") }
        for _ in 0..<2 {
            for key in keys { try bench.bucket.plant("some/prefix/\(key)", [1]) }
            try await bench.remote.delete(keys)
            #expect(try bench.bucket.objects().isEmpty)
        }
        let operations = try bench.bucket.stats().operations
        #expect(operations["DeleteObjects"] == 1)
        #expect(operations["DeleteObject"] == 10)
    }

    @Test
    func aKeyThatMayNotGoIsNamedAndTheOthersGo() async throws {
        var behaviour = ServerBehaviour()
        behaviour.failKeys = ["some/prefix/log/3": "AccessDenied", "some/prefix/log/1": "NoSuchKey"]
        let bench = try await S3Bench(behaviour: behaviour)
        let keys = try (0..<5).map { try S3Bench.key("log/\($0)") }
        for key in keys { try bench.bucket.plant("some/prefix/\(key)", [1]) }
        let error = try #require(await bench.refusal { try await bench.remote.delete(keys) })
        #expect(error.code == .configuration)
        #expect(error.subject == "some/prefix/log/3")
        #expect(error.message.contains("may not delete from"))
        #expect(try bench.bucket.objects().map(\.key) == ["some/prefix/log/1", "some/prefix/log/3"])
    }

    @Test(arguments: ["InternalError", "SlowDown"])
    func aKeyThatFailsForAMomentIsTriedAgain(_ code: String) async throws {
        var behaviour = ServerBehaviour()
        behaviour.failKeys = ["some/prefix/log/3": code]
        let bench = try await S3Bench(
            behaviour: behaviour,
            onPause: { bucket in
                var behaviour = ServerBehaviour()
                behaviour.failKeys = [:]
                try bucket.behave(behaviour)
            }
        )
        let keys = try (0..<5).map { try S3Bench.key("log/\($0)") }
        for key in keys { try bench.bucket.plant("some/prefix/\(key)", [1]) }
        try await bench.remote.delete(keys)
        #expect(try bench.bucket.objects().isEmpty)
        #expect(bench.pauses.count == 1)
    }

    @Test(arguments: ["NoSuchKey", "NoSuchVersion"])
    func whatIsGoneAlreadyIsFine(_ code: String) async throws {
        var behaviour = ServerBehaviour()
        behaviour.nextErrors = [.init(404, code, operation: .delete)]
        for provider in [Provider.gcs, .b2] {
            let bench = try await S3Bench(provider, behaviour: behaviour)
            try bench.bucket.plant("some/prefix/log/one", [1])
            try await bench.remote.delete([S3Bench.key("log/one")])
            #expect(try bench.bucket.stats().statuses["404"] == 1)
        }
    }

    @Test
    func moreKeysThanOneRequestTakesAreDeletedInSeveral() async throws {
        let bench = try await S3Bench()
        let keys = try (0..<2001).map { try S3Bench.key("log/\($0)") }
        try await bench.remote.delete(keys)
        let operations = try bench.bucket.stats().operations
        #expect(operations == ["DeleteObjects": 2, "DeleteObject": 1])
    }
}
