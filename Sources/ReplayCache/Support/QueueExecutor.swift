internal import Dispatch

/// Runs an actor on a serial queue of its own, so that its blocking calls (SQLite) never occupy the cooperative pool.
///
/// `DispatchSerialQueue` does not exist on Linux, hence this class.
package final class QueueExecutor: SerialExecutor {
    private let queue: DispatchQueue

    package init(label: String) { queue = DispatchQueue(label: label) }

    package func enqueue(_ job: consuming ExecutorJob) {
        // SAFETY: the runtime keeps the job alive until it is run, and each job is run exactly once, here.
        let job = UnownedJob(job)
        let executor = unsafe asUnownedSerialExecutor()
        queue.async { unsafe job.runSynchronously(on: executor) }
    }

    package func asUnownedSerialExecutor() -> UnownedSerialExecutor {
        // SAFETY: the actor that uses this executor holds it in a stored property.
        unsafe UnownedSerialExecutor(ordinary: self)
    }
}
