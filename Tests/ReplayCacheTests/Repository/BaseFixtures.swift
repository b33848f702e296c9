import ReplayCacheTestSupport

@testable import ReplayCache

/// A repository whose log was written some days ago, made without a clock that can be turned back.
struct OldRepository {
    let depot: Depot
    let id = "00000000-0000-4000-8000-000000000000"

    init(_ kind: PlaceKind, in scratch: Scratch) async throws {
        depot = try await Depot(kind, in: scratch)
        try depot.plant(Manifest.key.string, try Manifest(repository: id).encoded())
    }

    /// Puts a segment there that was committed `days` ago and returns its key.
    @discardableResult
    func commit(daysAgo days: Double, writer: Int = 1, _ operations: [ReplayCache.Operation]) throws -> SegmentKey {
        let hours = Int(days * 24)
        let segment = Segment(
            repository: id,
            writer: Decimals.padded(Int64(writer), to: 16),
            hlc: HLC(milliseconds: Timestamp.now().milliseconds - Int64(hours) * 3_600_000),
            operations: operations
        )
        let (key, bytes) = try segment.encoded(number: 0)
        try depot.plant(key.remoteKey.string, bytes)
        try depot.age(key.remoteKey.string, hours: hours)
        return key
    }

    /// A put of a small content that nobody fetches.
    func commit(daysAgo days: Double, path: String, content: Int = 1) throws -> SegmentKey {
        try commit(daysAgo: days, [try MergeTests.put("replays/\(path)", content)])
    }

    /// Lets a base that a laptop makes now look as if it had been made `days` ago.
    @discardableResult
    func compact(by laptop: Laptop, daysAgo days: Double) async throws -> BaseKey? {
        let repository = try await laptop.repository(at: depot.place)
        try await repository.compact()
        guard let known = try await repository.store.knownBase() else { return nil }
        try depot.age(known.base.key.remoteKey.string, hours: Int(days * 24))
        let modified = Timestamp(milliseconds: known.base.modified.milliseconds - Int64(days * 24) * 3_600_000)
        try await repository.store.remember(
            ListedBase(key: known.base.key, byteCount: known.base.byteCount, modified: modified),
            covered: known.mark
        )
        return known.base.key
    }

    func paths(by laptop: Laptop) async throws -> [String] {
        try await laptop.repository(at: depot.place).store.paths()
    }
}

extension PlaceStore {
    func paths() throws -> [String] {
        try database.all("SELECT path FROM entry WHERE content IS NOT NULL ORDER BY path") { $0.text(0) }
    }

    /// Says that the place was last asked so long ago.
    func pretendLastCatchUp(daysAgo days: Double) throws {
        let then = Timestamp(milliseconds: Timestamp.now().milliseconds - Int64(days * 24 * 3_600_000))
        try setLastCatchUp(then)
        try setLastContact(then)
    }

    /// The state as a base of it has it, in a store of its own.
    func compacted(in scratch: Scratch, as name: String, now: Timestamp = .now()) async throws -> PlaceStore {
        let home = scratch.at(name)
        let catalog = try Catalog(home: home)
        let record = try await catalog.place(scratch.place("remote"))
        try BaseWriter(place: self.record.path, placeID: record.id, catalog: Catalog.path(in: home), now: now)
            .write(to: record.path)
        let database = try Database(path: record.path)
        try Schema.makeIndexes(in: database)
        return try await PlaceStore.open(record, home: home)
    }
}
