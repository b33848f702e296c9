internal import CSQLite

/// Functions that SQL has in this program.
enum SQLFunctions {
    /// Adds `path_matches(pattern, path)`, ``Glob`` as it is everywhere else.
    ///
    /// Not to be used in views and triggers, which may come with a hostile file.
    static func register(on handle: OpaquePointer) -> Int32 {
        unsafe sqlite3_create_function_v2(
            handle,
            "path_matches",
            2,
            SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY,
            nil,
            { context, _, values in
                // SAFETY: both texts live until the function returns. Without a result the result is NULL.
                guard let values = unsafe values, let pattern = unsafe sqlite3_value_text(values[0]),
                    let path = unsafe sqlite3_value_text(values[1])
                else { return }
                let patternCount = Int(unsafe sqlite3_value_bytes(values[0]))
                let pathCount = Int(unsafe sqlite3_value_bytes(values[1]))
                let isMatch = unsafe Glob.matches(
                    UnsafeBufferPointer(start: pattern, count: patternCount).span,
                    path: UnsafeBufferPointer(start: path, count: pathCount).span
                )
                unsafe sqlite3_result_int(context, isMatch ? 1 : 0)
            },
            nil,
            nil,
            nil
        )
    }
}
