internal import CSQLite

/// A connection to a SQLite database.
///
/// Not thread-safe by design: an actor with its own queue owns it.
@safe package final class Database {
    /// How a database file is opened.
    package enum Mode { case readWrite, readOnly }

    // SAFETY: opened in `init`, closed once in `deinit`, never handed out of this folder.
    let handle: OpaquePointer
    private var statements: [String: Statement] = [:]

    /// Opens `path`, creating it in mode `readWrite`.
    package init(path: String, mode: Mode = .readWrite) throws(SQLiteError) {
        var opened: OpaquePointer?
        let flags =
            SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_URI
            | (mode == .readWrite ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY)
        let code = unsafe sqlite3_open_v2(path, &opened, flags, nil)
        guard code == SQLITE_OK, let connection = unsafe opened else {
            let message = unsafe Self.message(of: opened, code)
            unsafe sqlite3_close_v2(opened)
            throw SQLiteError(code: code, message: "\(message) (\(path))", sql: nil, path: path)
        }
        unsafe handle = connection
        unsafe sqlite3_busy_timeout(handle, 10_000)
        let registered = unsafe SQLFunctions.register(on: handle)
        guard registered == SQLITE_OK else { throw error(registered, "path_matches") }
    }

    deinit {
        statements.removeAll()
        unsafe sqlite3_close_v2(handle)
    }

    /// Runs every statement of `script`; none may return rows that matter.
    package func execute(_ script: String) throws(SQLiteError) {
        let code = unsafe sqlite3_exec(handle, script, nil, nil, nil)
        guard code == SQLITE_OK else { throw error(code, script) }
    }

    /// Runs one statement with `values` bound in order and returns the number of rows that it changed.
    @discardableResult
    package func run(_ sql: String, _ values: SQLiteValue...) throws(SQLiteError) -> Int {
        try run(sql, values)
    }

    /// Runs one statement with `values` bound in order and returns the number of rows that it changed.
    @discardableResult
    package func run(_ sql: String, _ values: [SQLiteValue]) throws(SQLiteError) -> Int {
        let statement = try cached(sql)
        defer { statement.reset() }
        try statement.bind(values)
        while try statement.step() {}
        return Int(unsafe sqlite3_changes64(handle))
    }

    /// Calls `body` with each row.
    ///
    /// The row is only valid inside the call.
    package func query<Failure: Error>(
        _ sql: String,
        _ values: [SQLiteValue] = [],
        _ body: (borrowing Row) throws(Failure) -> Void
    ) throws {
        let statement = try cached(sql)
        defer { statement.reset() }
        try statement.bind(values)
        while try statement.step() { try body(Row(statement)) }
    }

    /// All rows, each turned into a value.
    package func all<Value>(
        _ sql: String,
        _ values: [SQLiteValue] = [],
        _ read: (borrowing Row) throws -> Value
    ) throws -> [Value] {
        var result: [Value] = []
        try query(sql, values) { (row: borrowing Row) throws in result.append(try read(row)) }
        return result
    }

    /// The first row turned into a value, or nil when there is none.
    package func first<Value>(
        _ sql: String,
        _ values: [SQLiteValue] = [],
        _ read: (borrowing Row) throws -> Value
    ) throws -> Value? {
        let statement = try cached(sql)
        defer { statement.reset() }
        try statement.bind(values)
        guard try statement.step() else { return nil }
        return try read(Row(statement))
    }

    /// Runs `body` in a transaction that takes the write lock at once, and rolls back when it throws.
    package func transaction<Value>(_ body: () throws -> Value) throws -> Value {
        try execute("BEGIN IMMEDIATE")
        do {
            let value = try body()
            try execute("COMMIT")
            return value
        } catch {
            // A failed statement may have ended the transaction already; the first error is the one to report.
            try? execute("ROLLBACK")
            throw error
        }
    }

    /// Attaches another database, which must exist: SQLite would make it otherwise.
    package func attach(_ path: String, as schema: String, _ mode: Mode = .readWrite) throws(SQLiteError) {
        // sqlite.org/uri.html: these characters would end the path, and two slashes at its beginning name a host.
        var uri = path.hasPrefix("/") ? "file://" : "file:"
        for scalar in path.unicodeScalars {
            switch scalar {
            case "%": uri += "%25"
            case "?": uri += "%3f"
            case "#": uri += "%23"
            default: uri.unicodeScalars.append(scalar)
            }
        }
        try run("ATTACH ? AS \(schema)", .text("\(uri)?mode=\(mode == .readOnly ? "ro" : "rw")"))
    }

    /// The row id of the last insert on this connection.
    package var lastInsertedRowID: Int64 { unsafe sqlite3_last_insert_rowid(handle) }

    /// Turns off what a hostile database file could abuse (sqlite.org/security.html).
    package func distrustFile() throws(SQLiteError) {
        unsafe replaycache_sqlite3_db_config_bool(handle, SQLITE_DBCONFIG_DEFENSIVE, 1)
        unsafe replaycache_sqlite3_db_config_bool(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0)
    }

    /// Instructions that the statements of this connection have run: a measure of work that no clock disturbs.
    package var instructionCount: Int64 {
        var total: Int64 = 0
        var statement = unsafe sqlite3_next_stmt(handle, nil)
        while let current = unsafe statement {
            total += Int64(unsafe sqlite3_stmt_status(current, SQLITE_STMTSTATUS_VM_STEP, 0))
            unsafe statement = unsafe sqlite3_next_stmt(handle, current)
        }
        return total
    }

    /// A value that stops a running statement from any thread.
    package var interrupter: Interrupter { Interrupter(self) }

    fileprivate func interrupt() { unsafe sqlite3_interrupt(handle) }

    /// A prepared statement that is not cached, for SQL that users write.
    package func prepare(_ sql: String) throws(SQLiteError) -> Statement {
        try unsafe Statement(handle, sql, persistent: false)
    }

    private func cached(_ sql: String) throws(SQLiteError) -> Statement {
        if let statement = statements[sql] { return statement }
        let statement = try unsafe Statement(handle, sql, persistent: true)
        statements[sql] = statement
        return statement
    }

    private func error(_ code: Int32, _ sql: String) -> SQLiteError {
        SQLiteError(
            code: code,
            message: unsafe Self.message(of: handle, code),
            sql: sql,
            path: unsafe Self.path(of: handle)
        )
    }

    /// The file of the main database of a connection; nil for one in memory.
    static func path(of handle: OpaquePointer) -> String? {
        guard let name = unsafe sqlite3_db_filename(handle, "main"), unsafe name.pointee != 0 else { return nil }
        return unsafe String(cString: name)
    }

    private static func message(of handle: OpaquePointer?, _ code: Int32) -> String {
        guard let handle = unsafe handle else { return unsafe String(cString: sqlite3_errstr(code)) }
        return unsafe String(cString: sqlite3_errmsg(handle))
    }
}

/// Stops the running statement of a connection; `sqlite3_interrupt` is the one call allowed from other threads.
///
/// `@unchecked`: it only forwards to that call, and holds the connection open while it exists.
package struct Interrupter: @unchecked Sendable {
    private let database: Database

    fileprivate init(_ database: Database) { self.database = database }

    package func interrupt() { database.interrupt() }
}
