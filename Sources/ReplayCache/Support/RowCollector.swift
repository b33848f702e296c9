internal import Synchronization

/// Collects rows that come on another thread.
final class RowCollector<Row: Sendable>: Sendable {
    private let rows = Mutex<[Row]>([])

    var all: [Row] { rows.withLock { $0 } }

    func append(_ row: Row) { rows.withLock { $0.append(row) } }
}
