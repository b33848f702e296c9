internal import Synchronization

/// Spreads things over time so that no more than a number a second goes by: bytes (`--bwlimit`), or requests to a provider
/// that takes no more.
final class RateLimit: Sendable {
    private let perSecond: Int64
    private let now: @Sendable () -> Int64
    private let sleep: @Sendable (Duration) async throws -> Void
    /// When what was let through so far is paid for.
    private let paidUntil: Mutex<Int64>

    /// Unused time of up to this long may be caught up.
    private static let burst: Int64 = 100_000_000

    init(
        perSecond: Int64,
        now: @escaping @Sendable () -> Int64 = { Machine.sinceBoot() },
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    ) {
        self.perSecond = max(1, perSecond)
        self.now = now
        self.sleep = sleep
        paidUntil = Mutex(now())
    }

    /// Waits until `count` of them may go.
    func pass(_ count: Int) async throws {
        let time = now()
        let wait = paidUntil.withLock { paidUntil in
            let start = max(paidUntil, time - Self.burst)
            paidUntil = start + Int64(Double(count) / Double(perSecond) * 1e9)
            return start - time
        }
        if wait > 0 { try await sleep(.nanoseconds(wait)) }
    }
}
