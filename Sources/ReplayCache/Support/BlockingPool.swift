internal import Dispatch
internal import Synchronization

/// A fixed set of threads for work that blocks or computes for long: file I/O, hashing, compression.
///
/// The cooperative pool has one thread per core; two blocked reads there would stop everything on a two-core pod.
/// Use it with `group.addTask(executorPreference:)` or ``run(_:)``.
package final class BlockingPool: TaskExecutor {
    /// The pool of the process.
    ///
    /// Threads that wait for a disk cost nothing, so there are more of them than cores.
    package static let shared = BlockingPool(threadCount: max(4, 2 * Machine.coreCount))

    /// For the bodies of transfers: short pieces of work that must not wait behind long ones.
    package static let transfers = BlockingPool(threadCount: max(2, Machine.coreCount))

    private struct Jobs {
        var pending: [UnownedJob] = []
        var head = 0

        mutating func pop() -> UnownedJob? {
            guard head < pending.count else { return nil }
            defer {
                head += 1
                if head == pending.count {
                    pending.removeAll(keepingCapacity: true)
                    head = 0
                } else if head >= 1024, 2 * head >= pending.count {
                    // A pool that is never idle must not keep what it has done.
                    pending.removeFirst(head)
                    head = 0
                }
            }
            return pending[head]
        }
    }

    private let jobs = Mutex(Jobs())
    private let available = DispatchSemaphore(value: 0)

    /// Starts `threadCount` threads, which live as long as the process.
    package init(threadCount: Int) {
        for index in 0..<threadCount {
            DispatchQueue(label: "replaycache.blocking.\(index)").async { self.work() }
        }
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        // SAFETY: the runtime keeps the job alive until it is run, and `pop` hands each job out once.
        let job = UnownedJob(job)
        jobs.withLock { $0.pending.append(job) }
        available.signal()
    }

    /// Runs a blocking function on the pool and returns what it returns.
    package func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withTaskExecutorPreference(self) { try await Self.concurrently(body) }
    }

    @concurrent private static func concurrently<Value: Sendable>(
        _ body: @Sendable () throws -> Value
    ) async throws -> Value {
        try Task.checkCancellation()
        return try body()
    }

    private func work() -> Never {
        // SAFETY: `self` is held by this very frame, which never returns.
        let executor = unsafe asUnownedTaskExecutor()
        while true {
            available.wait()
            guard let job = jobs.withLock({ $0.pop() }) else { continue }
            unsafe job.runSynchronously(on: executor)
        }
    }
}
