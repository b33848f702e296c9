import ReplayCacheTestSupport
import ReplayGenerator
import Testing

@testable import ReplayCache

/// The main job on buckets: of every provider's ways, and on servers that others wrote.
struct BucketTests {
    private let scratch: Scratch
    private let laptop: Laptop
    private let pod: Laptop

    init() async throws {
        scratch = try Scratch()
        laptop = try await Laptop("laptop", in: scratch)
        pod = try await Laptop("pod", in: scratch)
    }

    private func quirkyBucket(_ provider: Provider = .generic) async throws -> TestBucket {
        try await TestServer.shared(.quirks(provider)).makeBucket()
    }

    private func refusal(_ body: () async throws -> SyncSummary) async -> ReplayCacheError? {
        do {
            _ = try await body()
            return nil
        } catch {
            return error as? ReplayCacheError
        }
    }

    @Test(arguments: TestServer.Kind.everyAvailable)
    func theMainJobWorks(_ kind: TestServer.Kind) async throws {
        let place = try await TestServer.shared(kind).makeBucket().place()
        for number in 0..<20 { try laptop.write("game \(number)", to: "fox/\(number).txt") }
        // One that is stored in parts.
        let large = SampleBytes.large(33 << 20)
        try Tree.write(large, to: laptop.at("large.bin"))

        let push = try await laptop.push(to: place)
        #expect(push.entriesAdded == 21)
        #expect(laptop.told(.created) == ["\(place)"])
        #expect(try await laptop.push(to: place).requests == RequestCounts(list: 1))

        let fetch = try await pod.fetch(from: place)
        #expect(fetch.filesPlaced == 21)
        #expect(try pod.files() == laptop.files())
        #expect(try Tree.read(pod.at("large.bin")) == large)
        #expect(try await pod.fetch(from: place).requests == RequestCounts(list: 1))

        try Tree.move(laptop.at("fox"), to: laptop.at("falco"))
        let moved = try await laptop.push(to: place)
        #expect(moved.objectsUploaded == 0)
        // The log, the manifest before the first commit of a process, the segment, what is condemned before and after it.
        #expect(moved.requests == RequestCounts(put: 1, get: 1, list: 3))
        #expect(try await pod.fetch(from: place).filesMoved == 20)

        try pod.write("a checkpoint", to: "model.pt")
        _ = try await pod.workspace.pushCheckpoint([pod.at("model.pt")], to: place, CheckpointDescription(run: "fox"))
        let (_, checkpoint) = try await laptop.workspace.fetchCheckpoint(
            CheckpointReference("fox@latest"),
            from: place,
            into: scratch.at("restored")
        )
        #expect(checkpoint.run == "fox")
        #expect(Tree.text(scratch.at("restored/model.pt")) == "a checkpoint")
    }

    @Test
    func readersNeedNoMoreThanAReadOnlyKey() async throws {
        let bucket = try await quirkyBucket()
        let place = try bucket.place()
        try laptop.write("one", to: "one.txt")
        try await laptop.push(to: place)
        var behaviour = ServerBehaviour()
        behaviour.denied = [.put, .delete, .bulkDelete, .listVersions]
        try bucket.behave(behaviour)

        #expect(try await pod.fetch(from: place).filesPlaced == 1)
        _ = try await pod.workspace.status(pod.folder, at: place, path: LogicalPath("replays"))
        #expect(try await pod.workspace.count(Selection(), in: .place(place)) == 0)
        #expect(try await pod.workspace.checkpoints(of: nil, at: place).isEmpty)
        #expect(try await pod.entries(at: place).count == 1)

        try pod.write("two", to: "two.txt")
        let error = try #require(await refusal { try await pod.push(to: place) })
        #expect(error.code == .configuration)
        #expect(error.message.contains("may not write"))
    }

    @Test
    func aBucketWithOtherThingsIsLeftAloneAndAPrefixIsNamed() async throws {
        let bucket = try await quirkyBucket()
        try bucket.plant("slp/Some Game.slp", [1, 2, 3])
        try laptop.write("one", to: "one.txt")
        let error = try #require(await refusal { try await laptop.push(to: bucket.place(prefix: "")) })
        #expect(error.code == .configuration)
        #expect(error.message.contains("slp/Some Game.slp"))
        #expect(error.hint?.contains("s3:\(bucket.name)/replaycache") == true)
        #expect(try bucket.objects().map(\.key) == ["slp/Some Game.slp"])

        try await laptop.push(to: bucket.place())
        #expect(try bucket.objects().allSatisfy { $0.key.hasPrefix("replaycache/") || $0.key.hasPrefix("slp/") })
    }

