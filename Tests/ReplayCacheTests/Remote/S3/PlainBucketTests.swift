import ReplayCacheTestSupport
import Testing

@testable import ReplayCache

/// Buckets that other programs fill.
struct PlainBucketTests {
    private func bucket(
        _ bucket: TestBucket,
        prefix: String = "",
        provider: Provider? = nil,
        pacing: RetryPacing = Instants().pacing(RetryPolicy())
    ) -> PlainBucket {
        PlainBucket(bucket.connection(provider: provider, prefix: prefix), pacing: pacing)
    }

    private func items(_ bucket: PlainBucket) async throws -> [PlainItem] {
        let found = Guarded<[PlainItem]>([])
        try await bucket.list { page in found.change { $0 += page } }
        return found.value
    }

    private func bytes(of item: PlainItem, in bucket: PlainBucket) async throws -> ([UInt8], PlainBucket.Received) {
        let latest = Guarded(ByteCollector())
        let received = try await bucket.get(item) {
            let collector = ByteCollector()
            latest.change { $0 = collector }
            return { collector.append($0) }
        }
        return (latest.value.bytes, received)
    }

    @Test(arguments: TestServer.Kind.everyAvailable)
    func aFileComesBackWithItsTime(_ kind: TestServer.Kind) async throws {
        let place = try await TestServer.shared(kind).makeBucket()
        let plain = bucket(place, prefix: "a b/+&ü")
        let path = try LogicalPath("mewtwo/Game 1 (100%).slp")
        let time: Int64 = 1_700_000_000_123_456_789
        let body = try RemoteBody(Array(0...255))
        try await plain.put(path, body, mtime: time)
        let item = try #require(try await items(plain).first)
        #expect(try item.path() == path)
        #expect(item.byteCount == 256)
        #expect(item.hasContentETag)
        let (bytes, received) = try await bytes(of: item, in: plain)
        #expect(bytes == Array(0...255))
        #expect(received.modificationTime == time)
        #expect(plain.meter.requests == RequestCounts(put: 1, get: 1, list: 1))
    }

    @Test(arguments: TestServer.Kind.everyAvailable)
    func theServerCopies(_ kind: TestServer.Kind) async throws {
        let server = try await TestServer.shared(kind)
        let (from, to) = (try await server.makeBucket(), try await server.makeBucket())
        let source = bucket(from, prefix: "old")
        let target = bucket(to, prefix: "repo")
        try await source.put(LogicalPath("ü +/a.slp"), RemoteBody([1, 2, 3]), mtime: 0)
        let item = try #require(try await items(source).first)
        let key = try S3Bench.key("objects/ab/cd.raw")
        try await target.copy(item, from: source, to: key)
        #expect(target.meter.bytesUploaded == 0)
        let copied = try #require(try await items(target).first)
        #expect(copied.name == key.string)
        #expect(try await bytes(of: copied, in: target).0 == [1, 2, 3])
    }

    @Test
    func aListingHasAllPages() async throws {
        let place = try await TestServer.shared(.quirks(.generic)).makeBucket()
        let names = (0..<2500).map { "f/" + Decimals.padded(Int64($0), to: 5) + ".slp" }
        for name in names { try place.plant("p/\(name)", []) }
        let plain = bucket(place, prefix: "p")
        #expect(try await items(plain).map(\.name) == names)
        #expect(plain.meter.requests.list == 3)
    }

    @Test(arguments: TestServer.Kind.everyProvider)
    func keysThatXMLCannotHoldAreListed(_ kind: TestServer.Kind) async throws {
        let place = try await TestServer.shared(kind).makeBucket()
        let keys = ["a\u{1}b", "c+d e%20", "é/\u{7F}"]
        for key in keys { try place.plant(key, [1]) }
        let plain = bucket(place)
        let found = try await items(plain)
        #expect(found.map(\.name) == keys)
        for item in found { #expect(try await bytes(of: item, in: plain).0 == [1]) }
    }

    @Test
    func anObjectThatWasReplacedIsNoticed() async throws {
        let place = try await TestServer.shared(.quirks(.generic)).makeBucket()
        try place.plant("a", [1, 2, 3])
        let plain = bucket(place)
        let item = try #require(try await items(plain).first)
        try place.plant("a", [4, 5, 6])
        await #expect(throws: PlainBucketError(.changed, "a")) { _ = try await bytes(of: item, in: plain) }
        try place.plant("a", [1, 2, 3, 4])
        await #expect(throws: PlainBucketError(.changed, "a")) { _ = try await bytes(of: item, in: plain) }
        let key = try S3Bench.key("b")
        await #expect(throws: PlainBucketError(.changed, "a")) { try await plain.copy(item, from: plain, to: key) }
        try place.remove("a")
        await #expect(throws: PlainBucketError(.gone, "a")) { _ = try await bytes(of: item, in: plain) }
        await #expect(throws: PlainBucketError(.gone, "a")) { try await plain.copy(item, from: plain, to: key) }
    }

    @Test
    func aServerWithoutConditionsCopiesAllTheSame() async throws {
        let place = try await TestServer.shared(.quirks(.b2)).makeBucket()
        var behaviour = ServerBehaviour()
        behaviour.copyTakesConditions = false
        try place.behave(behaviour)
        try place.plant("a", [1, 2, 3])
        let plain = bucket(place)
        let item = try #require(try await items(plain).first)
        for name in ["b", "c"] { try await plain.copy(item, from: plain, to: S3Bench.key(name)) }
        #expect(plain.meter.requests.put == 3, "the first with a condition, in vain")
        // Then the ETag of the copy alone tells.
        try place.plant("a", [4, 5, 6])
        await #expect(throws: PlainBucketError(.notCopied, "a")) {
            try await plain.copy(item, from: plain, to: S3Bench.key("d"))
        }
    }

