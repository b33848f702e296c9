import ReplayCacheTestSupport
import Synchronization

@testable import ReplayCache

/// Stands between the engine and a remote, and lets one request go wrong.
struct FailingRemote: Remote {
    /// What happens to the request.
    enum Fault: String, CaseIterable {
        /// It is refused, and nothing was done.
        case refused
        /// The line is dead from then on.
        case gone
        /// It was done, and nobody hears of it.
        case answerLost
        /// The user interrupts the command while it is under way.
        case cancelled
    }

    /// Counts the requests of a run, and knows which of them goes wrong.
    final class Plan: Sendable {
        private let state = Mutex((requests: 0, strikes: 0))
        private let nth: Int
        let fault: Fault
        private let meanwhile: @Sendable () async -> Void

        /// `meanwhile` happens in front of a request that is ``Fault/cancelled``: it interrupts the command, or does
        /// something else.
        init(_ fault: Fault, at nth: Int, meanwhile: @escaping @Sendable () async -> Void = {}) {
            self.fault = fault
            self.nth = nth
            self.meanwhile = meanwhile
        }

        var strikes: Int { state.withLock { $0.strikes } }

        fileprivate func request<Value>(_ body: () async throws -> Value) async throws -> Value {
            let isStruck = state.withLock { state in
                state.requests += 1
                guard state.requests == nth || fault == .gone && state.requests > nth else { return false }
                state.strikes += 1
                return true
            }
            guard isStruck else { return try await body() }
            switch fault {
            case .refused, .gone: throw Self.unavailable
            case .answerLost:
                _ = try await body()
                throw Self.unavailable
            case .cancelled:
                await meanwhile()
                try Task.checkCancellation()
                return try await body()
            }
        }

        static let unavailable = ReplayCacheError(.unavailable, "the line is dead", hint: "try again later")
    }

    let base: any Remote
    let plan: Plan

    func put(_ key: RemoteKey, _ body: RemoteBody, durability: Durability) async throws {
        try await plan.request { try await base.put(key, body, durability: durability) }
    }

    func get(_ key: RemoteKey, maximum: Int64, _ begin: @escaping @Sendable () throws -> ByteReceiver) async throws {
        try await plan.request { try await base.get(key, maximum: maximum, begin) }
    }

    func head(_ key: RemoteKey) async throws -> RemoteItem? { try await plan.request { try await base.head(key) } }

    func list(
        prefix: String,
        after: RemoteKey?,
        _ page: @Sendable ([RemoteItem]) async throws -> Void
    ) async throws -> Timestamp? {
        try await plan.request { try await base.list(prefix: prefix, after: after, page) }
    }

    func delete(_ keys: [RemoteKey]) async throws { try await plan.request { try await base.delete(keys) } }

    func foreignName() async throws -> String? { try await plan.request { try await base.foreignName() } }

    func barrier() async throws -> Timestamp { try await plan.request { try await base.barrier() } }

    var acknowledgesDurably: Bool { base.acknowledgesDurably }
    var parallelism: Int { base.parallelism }
    var retries: RetryCounts { base.retries }
}