    @Test
    func aWipedBucketIsNoticedAndNothingIsPushedIntoIt() async throws {
        let bucket = try await quirkyBucket()
        let place = try bucket.place()
        try laptop.write("one", to: "one.txt")
        try await laptop.push(to: place)
        for object in try bucket.objects() { try bucket.remove(object.key) }
        try laptop.write("two", to: "two.txt")
        let error = try #require(await refusal { try await laptop.push(to: place) })
        #expect(error.code == .notFound)
        #expect(error.message.contains("is gone"))
        #expect(try bucket.objects().isEmpty)
        try await laptop.push(to: place) { $0.insistsOnNew = true }
        #expect(try await laptop.entries(at: place).count == 2)
    }

    @Test
    func whatAnInterruptedPushSentIsNotSentAgain() async throws {
        let bucket = try await quirkyBucket()
        let place = try bucket.place()
        for number in 0..<30 { try laptop.write("game \(number)", to: "\(number).txt") }
        var behaviour = ServerBehaviour()
        // The thirty objects go through, the segment does not.
        behaviour.nextErrors = [
            .init(403, "AccessDenied", count: 1, skip: 31, operation: .put)
        ]
        try bucket.behave(behaviour)
        #expect(await refusal { try await laptop.push(to: place) }?.code == .configuration)
        try bucket.behaveNormally()
        let again = try await laptop.push(to: place)
        #expect(again.entriesAdded == 30)
        #expect(again.objectsUploaded == 0)
        // Each is looked at, since the place may have lost it.
        #expect(again.requests.head == 30)
        #expect(try await pod.fetch(from: place).filesPlaced == 30)
    }

    @Test
    func whatTheLineSpoiledIsReadAgain() async throws {
        let bucket = try await quirkyBucket()
        try laptop.write("one", to: "one.txt")
        try await laptop.push(to: bucket.place())
        // The first answer for each key loses its end: manifest, segment and object.
        let proxy = try await bucket.server.proxy()
        try proxy.setRules(
            #"[{"id": "x", "match": {"op": "GetObject"}, "when": {"first": 1, "by": "key"}, "do": {"action": "garbage", "kind": "cut"}}]"#
        )
        let summary = try await pod.fetch(from: bucket.place(port: proxy.port))
        #expect(summary.failure == nil)
        #expect(summary.filesPlaced == 1)
        #expect(pod.told(.warning).isEmpty)
    }

    @Test
    func aManifestThatIsBrokenAtRestIsReadTwice() async throws {
        let bucket = try await quirkyBucket()
        try laptop.write("one", to: "one.txt")
        try await laptop.push(to: bucket.place())
        try bucket.plant("replaycache/replaycache.json", Array("not JSON".utf8))
        try bucket.forgetStats()
        let place = try bucket.place()
        let error = try #require(await refusal { try await pod.fetch(from: place) })
        #expect(error.code == .unsupportedFormat)
        #expect(try bucket.stats().operations["GetObject"] == 2)
    }

    @Test
    func aDamagedObjectIsFetchedTwiceAndNamed() async throws {
        let bucket = try await quirkyBucket()
        let place = try bucket.place()
        try laptop.write("one", to: "one.txt")
        try laptop.write("two", to: "two.txt")
        try await laptop.push(to: place)
        let digest = try Digest.of(Array("one".utf8)).hex
        let key = try #require(try bucket.objects().map(\.key).first { $0.contains(digest) })
        try bucket.damage(key)
        try bucket.forgetStats()
        let summary = try await pod.fetch(from: place)
        #expect(summary.failure?.code == .integrity)
        #expect(summary.filesPlaced == 1)
        #expect(pod.text("one.txt") == nil)
        #expect(pod.text("two.txt") == "two")
        #expect(pod.events.contains { "\($0)".contains(key.split(separator: "/").last ?? "?") })
        // One object once, the other twice; the manifest once.
        #expect(try bucket.stats().operations["GetObject"] == 5)
    }
}
