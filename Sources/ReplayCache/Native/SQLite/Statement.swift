internal import CSQLite
internal import Glibc

/// A prepared statement.
@safe package final class Statement {
    // SAFETY: made in `init`, finalised once in `deinit`; `sqlite3_close_v2` keeps the connection until then.
    private let handle: OpaquePointer
    private let connection: OpaquePointer
    private let sql: String

    init(_ connection: OpaquePointer, _ sql: String, persistent: Bool) throws(SQLiteError) {
        var prepared: OpaquePointer?
        let flags = persistent ? UInt32(SQLITE_PREPARE_PERSISTENT) : 0
        var tail: UnsafePointer<CChar>?
        var rest = ""
        let code = unsafe sql.withCString { text in
            let code = unsafe sqlite3_prepare_v3(connection, text, -1, flags, &prepared, &tail)
            rest = unsafe tail.map { unsafe String(cString: $0) } ?? ""
            return code
        }
        guard code == SQLITE_OK, let statement = unsafe prepared else {
            let message = code == SQLITE_OK ? "empty statement" : unsafe String(cString: sqlite3_errmsg(connection))
            let offset = code == SQLITE_OK ? -1 : Int(unsafe sqlite3_error_offset(connection))
            throw SQLiteError(
                code: code == SQLITE_OK ? SQLITE_MISUSE : code,
                message: message,
                sql: sql,
                offset: offset < 0 ? nil : offset
            )
        }
        guard rest.allSatisfy({ $0.isWhitespace || $0 == ";" }) else {
            unsafe sqlite3_finalize(statement)
            let spaces = rest.prefix { $0.isWhitespace || $0 == ";" }
            throw SQLiteError(
                code: SQLITE_ERROR,
                message: "only one statement can be run at a time",
                sql: sql,
                offset: sql.utf8.count - rest.utf8.count + spaces.utf8.count
            )
        }
        unsafe handle = statement
        unsafe self.connection = connection
        self.sql = sql
    }

    deinit { unsafe sqlite3_finalize(handle) }

    /// Whether it changes no database file (sqlite.org/c3ref/stmt_readonly.html).
    package var isReadOnly: Bool { unsafe sqlite3_stmt_readonly(handle) != 0 }

    /// How many result columns there are.
    package var columnCount: Int { Int(unsafe sqlite3_column_count(handle)) }

    /// The names of the result columns.
    package var columnNames: [String] {
        (0..<columnCount).map { index in
            unsafe sqlite3_column_name(handle, Int32(index)).map { unsafe String(cString: $0) } ?? "column\(index)"
        }
    }

    /// Moves to the next row; false at the end.
    package func step() throws(SQLiteError) -> Bool {
        switch unsafe sqlite3_step(handle) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        case let code: throw error(code)
        }
    }

    func reset() {
        unsafe sqlite3_reset(handle)
        unsafe sqlite3_clear_bindings(handle)
    }

    func bind(_ values: [SQLiteValue]) throws(SQLiteError) {
        for (offset, value) in values.enumerated() {
            let index = Int32(offset + 1)
            let code =
                switch value {
                case .null: unsafe sqlite3_bind_null(handle, index)
                case .integer(let value): unsafe sqlite3_bind_int64(handle, index, value)
                case .real(let value): unsafe sqlite3_bind_double(handle, index, value)
                case .text(let value): bind(value, at: index)
                case .blob(let value): bind(value, at: index)
                }
            guard code == SQLITE_OK else { throw error(code) }
        }
    }

    private func bind(_ text: String, at index: Int32) -> Int32 {
        var text = text
        return text.withUTF8 { bytes in
            unsafe bytes.withMemoryRebound(to: CChar.self) { characters in
                unsafe replaycache_sqlite3_bind_text(
                    handle,
                    index,
                    characters.baseAddress,
                    sqlite3_uint64(characters.count)
                )
            }
        }
    }

    private func bind(_ blob: [UInt8], at index: Int32) -> Int32 {
        // An empty array has no base address, and SQLite reads a null pointer as NULL.
        guard !blob.isEmpty else { return unsafe sqlite3_bind_zeroblob(handle, index, 0) }
        return unsafe blob.withUnsafeBytes { bytes in
            unsafe replaycache_sqlite3_bind_blob(handle, index, bytes.baseAddress, sqlite3_uint64(bytes.count))
        }
    }

    private func error(_ code: Int32) -> SQLiteError {
        SQLiteError(
            code: code,
            message: unsafe String(cString: sqlite3_errmsg(connection)),
            sql: sql,
            path: unsafe Database.path(of: connection)
        )
    }

    fileprivate func integer(_ column: Int32) -> Int64 { unsafe sqlite3_column_int64(handle, column) }
    fileprivate func real(_ column: Int32) -> Double { unsafe sqlite3_column_double(handle, column) }
    fileprivate func type(_ column: Int32) -> Int32 { unsafe sqlite3_column_type(handle, column) }

    fileprivate func text(_ column: Int32) -> String {
        guard let text = unsafe sqlite3_column_text(handle, column) else { return "" }
        let count = Int(unsafe sqlite3_column_bytes(handle, column))
        return unsafe String(decoding: UnsafeBufferPointer(start: text, count: count), as: UTF8.self)
    }

    /// Negative, 0 or positive as the bytes of a text column come before, are, or come after those of `text`.
    fileprivate func order(_ column: Int32, against text: String) -> Int {
        let bytes = unsafe sqlite3_column_text(handle, column)
        let count = Int(unsafe sqlite3_column_bytes(handle, column))
        var text = text
        return text.withUTF8 { other in
            let common = min(count, other.count)
            if common > 0, let bytes = unsafe bytes, let base = other.baseAddress {
                // SAFETY: both are at least `common` bytes long.
                let order = unsafe memcmp(bytes, base, common)
                if order != 0 { return Int(order) }
            }
            return count - other.count
        }
    }

    fileprivate func blob(_ column: Int32) -> [UInt8] {
        let count = Int(unsafe sqlite3_column_bytes(handle, column))
        guard count > 0, let bytes = unsafe sqlite3_column_blob(handle, column) else { return [] }
        return unsafe [UInt8](UnsafeRawBufferPointer(start: bytes, count: count))
    }
}

