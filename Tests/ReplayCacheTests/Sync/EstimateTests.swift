import ReplayCacheTestSupport
import Testing

@testable import ReplayCache

/// What a plan says is what happens.
struct EstimateTests {
    private let scratch: Scratch
    private let laptop: Laptop
    private let pod: Laptop

    init() async throws {
        scratch = try Scratch()
        laptop = try await Laptop("laptop", in: scratch)
        pod = try await Laptop("pod", in: scratch)
    }

    private func writeFiles() throws {
        for number in 0..<12 { try laptop.write(String(repeating: "game \(number) ", count: 400), to: "\(number).txt") }
        try laptop.write(String(repeating: "game 3 ", count: 400), to: "copy of 3.txt")
        try Tree.write(SampleBytes.random(70_000, seed: 3), to: laptop.at("noise.bin"))
        // In parts, of which two are the same.
        try laptop.write("", to: "zeros.bin")
        try Tree.truncate(laptop.at("zeros.bin"), to: 3 * Recipe.partByteCount - 5)
    }

    private func dryPush(to place: Place) async throws -> TransferPlan {
        try #require(try await laptop.push(to: place) { $0.isDryRun = true }.plan?.push)
    }

    private func dryFetch(from place: Place) async throws -> TransferPlan {
        try #require(try await pod.fetch(from: place) { $0.isDryRun = true }.plan?.fetch)
    }

    @Test(arguments: PlaceKind.allCases)
    func aPushAsksAsOftenAsWasSaid(_ kind: PlaceKind) async throws {
        let place = try await kind.place(in: scratch)
        for number in 0..<12 { try laptop.write(String(repeating: "game \(number) ", count: 400), to: "\(number).txt") }
        try laptop.write(String(repeating: "game 3 ", count: 400), to: "copy of 3.txt")
        let first = try await dryPush(to: place)
        let created = try await laptop.push(to: place)
        #expect(first.requests == created.requests)
        #expect(first.files == 13 && first.objects == created.objectsUploaded)
        #expect(first.bytesRaw == created.bytesRaw)

        try Tree.write(SampleBytes.random(70_000, seed: 3), to: laptop.at("noise.bin"))
        try laptop.write("changed", to: "5.txt")
        let second = try await dryPush(to: place)
        let changed = try await laptop.push(to: place)
        #expect(second.requests == changed.requests)
        #expect(second.objects == 2 && changed.objectsUploaded == 2)

        let nothing = try await dryPush(to: place)
        #expect(nothing.requests == RequestCounts(list: 1))
        #expect(try await laptop.push(to: place).requests == nothing.requests)
        #expect(nothing.bytesEncoded == 0 && !nothing.isEstimated)
    }

    @Test(arguments: PlaceKind.allCases)
    func aFetchAsksAndReceivesAsMuchAsWasSaid(_ kind: PlaceKind) async throws {
        let place = try await kind.place(in: scratch)
        try writeFiles()
        try await laptop.push(to: place)
        // The dry run gets to know the place; the fetch then has to catch up alone.
        let plan = try await dryFetch(from: place)
        #expect(try pod.files().isEmpty)
        let fetch = try await pod.fetch(from: place)
        #expect(plan.requests == fetch.requests)
        #expect(plan.bytesEncoded == fetch.bytesDownloaded)
        #expect(plan.bytesRaw == fetch.bytesRaw)
        #expect(plan.objects == fetch.objectsDownloaded)
        #expect(plan.files == fetch.filesPlaced)
        #expect(!plan.isEstimated)
        #expect(try await dryFetch(from: place).requests == RequestCounts(list: 1))
    }

    @Test
    func contentThatIsOnThisMachineIsNotReckoned() async throws {
        let place = try scratch.place()
        try writeFiles()
        try await laptop.push(to: place)
        // The same machine, another folder; one file has changed since it was seen.
        let other = try await Laptop(home: laptop.home, folder: try scratch.folder("other"))
        try Tree.overwrite(laptop.at("7.txt"), at: 0, with: Array("GAME".utf8))
        let plan = try #require(try await other.fetch(from: place) { $0.isDryRun = true }.plan?.fetch)
        let fetch = try await other.fetch(from: place)
        #expect(plan.requests == fetch.requests)
        #expect(plan.requests.get == 1)
        #expect(plan.objectsReused == fetch.objectsReused)
        #expect(plan.bytesEncoded == fetch.bytesDownloaded)
        #expect(Tree.text(other.at("7.txt"))?.hasPrefix("game 7") == true)
    }

