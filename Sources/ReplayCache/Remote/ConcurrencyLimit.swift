internal import Synchronization

/// How many requests are in flight at once: grows while that brings more through, is halved when the server asks for less.
///
/// Rounds of as many requests as are allowed at once are compared by what they moved a second. A round that moved a tenth
/// more than the best so far widens the limit by half; rounds that did not leave it, and after some of them it is tried
/// again, since networks change.
final class ConcurrencyLimit: Sendable {
    private struct Waiter {
        let id: UInt64
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var limit: Int
        var inFlight = 0
        var waiters: [Waiter] = []
        var nextID: UInt64 = 0
        /// Waiters that were cancelled before they were queued.
        var cancelled: Set<UInt64> = []

        var roundStartedAt: Int64
        var roundCount = 0
        var roundWork: Int64 = 0
        var bestRate = 0.0
        var roundsWithoutGain = 0
        var throttledAt: Int64 = .min
    }

    /// Of how many parallel requests a connection is worth.
    static let maximum = 128
    private static let initial = 16
    private static let minimum = 2
    /// What a request costs beside its bytes, so that small objects count.
    private static let workPerRequest: Int64 = 64 << 10
    private static let gain = 1.1
    private static let roundsUntilRetry = 8
    /// Answers of requests that were in flight when the limit was halved say nothing new.
    private static let throttlePause: Int64 = 1_000_000_000

    private let fixed: Int?
    private let now: @Sendable () -> Int64
    private let state: Mutex<State>

    /// `fixed` is a limit that never changes (`--jobs`); `now` a clock in nanoseconds.
    init(fixed: Int? = nil, now: @escaping @Sendable () -> Int64 = { Machine.sinceBoot() }) {
        self.fixed = fixed
        self.now = now
        state = Mutex(State(limit: fixed ?? Self.initial, roundStartedAt: now()))
    }

    /// The most that may ever be in flight.
    var ceiling: Int { fixed ?? Self.maximum }

    /// How many may be in flight now.
    var current: Int { state.withLock { $0.limit } }

    /// Waits for a place; each must be given back by ``leave(work:)`` or ``leaveThrottled()``.
    func enter() async throws {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let answer: Result<Void, any Error>? = state.withLock { state in
                    if state.cancelled.remove(id) != nil { return .failure(CancellationError()) }
                    if state.inFlight < state.limit {
                        state.inFlight += 1
                        return .success(())
                    }
                    state.waiters.append(Waiter(id: id, continuation: continuation))
                    return nil
                }
                if let answer { continuation.resume(with: answer) }
            }
        } onCancel: {
            let waiter: Waiter? = state.withLock { state in
                guard let index = state.waiters.firstIndex(where: { $0.id == id }) else {
                    state.cancelled.insert(id)
                    return nil
                }
                return state.waiters.remove(at: index)
            }
            waiter?.continuation.resume(throwing: CancellationError())
        }
        state.withLock { _ = $0.cancelled.remove(id) }
    }

    /// Gives a place back after a request that moved `work` bytes; nil after one that tells nothing of the speed.
    func leave(work: Int64?) {
        let time = now()
        wake { state in
            state.inFlight -= 1
            guard let work, fixed == nil else { return }
            state.roundCount += 1
            state.roundWork += work + Self.workPerRequest
            if state.roundCount >= state.limit { Self.endRound(&state, at: time) }
        }
    }

    /// Gives a place back after the server asked for less.
    func leaveThrottled() {
        let time = now()
        wake { state in
            state.inFlight -= 1
            guard fixed == nil, time &- state.throttledAt > Self.throttlePause else { return }
            state.throttledAt = time
            state.limit = max(Self.minimum, state.limit / 2)
            // What was best was too much.
            state.bestRate /= 2
            Self.startRound(&state, at: time)
        }
    }

    private static func endRound(_ state: inout State, at time: Int64) {
        let seconds = Double(max(1, time - state.roundStartedAt)) / 1e9
        let rate = Double(state.roundWork) / seconds
        state.roundsWithoutGain += 1
        if rate > state.bestRate * gain || state.roundsWithoutGain > roundsUntilRetry {
            state.bestRate = max(rate, state.bestRate * 0.9)
            state.roundsWithoutGain = 0
            state.limit = min(maximum, state.limit + max(1, state.limit / 2))
        }
        startRound(&state, at: time)
    }

    private static func startRound(_ state: inout State, at time: Int64) {
        state.roundStartedAt = time
        state.roundCount = 0
        state.roundWork = 0
    }

    /// Changes the state, and lets in who now fits.
    private func wake(_ change: (inout State) -> Void) {
        let admitted = state.withLock { state in
            change(&state)
            let room = max(0, min(state.waiters.count, state.limit - state.inFlight))
            let admitted = state.waiters.prefix(room)
            state.waiters.removeFirst(room)
            state.inFlight += room
            return Array(admitted)
        }
        for waiter in admitted { waiter.continuation.resume() }
    }
}
