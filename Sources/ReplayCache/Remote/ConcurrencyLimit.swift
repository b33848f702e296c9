internal import Synchronization

/// How many requests are in flight at once: grows while that brings more through, is halved when the server asks for less.
///
/// Rounds of as many requests as are allowed at once are compared by what they moved a second. A round that moved a tenth
/// more than the best so far widens the limit by half; others leave it. After some of them it is widened on trial, since
/// networks change, and narrowed again if that brought nothing.
///
/// Long bodies take several places: on a slow line a few parts of a large file that get through are worth more than many
/// that are all half sent when the run is stopped.
final class ConcurrencyLimit: Sendable {
    private struct Tuning {
        var limit: Int
        var roundStartedAt: Int64
        var roundCount = 0
        var roundWork: Int64 = 0
        var bestRate = 0.0
        var roundsWithoutGain = 0
        var throttledAt: Int64?
        /// The limit to go back to if the round that runs is no faster than the best.
        var limitBeforeTrial: Int?

        mutating func startRound(at time: Int64) {
            roundStartedAt = time
            roundCount = 0
            roundWork = 0
        }
    }

    /// More connections than this bring nothing that a bucket would give.
    static let maximum = 128
    private static let initial = 16
    private static let minimum = 2
    /// What a request costs beside its bytes, so that small objects count.
    private static let workPerRequest: Int64 = 64 << 10
    private static let gain = 1.1
    private static let roundsUntilTrial = 8
    /// Answers of requests that were in flight when the limit was halved say nothing new.
    private static let throttlePause: Int64 = 1_000_000_000

    private let fixed: Int?
    private let now: @Sendable () -> Int64
    private let semaphore: AsyncSemaphore
    private let tuning: Mutex<Tuning>

    /// `fixed` is a limit that never changes (`--jobs`); `now` a clock in nanoseconds.
    init(fixed: Int? = nil, now: @escaping @Sendable () -> Int64 = { Machine.sinceBoot() }) {
        self.fixed = fixed
        self.now = now
        semaphore = AsyncSemaphore(capacity: fixed ?? Self.initial)
        tuning = Mutex(Tuning(limit: fixed ?? Self.initial, roundStartedAt: now()))
    }

    /// The most that may ever be in flight.
    var ceiling: Int { fixed ?? Self.maximum }

    /// How many may be in flight now.
    var current: Int { semaphore.capacity }

    /// Bytes of a body that take a place of their own, and how many of those places there are at most: a part takes five.
    private static let bytesPerPlace: Int64 = 4 << 20
    private static let maximumExtraPlaces: Int64 = 4

    /// Places that a request with a body of up to so many bytes takes; with `--jobs` a request is a request.
    func places(forBytes byteCount: Int64) -> Int {
        fixed == nil ? 1 + Int(min(byteCount / Self.bytesPerPlace, Self.maximumExtraPlaces)) : 1
    }

    /// Waits for places; they must be given back by ``leave(work:places:)`` or ``leaveThrottled(places:)``.
    func enter(places: Int = 1) async throws { try await semaphore.enter(places) }

    /// Gives places back after a request that moved `work` bytes; nil after one that tells nothing of the speed.
    func leave(work: Int64?, places: Int = 1) {
        let limit = tuning.withLock { tuning in
            guard let work, fixed == nil else { return tuning.limit }
            tuning.roundCount += places
            tuning.roundWork += work + Self.workPerRequest
            if tuning.roundCount >= tuning.limit { Self.endRound(&tuning, at: now()) }
            return tuning.limit
        }
        semaphore.leave(places, capacity: limit)
    }

    /// Gives places back after the server asked for less.
    func leaveThrottled(places: Int = 1) {
        let time = now()
        let limit = tuning.withLock { tuning in
            guard fixed == nil, tuning.throttledAt.map({ time - $0 > Self.throttlePause }) ?? true else {
                return tuning.limit
            }
            tuning.throttledAt = time
            tuning.limit = max(Self.minimum, tuning.limit / 2)
            // What was best was too much.
            tuning.bestRate /= 2
            tuning.roundsWithoutGain = 0
            tuning.limitBeforeTrial = nil
            tuning.startRound(at: time)
            return tuning.limit
        }
        semaphore.leave(places, capacity: limit)
    }

    private static func endRound(_ tuning: inout Tuning, at time: Int64) {
        let seconds = Double(max(1, time - tuning.roundStartedAt)) / 1e9
        let rate = Double(tuning.roundWork) / seconds
        let wider = min(maximum, tuning.limit + max(1, tuning.limit / 2))
        if rate > tuning.bestRate * gain {
            tuning.bestRate = rate
            tuning.limit = wider
            tuning.limitBeforeTrial = nil
            tuning.roundsWithoutGain = 0
        } else if let before = tuning.limitBeforeTrial {
            tuning.limit = before
            tuning.limitBeforeTrial = nil
            // What was best may be a thing of the past.
            tuning.bestRate = max(rate, tuning.bestRate * 0.95)
            tuning.roundsWithoutGain = 0
        } else {
            tuning.roundsWithoutGain += 1
            if tuning.roundsWithoutGain > roundsUntilTrial {
                tuning.limitBeforeTrial = tuning.limit
                tuning.limit = wider
            }
        }
        tuning.startRound(at: time)
    }
}
