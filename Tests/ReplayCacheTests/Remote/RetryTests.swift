import Testing

@testable import ReplayCache

/// How long to wait before a request is sent again, and when to stop.
struct RetryTests {
    private struct Wait: CustomTestStringConvertible {
        let name: String
        var attempts = 1
        var backoff = RetryPolicy.Backoff.transient
        var retryAfter: Duration?
        var chance = 1.0
        let expected: Duration

        var testDescription: String { name }
    }

    private static let waits = [
        Wait(name: "the first", expected: .milliseconds(100)),
        Wait(name: "the second is twice as long", attempts: 2, expected: .milliseconds(200)),
        Wait(name: "chance shortens it", attempts: 2, chance: 0.25, expected: .milliseconds(50)),
        Wait(name: "chance may make it nothing", attempts: 5, chance: 0, expected: .zero),
        Wait(name: "it does not grow for ever", attempts: 9, expected: .seconds(20)),
        Wait(name: "not after ever so many", attempts: .max, expected: .seconds(20)),
        Wait(name: "none failed yet", attempts: 0, expected: .milliseconds(100)),
        Wait(name: "a nonsensical number", attempts: .min, expected: .milliseconds(100)),
        Wait(name: "throttled", backoff: .throttled, expected: .seconds(1)),
        Wait(name: "throttled again", attempts: 3, backoff: .throttled, expected: .seconds(4)),
        Wait(name: "the server's wish is a floor", retryAfter: .seconds(7), chance: 0, expected: .seconds(7)),
        Wait(name: "and stretched by chance", retryAfter: .seconds(7), expected: .milliseconds(7100)),
        Wait(name: "by a second at most", attempts: 9, retryAfter: .seconds(7), expected: .seconds(8)),
        Wait(name: "at once, says the server", retryAfter: .zero, chance: 0, expected: .zero),
        Wait(name: "for a day, says the server", retryAfter: .seconds(86_400), chance: 0, expected: .seconds(300)),
    ]

    @Test(arguments: waits)
    private func theWaitIs(_ row: Wait) {
        let wait = RetryPolicy().wait(
            afterAttempts: row.attempts,
            row.backoff,
            retryAfter: row.retryAfter,
            chance: row.chance
        )
        #expect(wait == row.expected)
    }

    @Test(arguments: [
        (1, 0, true, true), (2, 0, true, true), (3, 0, true, false), (3, 0, false, true), (9, 0, false, true),
        (10, 0, false, false), (1, 599, false, true), (1, 600, false, false), (1, 600, true, false),
    ])
    func anotherTryIsAllowed(attempts: Int, seconds: Int, isFirstContact: Bool, expected: Bool) {
        let isAllowed = RetryPolicy().allows(
            attempts: attempts,
            elapsed: .seconds(seconds),
            isFirstContact: isFirstContact
        )
        #expect(isAllowed == expected)
    }

    @Test
    func aBudgetThatIsSpentMakesRetriesWaitForTime() {
        let clock = Instants()
        let budget = RetryBudget(now: { clock.now })
        // 500 tokens pay for a hundred retries.
        for _ in 0..<100 { #expect(budget.take(RetryBudget.retryCost) == .zero) }
        #expect(budget.take(RetryBudget.retryCost) == .milliseconds(100))
        #expect(budget.take(RetryBudget.timeoutCost) == .milliseconds(300))
        clock.advance(.milliseconds(300))
        #expect(budget.take(RetryBudget.retryCost) == .milliseconds(100))
    }

    @Test
    func timeAndSuccessesRefillABudgetToItsBrimOnly() {
        let clock = Instants()
        let budget = RetryBudget(now: { clock.now })
        for _ in 0..<101 { _ = budget.take(RetryBudget.retryCost) }
        for _ in 0..<5 { budget.refund() }
        #expect(budget.take(0) == .zero)
        clock.advance(.seconds(3600))
        for _ in 0..<1000 { budget.refund() }
        for _ in 0..<100 { #expect(budget.take(RetryBudget.retryCost) == .zero) }
        #expect(budget.take(RetryBudget.retryCost) > .zero)
    }

    @Test
    func aClockThatGoesBackTakesNothingAway() {
        let clock = Instants()
        let budget = RetryBudget(now: { clock.now })
        clock.advance(.seconds(-100))
        #expect(budget.take(RetryBudget.retryCost) == .zero)
    }
}
