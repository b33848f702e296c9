import ReplayCacheTestSupport
import ReplayGenerator
import Testing

@testable import ReplayCache

/// When a log is compacted, what its base holds, and what that leaves out (`docs/format.md`, "Base").
struct CompactionTests {
    private let scratch: Scratch

    init() throws { scratch = try Scratch() }

    private func makeStore(_ name: String) async throws -> PlaceStore {
        let home = scratch.at(name)
        let catalog = try Catalog(home: home)
        return try await PlaceStore.open(try await catalog.place(scratch.place("remote")), home: home)
    }

    // MARK: The laws of merging

    @Test(arguments: (1...25).map(UInt64.init))
    func mergingOnTopOfBasesIsMergingFromNothing(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        let segments = try MergeTests.randomSegments(&random).shuffled(using: &random)
        let reference = try await makeStore("reference")
        _ = try await reference.merge(segments)
        // Each client goes on from the base of the one before it, with some of the segments twice.
        var store = try await makeStore("client-0")
        var rest = segments[...]
        var number = 0
        while !rest.isEmpty {
            let batch = Array(rest.prefix(Int.random(in: 1...rest.count, using: &random)))
            rest = rest.dropFirst(batch.count)
            _ = try await store.merge(batch)
            number += 1
            store = try await store.compacted(in: scratch, as: "client-\(number)", now: Self.soon)
            _ = try await store.merge(Array(segments.prefix(segments.count - rest.count)).shuffled(using: &random))
        }
        let expected = try await reference.dump().map(Self.withoutLine)
        let state = try await store.dump().map(Self.withoutLine)
        #expect(state == expected, "\(state.difference(from: expected))")
        let whole = try await reference.compacted(in: scratch, as: "reference-base", now: Self.soon)
        let found = try await store.compacted(in: scratch, as: "client-base", now: Self.soon)
        #expect(try await found.dump().map(Self.withoutLine) == whole.dump().map(Self.withoutLine), "seed \(seed)")
    }

    /// Nothing of these tests has aged by then.
    private static let soon = Timestamp(milliseconds: 1_790_000_100_000)

    /// A line of a dump without the numbers of lines, which a base has only where they order something.
    private static func withoutLine(_ row: String) -> String {
        row.hasPrefix("unknown") || row.hasPrefix("checkpoint")
            ? row
            : row.split(separator: ".ndjson.zst:").enumerated().map { index, part in
                index == 0 ? String(part) : String(part.drop { $0.isNumber })
            }.joined(separator: " ")
    }

    // MARK: When

    private func push(_ laptop: Laptop, _ name: String, to place: Place, _ limits: CompactionLimits) async throws
        -> SyncSummary
    {
        try laptop.write(name, to: name)
        var context = SyncContext(catalog: try Catalog(home: laptop.home))
        context.compaction = limits
        return try await Push(context: context, source: laptop.folder, place: place, options: try PushOptions()).run()
    }

    @Test(arguments: PlaceKind.allCases)
    func aPushCompactsALogThatHasOutgrownItsLimit(_ kind: PlaceKind) async throws {
        let depot = try await Depot(kind, in: scratch)
        let laptop = try await Laptop("laptop", in: scratch)
        var limits = CompactionLimits()
        limits.segments = 2
        for name in ["a", "b"] { _ = try await push(laptop, name, to: depot.place, limits) }
        #expect(try depot.keys("base/").isEmpty)
        _ = try await push(laptop, "c", to: depot.place, limits)
        let base = try #require(try depot.keys("base/").first.flatMap { BaseKey($0) })
        #expect(try depot.keys("log/").last.flatMap { SegmentKey($0) }?.hlc == base.hlc)
        // Counted from that base on, and nothing is removed before a day has passed.
        for name in ["d", "e"] { _ = try await push(laptop, name, to: depot.place, limits) }
        #expect(try depot.keys("base/").count == 1)
        #expect(try depot.keys("log/").count == 5)
        _ = try await push(laptop, "f", to: depot.place, limits)
        #expect(try depot.keys("base/").count == 2)
    }

    @Test
    func aPushWithoutNewsDoesNotCompact() async throws {
        let depot = try await Depot(.directory, in: scratch)
        let laptop = try await Laptop("laptop", in: scratch)
        for name in ["a", "b"] { _ = try await push(laptop, name, to: depot.place, CompactionLimits()) }
        var limits = CompactionLimits()
        limits.segments = 1
        let summary = try await push(laptop, "b", to: depot.place, limits)
        #expect(summary.requests == RequestCounts(list: 1))
        #expect(try depot.keys("base/").isEmpty)
    }

