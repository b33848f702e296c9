internal import Synchronization

/// A remote whose address was remembered: if the very first request finds nobody who knows us there, the address is asked
/// for again, once.
///
/// Providers move accounts, and keys are made anew (`providers.md` section 1). After one answer of any other kind the
/// address is right, and nothing is asked for again.
final class RenewableRemote: Remote {
    private enum Phase {
        /// Nobody has answered yet.
        case untested
        /// What was remembered is right.
        case answered
        case renewed
    }

    private struct State {
        var remote: any Remote
        var phase = Phase.untested
    }

    private let state: Mutex<State>
    private let renewal: Renewal

    /// `renew` finds the remote as if nothing had been remembered.
    init(_ remote: any Remote, renew: @escaping @Sendable () async throws -> any Remote) {
        state = Mutex(State(remote: remote))
        renewal = Renewal(renew)
    }

    private var current: any Remote { state.withLock { $0.remote } }

    private func noteAnswer() {
        state.withLock { if $0.phase == .untested { $0.phase = .answered } }
    }

    private func trying<Value>(_ body: (any Remote) async throws -> Value) async throws -> Value {
        let before = state.withLock { $0 }
        do {
            let value = try await body(before.remote)
            noteAnswer()
            return value
        } catch let error as RemoteError {
            // Somebody there knows us, and what they have.
            noteAnswer()
            throw error
        } catch let error as ReplayCacheError where before.phase == .untested && error.circumstance == .stranger {
            // A listing may have got some of its pages.
            guard state.withLock({ $0.phase != .answered }) else { throw error }
            // Several first requests may be under way: all of them go on with what one of them found.
            let renewed = try await renewal.remote()
            state.withLock { $0 = State(remote: renewed, phase: .renewed) }
            return try await body(renewed)
        }
    }

    func put(_ key: RemoteKey, _ body: RemoteBody, durability: Durability) async throws {
        try await trying { try await $0.put(key, body, durability: durability) }
    }

    func get(_ key: RemoteKey, maximum: Int64, _ begin: @escaping @Sendable () throws -> ByteReceiver) async throws {
        try await trying { try await $0.get(key, maximum: maximum, begin) }
    }

    func head(_ key: RemoteKey) async throws -> RemoteItem? { try await trying { try await $0.head(key) } }

    @discardableResult
    func list(
        prefix: String,
        after: RemoteKey?,
        _ page: @Sendable ([RemoteItem]) async throws -> Void
    ) async throws -> Timestamp? {
        try await trying { remote in
            try await remote.list(prefix: prefix, after: after) { items in
                noteAnswer()
                try await page(items)
            }
        }
    }

    func delete(_ keys: [RemoteKey]) async throws { try await trying { try await $0.delete(keys) } }

    func foreignName() async throws -> String? { try await trying { try await $0.foreignName() } }

    func barrier() async throws -> Timestamp { try await trying { try await $0.barrier() } }

    var acknowledgesDurably: Bool { current.acknowledgesDurably }

    var parallelism: Int { current.parallelism }

    var retries: RetryCounts { current.retries }
}

/// Finds the remote anew, once for all who ask.
private actor Renewal {
    private let renew: @Sendable () async throws -> any Remote
    private var task: Task<any Remote, any Error>?

    init(_ renew: @escaping @Sendable () async throws -> any Remote) { self.renew = renew }

    func remote() async throws -> any Remote {
        if let task { return try await task.value }
        // Its own task, since the request that comes first may be cancelled while others wait; it ends by its time limits.
        let started = Task { [renew] in try await renew() }
        task = started
        return try await started.value
    }
}
