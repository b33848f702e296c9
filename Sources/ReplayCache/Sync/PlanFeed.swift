internal import Synchronization

/// Tells who works off a plan that there is more of it, while it is being made.
///
/// The rows wait in the plan's table, on disk, so the scan may run ahead of the transfer without taking memory, and the
/// totals are known as soon as they can be. One task makes the plan, one waits.
final class PlanFeed: Sendable {
    private struct State {
        /// The row before the first unread one.
        var unread: Int64?
        var isComplete = false
        var failure: (any Error)?
        var waiter: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    /// There are rows to work off after `id`.
    func add(after id: Int64) { change { $0.unread = $0.unread ?? id } }

    /// There will be no more; with a failure, because the plan could not be made.
    func finish(_ failure: (any Error)? = nil) {
        change {
            $0.isComplete = true
            $0.failure = failure
        }
    }

    private func change(_ body: (inout sending State) -> Void) {
        let waiter = state.withLock { state in
            body(&state)
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume()
    }

    /// Waits for rows and returns the id that they come after; nil when there will be none.
    ///
    /// Whoever makes the plan ends it when cancelled, which ends the waiting too.
    func more() async throws -> Int64? {
        while true {
            if let unread = state.withLock({ $0.unread.take() }) { return unread }
            let (isComplete, failure) = state.withLock { ($0.unread == nil && $0.isComplete, $0.failure) }
            if isComplete {
                if let failure { throw failure }
                return nil
            }
            await withCheckedContinuation { continuation in
                let isReady = state.withLock { state in
                    if state.unread != nil || state.isComplete { return true }
                    state.waiter = continuation
                    return false
                }
                if isReady { continuation.resume() }
            }
        }
    }
}