    @Test(arguments: [
        ServerBehaviour.NextError(403, "AccessDenied", count: 99, operation: .copy),
        ServerBehaviour.NextError(501, "NotImplemented", count: 99, operation: .copy),
        ServerBehaviour.NextError(200, "InternalError", count: 99, operation: .copy),
        ServerBehaviour.NextError(200, "AccessDenied", count: 99, operation: .copy),
        ServerBehaviour.NextError(400, "InvalidRequest", count: 99, operation: .copy),
    ])
    func whatIsNotCopiedIsSaid(_ error: ServerBehaviour.NextError) async throws {
        let place = try await TestServer.shared(.quirks(.generic)).makeBucket()
        try place.plant("a", [1, 2, 3])
        let plain = bucket(place)
        let item = try #require(try await items(plain).first)
        var behaviour = ServerBehaviour()
        behaviour.nextErrors = [error]
        try place.behave(behaviour)
        await #expect(throws: PlainBucketError(.notCopied, "a")) {
            try await plain.copy(item, from: plain, to: S3Bench.key("b"))
        }
        #expect(try place.objects().map(\.key) == ["a"])
    }

    @Test
    func anErrorThatCameAs200IsTriedAgain() async throws {
        let place = try await TestServer.shared(.quirks(.generic)).makeBucket()
        try place.plant("a", [1, 2, 3])
        let plain = bucket(place)
        let item = try #require(try await items(plain).first)
        var behaviour = ServerBehaviour()
        behaviour.nextErrors = [.init(200, "SlowDown", operation: .copy)]
        try place.behave(behaviour)
        try await plain.copy(item, from: plain, to: S3Bench.key("b"))
        #expect(try place.objects().map(\.key) == ["a", "b"])
    }

    @Test(arguments: [
        ("1700000000.123456789", 1_700_000_000_123_456_789), ("1700000000", 1_700_000_000_000_000_000),
        ("0.5", 500_000_000), ("-1.25", -1_250_000_000), ("1.1234567899", 1_123_456_789),
        ("9223372036.854775807", Int64.max),
    ])
    func timesAreAsRcloneWritesThem(_ text: String, _ nanoseconds: Int64) {
        #expect(PlainTime.nanoseconds(seconds: text) == nanoseconds)
        #expect(PlainTime.nanoseconds(seconds: PlainTime.seconds(nanoseconds: nanoseconds)) == nanoseconds)
    }

    @Test(arguments: [
        "", "-", ".5", "1.", "1e9", "+1", "1,5", "9223372037", "NaN", "1.5.5", String(repeating: "1", count: 50),
    ])
    func nonsenseIsNoTime(_ text: String) {
        #expect(PlainTime.nanoseconds(seconds: text) == nil)
    }

    @Test
    func millisecondsOfB2AreATimeToo() {
        let headers = [PlainTime.millisecondsHeader: "1700000000123"]
        #expect(PlainTime.nanoseconds(in: headers) == 1_700_000_000_123_000_000)
        #expect(PlainTime.nanoseconds(in: [PlainTime.millisecondsHeader: "9223372036854775807"]) == nil)
    }

    @Test(arguments: [
        "", "/a", "a//b", "a/", "../a", "a/./b", "a\u{0}b", "\u{FFFD}", String(repeating: "a", count: 256),
    ])
    func hostileNamesAreNoPaths(_ name: String) {
        let item = PlainItem(key: name, name: name, byteCount: 1, etag: nil, modified: Timestamp(milliseconds: 0))
        #expect(throws: LogicalPathError.self) { try item.path() }
    }
}
