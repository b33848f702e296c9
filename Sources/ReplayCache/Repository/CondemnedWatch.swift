internal import Synchronization

/// What this process knows of the keys that collectors have condemned at a place.
package final class CondemnedWatch: Sendable {
    /// Stores contents again, under keys that may be named, and answers what to commit.
    package typealias Restocker = @Sendable (Repository, [PlaceStore.StoredObject]) async throws -> [Operation]

    private struct State {
        /// Lists that were there when this process last looked; nil before it did.
        var seen: Set<String>?
        /// When it last began to look, by ``Machine/sinceBoot()``.
        var listedAt: Int64 = 0
        /// Whether a list came up after the first look: what was decided before may have to be decided anew.
        var hasLearned = false
        /// Whether any key at all must not be named.
        var hasKeys = false
        var readAgainAt: Int64?
        var catalog: Catalog?
        var restock: Restocker?
        var sinceBoot: @Sendable () -> Int64 = { Machine.sinceBoot() }
    }

    private let state = Mutex(State())
    /// One listing at a time.
    let turn = AsyncSemaphore(capacity: 1)
    /// One reading of the log at a time.
    let reading = AsyncSemaphore(capacity: 1)
    private let home: String

    init(home: String) { self.home = home }

    /// Says how contents are stored again, and which clock measures, asleep or not.
    package func configure(sinceBoot: @escaping @Sendable () -> Int64, restock: @escaping Restocker) {
        state.withLock {
            $0.sinceBoot = sinceBoot
            $0.restock = restock
        }
    }

    var hasKeys: Bool { state.withLock { $0.hasKeys } }
    var hasLearned: Bool { state.withLock { $0.hasLearned } }
    var restock: Restocker? { state.withLock { $0.restock } }
    /// When the log was last read again, by the same clock as ``now``.
    var readAgainAt: Int64? {
        get { state.withLock { $0.readAgainAt } }
        set { state.withLock { $0.readAgainAt = newValue } }
    }
    var now: Int64 { state.withLock { $0.sinceBoot }() }
    /// Nanoseconds since the last look; nil before the first.
    var age: Int64? {
        let (listedAt, now) = state.withLock { ($0.seen == nil ? nil : $0.listedAt, $0.sinceBoot) }
        return listedAt.map { now() - $0 }
    }

    /// The catalog, on a connection of this repository's own, so that what must not be named for now ends with it.
    func catalog() async throws -> Catalog {
        if let open = state.withLock({ $0.catalog }) { return open }
        let opened = try await BlockingPool.shared.run { [home] in try Catalog(home: home) }
        try await opened.prepareForCondemned()
        return state.withLock { state in
            let catalog = state.catalog ?? opened
            state.catalog = catalog
            return catalog
        }
    }

    func take(_ lists: Set<String>, listedAt: Int64, hasKeys: Bool) {
        state.withLock { state in
            if let seen = state.seen, !lists.isSubset(of: seen) { state.hasLearned = true }
            state.seen = lists.union(state.seen ?? [])
            state.listedAt = listedAt
            state.hasKeys = state.hasKeys || hasKeys
        }
    }

    func noteKeys() { state.withLock { $0.hasKeys = true } }
}
