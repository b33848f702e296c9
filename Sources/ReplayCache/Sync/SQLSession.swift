internal import Synchronization

/// A value in the answer to a user's statement.
public enum SQLCell: Sendable, Equatable {
    /// NULL.
    case null
    /// An integer.
    case integer(Int64)
    /// A floating-point number.
    case real(Double)
    /// Text.
    case text(String)
    /// Bytes.
    case blob([UInt8])
}

/// Runs SQL that a user wrote, over the documented views of the catalog and of all known places (`docs/catalog.md`).
///
/// Read-only by SQLite's authorizer: statements that write, attach or set are refused whatever they look like. The
/// statement runs on a queue of the session's own, bounded in time and memory, so that one that takes for ever can be ended.
actor SQLSession {
    nonisolated let executor = QueueExecutor(label: "replaycache.sql")
    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    private let database: Database
    private nonisolated let interrupter: Interrupter
    private nonisolated let isExpired = Mutex(false)
    private var statement: Statement?

    /// Rows handed over at once: the first one at once, then more and more of them.
    private var batchCount = 1
    private static let maximumBatchCount = 256
    /// Rows are handed over when the first of them is this old, or so many bytes are in them.
    private static let batchAge = Duration.milliseconds(50)
    private static let maximumBatchByteCount = 1 << 20

    /// Largest value, and largest statement.
    private static let maximumValueByteCount = 64 << 20
    private static let maximumStatementByteCount = 4 << 20
    /// Memory of SQLite; what sorts or groups more than this goes to temporary files.
    private static let maximumMemory: Int64 = 512 << 20
    /// How long a statement may take to end once it was told to: a single instruction on large texts does not notice.
    private static let grace = Duration.seconds(1)

    /// Runs one statement; `header` gets the names of the columns, `body` each row.
    ///
    /// `timeout` is how long SQLite may work on it; time that `body` takes does not count.
    static func run(
        _ sql: String,
        in views: SQLViews,
        timeout: Duration?,
        header: ([String]) throws -> Void,
        _ body: ([SQLCell]) throws -> Void
    ) async throws {
        let session = try await BlockingPool.shared.run { try SQLSession(views: views) }
        try header(try await session.start(sql))
        var remaining = timeout
        while true {
            let started = ContinuousClock.now
            let rows = try await session.nextRows(within: remaining, of: timeout)
            guard !rows.isEmpty else { break }
            remaining = remaining.map { $0 - (ContinuousClock.now - started) }
            for row in rows { try body(row) }
        }
    }

    /// Opens the views.
    ///
    /// Blocks.
    private init(views: SQLViews) throws {
        Database.limitMemory(byteCount: Self.maximumMemory)
        database = try Database(path: ":memory:")
        interrupter = database.interrupter
        try database.execute("PRAGMA temp_store = FILE")
        try views.make(in: database)
        try database.distrustFile()
        database.limit(
            valueByteCount: Self.maximumValueByteCount,
            statementByteCount: Self.maximumStatementByteCount
        )
        try database.execute("PRAGMA query_only = ON")
        database.forbidWrites()
    }

    /// Returns the names of the columns.
    private func start(_ sql: String) throws -> [String] {
        do {
            let statement = try database.prepare(sql)
            guard statement.isReadOnly else { throw SQLRefusal.writes("") }
            self.statement = statement
            return statement.columnNames
        } catch let error as SQLiteError {
            throw SQLRefusal.explained(error, of: sql, in: database)
        }
    }

    /// The next rows, none at the end, within a time; one that does not end when it is told to is left behind.
    private nonisolated func nextRows(within remaining: Duration?, of timeout: Duration?) async throws -> [[SQLCell]] {
        let outcome = Outcome<[[SQLCell]]>()
        // Both are ended here, but for a statement that nothing ends: it is left to its queue.
        let work = Task { [self] in
            do { outcome.settle(.success(try await rows())) } catch { outcome.settle(.failure(error)) }
        }
        let timer = remaining.map { remaining in
            Task { [self] in
                try await Task.sleep(for: max(.zero, remaining))
                isExpired.withLock { $0 = true }
                interrupter.interrupt()
                try await Task.sleep(for: Self.grace)
                outcome.settle(.failure(SQLRefusal.expired(after: timeout ?? .zero)))
            }
        }
        defer { timer?.cancel() }
        do {
            return try await withTaskCancellationHandler {
                try await outcome.value
            } onCancel: {
                work.cancel()
                interrupter.interrupt()
                outcome.settle(.failure(CancellationError()))
            }
        } catch  where isExpired.withLock({ $0 }) && !Task.isCancelled {
            throw SQLRefusal.expired(after: timeout ?? .zero)
        }
    }

    private func rows() throws -> [[SQLCell]] {
        guard let statement else { return [] }
        let started = ContinuousClock.now
        var rows: [[SQLCell]] = []
        var byteCount = 0
        do {
            while rows.isEmpty
                || rows.count < batchCount && byteCount < Self.maximumBatchByteCount
                    && ContinuousClock.now - started < Self.batchAge
            {
                try Task.checkCancellation()
                guard try !isExpired.withLock({ $0 }) && statement.step() else {
                    self.statement = nil
                    break
                }
                let row = Row(statement)
                let cells = (0..<statement.columnCount).map { SQLCell(row.value($0)) }
                byteCount += cells.reduce(0) { $0 + $1.byteCount }
                rows.append(cells)
            }
        } catch let error as SQLiteError {
            throw SQLRefusal.explained(error, of: "", in: database)
        }
        if rows.isEmpty, isExpired.withLock({ $0 }) { throw CancellationError() }
        batchCount = min(2 * batchCount, Self.maximumBatchCount)
        return rows
    }
}

extension SQLCell {
    fileprivate init(_ value: SQLiteValue) {
        switch value {
        case .null: self = .null
        case .integer(let value): self = .integer(value)
        case .real(let value): self = .real(value)
        case .text(let value): self = .text(value)
        case .blob(let value): self = .blob(value)
        }
    }

    fileprivate var byteCount: Int {
        switch self {
        case .null, .integer, .real: 8
        case .text(let text): text.utf8.count
        case .blob(let bytes): bytes.count
        }
    }
}
