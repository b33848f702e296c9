import ReplayCacheTestSupport
import Synchronization
import Testing

@testable import ReplayCache

/// What a base is for: a machine that knows nothing, or too little, goes on from it (`docs/format.md`, "Catching up").
struct BaseTests {
    private let scratch: Scratch
    private let laptop: Laptop

    init() async throws {
        scratch = try Scratch()
        laptop = try await Laptop("laptop", in: scratch)
    }

    @Test(arguments: PlaceKind.allCases)
    func aFreshMachineGoesOnFromTheBase(_ kind: PlaceKind) async throws {
        let depot = try await Depot(kind, in: scratch)
        for name in ["one", "two"] {
            try laptop.write(name, to: "\(name).txt")
            try await laptop.push(to: depot.place)
        }
        try await laptop.repository(at: depot.place).compact()
        try laptop.write("three", to: "three.txt")
        try await laptop.push(to: depot.place)
        for key in try depot.keys("log/").dropLast() { try depot.remove(key) }
        let pod = try await Laptop("pod", in: scratch)
        let summary = try await pod.fetch(from: depot.place)
        #expect(try pod.files() == ["one.txt", "three.txt", "two.txt"])
        #expect(!summary.logDamaged)
        // Manifest, base, the one segment that it does not cover, three objects.
        #expect(summary.requests.get == 6)
        #expect(summary.requests.list == 2)
        #expect(try await pod.fetch(from: depot.place).requests == RequestCounts(list: 1))
        // And whoever goes on from it writes as before.
        try pod.write("four", to: "four.txt")
        try await pod.push(to: depot.place)
        try await laptop.fetch(from: depot.place)
        #expect(laptop.text("four.txt") == "four")
    }

    @Test
    func theDatabaseThatABaseReplacesGoesOnForWhoeverHasItOpen() async throws {
        let old = try await OldRepository(.directory, in: scratch)
        _ = try old.commit(daysAgo: 5, path: "a")
        let pod = try await Laptop("pod", in: scratch)
        let before = try await pod.repository(at: old.depot.place)
        try await before.store.pretendLastCatchUp(daysAgo: 4)
        let covered = try old.commit(daysAgo: 3, path: "b")
        try await old.compact(by: laptop, daysAgo: 2)
        try old.depot.remove(covered.remoteKey.string)
        _ = try old.commit(daysAgo: 1, path: "c")
        let after = try await pod.repository(at: old.depot.place)
        #expect(try await after.store.paths() == ["replays/a", "replays/b", "replays/c"])
        #expect(before.store.record.path != after.store.record.path)
        #expect(try await before.store.paths() == ["replays/a"])
        let databases = try Tree.files(below: "\(pod.home)/places").filter { $0.hasSuffix(".sqlite") }
        #expect(databases.count == 1)
        #expect(!Tree.exists(before.store.record.path))
        #expect(!Tree.exists("\(before.store.record.path)-wal"))
    }

    @Test(arguments: PlaceKind.allCases)
    func aMachineThatWasAwayTakesTheBaseWhereSegmentsAreGone(_ kind: PlaceKind) async throws {
        let old = try await OldRepository(kind, in: scratch)
        let first = try old.commit(daysAgo: 10, path: "a")
        let pod = try await Laptop("pod", in: scratch)
        #expect(try await old.paths(by: pod) == ["replays/a"])
        try await pod.repository(at: old.depot.place).store.pretendLastCatchUp(daysAgo: 9)
        let second = try old.commit(daysAgo: 8, path: "b")
        _ = try old.commit(daysAgo: 7, path: "c")
        try await old.compact(by: laptop, daysAgo: 5)
        // The newest segment that the pod knows is gone too, and that is no sign of a wiped place.
        for key in [first, second] { try old.depot.remove(key.remoteKey.string) }
        #expect(try await old.paths(by: pod) == ["replays/a", "replays/b", "replays/c"])
    }

    @Test
    func aMachineThatMissedNothingDoesNotTakeTheBase() async throws {
        let old = try await OldRepository(.directory, in: scratch)
        let first = try old.commit(daysAgo: 3, path: "a")
        let pod = try await Laptop("pod", in: scratch)
        let before = try await pod.repository(at: old.depot.place)
        try await old.compact(by: laptop, daysAgo: 2)
        try await before.store.pretendLastCatchUp(daysAgo: 0.5)
        _ = try old.commit(daysAgo: 0.25, path: "b")
        try old.depot.remove(first.remoteKey.string)
        let after = try await pod.repository(at: old.depot.place)
        #expect(try await after.store.paths() == ["replays/a", "replays/b"])
        #expect(after.store.record.path == before.store.record.path)
        #expect(after.remote.meter.requests.get <= 3)
    }