/// The row that a statement stands on.
///
/// Columns are read by position; SQLite converts between types.
package struct Row: ~Copyable {
    private let statement: Statement

    package init(_ statement: Statement) { self.statement = statement }

    package func isNull(_ column: Int) -> Bool { statement.type(Int32(column)) == SQLITE_NULL }
    package func int64(_ column: Int) -> Int64 { statement.integer(Int32(column)) }
    package func int(_ column: Int) -> Int { Int(truncatingIfNeeded: int64(column)) }
    package func bool(_ column: Int) -> Bool { int64(column) != 0 }
    package func double(_ column: Int) -> Double { statement.real(Int32(column)) }
    package func text(_ column: Int) -> String { statement.text(Int32(column)) }
    /// Negative, 0 or positive as a text comes before, is, or comes after another by its bytes, as the catalog orders.
    package func order(_ column: Int, against text: String) -> Int { statement.order(Int32(column), against: text) }
    package func blob(_ column: Int) -> [UInt8] { statement.blob(Int32(column)) }
    package func optionalInt64(_ column: Int) -> Int64? { isNull(column) ? nil : int64(column) }
    package func optionalInt(_ column: Int) -> Int? { isNull(column) ? nil : int(column) }
    package func optionalText(_ column: Int) -> String? { isNull(column) ? nil : text(column) }

    /// A digest column, nil when it is NULL or not 32 bytes long.
    package func digest(_ column: Int) -> Digest? { isNull(column) ? nil : Digest(bytes: blob(column)) }

    /// The value as it is stored.
    package func value(_ column: Int) -> SQLiteValue {
        switch statement.type(Int32(column)) {
        case SQLITE_INTEGER: .integer(int64(column))
        case SQLITE_FLOAT: .real(double(column))
        case SQLITE_TEXT: .text(text(column))
        case SQLITE_BLOB: .blob(blob(column))
        default: .null
        }
    }
}
