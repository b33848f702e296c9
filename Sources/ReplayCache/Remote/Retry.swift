internal import Synchronization

/// How long to wait before a request is tried again, and when to give up.
///
/// The one place that decides it; clock and chance come from outside.
struct RetryPolicy: Sendable {
    /// Tries of one request.
    ///
    /// More than eight, since volumes of RunPod are known to need ten (`s3-compat.md` section 4).
    var maximumAttempts = 10
    /// Tries to reach a server that has never answered this process: more likely a wrong name than a passing fault.
    var maximumFirstContactAttempts = 3
    /// Of one request, from its first try.
    var deadline = Duration.seconds(600)
    /// A server may not hold us up for longer than this.
    var maximumRetryAfter = Duration.seconds(300)

    /// `maximumAttempts` is for those who would rather know soon.
    init(maximumAttempts: Int? = nil) {
        if let maximumAttempts { self.maximumAttempts = maximumAttempts }
    }

    /// How waits grow.
    struct Backoff: Sendable, Equatable {
        /// The first wait is up to this long; each later one up to twice the last.
        var base: Duration
        var cap: Duration

        static let transient = Backoff(base: .milliseconds(100), cap: .seconds(20))
        static let throttled = Backoff(base: .seconds(1), cap: .seconds(20))
    }

    /// The wait after a number of failed tries; `chance` is between 0 and 1 ("full jitter").
    ///
    /// What the server asks for is a floor, and stretched by chance so that not all come back at once.
    func wait(afterAttempts count: Int, _ backoff: Backoff, retryAfter: Duration?, chance: Double) -> Duration {
        let limit = min(backoff.cap, backoff.base * (1 << min(max(0, count - 1), 16)))
        let jitter = limit * chance
        guard let retryAfter else { return jitter }
        return min(retryAfter, maximumRetryAfter) + min(jitter, .seconds(1))
    }

    /// Whether another try is allowed.
    func allows(attempts: Int, elapsed: Duration, isFirstContact: Bool) -> Bool {
        attempts < (isFirstContact ? maximumFirstContactAttempts : maximumAttempts) && elapsed < deadline
    }
}

/// Keeps retries of the whole process from becoming a storm: each takes tokens, successes and time give them back.
///
/// An empty bucket makes retries wait rather than fail, so that a short loss of the network with a hundred requests in
/// flight is survived.
final class RetryBudget: Sendable {
    static let shared = RetryBudget()

    private struct State {
        var tokens: Double
        var updatedAt: Int64
    }

    static let retryCost = 5.0
    static let timeoutCost = 10.0
    private static let capacity = 500.0
    /// Ten retries a second while nothing succeeds.
    private static let tokensPerSecond = 50.0

    private let state: Mutex<State>
    private let now: @Sendable () -> Int64

    /// `now` is a clock in nanoseconds that never goes back.
    init(now: @escaping @Sendable () -> Int64 = { Machine.sinceBoot() }) {
        self.now = now
        state = Mutex(State(tokens: Self.capacity, updatedAt: now()))
    }

    /// Takes tokens; answers how long to wait until they are really there.
    func take(_ cost: Double) -> Duration {
        let time = now()
        return state.withLock { state in
            let elapsed = Double(max(0, time - state.updatedAt)) / 1e9
            state.updatedAt = time
            state.tokens = min(Self.capacity, state.tokens + elapsed * Self.tokensPerSecond) - cost
            return state.tokens >= 0 ? .zero : .seconds(-state.tokens / Self.tokensPerSecond)
        }
    }

    /// A request went well.
    func refund() { state.withLock { $0.tokens = min(Self.capacity, $0.tokens + 1) } }
}
