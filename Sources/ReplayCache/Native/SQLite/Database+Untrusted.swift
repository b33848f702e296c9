internal import CSQLite

/// What a connection needs that runs statements somebody else wrote.
extension Database {
    /// Refuses everything but reading, by SQLite's authorizer: no writes, no ATTACH, no transactions, no PRAGMA but those that
    /// describe tables, no function that loads code.
    package func forbidWrites() {
        // SQLite declares these when they are first named, which the authorizer would take for the making of a table.
        for table in Database.describingPragmas.map({ "pragma_\($0)" }) + ["json_each", "json_tree"] {
            _ = try? prepare("SELECT 1 FROM \(table)")
        }
        unsafe sqlite3_set_authorizer(
            handle,
            { _, action, first, second, _, _ in
                switch action {
                case SQLITE_SELECT, SQLITE_READ, SQLITE_RECURSIVE: return SQLITE_OK
                // sqlite.org/c3ref/c_alter_table.html: the name is the first text of a pragma, the second of a function.
                case SQLITE_PRAGMA:
                    let name = unsafe first.map { unsafe String(cString: $0).lowercased() } ?? ""
                    return Database.describingPragmas.contains(name) ? SQLITE_OK : SQLITE_DENY
                case SQLITE_FUNCTION:
                    let name = unsafe second.map { unsafe String(cString: $0).lowercased() } ?? ""
                    return Database.refusedFunctions.contains(name) ? SQLITE_DENY : SQLITE_OK
                default: return SQLITE_DENY
                }
            },
            nil
        )
    }

    /// Those that tell which tables and columns there are; none of them sets anything.
    private static let describingPragmas: Set = [
        "collation_list", "compile_options", "database_list", "function_list", "index_info", "index_list",
        "index_xinfo",
        "module_list", "pragma_list", "table_info", "table_list", "table_xinfo",
    ]

    /// The first is off anyway and the second takes addresses of code (sqlite.org/fts3.html, section 8.1); the others exist in
    /// no library but in shells.
    private static let refusedFunctions: Set = ["load_extension", "fts3_tokenizer", "readfile", "writefile", "edit"]

    /// Bounds what a statement of this connection can be and make: bytes of a value, and of the statement itself.
    ///
    /// A name in double quotes that no column has is an error, not a text.
    package func limit(valueByteCount: Int, statementByteCount: Int) {
        unsafe sqlite3_limit(handle, SQLITE_LIMIT_LENGTH, Int32(valueByteCount))
        unsafe sqlite3_limit(handle, SQLITE_LIMIT_SQL_LENGTH, Int32(statementByteCount))
        // A pattern is tried at every place of a text, by one instruction that nothing interrupts.
        unsafe sqlite3_limit(handle, SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 1000)
        unsafe sqlite3_limit(handle, SQLITE_LIMIT_WORKER_THREADS, 0)
        unsafe replaycache_sqlite3_db_config_bool(handle, SQLITE_DBCONFIG_DQS_DML, 0)
    }

    /// Bounds the memory of SQLite in this process, for good: of all connections together.
    package static func limitMemory(byteCount: Int64) { _ = sqlite3_hard_heap_limit64(byteCount) }

    /// Whether SQL understands a word as something else than a name.
    package static func isKeyword(_ word: String) -> Bool {
        unsafe sqlite3_keyword_check(word, Int32(word.utf8.count)) != 0
    }
}
