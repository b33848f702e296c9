import ReplayCacheTestSupport
import Synchronization
import Testing

@testable import ReplayCache

/// What is removed from a place, when, and what always stays (`docs/format.md`, "Base").
struct PruningTests {
    private let scratch: Scratch
    private let laptop: Laptop

    init() async throws {
        scratch = try Scratch()
        laptop = try await Laptop("laptop", in: scratch)
    }

    /// Three old segments, and a base of them that appeared `days` ago.
    private func repository(_ kind: PlaceKind, baseDaysAgo days: Double) async throws -> OldRepository {
        let old = try await OldRepository(kind, in: scratch)
        for (index, path) in ["a", "b", "c"].enumerated() { _ = try old.commit(daysAgo: Double(9 - index), path: path) }
        try await old.compact(by: laptop, daysAgo: days)
        return old
    }

    @Test(arguments: PlaceKind.allCases)
    func coveredSegmentsGoOnceTheirBaseIsADayOld(_ kind: PlaceKind) async throws {
        let old = try await repository(kind, baseDaysAgo: 2)
        let repository = try await laptop.repository(at: old.depot.place)
        #expect(await repository.compactIfWorthwhile().isEmpty)
        // The newest stays although it is covered.
        #expect(try old.depot.keys("log/").map { SegmentKey($0)?.hlc } == [try await repository.store.newestHLC()])
        let uncovered = try old.commit(daysAgo: 1, path: "d")
        let fresh = try await Laptop("fresh", in: scratch)
        #expect(try await old.paths(by: fresh) == ["replays/a", "replays/b", "replays/c", "replays/d"])
        #expect(try old.depot.keys("log/").last == uncovered.remoteKey.string)
    }

    @Test
    func nothingGoesBeforeThat() async throws {
        let old = try await repository(.directory, baseDaysAgo: 0.5)
        let repository = try await laptop.repository(at: old.depot.place)
        #expect(await repository.compactIfWorthwhile().isEmpty)
        #expect(try old.depot.keys("log/").count == 3)
    }

    @Test
    func whatTheBaseDoesNotCoverStays() async throws {
        let old = try await repository(.directory, baseDaysAgo: 2)
        // Committed before the base was made, and seen only after: a slow commit.
        let slow = try old.commit(daysAgo: 8.5, path: "slow")
        let repository = try await laptop.repository(at: old.depot.place)
        try await repository.store.pretendLastCatchUp(daysAgo: 3)
        let again = try await laptop.repository(at: old.depot.place)
        #expect(await again.compactIfWorthwhile().isEmpty)
        #expect(try old.depot.keys("log/").contains(slow.remoteKey.string))
        #expect(try old.depot.keys("log/").count == 2)
    }

    /// What the older base covered is gone, and the newer one is too young to have had anything removed.
    @Test(arguments: PlaceKind.allCases)
    func whatAnOlderBaseCoveredReachesWhoWasAway(_ kind: PlaceKind) async throws {
        let old = try await OldRepository(kind, in: scratch)
        let other = try await Laptop("other", in: scratch)
        _ = try old.commit(daysAgo: 9, path: "a")
        try await laptop.repository(at: old.depot.place).store.pretendLastCatchUp(daysAgo: 6)
        for (index, path) in ["b", "c"].enumerated() {
            _ = try old.commit(daysAgo: 5 - 0.5 * Double(index), path: path)
        }
        try await old.compact(by: other, daysAgo: 2)
        #expect(await (try other.repository(at: old.depot.place)).compactIfWorthwhile().isEmpty)
        #expect(try old.depot.keys("log/").count == 1)
        _ = try old.commit(daysAgo: 0.2, path: "d")
        let again = try await other.repository(at: old.depot.place)
        try await again.compact()
        #expect(try await old.paths(by: laptop) == ["replays/a", "replays/b", "replays/c", "replays/d"])
    }

    /// Of two bases made at once each may lack what the other covers.
    @Test
    func whatANewerBaseMayLackStays() async throws {
        let old = try await OldRepository(.directory, in: scratch)
        let depot = old.depot
        let other = try await Laptop("other", in: scratch)
        _ = try old.commit(daysAgo: 9, path: "a")
        _ = try await other.repository(at: depot.place)
        let slow = try old.commit(daysAgo: 5.05, path: "b").remoteKey
        try await old.compact(by: laptop, daysAgo: 3)
        // The other machine sees neither yet when it makes a base of something later.
        let name = try #require(try depot.keys("base/").first)
        let base = try #require(RemoteKey(name))
        let bytes = try await depot.remote().bytes(of: slow, maximum: 1 << 20)
        let baseBytes = try await depot.remote().bytes(of: base, maximum: 1 << 24)
        try depot.remove(slow.string)
        try depot.remove(base.string)
        _ = try old.commit(daysAgo: 5, path: "c")
        try await old.compact(by: other, daysAgo: 2)
        try depot.plant(slow.string, bytes)
        try depot.age(slow.string, hours: 121)
        try depot.plant(base.string, baseBytes)
        try depot.age(base.string, hours: 72)
        _ = try old.commit(daysAgo: 1, path: "d")

        #expect(await (try laptop.repository(at: depot.place)).compactIfWorthwhile().isEmpty)
        #expect(try depot.keys("log/").contains(slow.string))
        #expect(try depot.keys("log/").count < 4)
        let fresh = try await Laptop("fresh", in: scratch)
        #expect(try await old.paths(by: fresh) == ["replays/a", "replays/b", "replays/c", "replays/d"])
    }

