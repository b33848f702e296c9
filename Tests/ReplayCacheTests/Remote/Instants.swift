import Synchronization

@testable import ReplayCache

/// A clock of nanoseconds that goes on only when somebody sleeps or a test says so.
final class Instants: Sendable {
    private struct State {
        var time: Int64 = 1_000_000_000_000
        var pauses: [Duration] = []
    }

    private let state = Mutex(State())

    var now: Int64 { state.withLock { $0.time } }

    /// All waits so far.
    var pauses: [Duration] { state.withLock { $0.pauses } }

    func advance(_ duration: Duration) { state.withLock { $0.time += duration.nanoseconds } }

    /// Waits by moving the clock.
    func sleep(_ duration: Duration) async throws {
        try Task.checkCancellation()
        state.withLock { state in
            state.pauses.append(duration)
            state.time += duration.nanoseconds
        }
    }

    /// Retries that take no time, always wait as long as they may, and have a budget of their own.
    func pacing(_ policy: RetryPolicy = RetryPolicy()) -> RetryPacing {
        RetryPacing(
            policy: policy,
            budget: RetryBudget(now: { [self] in now }),
            now: { [self] in now },
            chance: { 1 },
            sleep: { [self] in try await sleep($0) }
        )
    }
}

extension Duration {
    fileprivate var nanoseconds: Int64 { components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000 }
}
