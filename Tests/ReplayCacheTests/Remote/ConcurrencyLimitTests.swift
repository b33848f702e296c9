import ReplayGenerator
import Testing

@testable import ReplayCache

/// How many requests may be in flight, by a clock that no test waits for.
struct ConcurrencyLimitTests {
    private let clock = Instants()

    private func makeLimit(fixed: Int? = nil) -> ConcurrencyLimit {
        ConcurrencyLimit(fixed: fixed, now: { [clock] in clock.now })
    }

    /// A round: as many requests as may be in flight, which together take a time that their number does not change.
    private func round(_ limit: ConcurrencyLimit, seconds: Double, bytes: Int64 = 1 << 20) async throws {
        let count = limit.current
        for _ in 0..<count { try await limit.enter() }
        clock.advance(.seconds(seconds))
        for _ in 0..<count { limit.leave(work: bytes) }
    }

    @Test
    func partsOfLargeFilesTakeSeveralPlacesUnlessJobsAreFixed() {
        let limit = ConcurrencyLimit()
        #expect([0, 600_000, 4 << 20, 16 << 20, 1 << 40].map(limit.places) == [1, 1, 2, 5, 5])
        #expect(limit.current / limit.places(forBytes: 16 << 20) == 3)
        #expect(ConcurrencyLimit(fixed: 8).places(forBytes: 16 << 20) == 1)
    }

    @Test
    func itGrowsWhileMoreRequestsBringMoreThrough() async throws {
        let limit = makeLimit()
        var seen = [limit.current]
        for _ in 0..<8 {
            try await round(limit, seconds: 1)
            seen.append(limit.current)
        }
        #expect(seen == [16, 24, 36, 54, 81, 121, 128, 128, 128])
        #expect(limit.ceiling == 128)
    }

    @Test
    func itStaysWhereMoreBringsNothing() async throws {
        let limit = makeLimit()
        // A line that is full: twice the requests take twice the time.
        for _ in 0..<7 { try await round(limit, seconds: Double(limit.current) / 16) }
        #expect(limit.current == 24)
    }

    @Test
    func afterAWhileMoreAreTriedAndGivenUpIfThatBringsNothing() async throws {
        let limit = makeLimit()
        var seen: [Int] = []
        for _ in 0..<200 {
            try await round(limit, seconds: Double(limit.current) / 16)
            seen.append(limit.current)
        }
        #expect(seen.max() == 36)
        #expect(seen.filter { $0 == 36 }.count < 25)
    }

    @Test
    func aTrialThatBringsMoreIsKept() async throws {
        let limit = makeLimit()
        while limit.current < 36 { try await round(limit, seconds: Double(limit.current) / 16) }
        // The line has become wider.
        try await round(limit, seconds: 1)
        #expect(limit.current == 54)
    }

    @Test
    func theServersWishHalvesItOnceASecond() async throws {
        let limit = makeLimit()
        for _ in 0..<16 { try await limit.enter() }
        for _ in 0..<5 { limit.leaveThrottled() }
        #expect(limit.current == 8)
        clock.advance(.milliseconds(1001))
        limit.leaveThrottled()
        #expect(limit.current == 4)
        for _ in 0..<5 {
            clock.advance(.seconds(2))
            limit.leaveThrottled()
        }
        #expect(limit.current == 2)
    }

    @Test
    func failuresSayNothingAboutSpeed() async throws {
        let limit = makeLimit()
        for _ in 0..<100 {
            try await limit.enter()
            limit.leave(work: nil)
        }
        #expect(limit.current == 16)
    }

    @Test(arguments: [1, 3, 500])
    func aFixedLimitIsFixed(_ count: Int) async throws {
        let limit = makeLimit(fixed: count)
        for _ in 0..<3 { try await round(limit, seconds: 1) }
        try await limit.enter()
        limit.leaveThrottled()
        #expect(limit.current == count)
        #expect(limit.ceiling == count)
    }

    @Test(arguments: 1...6)
    func whateverHappensNeverTooManyAreInAndAllGetIn(seed: UInt64) async throws {
        let limit = makeLimit()
        let inside = Guarded((now: 0, most: 0))
        var random = SeededGenerator(seed: seed)
        let outcomes = (0..<400).map { _ in Int.random(in: 0..<10, using: &random) }
        let entered = try await withThrowingTaskGroup(of: Bool.self) { group in
            for outcome in outcomes {
                group.addTask {
                    do { try await limit.enter() } catch is CancellationError { return false }
                    inside.change { inside in
                        inside.now += 1
                        inside.most = max(inside.most, inside.now)
                    }
                    await Task.yield()
                    clock.advance(.milliseconds(Int64(outcome) * 40))
                    inside.change { $0.now -= 1 }
                    switch outcome {
                    case 0: limit.leaveThrottled()
                    case 1: limit.leave(work: nil)
                    default: limit.leave(work: Int64(outcome) << 18)
                    }
                    return true
                }
            }
            return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(entered == outcomes.count, "seed \(seed)")
        #expect(inside.value.most <= ConcurrencyLimit.maximum, "seed \(seed)")
        // All places are free again: as many as the limit come in without a wait.
        for _ in 0..<limit.current { try await limit.enter() }
        #expect((2...ConcurrencyLimit.maximum).contains(limit.current))
    }
}
