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
        /// False while the totals are those found so far, and may grow.
        public var isTotalFinal = true
        /// How many phases there were before this one: two of the same name are two.
        public var phaseNumber = 0
    }

    private let state = Mutex(Snapshot())

    /// Starts at nothing.
    public init() {}

    /// The current moment.
    public var snapshot: Snapshot { state.withLock { $0 } }

    /// Begins a phase; without totals they are not known.
    func begin(_ phase: String, items: Int? = nil, bytes: Int64? = nil) {
        state.withLock { state in
            state = Snapshot(phase: phase, itemsTotal: items, bytesTotal: bytes, phaseNumber: state.phaseNumber + 1)
        }
    }

    /// Sets the totals of the phase, what is done already among them.
    ///
    /// While they are still being found out, `isFinal` is false and this is called again as they grow; whoever looks
    /// takes them for "so far" and tells no time that is left.
    func setTotal(items: Int?, bytes: Int64?, isFinal: Bool) {
        state.withLock { state in
            state.itemsTotal = items
            state.bytesTotal = bytes
            state.isTotalFinal = isFinal
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