    @Test
    func aBaseOfAnotherMachineIsEnough() async throws {
        let depot = try await Depot(.directory, in: scratch)
        let laptop = try await Laptop("laptop", in: scratch)
        let other = try await Laptop("other", in: scratch)
        for name in ["a", "b", "c"] { _ = try await push(laptop, name, to: depot.place, CompactionLimits()) }
        try await other.repository(at: depot.place).compact()
        var limits = CompactionLimits()
        limits.segments = 2
        _ = try await push(laptop, "d", to: depot.place, limits)
        #expect(try depot.keys("base/").count == 1)
        // It looked once, and does not look again at each push: one listing is of the log, two are of what is condemned.
        let summary = try await push(laptop, "e", to: depot.place, limits)
        #expect(summary.requests.list == 3)
    }

    @Test
    func aLogWithOperationsOfANewerProgramIsNotCompacted() async throws {
        let depot = try await Depot(.directory, in: scratch)
        let laptop = try await Laptop("laptop", in: scratch)
        for name in ["a", "b"] { _ = try await push(laptop, name, to: depot.place, CompactionLimits()) }
        try await laptop.commit([.unknown(#"{"op":"later"}"#)], to: depot.place)
        let repository = try await laptop.repository(at: depot.place)
        try await repository.commit([try MergeTests.put("replays/x", 1)])
        var limits = CompactionLimits()
        limits.segments = 1
        let warnings = await repository.compactIfWorthwhile(limits)
        #expect(warnings.first?.message.contains("newer replaycache") == true)
        #expect(try depot.keys("base/").isEmpty)
    }

    /// A base of it would lose what a newer program stored, and a collector would remove it.
    @Test
    func aLogWithObjectsInAnUnknownEncodingIsNeitherCompactedNorCollected() async throws {
        let depot = try await Depot(.directory, in: scratch)
        let laptop = try await Laptop("laptop", in: scratch)
        for name in ["a", "b"] { _ = try await push(laptop, name, to: depot.place, CompactionLimits()) }
        let digest = try MergeTests.digest(1)
        let object = Operation.Obj(
            sha256: digest,
            size: 1,
            key: "objects/\(digest.hex.prefix(2))/\(digest.hex).later",
            encodedSize: 1
        )
        let segment = Segment(
            repository: "r",
            writer: newWriterName(),
            hlc: HLC(milliseconds: Timestamp.now().milliseconds),
            operations: [.obj(object), try MergeTests.put("replays/x", 1)]
        )
        let (key, bytes) = try segment.encoded(number: 0)
        try depot.plant(key.remoteKey.string, bytes)
        // The line is read once, by a command that does neither.
        _ = try await laptop.fetch(from: depot.place)
        let repository = try await laptop.repository(at: depot.place)
        try await repository.commit([try MergeTests.put("replays/y", 2)])
        var limits = CompactionLimits()
        limits.segments = 1
        let warnings = await repository.compactIfWorthwhile(limits)
        #expect(warnings.first?.message.contains("newer replaycache") == true)
        #expect(try depot.keys("base/").isEmpty)
        let error = await #expect(throws: ReplayCacheError.self) {
            try await laptop.workspace.collectGarbage(at: depot.place)
        }
        #expect(error?.code == .unsupportedFormat)
    }

    @Test
    func aLogWithADamagedSegmentIsNotCompacted() async throws {
        let depot = try await Depot(.directory, in: scratch)
        let laptop = try await Laptop("laptop", in: scratch)
        let other = try await Laptop("other", in: scratch)
        for name in ["a", "b", "c"] { _ = try await push(laptop, name, to: depot.place, CompactionLimits()) }
        try depot.damage(try depot.keys("log/")[1], at: 30)
        let repository = try await other.repository(at: depot.place)
        var limits = CompactionLimits()
        limits.segments = 1
        let warnings = await repository.compactIfWorthwhile(limits)
        #expect(warnings.first?.message.contains("damaged") == true)
        #expect(try depot.keys("base/").isEmpty)
    }

    @Test
    func aFailureToCompactIsNoFailureOfThePush() async throws {
        let depot = try await Depot(.directory, in: scratch)
        let laptop = try await Laptop("laptop", in: scratch)
        for name in ["a", "b"] { _ = try await push(laptop, name, to: depot.place, CompactionLimits()) }
        try depot.plant("base", Array("in the way".utf8))
        var limits = CompactionLimits()
        limits.segments = 1
        #expect(try await push(laptop, "c", to: depot.place, limits).entriesAdded == 1)
    }

    // MARK: What a base holds

    @Test
    func whatIsKnownHereAloneIsNotCarried() async throws {
        let store = try await makeStore("store")
        _ = try await store.merge([try MergeTests.segment(1, [try MergeTests.put("replays/a", 1)])])
        try await store.setRepositoryID("r")
        try await store.setLastCatchUp(.now())
        try await store.setLastContact(.now())
        let path = scratch.at("base.sqlite")
        let writer = BaseWriter(
            place: store.record.path,
            placeID: store.record.id,
            catalog: Catalog.path(in: scratch.at("store")),
            now: .now()
        )
        try writer.write(to: path)
        let database = try Database(path: path)
        #expect(try database.all("SELECT key FROM repository") { $0.text(0) } == ["repository"])
        try BaseFile.check(path, key: BaseKey(hlc: HLC(milliseconds: 1_790_000_000_001), check: "00000000"))
    }

    /// Machines that begin with the base do not know where that is stored, so whoever names it tells them.
    @Test(arguments: PlaceKind.allCases)
    func aContentThatABaseLeftOutIsToldAgain(_ kind: PlaceKind) async throws {
        let depot = try await Depot(kind, in: scratch)
        _ = try depot.plantOldRepository(ghosts: [Array("old".utf8)], living: [])
        let laptop = try await Laptop("laptop", in: scratch)
        let other = try await Laptop("other", in: scratch)
        _ = try await laptop.repository(at: depot.place)
        try await other.repository(at: depot.place).compact()
        try laptop.write("old", to: "new.txt")
        #expect(try await laptop.push(to: depot.place).objectsUploaded == 0)
        let fresh = try await Laptop("fresh", in: scratch)
        #expect(try await fresh.fetch(from: depot.place).filesPlaced == 1)
        #expect(fresh.text("new.txt") == "old")
    }

    private static let day: Int64 = 24 * 3_600_000

    /// A path with a history of many days, and a base of it made `now` days after its beginning.
    private func aged(_ days: [(day: Int64, operations: [ReplayCache.Operation])], now: Int64) async throws
        -> PlaceStore
    {
        let store = try await makeStore("aging")
        for (day, operations) in days {
            _ = try await store.merge([try MergeTests.segment(day * Self.day, operations)])
        }
        let time = Timestamp(milliseconds: 1_790_000_000_000 + now * Self.day)
        return try await store.compacted(in: scratch, as: "aged", now: time)
    }

    @Test(arguments: [(now: 229, isKept: true), (now: 231, isKept: false)])
    func whatWasReplacedStaysForThirtyDaysAfterThat(now: Int, isKept: Bool) async throws {
        let base = try await aged(
            [
                (0, [try MergeTests.put("replays/a", 1)]), (200, [try MergeTests.put("replays/a", 2, was: 1)]),
            ],
            now: Int64(now)
        )
        #expect(try await base.versions().count == (isKept ? 2 : 1))
        #expect(try await base.entryDigest(at: LogicalPath("replays/a")) == MergeTests.digest(2))
    }

    @Test(arguments: [(now: 89, isKept: true), (now: 91, isKept: false)])
    func aDeletionIsRememberedForNinetyDays(now: Int, isKept: Bool) async throws {
        let base = try await aged(
            [(-100, [try MergeTests.put("replays/a", 1)]), (0, [try MergeTests.del("replays/a", 1)])],
            now: Int64(now)
        )
        let dump = try await base.dump()
        #expect(dump.contains { $0.hasPrefix("entry replays/a") } == isKept)
        #expect(dump.contains { $0.hasPrefix("history") } == false)
        #expect(dump.contains { $0.hasPrefix("content") } == isKept)
    }

    @Test
    func aPartThatOnlyARecipeNamesIsKept() async throws {
        let store = try await makeStore("store")
        let part = try MergeTests.digest(9)
        let key = ObjectKey(digest: part, form: .content(.raw)).remoteKey.string
        let object = Operation.obj(.init(sha256: part, size: 9, key: key, encodedSize: 9))
        _ = try await store.merge([try MergeTests.segment(1, [object])])
        let time = Timestamp(milliseconds: 1_790_000_000_000 + 400 * Self.day)
        let base = try await store.compacted(in: scratch, as: "base", now: time)
        #expect(try await base.object(of: part)?.key.remoteKey.string == key)
    }
}
