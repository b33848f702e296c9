import Testing

@testable import ReplayCache

/// Bytes a second, by a clock that no test waits for.
struct RateLimitTests {
    private let clock = Instants()

    private func limit(_ perSecond: Int64) -> RateLimit {
        RateLimit(
            perSecond: perSecond,
            now: { [clock] in clock.now },
            sleep: { [clock] in try await clock.sleep($0) }
        )
    }

    @Test(arguments: [1, 1000, 1 << 20, 1 << 40])
    func bytesTakeTheirTime(_ perSecond: Int64) async throws {
        let limit = limit(perSecond)
        let start = clock.now
        let piece = Int(min(perSecond, 128 << 10))
        for _ in 0..<50 { try await limit.pass(piece) }
        let seconds = Double(clock.now - start) / 1e9
        let expected = 50 * Double(piece) / Double(perSecond)
        // The last piece is not waited for, and a tenth of a second may be caught up.
        #expect(seconds <= expected + 1e-6)
        #expect(seconds >= expected * 49 / 50 - 0.1 - 1e-6)
    }

    @Test
    func aPauseIsNotCaughtUpInOneGo() async throws {
        let limit = limit(1000)
        clock.advance(.seconds(60))
        for _ in 0..<3 { try await limit.pass(1000) }
        #expect(clock.pauses.reduce(.zero, +) == .milliseconds(1900))
    }

    @Test
    func noBytesAreFree() async throws {
        let limit = limit(1)
        for _ in 0..<10 { try await limit.pass(0) }
        #expect(clock.pauses.isEmpty)
    }

    @Test(arguments: [0, -5])
    func aSenselessLimitIsTheLeastOne(_ perSecond: Int64) async throws {
        let limit = limit(perSecond)
        for _ in 0..<2 { try await limit.pass(1) }
        #expect(clock.pauses == [.seconds(1)])
    }

    @Test
    func aWaitEndsWithItsTask() async throws {
        let limit = limit(1)
        let waiting = Task {
            while !Task.isCancelled { await Task.yield() }
            for _ in 0..<2 { try await limit.pass(10) }
        }
        waiting.cancel()
        await #expect(throws: CancellationError.self) { try await waiting.value }
    }
}
