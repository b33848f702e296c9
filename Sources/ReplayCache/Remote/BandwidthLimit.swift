internal import Synchronization

/// Spreads bytes over time so that no more than a number a second goes by (`--bwlimit`).
final class BandwidthLimit: Sendable {
    private struct State {
        /// When what was let through so far is paid for.
        var paidUntil: Int64
    }

    private let bytesPerSecond: Int64
    private let now: @Sendable () -> Int64
    private let sleep: @Sendable (Duration) async throws -> Void
    private let state: Mutex<State>

    /// Unused time of up to this long may be caught up.
    private static let burst: Int64 = 100_000_000

    init(
        bytesPerSecond: Int64,
        now: @escaping @Sendable () -> Int64 = { Machine.sinceBoot() },
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    ) {
        self.bytesPerSecond = max(1, bytesPerSecond)
        self.now = now
        self.sleep = sleep
        state = Mutex(State(paidUntil: now()))
    }

    /// Waits until `byteCount` bytes may go.
    func pass(_ byteCount: Int) async throws {
        let time = now()
        let wait = state.withLock { state in
            let start = max(state.paidUntil, time - Self.burst)
            state.paidUntil = start + Int64(Double(byteCount) / Double(bytesPerSecond) * 1e9)
            return start - time
        }
        if wait > 0 { try await sleep(.nanoseconds(wait)) }
    }
}
