import FoundationEssentials
import Synchronization

@testable import ReplayCache

/// One process of a client, from its start until it ends or is killed.
final class SimulatedSession: Sendable {
    let client: Int
    /// Nil for those who look on when all is over.
    let scheduler: Scheduler?
    /// What this process keeps, and where it is found by the next one if this one is killed: as it is at that moment.
    let home: String
    let nextHome: String
    private let isKilled = Mutex(false)

    init(client: Int, scheduler: Scheduler?, home: String, nextHome: String) {
        self.client = client
        self.scheduler = scheduler
        self.home = home
        self.nextHome = nextHome
    }

    var isDead: Bool { isKilled.withLock { $0 } }

    func kill() throws {
        let isFirst = isKilled.withLock { wasKilled in
            defer { wasKilled = true }
            return !wasKilled
        }
        if isFirst { try FileManager.default.copyItem(atPath: home, toPath: nextHome) }
    }
}

/// What a killed process gets for each request.
struct Killed: Error {}

/// The five verbs at a ``SimulatedPlace``, each when it is its turn.
struct SimulatedRemote: Remote {
    let place: SimulatedPlace
    let session: SimulatedSession
    /// Told of each commit after it took effect, before anything else happens.
    let committed: @Sendable (RemoteKey, [UInt8]) async -> Void
    /// Told when something was removed.
    let removed: @Sendable (RemoteKey) async -> Void

    private func request<Value: Sendable>(
        _ verb: String,
        _ key: RemoteKey? = nil,
        _ effect: () async throws -> Value
    ) async throws -> Value {
        guard !session.isDead else { throw Killed() }
        guard let scheduler = session.scheduler else { return try await effect() }
        switch await scheduler.turn(session.client, "\(verb) \(key.map(Self.title) ?? "")") {
        case .proceed: return try await effect()
        case .crashBefore: break
        case .crashAfter: _ = try? await effect()
        }
        try session.kill()
        throw Killed()
    }

    /// Names of writers are random; what tells one run from another must not.
    private static func title(_ key: RemoteKey) -> String {
        [SegmentKey.prefix, CondemnedListKey.prefix, BaseKey.prefix].first { key.string.hasPrefix($0) } ?? key.string
    }

    func put(_ key: RemoteKey, _ body: RemoteBody, durability: Durability) async throws {
        let bytes = try await BlockingPool.shared.run {
            var bytes = [UInt8](repeating: 0, count: Int(body.byteCount))
            let count = try body.source.read(at: 0, into: &bytes)
            guard count == bytes.count, try Digest.of(bytes) == body.digest else {
                throw RemoteError(.bodyChanged, key)
            }
            return bytes
        }
        try await request("put", key) {
            place.put(key, bytes, durability: durability)
            if key.string.hasPrefix(SegmentKey.prefix) { await committed(key, bytes) }
        }
    }

    func get(_ key: RemoteKey, maximum: Int64, _ begin: @escaping @Sendable () throws -> ByteReceiver) async throws {
        let stored = try await request("get", key) { place.item(key) }
        guard let stored else { throw RemoteError(.notFound, key) }
        guard stored.bytes.count <= maximum else { throw RemoteError(.tooLarge, key) }
        try await BlockingPool.shared.run {
            let receive = try begin()
            try receive(stored.bytes.span)
        }
    }

    func head(_ key: RemoteKey) async throws -> RemoteItem? {
        try await request("head", key) {
            place.item(key).map { RemoteItem(key: key, byteCount: Int64($0.bytes.count), modified: $0.modified) }
        }
    }

    @discardableResult
    func list(
        prefix: String,
        after: RemoteKey?,
        _ page: @Sendable ([RemoteItem]) async throws -> Void
    ) async throws -> Timestamp? {
        var last = after
        var time: Timestamp?
        while true {
            // Each page is a request of its own: the place may change between them.
            let (items, answered) = try await request("list \(prefix)") {
                (place.items(prefix: prefix, after: last).prefix(place.ways.pageCount), place.now)
            }
            time = time ?? answered
            try await page(Array(items))
            guard items.count == place.ways.pageCount else { return place.ways.tellsTime ? time : nil }
            last = items.last?.key
        }
    }

    func delete(_ keys: [RemoteKey]) async throws {
        for key in keys {
            try await request("delete", key) {
                place.delete([key])
                await removed(key)
            }
        }
    }

    func foreignName() async throws -> String? {
        try await request("look") { place.items(prefix: "", after: nil).first?.key.string }
    }

    func barrier() async throws -> Timestamp { try await request("barrier") { place.synchronize() } }

    var acknowledgesDurably: Bool { place.ways.acknowledgesDurably }
    var parallelism: Int { 1 }
    var retries: RetryCounts { RetryCounts() }
}
