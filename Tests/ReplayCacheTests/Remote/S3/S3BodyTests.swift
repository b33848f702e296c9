import ReplayCacheTestSupport
import Testing

@testable import ReplayCache

/// Answers that a faulty line or a proxy changed on the way are refused, and asked for again.
struct S3BodyTests {
    /// What a proxy does to the answer about a key of the same name.
    private struct Change: CustomTestStringConvertible {
        let name: String
        let action: String
        var testDescription: String { name }
        var key: String { "log/\(name)" }

        func rule(first: Int) -> String {
            #"{"id": "\#(name)", "match": {"path": "log/\#(name)(\\?|$)", "op": "GetObject"}, "#
                + #""when": {"first": \#(first)}, "do": \#(action)}"#
        }
    }

    private static let changes = [
        Change(name: "range", action: #"{"action": "headers", "set": {"Content-Range": "bytes 0-9/100"}}"#),
        Change(name: "compressed", action: #"{"action": "headers", "set": {"Content-Encoding": "gzip"}}"#),
        Change(name: "no-etag", action: #"{"action": "headers", "drop": ["ETag"]}"#),
        Change(name: "short", action: #"{"action": "truncate", "bytes": 100000}"#),
        Change(name: "nothing", action: #"{"action": "close", "at": "request"}"#),
        Change(name: "reset", action: #"{"action": "reset", "at": "response_body", "bytes": 200000}"#),
        Change(name: "no-http", action: #"{"action": "raw", "text": "SSH-2.0-server\r\n"}"#),
        Change(name: "partial", action: #"{"action": "raw", "text": "\#(raw(206, "3", "abc"))"}"#),
        Change(name: "negative", action: #"{"action": "raw", "text": "\#(raw(200, "-3", "abc"))"}"#),
        Change(name: "absurd", action: #"{"action": "raw", "text": "\#(raw(200, "9223372036854775807", "abc"))"}"#),
        Change(name: "words", action: #"{"action": "raw", "text": "\#(raw(200, "many", "abc"))"}"#),
    ]

    private static func raw(_ status: Int, _ length: String, _ body: String) -> String {
        #"HTTP/1.1 \#(status) OK\r\nETag: \"x\"\r\nContent-Length: \#(length)\r\n\r\n\#(body)"#
    }

    /// One proxy for all of them: each has a key of its own.
    private static let proxy = Task {
        let server = try await TestServer.shared(.quirks(.generic))
        let proxy = try await server.proxy()
        try proxy.setRules("[\(changes.map { $0.rule(first: 2) }.joined(separator: ","))]")
        return proxy
    }

    @Test(arguments: changes)
    private func aChangedAnswerIsAskedForAgain(_ change: Change) async throws {
        let port = try await Self.proxy.value.port
        let bench = try await S3Bench(connection: { $0.connection(port: port) })
        let bytes = SampleBytes.random(300_001, seed: 9)
        try bench.bucket.plant(change.key, bytes)
        let got = try await bench.remote.bytes(of: S3Bench.key(change.key), maximum: 1 << 20)
        #expect(got == bytes)
        // Where a connection that was kept is closed before an answer, libcurl itself asks again, at once.
        #expect(change.name == "nothing" ? bench.pauses.count <= 2 : bench.pauses.count == 2)
    }

    @Test
    func moreThanWasAnnouncedIsCutOff() async throws {
        let server = try await TestServer.shared(.quirks(.generic))
        let proxy = try await server.proxy()
        try proxy.setRules(
            #"[{"id": "long", "match": {"op": "GetObject"}, "do": {"action": "raw", "text": "\#(Self.raw(200, "3", "abcdef"))"}}]"#
        )
        let bench = try await S3Bench(connection: { $0.connection(port: proxy.port) })
        #expect(try await bench.remote.bytes(of: S3Bench.key("log/one"), maximum: 100) == Array("abc".utf8))
    }

    @Test
    func aHeadWithoutSizeOrTimeIsAskedForAgain() async throws {
        let server = try await TestServer.shared(.quirks(.generic))
        let proxy = try await server.proxy()
        try proxy.setRules(
            #"[{"id": "a", "match": {"op": "HeadObject"}, "when": {"nth": [1]}, "do": {"action": "headers", "drop": ["Last-Modified"]}},"#
                + #"{"id": "b", "match": {"op": "HeadObject"}, "when": {"nth": [1]}, "do": {"action": "headers", "set": {"Content-Length": "-1"}}}]"#
        )
        let bench = try await S3Bench(connection: { $0.connection(port: proxy.port) })
        try bench.bucket.plant("log/one", [1, 2, 3])
        #expect(try await bench.remote.head(S3Bench.key("log/one"))?.byteCount == 3)
        #expect(!bench.pauses.isEmpty)
    }

    @Test(arguments: ["xml", "cut", "html", "empty", "binary"])
    func aListingThatCannotBeReadIsAskedForAgain(_ kind: String) async throws {
        let server = try await TestServer.shared(.quirks(.generic))
        let proxy = try await server.proxy()
        try proxy.setRules(
            #"[{"id": "x", "match": {"op": "ListObjectsV2"}, "when": {"first": 2}, "do": {"action": "garbage", "kind": "\#(kind)"}}]"#
        )
        let bench = try await S3Bench(connection: { $0.connection(prefix: "some/prefix", port: proxy.port) })
        try bench.bucket.plant("some/prefix/\(S3Verb.key)", S3Verb.bytes)
        try await S3Verb.list.perform(bench.remote)
        #expect(bench.pauses == [.milliseconds(100), .milliseconds(200)])
    }

    // MARK: Bodies that are sent

    @Test(arguments: [0, 1, 131_071, 131_072, 131_073, 20 << 20])
    func bodiesOfAnyLengthArriveWhole(_ count: Int) async throws {
        let bench = try await S3Bench()
        let bytes = SampleBytes.large(count)
        let key = try S3Bench.key("objects/ab/\(count)")
        try await bench.remote.put(key, try RemoteBody(bytes), durability: .commit)
        #expect(try await bench.remote.head(key)?.byteCount == Int64(count))
        #expect(try await bench.remote.bytes(of: key, maximum: Int64(count)) == bytes)
        #expect(try bench.bucket.stats().requests == 3)
    }

    private enum Trick: CaseIterable { case shrinks, grows, changes, grewFromNothing, failsToRead }

    private struct Unreadable: Error, Equatable {}

    @Test(arguments: Trick.allCases)
    private func aSourceThatIsNotWhatItWasLeavesNoObject(_ trick: Trick) async throws {
        let bench = try await S3Bench()
        let bytes = SampleBytes.large(1 << 20)
        let key = try S3Bench.key("objects/ab/one")
        let body: RemoteBody =
            switch trick {
            case .shrinks:
                RemoteBody(
                    source: ByteArraySource(Array(bytes.dropLast(300_000))),
                    byteCount: Int64(bytes.count),
                    digest: try Digest.of(bytes)
                )
            case .grows:
                RemoteBody(
                    source: ByteArraySource(bytes),
                    byteCount: Int64(bytes.count) - 1000,
                    digest: try Digest.of(Array(bytes.dropLast(1000)))
                )
            case .changes:
                RemoteBody(
                    source: ByteArraySource([bytes[0] ^ 1] + bytes.dropFirst()),
                    byteCount: Int64(bytes.count),
                    digest: try Digest.of(bytes)
                )
            case .grewFromNothing:
                RemoteBody(source: ByteArraySource([1]), byteCount: 0, digest: try Digest.of([]))
            case .failsToRead:
                RemoteBody(
                    source: EventfulSource(bytes) { if $0 > 500_000 { throw Unreadable() } },
                    byteCount: Int64(bytes.count),
                    digest: try Digest.of(bytes)
                )
            }
        if trick == .failsToRead {
            await #expect(throws: Unreadable()) { try await bench.remote.put(key, body, durability: .commit) }
        } else {
            await #expect(throws: RemoteError(.bodyChanged, key)) {
                try await bench.remote.put(key, body, durability: .commit)
            }
        }
        #expect(try bench.bucket.objects().isEmpty)
        #expect(bench.pauses.isEmpty)
    }

    @Test
    func anEmptyBodyOfAnotherDigestIsNotSentAtAll() async throws {
        let bench = try await S3Bench()
        let key = try S3Bench.key("objects/ab/one")
        let body = RemoteBody(source: ByteArraySource([]), byteCount: 0, digest: try Digest.of([1]))
        await #expect(throws: RemoteError(.bodyChanged, key)) {
            try await bench.remote.put(key, body, durability: .commit)
        }
        #expect(try bench.bucket.stats().requests == 0)
    }

    @Test
    func whatIsLargerThanAServerTakesIsNotSent() async throws {
        let bench = try await S3Bench(.runpod)
        let key = try S3Bench.key("objects/ab/one")
        let body = RemoteBody(source: ByteArraySource([]), byteCount: 500_000_001, digest: try Digest.of([]))
        let error = try #require(
            await bench.refusal { try await bench.remote.put(key, body, durability: .commit) }
        )
        #expect(error.code == .configuration)
        #expect(error.message.contains("RunPod volume does not take an object as large as some/prefix/objects/ab/one"))
        #expect(try bench.bucket.stats().requests == 0)
    }

    @Test
    func aLimitOfTheServerThatNobodyKnewIsTold() async throws {
        var behaviour = ServerBehaviour()
        behaviour.maximumPutByteCount = 2
        let bench = try await S3Bench(behaviour: behaviour)
        let error = try #require(await bench.refusal { try await S3Verb.put.perform(bench.remote) })
        #expect(error.code == .configuration)
        #expect(error.message.contains("does not take an object as large as some/prefix/log/one"))
    }
}