    @Test
    func statusSaysTheSameForBothWaysAndOffline() async throws {
        let place = try scratch.place()
        try writeFiles()
        try await laptop.push(to: place)
        try await pod.fetch(from: place) { $0.selection.paths = ["?.txt"] }
        try pod.write("new here", to: "new.txt")
        let path = try LogicalPath("replays")
        let status = try await pod.workspace.status(pod.folder, at: place, path: path)
        let plan = try #require(status.plan)
        #expect(plan.push == (try await pod.push(to: place) { $0.isDryRun = true }).plan?.push)
        #expect(plan.fetch == (try await dryFetch(from: place)))
        let alone = try await pod.workspace.status(pod.folder, at: place, path: path, isOffline: true)
        let offline = try #require(alone.plan)
        #expect(offline.push == plan.push)
        // Without a look at recipes parts are guessed at.
        #expect(offline.fetch?.isEstimated == true)
        #expect(offline.fetch?.objects == (plan.fetch?.objects ?? 0) + 1)
        #expect(try await pod.fetch(from: place).requests == plan.fetch?.requests)
        #expect(try await pod.push(to: place).requests == plan.push?.requests)
    }

    @Test
    func compressionIsThatOfTheKindHere() async throws {
        let place = try scratch.place()
        func text(_ seed: Int) -> String { (0..<2000).map { "\(($0 * 7919 + seed * 31) % 997) " }.joined() }
        for number in 0..<20 { try laptop.write(text(number), to: "\(number).txt") }
        for number in 0..<20 {
            try Tree.write(SampleBytes.random(9000, seed: UInt64(number)), to: laptop.at("\(number).bin"))
        }
        // Nothing is known yet: samples are encoded.
        let first = try await dryPush(to: place)
        #expect(first.isEstimated)
        let push = try await laptop.push(to: place)
        let stored = try await stored(at: place)
        #expect(abs(Double(first.bytesEncoded) / Double(stored) - 1) < 0.05)
        #expect(push.bytesRaw == first.bytesRaw)
        // From what was stored, each kind on its own.
        for number in 20..<30 { try laptop.write(text(number), to: "\(number).TXT") }
        let texts = try await dryPush(to: place)
        try await laptop.push(to: place)
        let after = try await self.stored(at: place)
        #expect(abs(Double(texts.bytesEncoded) / Double(after - stored) - 1) < 0.05)
        try Tree.write(SampleBytes.random(50_000, seed: 99), to: laptop.at("more.bin"))
        #expect(abs(Double(try await dryPush(to: place).bytesEncoded) / 50_000 - 1) < 0.05)
    }

    private func stored(at place: Place) async throws -> Int64 {
        let cost = try #require(try await laptop.workspace.cost(of: place).cost)
        return cost.bytesStored
    }