    @Test
    func aLogThatIsGoneIsMissedInSpiteOfItsBase() async throws {
        let old = try await OldRepository(.directory, in: scratch)
        let only = try old.commit(daysAgo: 3, path: "a")
        _ = try await laptop.repository(at: old.depot.place)
        try await old.compact(by: laptop, daysAgo: 2)
        try old.depot.remove(only.remoteKey.string)
        let error = await #expect(throws: ReplayCacheError.self) {
            _ = try await laptop.repository(at: old.depot.place)
        }
        #expect(error?.hint?.contains("--new") == true)
    }

    @Test
    func aStateOlderThanHistoryLastsIsReplaced() async throws {
        let old = try await OldRepository(.directory, in: scratch)
        _ = try old.commit(daysAgo: 60, path: "a")
        let pod = try await Laptop("pod", in: scratch)
        let before = try await pod.repository(at: old.depot.place)
        try await before.store.pretendLastCatchUp(daysAgo: 31)
        try await old.compact(by: laptop, daysAgo: 40)
        let after = try await pod.repository(at: old.depot.place)
        #expect(after.store.record.path != before.store.record.path)
        #expect(try await after.store.paths() == ["replays/a"])
    }

    @Test
    func aSegmentThatIsRemovedWhileTheLogIsReadIsFoundInTheBase() async throws {
        let depot = try await Depot(.directory, in: scratch)
        for name in ["one", "two"] {
            try laptop.write(name, to: "\(name).txt")
            try await laptop.push(to: depot.place)
        }
        let repository = try await laptop.repository(at: depot.place)
        let isDone = Mutex(false)
        var settings = RemoteSettings()
        settings.wrap = { base in
            ListHook(base: base) { prefix in
                guard prefix == BaseKey.prefix,
                    !isDone.withLock({
                        let was = $0; $0 = true; return was
                    })
                else { return }
                // Seen without a base, the log is pruned before it is read.
                try await repository.compact()
                if let key = try depot.keys("log/").first { try depot.remove(key) }
            }
        }
        let home = try scratch.folder("pod-home")
        let pod = try await Repository.open(depot.place, catalog: try Catalog(home: home), settings: settings)
        #expect(try await pod.store.paths() == ["replays/one.txt", "replays/two.txt"])
    }

    @Test
    func viewsShowTheSameAfterABase() async throws {
        let store = try await makeStore("store")
        var metadata = ReplayMetadata()
        metadata.slippiVersion = "3.14.0"
        metadata.startedAt = "2026-11-23T22:07:53Z"
        metadata.startedAtMilliseconds = 1795471673_000
        metadata.players = [
            ReplayPlayer(port: 1, characterID: 2, type: .human, costume: 3, startStocks: 4),
            ReplayPlayer(port: 3, characterID: 25, type: .cpu, costume: 0, startStocks: 4),
            ReplayPlayer(port: 4, characterID: 9, type: PlayerType(rawValue: "type 3"), costume: 1, startStocks: 4),
        ]
        metadata.players[0].displayName = "Ann"
        metadata.players[0].connectCode = "ANN#1"
        metadata.players[1].team = 2
        let put = Operation.Put(
            path: "replays/a.slp",
            sha256: try MergeTests.digest(1),
            was: nil,
            size: 7,
            mtime: 8,
            replay: metadata,
            reader: 3
        )
        _ = try await store.merge([try MergeTests.segment(1, [.put(put)])])
        let base = try await store.compacted(in: scratch, as: "base")
        let expected = [
            "1 2 human 3 - Ann ANN#1", "3 25 cpu 0 2 - -", "4 9 type 3 1 - - -",
            "2026-11-23T22:07:53Z 3.14.0",
        ]
        #expect(try await store.shown() == expected)
        #expect(try await base.shown() == expected)
    }

    private func makeStore(_ name: String) async throws -> PlaceStore {
        let home = scratch.at(name)
        let catalog = try Catalog(home: home)
        return try await PlaceStore.open(try await catalog.place(scratch.place("remote")), home: home)
    }
}

extension PlaceStore {
    fileprivate func shown() throws -> [String] {
        try database.all(
            """
            SELECT port || ' ' || character_id || ' ' || type || ' ' || costume || ' ' || coalesce(team, '-') || ' '
                || coalesce(display_name, '-') || ' ' || coalesce(connect_code, '-') FROM players ORDER BY port
            """
        ) { $0.text(0) }
            + database.all("SELECT started_at || ' ' || version FROM replays") { $0.text(0) }
    }
}

/// A remote that does something after each listing.
private struct ListHook: Remote {
    let base: any Remote
    let hook: @Sendable (String) async throws -> Void

    init(base: any Remote, _ hook: @escaping @Sendable (String) async throws -> Void) {
        self.base = base
        self.hook = hook
    }

    func list(
        prefix: String,
        after: RemoteKey?,
        _ page: @Sendable ([RemoteItem]) async throws -> Void
    ) async throws -> Timestamp? {
        let answered = try await base.list(prefix: prefix, after: after, page)
        try await hook(prefix)
        return answered
    }

    func put(_ key: RemoteKey, _ body: RemoteBody, durability: Durability) async throws {
        try await base.put(key, body, durability: durability)
    }
    func get(_ key: RemoteKey, maximum: Int64, _ begin: @escaping @Sendable () throws -> ByteReceiver) async throws {
        try await base.get(key, maximum: maximum, begin)
    }
    func head(_ key: RemoteKey) async throws -> RemoteItem? { try await base.head(key) }
    func delete(_ keys: [RemoteKey]) async throws { try await base.delete(keys) }
    func foreignName() async throws -> String? { try await base.foreignName() }
    func barrier() async throws -> Timestamp { try await base.barrier() }
    var acknowledgesDurably: Bool { base.acknowledgesDurably }
    var parallelism: Int { base.parallelism }
    var retries: RetryCounts { base.retries }
}
