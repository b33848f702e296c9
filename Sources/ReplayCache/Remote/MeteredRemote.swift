internal import Synchronization

/// Requests by verb, and bytes on the wire.
public struct RequestCounts: Sendable, Equatable, Encodable {
    /// Objects, segments and manifests written.
    public var put = 0
    /// Bodies read.
    public var get = 0
    /// Existence checks.
    public var head = 0
    /// Pages of listings.
    public var list = 0
    /// Removals.
    public var delete = 0

    /// All of them.
    public var total: Int { put + get + head + list + delete }
}

/// Counts what goes through another remote.
package final class MeteredRemote: Remote {
    package struct Meter: Sendable, Equatable {
        package var requests = RequestCounts()
        package var bytesUploaded: Int64 = 0
        package var bytesDownloaded: Int64 = 0
        package var retries = RetryCounts()
    }

    private let base: any Remote
    private let state = Mutex(Meter())

    package init(_ base: any Remote) { self.base = base }

    package var meter: Meter {
        var meter = state.withLock { $0 }
        meter.retries = base.retries
        return meter
    }

    package func put(_ key: RemoteKey, _ body: RemoteBody, durability: Durability) async throws {
        state.withLock { $0.requests.put += 1 }
        try await base.put(key, body, durability: durability)
        state.withLock { $0.bytesUploaded += body.byteCount }
    }

    package func get(
        _ key: RemoteKey,
        maximum: Int64,
        _ begin: @escaping @Sendable () throws -> ByteReceiver
    ) async throws {
        state.withLock { $0.requests.get += 1 }
        try await base.get(key, maximum: maximum) { [self] in
            let receive = try begin()
            return { [self] piece in
                state.withLock { $0.bytesDownloaded += Int64(piece.count) }
                try receive(piece)
            }
        }
    }

    package func head(_ key: RemoteKey) async throws -> RemoteItem? {
        state.withLock { $0.requests.head += 1 }
        return try await base.head(key)
    }

    @discardableResult
    package func list(
        prefix: String,
        after: RemoteKey?,
        _ page: @Sendable ([RemoteItem]) async throws -> Void
    ) async throws -> Timestamp? {
        // One request a page; an empty listing is a page too.
        let pages = Mutex(0)
        defer { state.withLock { $0.requests.list += max(1, pages.withLock { $0 }) } }
        return try await base.list(prefix: prefix, after: after) { items in
            pages.withLock { $0 += 1 }
            try await page(items)
        }
    }

    package func delete(_ keys: [RemoteKey]) async throws {
        state.withLock { $0.requests.delete += keys.count }
        try await base.delete(keys)
    }

    package func foreignName() async throws -> String? {
        state.withLock { $0.requests.list += 1 }
        return try await base.foreignName()
    }

    package func barrier() async throws -> Timestamp { try await base.barrier() }

    package var acknowledgesDurably: Bool { base.acknowledgesDurably }

    package var parallelism: Int { base.parallelism }

    package var retries: RetryCounts { base.retries }
}
