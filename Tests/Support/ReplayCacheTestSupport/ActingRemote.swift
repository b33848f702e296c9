package import ReplayCache
import Synchronization

/// Stands before a remote: acts at chosen requests, and may tell another time.
///
/// What it does is done before or after the request itself, so that somebody else's step falls between two of a client's.
package final class ActingRemote: Remote {
    /// A request, as a test picks it.
    package enum Request: Sendable, Equatable {
        case put(String)
        case get(String)
        case head(String)
        /// A listing of a prefix.
        case list(String)
        case delete([String])
        case barrier
    }

    package enum Moment: Sendable { case before, after }

    private let base: any Remote
    private let act: @Sendable (Request, Moment) async throws -> Void
    private let offsetMilliseconds: Int64

    package init(
        _ base: any Remote,
        offsetMilliseconds: Int64 = 0,
        act: @escaping @Sendable (Request, Moment) async throws -> Void = { _, _ in }
    ) {
        self.base = base
        self.offsetMilliseconds = offsetMilliseconds
        self.act = act
    }

    /// Options with which the place is so much later than it says.
    package static func later(days: Double) -> TransferOptions {
        var options = TransferOptions()
        let offset = Int64(days * 86_400_000)
        options.wrap = { ActingRemote($0, offsetMilliseconds: offset) }
        return options
    }

    /// Options with which a test acts at requests.
    package static func acting(
        _ act: @escaping @Sendable (Request, Moment) async throws -> Void
    ) -> TransferOptions {
        var options = TransferOptions()
        options.wrap = { ActingRemote($0, act: act) }
        return options
    }

    private func around<Value>(_ request: Request, _ body: () async throws -> Value) async throws -> Value {
        try await act(request, .before)
        let value = try await body()
        try await act(request, .after)
        return value
    }

    package func put(_ key: RemoteKey, _ body: RemoteBody, durability: Durability) async throws {
        try await around(.put(key.string)) { try await base.put(key, body, durability: durability) }
    }

    package func get(
        _ key: RemoteKey,
        maximum: Int64,
        _ begin: @escaping @Sendable () throws -> ByteReceiver
    ) async throws {
        try await around(.get(key.string)) { try await base.get(key, maximum: maximum, begin) }
    }

    package func head(_ key: RemoteKey) async throws -> RemoteItem? {
        try await around(.head(key.string)) { try await base.head(key) }
    }

    @discardableResult
    package func list(
        prefix: String,
        after: RemoteKey?,
        _ page: @Sendable ([RemoteItem]) async throws -> Void
    ) async throws -> Timestamp? {
        try await around(.list(prefix)) { try await base.list(prefix: prefix, after: after, page) }
    }

    package func delete(_ keys: [RemoteKey]) async throws {
        try await around(.delete(keys.map(\.string))) { try await base.delete(keys) }
    }

    package func foreignName() async throws -> String? { try await base.foreignName() }

    package func barrier() async throws -> Timestamp {
        let time = try await around(.barrier) { try await base.barrier() }
        return Timestamp(milliseconds: time.milliseconds + offsetMilliseconds)
    }

    package var acknowledgesDurably: Bool { base.acknowledgesDurably }
    package var parallelism: Int { base.parallelism }
    package var retries: RetryCounts { base.retries }
}
