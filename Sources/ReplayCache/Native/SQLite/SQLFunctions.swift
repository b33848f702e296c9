internal import CSQLite

/// Functions that SQL has in this program.
///
/// Not to be used in views and triggers, which may come with a hostile file.
enum SQLFunctions {
    /// Adds all of them.
    ///
    /// - `path_matches(pattern, path)`: ``Glob`` as it is everywhere else.
    /// - `shard_of(digest, count)`: which of `count` shares a content is in, from 0 (``Shard``).
    /// - `file_kind(path)`: the lower-case extension of a file's name, empty when it has none (``FileKind``).
    /// - `version_number(version)`: a number that orders versions (``VersionNumber``); NULL for what is none.
    /// - `sample_rank(digest, seed)`: where a content comes in a draw by chance (``SampleRank``).
    /// - `folded(text)`: in lower case, all letters and not only those of ASCII.
    static func register(on handle: OpaquePointer) -> Int32 {
        var code = unsafe pathMatches(handle)
        if code == SQLITE_OK { code = unsafe shardOf(handle) }
        if code == SQLITE_OK { code = unsafe fileKind(handle) }
        if code == SQLITE_OK { code = unsafe versionNumber(handle) }
        if code == SQLITE_OK { code = unsafe sampleRank(handle) }
        if code == SQLITE_OK { code = unsafe foldedText(handle) }
        return code
    }

    private static let flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY

    private static func pathMatches(_ handle: OpaquePointer) -> Int32 {
        unsafe sqlite3_create_function_v2(
            handle,
            "path_matches",
            2,
            flags,
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

    private static func shardOf(_ handle: OpaquePointer) -> Int32 {
        unsafe sqlite3_create_function_v2(
            handle,
            "shard_of",
            2,
            flags,
            nil,
            { context, _, values in
                // SAFETY: the bytes live until the function returns. Without a result the result is NULL.
                guard let values = unsafe values, let blob = unsafe sqlite3_value_blob(values[0]) else { return }
                let byteCount = Int(unsafe sqlite3_value_bytes(values[0]))
                let count = unsafe sqlite3_value_int64(values[1])
                guard byteCount >= 8, count > 0 else { return }
                let bytes = unsafe UnsafeRawBufferPointer(start: blob, count: 8)
                let word = unsafe bytes.reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
                let share = Shard.index(ofLeading: word, count: UInt64(count))
                unsafe sqlite3_result_int64(context, Int64(share))
            },
            nil,
            nil,
            nil
        )
    }

    private static func fileKind(_ handle: OpaquePointer) -> Int32 {
        unsafe sqlite3_create_function_v2(
            handle,
            "file_kind",
            1,
            flags,
            nil,
            { context, _, values in
                // SAFETY: the text lives until the function returns; the result is copied. NULL has the kind NULL.
                guard let values = unsafe values, let text = unsafe sqlite3_value_text(values[0]) else { return }
                let byteCount = Int(unsafe sqlite3_value_bytes(values[0]))
                let path = unsafe UnsafeBufferPointer(start: text, count: byteCount)
                let kind = unsafe FileKind.of(path.span)
                unsafe replaycache_result_text(context, kind, Int32(kind.utf8.count))
            },
            nil,
            nil,
            nil
        )
    }

    private static func versionNumber(_ handle: OpaquePointer) -> Int32 {
        unsafe sqlite3_create_function_v2(
            handle,
            "version_number",
            1,
            flags,
            nil,
            { context, _, values in
                // SAFETY: the text lives until the function returns. Without a result the result is NULL.
                guard let values = unsafe values, let text = unsafe sqlite3_value_text(values[0]) else { return }
                let byteCount = Int(unsafe sqlite3_value_bytes(values[0]))
                let version = unsafe UnsafeBufferPointer(start: text, count: byteCount)
                guard let number = unsafe VersionNumber.of(version.span) else { return }
                unsafe sqlite3_result_int64(context, number)
            },
            nil,
            nil,
            nil
        )
    }

    private static func sampleRank(_ handle: OpaquePointer) -> Int32 {
        unsafe sqlite3_create_function_v2(
            handle,
            "sample_rank",
            2,
            flags,
            nil,
            { context, _, values in
                // SAFETY: the bytes live until the function returns. Without a result the result is NULL.
                guard let values = unsafe values, let blob = unsafe sqlite3_value_blob(values[0]),
                    unsafe sqlite3_value_bytes(values[0]) >= 8
                else { return }
                let bytes = unsafe UnsafeRawBufferPointer(start: blob, count: 8)
                let word = unsafe bytes.reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
                let seed = UInt64(bitPattern: unsafe sqlite3_value_int64(values[1]))
                unsafe sqlite3_result_int64(context, SampleRank.of(leading: word, seed: seed))
            },
            nil,
            nil,
            nil
        )
    }

    private static func foldedText(_ handle: OpaquePointer) -> Int32 {
        unsafe sqlite3_create_function_v2(
            handle,
            "folded",
            1,
            flags,
            nil,
            { context, _, values in
                // SAFETY: the text lives until the function returns; the result is copied. NULL stays NULL.
                guard let values = unsafe values, let text = unsafe sqlite3_value_text(values[0]) else { return }
                let byteCount = Int(unsafe sqlite3_value_bytes(values[0]))
                let bytes = unsafe UnsafeBufferPointer(start: text, count: byteCount)
                let folded = unsafe String(decoding: bytes, as: UTF8.self).lowercased()
                unsafe replaycache_result_text(context, folded, Int32(folded.utf8.count))
            },
            nil,
            nil,
            nil
        )
    }
}
