import ReplayGenerator
import Testing

@testable import ReplayCache

/// No more than fit are in, nobody is forgotten, and who gives up leaves no trace.
struct AsyncSemaphoreTests {
    /// Waits until as many tasks are queued as a test needs, which nothing announces.
    private static func until(_ condition: @Sendable () -> Bool) async {
        while !condition() { await Task.yield() }
    }

    @Test
    func theyComeInInTheirOrder() async throws {
        let semaphore = AsyncSemaphore(capacity: 1)
        let order = Guarded<[Int]>([])
        try await semaphore.enter()
        var tasks: [Task<Void, any Error>] = []
        for number in 0..<5 {
            let task = Task {
                try await semaphore.enter()
                order.change { $0.append(number) }
                semaphore.leave()
            }
            tasks.append(task)
            await Self.until { semaphore.waiting == number + 1 }
        }
        semaphore.leave()
        for task in tasks { try await task.value }
        #expect(order.value == [0, 1, 2, 3, 4])
    }

    @Test
    func somethingHeavierThanTheCapacityGoesAlone() async throws {
        let semaphore = AsyncSemaphore(capacity: 10)
        try await semaphore.enter(500)
        let light = Task { try await semaphore.enter(1) }
        await Self.until { semaphore.waiting == 1 }
        semaphore.leave(500)
        try await light.value
        semaphore.leave(1)
        try await semaphore.enter(10)
    }

    @Test
    func whoGivesUpLetsTheNextOneIn() async throws {
        let semaphore = AsyncSemaphore(capacity: 10)
        try await semaphore.enter(5)
        let heavy = Task { try await semaphore.enter(8) }
        await Self.until { semaphore.waiting == 1 }
        let light = Task { try await semaphore.enter(5) }
        await Self.until { semaphore.waiting == 2 }
        heavy.cancel()
        await #expect(throws: CancellationError.self) { try await heavy.value }
        // It fitted all along, behind one that did not.
        try await light.value
        #expect(semaphore.waiting == 0)
    }

    @Test
    func whoIsCancelledBeforeGetsNoPlace() async throws {
        let semaphore = AsyncSemaphore(capacity: 1)
        let task = Task {
            while !Task.isCancelled { await Task.yield() }
            try await semaphore.enter()
        }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        try await semaphore.enter()
    }

    @Test
    func aLargerCapacityWakesAllThatFit() async throws {
        let semaphore = AsyncSemaphore(capacity: 1)
        try await semaphore.enter()
        let tasks = (0..<4).map { _ in Task { try await semaphore.enter() } }
        await Self.until { semaphore.waiting == 4 }
        semaphore.leave(0, capacity: 4)
        await Self.until { semaphore.waiting == 1 }
        semaphore.leave()
        for task in tasks { try await task.value }
    }

    @Test(arguments: 1...8)
    func nobodyIsForgottenWhoeverGivesUp(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        let capacity = Int.random(in: 1...12, using: &random)
        let plans = (0..<300).map { _ in
            (weight: Int.random(in: 1...15, using: &random), isCancelled: Int.random(in: 0..<4, using: &random) == 0)
        }
        let semaphore = AsyncSemaphore(capacity: capacity)
        let used = Guarded((now: 0, isTooMany: false))
        let tasks = plans.map { plan in
            Task {
                try await semaphore.enter(plan.weight)
                used.change { used in
                    used.now += plan.weight
                    if used.now > max(capacity, plan.weight) { used.isTooMany = true }
                }
                await Task.yield()
                used.change { $0.now -= plan.weight }
                semaphore.leave(plan.weight)
            }
        }
        for (task, plan) in zip(tasks, plans) where plan.isCancelled { task.cancel() }
        for (task, plan) in zip(tasks, plans) {
            do { try await task.value } catch is CancellationError { #expect(plan.isCancelled, "seed \(seed)") }
        }
        #expect(!used.value.isTooMany && used.value.now == 0, "seed \(seed)")
        #expect(semaphore.waiting == 0, "seed \(seed)")
        try await semaphore.enter(capacity)
    }
}
