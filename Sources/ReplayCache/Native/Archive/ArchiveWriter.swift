internal import CArchive
internal import Glibc
internal import Synchronization

/// Why an archive could not be written.
struct ArchiveWritingError: Error, CustomStringConvertible {
    let description: String
}

/// Writes a tar archive in the pax format (POSIX.1-2001).
///
/// Names may have any length and are UTF-8, sizes go beyond 8 GiB, times to the nanosecond. The same files give the same bytes.
/// Without ``finish()`` the archive has no end, so that whoever reads it sees that it is cut off.
@safe final class ArchiveWriter: @unchecked Sendable {
    // SAFETY: all that follows is used under the lock, `archive` and `entry` are owned by this object alone and freed once
    // in `deinit`.
    private let lock = Mutex(())
    private let archive: OpaquePointer
    private let entry: OpaquePointer
    private let output: Output
    private var isFinished = false

    /// What the callback of libarchive needs.
    private final class Output {
        let write: (Span<UInt8>) throws -> Void
        /// Why the last call failed: errors do not pass through C.
        var failure: (any Error)?

        init(_ write: @escaping (Span<UInt8>) throws -> Void) { self.write = write }
    }

    /// Bytes handed to `write` at once.
    private static let blockByteCount: Int32 = 256 << 10
    /// Archives are padded to a multiple of this, as tar does by default.
    private static let recordByteCount: Int32 = 10_240

    /// `AE_IFREG` of archive_entry.h, a macro with a cast.
    private static let regularFile: UInt32 = 0o100000

    /// Starts an archive whose bytes go to `write` in order.
    init(_ write: @escaping @Sendable (Span<UInt8>) throws -> Void) throws {
        guard let archive = unsafe archive_write_new(), let entry = unsafe archive_entry_new() else {
            throw ArchiveWritingError(description: "out of memory")
        }
        unsafe self.archive = archive
        unsafe self.entry = entry
        output = Output(write)
        try check(unsafe archive_write_set_format_pax(archive))
        try check(unsafe archive_write_set_bytes_per_block(archive, Self.blockByteCount))
        try check(unsafe archive_write_set_bytes_in_last_block(archive, Self.recordByteCount))
        // SAFETY: `output` lives as long as this object, which frees the archive before.
        let context = unsafe Unmanaged.passUnretained(output).toOpaque()
        try check(
            unsafe archive_write_open2(
                archive,
                context,
                nil,
                { _, context, bytes, count in
                    guard let context = unsafe context, count > 0, let bytes = unsafe bytes else { return 0 }
                    let output = unsafe Unmanaged<Output>.fromOpaque(context).takeUnretainedValue()
                    do {
                        let pointer = unsafe UnsafeRawBufferPointer(start: bytes, count: count)
                        try unsafe pointer.withMemoryRebound(to: UInt8.self) { try output.write(unsafe $0.span) }
                        return count
                    } catch {
                        output.failure = error
                        return -1
                    }
                },
                nil,
                nil
            )
        )
    }

    deinit {
        // Keeps libarchive from writing the end of what has none.
        if !isFinished { unsafe archive_write_fail(archive) }
        unsafe archive_entry_free(entry)
        unsafe archive_write_free(archive)
    }

    /// Begins a file; exactly `size` bytes are to follow.
    ///
    /// Nothing is recorded of it but its name, size and time: mode 0644, no owner.
    func begin(_ path: String, size: Int64, mtimeNanoseconds: Int64) throws {
        try lock.withLock { _ in
            unsafe archive_entry_clear(entry)
            unsafe archive_entry_copy_pathname(entry, path)
            unsafe archive_entry_set_filetype(entry, Self.regularFile)
            unsafe archive_entry_set_perm(entry, 0o644)
            unsafe archive_entry_set_size(entry, size)
            let (seconds, rest) = mtimeNanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
            unsafe archive_entry_set_mtime(
                entry,
                rest < 0 ? Int(seconds) - 1 : Int(seconds),
                rest < 0 ? Int(rest) + 1_000_000_000 : Int(rest)
            )
            try inUTF8 { try check(unsafe archive_write_header(archive, entry)) }
        }
    }

    /// libarchive takes names to be in the character set of the locale, and marks those that it cannot read as binary: legal,
    /// but GNU tar remarks on it.
    ///
    /// The locale of this thread alone is changed, and changed back.
    private func inUTF8(_ body: () throws -> Void) rethrows {
        guard let locale = unsafe Self.locale else { return try body() }
        let previous = unsafe uselocale(locale)
        defer { unsafe uselocale(previous) }
        try body()
    }

    /// SAFETY: immutable, and never freed.
    private nonisolated(unsafe) static let locale: locale_t? = unsafe newlocale(1 << LC_CTYPE, "C.UTF-8", nil)

    /// Writes bytes of the file that was begun.
    func write(_ bytes: Span<UInt8>) throws {
        try lock.withLock { _ in
            var written = 0
            while written < bytes.count {
                let start = written
                let count = unsafe bytes.withUnsafeBytes { buffer in
                    guard let base = buffer.baseAddress else { return 0 }
                    return unsafe archive_write_data(archive, base + start, buffer.count - start)
                }
                guard count > 0 else { throw failure() }
                written += Int(count)
            }
        }
    }

    /// Writes the end of the archive.
    func finish() throws {
        try lock.withLock { _ in
            try check(unsafe archive_write_close(archive))
            isFinished = true
        }
    }

    /// `ARCHIVE_WARN` tells of names that are not in the character set of the locale: they are written as they are.
    private func check(_ code: Int32) throws {
        guard code < ARCHIVE_WARN else { return }
        throw failure()
    }

    private func failure() -> any Error {
        if let failure = output.failure { return failure }
        guard let text = unsafe archive_error_string(archive) else {
            return ArchiveWritingError(description: "libarchive gives no reason")
        }
        return ArchiveWritingError(description: unsafe String(cString: text))
    }
}