    @Test(arguments: PlaceKind.allCases)
    func whatAnInterruptedPushHasPutIsOnlyLookedAt(_ kind: PlaceKind) async throws {
        let place = try await kind.place(in: scratch)
        try await Laptop("first", in: scratch).push(to: place)
        for number in 0..<5 { try laptop.write("file \(number)", to: "\(number).txt") }
        var context = SyncContext(catalog: try Catalog(home: laptop.home))
        context.remoteSettings.wrap = { LogRefusingRemote(base: $0) }
        let interrupted = Push(context: context, source: laptop.folder, place: place, options: try PushOptions())
        await #expect(throws: ReplayCacheError.self) {
            try await interrupted.run()
        }
        let plan = try await dryPush(to: place)
        #expect(plan.objects == 0 && plan.objectsReused == 5)
        let push = try await laptop.push(to: place)
        #expect(plan.requests == push.requests)
        #expect(push.objectsReused == 5)
    }

    @Test(arguments: PlaceKind.allCases)
    func aCheckpointAsksAsOftenAsWasSaid(_ kind: PlaceKind) async throws {
        let place = try await kind.place(in: scratch)
        // In parts, of which two are the same, and a small file twice.
        try laptop.write("", to: "model.pt")
        try Tree.truncate(laptop.at("model.pt"), to: 3 * Recipe.partByteCount - 5)
        for name in ["a.json", "b.json"] { try laptop.write("{}", to: name) }
        func publish(isDryRun: Bool) async throws -> SyncSummary {
            var description = CheckpointDescription(run: "fox")
            description.step = 1
            let files = ["model.pt", "a.json", "b.json"].map(laptop.at)
            return try await laptop.workspace.pushCheckpoint(files, to: place, description, isDryRun: isDryRun)
        }
        for change in ["", "more"] {
            try Tree.overwrite(laptop.at("model.pt"), at: 3 * Recipe.partByteCount - 5, with: Array(change.utf8))
            let dry = try await publish(isDryRun: true)
            let plan = try #require(dry.plan?.push)
            #expect(dry.requests.put == 0)
            let push = try await publish(isDryRun: false)
            #expect(plan.requests == push.requests)
            #expect(plan.objects == push.objectsUploaded)
            #expect(plan.objects == (change.isEmpty ? 3 : 1))
        }
    }

    @Test
    func aDryRunWritesNothing() async throws {
        let place = try scratch.place()
        try writeFiles()
        _ = try await dryPush(to: place)
        #expect(!Tree.exists(place.directory))
        try await laptop.push(to: place)
        let before = try Tree.listing(of: place.directory)
        let here = try Tree.listing(of: pod.folder)
        try laptop.write("another", to: "another.txt")
        _ = try await dryPush(to: place)
        _ = try await dryFetch(from: place)
        let folder = scratch.at("absent")
        var options = try FetchOptions()
        options.isDryRun = true
        options.maximumBytes = 10_000
        let absent = try await pod.workspace.fetch(from: place, into: folder, options: options)
        #expect(absent.left?.reason == .maxDisk)
        #expect(!Tree.exists(folder))
        #expect(try Tree.listing(of: place.directory) == before)
        #expect(try Tree.listing(of: pod.folder) == here)
    }

    @Test
    func theTimeIsThatOfTheRateMeasuredLast() async throws {
        let place = try scratch.place()
        try laptop.write("x", to: "x.txt")
        try await laptop.push(to: place)
        try Tree.write(SampleBytes.random(100_000, seed: 1), to: laptop.at("noise.bin"))
        #expect(try await dryPush(to: place).seconds == nil)
        let repository = try await laptop.repository(at: place)
        let catalog = try Catalog(home: laptop.home)
        var context = SyncContext(catalog: catalog)
        let start = ContinuousClock.now
        let body = try RemoteBody(SampleBytes.random(10_000_000, seed: 2))
        let key = try #require(RemoteKey("objects/probe"))

        let tooLittle = TransferClock(repository, now: start)
        try await tooLittle.record(.up, in: context, now: start + .seconds(60))
        let clock = TransferClock(repository, now: start)
        try await repository.remote.put(key, body, durability: .eventual)
        try await clock.record(.up, in: context, now: start + .milliseconds(900))
        #expect(try await catalog.rate(.up, place: repository.store.record.id) == nil)
        try await clock.record(.up, in: context, now: start + .seconds(4))
        try await clock.record(.down, in: context, now: start + .seconds(4))
        #expect(try await catalog.rate(.up, place: repository.store.record.id) == 2_500_000)
        #expect(try await catalog.rate(.down, place: repository.store.record.id) == nil)

        // What was slowed down on purpose says nothing of the line.
        context.remoteSettings.uploadBytesPerSecond = 1000
        try await clock.record(.up, in: context, now: start + .seconds(1000))

        let plan = try await dryPush(to: place)
        #expect(plan.bytesPerSecond == 2_500_000)
        #expect(plan.seconds == Double(plan.bytesEncoded) / 2_500_000)
    }
}

/// Takes objects, and no segment.
private struct LogRefusingRemote: Remote {
    let base: any Remote

    func put(_ key: RemoteKey, _ body: RemoteBody, durability: Durability) async throws {
        guard !key.string.hasPrefix("log/") else { throw ReplayCacheError(.unavailable, "the line is down") }
        try await base.put(key, body, durability: durability)
    }

    func get(
        _ key: RemoteKey,
        maximum: Int64,
        _ begin: @escaping @Sendable () throws -> ByteReceiver
    ) async throws { try await base.get(key, maximum: maximum, begin) }

    func head(_ key: RemoteKey) async throws -> RemoteItem? { try await base.head(key) }

    func list(
        prefix: String,
        after: RemoteKey?,
        _ page: @Sendable ([RemoteItem]) async throws -> Void
    ) async throws -> Timestamp? { try await base.list(prefix: prefix, after: after, page) }

    func delete(_ keys: [RemoteKey]) async throws { try await base.delete(keys) }
    func foreignName() async throws -> String? { try await base.foreignName() }
    func barrier() async throws -> Timestamp { try await base.barrier() }
    var acknowledgesDurably: Bool { base.acknowledgesDurably }
    var parallelism: Int { base.parallelism }
    var retries: RetryCounts { base.retries }
}
