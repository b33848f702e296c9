internal import Synchronization

/// Bounds what may never answer: a dead mount, a server that keeps a connection open.
struct Patience: Sendable {
    /// For all checks together.
    private let deadline: ContinuousClock.Instant
    /// For one of them.
    private static let each = Duration.seconds(30)
    private let least: Duration

    /// `least` is what a check gets when all time is used up.
    init(total: Duration, least: Duration = .seconds(2)) {
        deadline = .now + total
        self.least = least
    }

    /// Runs `body` for no longer than is left.
    ///
    /// - Throws: ``ReplayCacheError`` with code `unavailable` when time is up, `CancellationError` as soon as the task is
    ///   cancelled. Either way `body` is cancelled, and not waited for: a call into a dead mount never returns.
    func run<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) async throws -> Value {
        let limit = max(least, min(Self.each, deadline - .now))
        // Both tasks end here, by their result, by the clock or by cancellation.
        let work = Task { try await body() }
        let race = Race<Value>()
        defer { work.cancel() }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                race.start(continuation)
                let timer = Task {
                    try await Task.sleep(for: limit)
                    race.end(.failure(Self.timeout(limit)))
                }
                Task {
                    race.end(await work.result)
                    timer.cancel()
                }
                // Cancelled before the race began.
                if Task.isCancelled { race.end(.failure(CancellationError())) }
            }
        } onCancel: {
            race.end(.failure(CancellationError()))
        }
    }

    /// The same, also when the task is cancelled: for what must be put right before the end.
    func insist<Value: Sendable>(
        _ body: @escaping @Sendable () async throws -> Value
    ) async -> Result<Value, any Error> {
        // Its own task, which does not learn that this one is cancelled, and is awaited.
        await Task { try await run(body) }.result
    }

    private static func timeout(_ limit: Duration) -> ReplayCacheError {
        ReplayCacheError(
            .unavailable,
            "nothing came back within \(limit.components.seconds) s",
            hint: "try again; if it stays so, check the network, the disk or the mount"
        )
    }
}

/// Hands on the first result, and drops the others.
private final class Race<Value: Sendable>: Sendable {
    private let continuation = Mutex<CheckedContinuation<Value, any Error>?>(nil)

    func start(_ continuation: CheckedContinuation<Value, any Error>) {
        self.continuation.withLock { $0 = continuation }
    }

    func end(_ result: Result<Value, any Error>) {
        let waiting = continuation.withLock { continuation in
            defer { continuation = nil }
            return continuation
        }
        waiting?.resume(with: result)
    }
}
