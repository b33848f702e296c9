import Synchronization

@testable import ReplayCache

/// What lies at a place that exists only in memory, with a clock of its own.
final class SimulatedPlace: Sendable {
    struct Stored: Sendable {
        let bytes: [UInt8]
        let modified: Timestamp
    }

    private struct State {
        var items: [RemoteKey: Stored] = [:]
        /// What a loss of power would take.
        var unsynced: Set<RemoteKey> = []
        var now: Int64
        var violations: [String] = []
        var tally = Tally()
    }

    /// How often something happened that a simulation is there to try.
    struct Tally: Sendable {
        var objectsRemoved = 0
        var listsMade = 0
        var basesMade = 0
        var segmentsPruned = 0
        var basesPruned = 0

        static func + (left: Tally, right: Tally) -> Tally {
            Tally(
                objectsRemoved: left.objectsRemoved + right.objectsRemoved,
                listsMade: left.listsMade + right.listsMade,
                basesMade: left.basesMade + right.basesMade,
                segmentsPruned: left.segmentsPruned + right.segmentsPruned,
                basesPruned: left.basesPruned + right.basesPruned
            )
        }
    }

    /// What places differ in.
    struct Ways: Sendable {
        /// As at a bucket: what is put survives a loss of power at once.
        var acknowledgesDurably = false
        /// Whether a listing tells the time.
        var tellsTime = false
        /// Items in a page of a listing.
        var pageCount = 1000
        /// Segments that a log may have before it is compacted.
        var segmentLimit = 256
        /// Whether bases leave out what has aged; then not all machines remember the same of the past.
        var forgets = false
        /// Loses every so many objects that it acknowledged: no place of ours, but the tests must notice.
        var losesEvery: Int?
    }

    /// What has happened so far.
    var tally: Tally { state.withLock { $0.tally } }

    let ways: Ways
    private let state: Mutex<State>

    init(ways: Ways, now: Timestamp) {
        self.ways = ways
        state = Mutex(State(now: now.milliseconds))
    }

    var now: Timestamp { Timestamp(milliseconds: state.withLock { $0.now }) }

    func advance(milliseconds: Int64) { state.withLock { $0.now += milliseconds } }

    var violations: [String] { state.withLock { $0.violations } }

    func report(_ violation: String) { state.withLock { $0.violations.append(violation) } }

    func item(_ key: RemoteKey) -> Stored? { state.withLock { $0.items[key] } }

    /// Names and items in byte order.
    func items(prefix: String, after: RemoteKey?) -> [RemoteItem] {
        state.withLock { state in
            state.items.filter { key, _ in
                key.string.hasPrefix(prefix) && after.map { key > $0 } ?? true
            }.map { key, stored in
                RemoteItem(key: key, byteCount: Int64(stored.bytes.count), modified: stored.modified)
            }
        }.sorted { $0.key < $1.key }
    }

    func put(_ key: RemoteKey, _ bytes: [UInt8], durability: Durability) {
        state.withLock { state in
            // Two who create a repository at once may; nobody else.
            if let old = state.items[key], old.bytes != bytes, key != Manifest.key {
                state.violations.append("\(key) was written again with other bytes")
            }
            state.items[key] = Stored(bytes: bytes, modified: Timestamp(milliseconds: state.now))
            if key.string.hasPrefix(BaseKey.prefix) { state.tally.basesMade += 1 }
            if key.string.hasPrefix(CondemnedListKey.prefix) { state.tally.listsMade += 1 }
            if durability == .eventual, !ways.acknowledgesDurably { state.unsynced.insert(key) }
            if let count = ways.losesEvery, key.string.hasPrefix("objects/"),
                Int(bytes.reduce(0) { $0 &* 31 &+ UInt32($1) }) % count == 0
            {
                state.items[key] = nil
            }
        }
    }

    func delete(_ keys: [RemoteKey]) {
        state.withLock { state in
            for key in keys where state.items.removeValue(forKey: key) != nil {
                state.unsynced.remove(key)
                if key.string.hasPrefix("objects/") { state.tally.objectsRemoved += 1 }
                if key.string.hasPrefix(SegmentKey.prefix) { state.tally.segmentsPruned += 1 }
                if key.string.hasPrefix(BaseKey.prefix) { state.tally.basesPruned += 1 }
            }
        }
    }

    func synchronize() -> Timestamp {
        state.withLock { state in
            state.unsynced.removeAll()
            return Timestamp(milliseconds: state.now)
        }
    }

    func losePower() {
        state.withLock { state in
            for key in state.unsynced { state.items[key] = nil }
            state.unsynced.removeAll()
        }
    }
}
