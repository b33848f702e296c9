internal import Synchronization

/// Lets tasks in while their weights fit into a capacity, in the order in which they came.
///
/// Requests in flight and bytes in memory are bounded by it. No thread waits.
final class AsyncSemaphore: Sendable {
    private struct Waiter {
        let id: UInt64
        let weight: Int
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var capacity: Int
        var used = 0
        var waiters: [Waiter] = []
        var nextID: UInt64 = 0
        /// Those who were cancelled before they were queued.
        var cancelled: Set<UInt64> = []

        /// Something heavier than the capacity may go alone.
        func fits(_ weight: Int) -> Bool { used == 0 || used + weight <= capacity }
    }

    private let state: Mutex<State>

    init(capacity: Int) { state = Mutex(State(capacity: capacity)) }

    /// How much may be in at once.
    var capacity: Int { state.withLock { $0.capacity } }

    /// How many wait to be let in.
    var waiting: Int { state.withLock { $0.waiters.count } }

    /// Waits for room; each weight must be given back by ``leave(_:)``.
    ///
    /// - Throws: `CancellationError`; then nothing is to be given back.
    func enter(_ weight: Int = 1) async throws {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        defer { state.withLock { _ = $0.cancelled.remove(id) } }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let answer: Result<Void, any Error>? = state.withLock { state in
                    if state.cancelled.contains(id) { return .failure(CancellationError()) }
                    guard state.waiters.isEmpty, state.fits(weight) else {
                        state.waiters.append(Waiter(id: id, weight: weight, continuation: continuation))
                        return nil
                    }
                    state.used += weight
                    return .success(())
                }
                if let answer { continuation.resume(with: answer) }
            }
        } onCancel: {
            let waiter: Waiter? = state.withLock { state in
                guard let index = state.waiters.firstIndex(where: { $0.id == id }) else {
                    state.cancelled.insert(id)
                    return nil
                }
                return state.waiters.remove(at: index)
            }
            waiter?.continuation.resume(throwing: CancellationError())
            // Whoever stood behind may be lighter.
            if waiter != nil { leave(0) }
        }
    }

    /// Gives back a weight; with `capacity` that changes too.
    func leave(_ weight: Int = 1, capacity: Int? = nil) {
        let admitted = state.withLock { state in
            state.used -= weight
            state.capacity = capacity ?? state.capacity
            var count = 0
            while count < state.waiters.count, state.fits(state.waiters[count].weight) {
                state.used += state.waiters[count].weight
                count += 1
            }
            let admitted = Array(state.waiters.prefix(count))
            state.waiters.removeFirst(count)
            return admitted
        }
        for waiter in admitted { waiter.continuation.resume() }
    }
}