    /// Bases are looked for a day after the last listing, not after the end of reading what it listed.
    @Test
    func theLastContactIsTheListing() async throws {
        let old = try await OldRepository(.directory, in: scratch)
        _ = try old.commit(daysAgo: 9, path: "a")
        let began = Timestamp.now()
        let clock = Mutex(began)
        let transfer = ActingRemote.acting { request, moment in
            guard case .get(let key) = request, key.hasPrefix(SegmentKey.prefix), moment == .after else { return }
            clock.withLock { $0.milliseconds += 20 * 3_600_000 }
        }
        let slow = try await Laptop("slow", in: scratch, transfer: transfer)
        try await Timestamp.$simulatedClock.withValue({ clock.withLock { $0 } }) {
            _ = try await slow.entries(at: old.depot.place)
        }
        #expect(clock.withLock { $0 } > began)
        let record = try await Catalog(home: slow.home).place(old.depot.place)
        #expect(try await PlaceStore.open(record, home: slow.home).lastContact() == began)
    }

    @Test
    func twoBasesStay() async throws {
        let old = try await OldRepository(.directory, in: scratch)
        for (index, path) in ["a", "b", "c"].enumerated() {
            _ = try old.commit(daysAgo: Double(9 - index), path: path)
            let repository = try await laptop.repository(at: old.depot.place)
            try await repository.store.pretendLastCatchUp(daysAgo: 30)
            try await old.compact(by: laptop, daysAgo: Double(8 - index))
        }
        let bases = try old.depot.keys("base/")
        #expect(bases.count == 3)
        #expect(await (try laptop.repository(at: old.depot.place)).compactIfWorthwhile().isEmpty)
        #expect(try old.depot.keys("base/") == Array(bases.suffix(2)))
    }

    @Test
    func aKeyThatMayNotRemoveLeavesItToOthers() async throws {
        let old = try await repository(.bucket, baseDaysAgo: 2)
        var behaviour = ServerBehaviour()
        behaviour.denied = [.delete, .bulkDelete]
        try old.depot.behave(behaviour)
        let repository = try await laptop.repository(at: old.depot.place)
        #expect(await repository.compactIfWorthwhile().isEmpty)
        #expect(try old.depot.keys("log/").count == 3)
        // Tried once, not at every push.
        let before = repository.remote.meter.requests
        #expect(await repository.compactIfWorthwhile().isEmpty)
        #expect(repository.remote.meter.requests == before)
    }

    /// Two processes of one machine share the state that a base is made of.
    @Test
    func aBaseIsBelievedThoughAnotherProcessMergedMoreWhileItWasMade() async throws {
        let old = try await OldRepository(.directory, in: scratch)
        _ = try old.commit(daysAgo: 9, path: "a")
        let other = try await laptop.repository(at: old.depot.place)
        var settings = RemoteSettings()
        settings.wrap = { base in
            ActingRemote(base) { request, moment in
                guard request == .barrier, moment == .after else { return }
                try await other.commit([try MergeTests.put("replays/b", 2)])
            }
        }
        let catalog = try Catalog(home: laptop.home)
        let mine = try await Repository.open(old.depot.place, catalog: catalog, settings: settings)
        try await mine.compact()
        #expect(try old.depot.keys("base/").count == 1)
        let fresh = try await Laptop("fresh", in: scratch).repository(at: old.depot.place)
        #expect(fresh.warnings.isEmpty)
        #expect(try await fresh.store.knownBase() != nil)
        #expect(try await fresh.store.paths() == ["replays/a", "replays/b"])
    }

    /// Whether a base may have taken the place of segments never read here is told by the clock of the place: the one of
    /// this machine may have been put back since.
    @Test(arguments: PlaceKind.allCases)
    func whatWasPrunedIsReadFromTheBaseThoughTheClockHereWentBack(_ kind: PlaceKind) async throws {
        let old = try await OldRepository(kind, in: scratch)
        _ = try old.commit(daysAgo: 9, path: "a")
        let late = try await laptop.repository(at: old.depot.place)
        try await late.store.pretendLastCatchUp(daysAgo: 5)
        try await late.store.setLastContact(Timestamp(milliseconds: Timestamp.now().milliseconds + 86_400_000))
        let pruned = try old.commit(daysAgo: 4, path: "b")
        try await old.compact(by: try await Laptop("other", in: scratch), daysAgo: 3)
        _ = try old.commit(daysAgo: 1, path: "c")
        // By a machine whose base did not cover the first.
        try old.depot.remove(pruned.remoteKey.string)
        #expect(try await old.paths(by: laptop) == ["replays/a", "replays/b", "replays/c"])
    }
}
