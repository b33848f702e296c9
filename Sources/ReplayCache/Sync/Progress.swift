internal import Synchronization

/// How far an operation is; read from another task to draw it.
public final class Progress: Sendable {
    /// A moment of an operation.
    public struct Snapshot: Sendable, Equatable {
        /// What is being done, as a verb in the present: `scanning`, `pushing`.
        public var phase = "starting"
        /// Items done, and in all; nil while that is not known.
        public var itemsDone = 0
        /// All items of the phase.
        public var itemsTotal: Int?
        /// Verified content bytes.
        public var bytesDone: Int64 = 0
        /// All bytes of the phase.
        public var bytesTotal: Int64?
    }

    private let state = Mutex(Snapshot())

    /// Starts at nothing.
    public init() {}

    /// The current moment.
    public var snapshot: Snapshot { state.withLock { $0 } }

    func begin(_ phase: String, items: Int? = nil, bytes: Int64? = nil) {
        state.withLock { $0 = Snapshot(phase: phase, itemsTotal: items, bytesTotal: bytes) }
    }

    /// Tells the totals of the phase, which began before they were known.
    func complete(items: Int, bytes: Int64) {
        state.withLock {
            $0.itemsTotal = items
            $0.bytesTotal = bytes
        }
    }

    /// Counts; with `phase`, only while that is what is shown.
    func advance(items: Int = 0, bytes: Int64 = 0, during phase: String? = nil) {
        state.withLock {
            guard phase == nil || phase == $0.phase else { return }
            $0.itemsDone += items
            $0.bytesDone += bytes
        }
    }
}
