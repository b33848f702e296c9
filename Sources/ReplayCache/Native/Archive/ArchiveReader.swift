internal import CArchive
internal import Glibc

/// Reads a zip, 7z or tar archive as a stream of members (libarchive).
///
/// Nothing is unpacked anywhere: the bytes of a member are handed out as they come, and may be trusted when ``read(into:)``
/// has answered 0 without an error, as far as the format has checksums.
///
/// Calls block, and come from one task at a time.
// SAFETY: `@unchecked Sendable`, since a reader is handed from one thread to the next and never used by two at once: its
// owner is a value that moves with it (`Sync/ArchiveImport.swift`).
@safe package final class ArchiveReader: ByteStream, @unchecked Sendable {
    package enum Format: Sendable, Equatable { case zip, sevenZip, tar, other }

    /// What is read at once from the source of the archive.
    fileprivate static let inputBytes = 128 << 10

    // SAFETY: both are owned by this object alone and freed once in `deinit`; the archive is closed before its input goes.
    private let archive: OpaquePointer
    private let input: ArchiveInput
    /// The format, once a member was met.
    package private(set) var format = Format.other
    private var declaredSize: Int64?
    private var produced: Int64 = 0

    /// Begins to read an archive in a file, where a zip is read by its directory.
    package convenience init(file: any ByteSource) throws { try self.init(ArchiveInput(file)) }

    /// Begins to read an archive that comes as a stream, where a 7z cannot be read.
    ///
    /// With `isSingle`, anything that is compressed is taken for one member without a name.
    package convenience init(stream: any ByteStream, isSingle: Bool = false) throws {
        try self.init(ArchiveInput(stream), isSingle: isSingle)
    }

    private init(_ input: ArchiveInput, isSingle: Bool = false) throws {
        guard let archive = unsafe archive_read_new() else {
            throw ArchiveError("cannot be unpacked: out of memory", endsArchive: true)
        }
        unsafe self.archive = archive
        self.input = input
        // gzip is not among them: its checksum is not looked at there (3.6 to 3.8), so ``GzipStream`` reads it.
        unsafe archive_read_support_filter_xz(archive)
        unsafe archive_read_support_filter_zstd(archive)
        if isSingle {
            unsafe archive_read_support_format_raw(archive)
        } else {
            unsafe archive_read_support_format_zip(archive)
            unsafe archive_read_support_format_tar(archive)
            if input.isSeekable { unsafe archive_read_support_format_7zip(archive) }
        }
        // SAFETY: `input` lives as long as this object, which closes the archive before it goes.
        unsafe archive_read_set_callback_data(archive, Unmanaged.passUnretained(input).toOpaque())
        unsafe archive_read_set_read_callback(archive, readInput)
        unsafe archive_read_set_skip_callback(archive, skipInput)
        if input.isSeekable { unsafe archive_read_set_seek_callback(archive, seekInput) }
        try check(inUTF8 { unsafe archive_read_open1(archive) })
    }

    deinit { unsafe archive_read_free(archive) }

    /// The next member; nil at the end.
    package func next() throws -> ArchiveMember? {
        var entry: OpaquePointer?
        let code = inUTF8 { unsafe archive_read_next_header(archive, &entry) }
        if code == ARCHIVE_EOF {
            if let error = input.takeError() { throw error }
            if format == .zip, try !input.endsLikeAZip() {
                throw ArchiveError("is cut short: it has no directory of its members", endsArchive: true)
            }
            return nil
        }
        // A warning is about a name or an attribute; what matters of those is looked at below.
        if code != ARCHIVE_WARN { try check(code) }
        guard let entry = unsafe entry else { return nil }
        format = currentFormat
        let member = inUTF8 { ArchiveMember(entry) }
        declaredSize = member.kind == .file ? member.size : nil
        produced = 0
        return member
    }

    /// Fills `buffer` with what comes next of the current member; 0 at its end.
    ///
    /// - Throws: ``ArchiveError`` when the member is damaged, has another length than it claims, or is encrypted.
    package func read(into buffer: inout [UInt8]) throws -> Int {
        let count = inUTF8 {
            unsafe buffer.withUnsafeMutableBytes { unsafe archive_read_data(archive, $0.baseAddress, $0.count) }
        }
        if count < 0 { throw failure(Int32(clamping: count), endsArchive: format != .zip) }
        produced += Int64(count)
        if let declaredSize, produced > declaredSize || (count == 0 && produced != declaredSize) {
            let reason = "is damaged: it claims to have \(declaredSize) bytes, and has another number"
            throw ArchiveError(reason, endsArchive: format != .zip)
        }
        return count
    }

    private var currentFormat: Format {
        let code = unsafe archive_format(archive)
        switch code & ARCHIVE_FORMAT_BASE_MASK {
        case ARCHIVE_FORMAT_ZIP: return .zip
        case ARCHIVE_FORMAT_7ZIP: return .sevenZip
        case ARCHIVE_FORMAT_TAR: return .tar
        default: return .other
        }
    }

    private func check(_ code: Int32) throws {
        guard code != ARCHIVE_OK else { return }
        throw failure(code, endsArchive: true)
    }

    private func failure(_ code: Int32, endsArchive: Bool) -> any Error {
        if let error = input.takeError() { return error }
        let message = unsafe archive_error_string(archive).map { unsafe String(cString: $0) } ?? ""
        return ArchiveError(code: code, message: message, endsArchive: endsArchive)
    }
}

extension ArchiveMember {
    /// What stands in an entry, in a thread whose character set is UTF-8.
    @safe fileprivate init(_ entry: OpaquePointer) {
        name = unsafe Self.bytes(archive_entry_pathname(entry))
        if let target = unsafe Self.bytes(archive_entry_hardlink(entry)) {
            kind = .hardLink(to: String(decoding: target, as: UTF8.self))
        } else if unsafe replaycache_is_regular(entry) != 0 {
            kind = .file
        } else if unsafe replaycache_is_directory(entry) != 0 {
            kind = .directory
        } else if unsafe replaycache_is_link(entry) != 0 {
            kind = .symbolicLink
        } else {
            kind = .other
        }
        size = unsafe archive_entry_size_is_set(entry) != 0 ? unsafe archive_entry_size(entry) : nil
        let seconds = unsafe Int64(archive_entry_mtime(entry))
        let (scaled, overflows) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let rest = unsafe Int64(archive_entry_mtime_nsec(entry))
        let isSet = unsafe archive_entry_mtime_is_set(entry) != 0 && seconds > 0 && !overflows
        mtime = isSet && (0..<1_000_000_000).contains(rest) && scaled < .max - rest ? scaled + rest : nil
        isEncrypted = unsafe archive_entry_is_encrypted(entry) != 0
    }

    @safe private static func bytes(_ text: UnsafePointer<CChar>?) -> [UInt8]? {
        guard let text = unsafe text else { return nil }
        let count = unsafe strlen(text)
        return unsafe UnsafeBufferPointer(start: text, count: count).map { UInt8(bitPattern: $0) }
    }
}

/// Where the bytes of an archive come from: what the callbacks share.
// SAFETY: `@unchecked Sendable`, since only the reader that owns it uses it, one call at a time.
@safe private final class ArchiveInput: @unchecked Sendable {
    private enum Source {
        case file(any ByteSource, byteCount: Int64)
        case stream(any ByteStream)
    }

    private let source: Source
    private var offset: Int64 = 0
    private var bytes = [UInt8](repeating: 0, count: ArchiveReader.inputBytes)
    // SAFETY: what libarchive looks at until its next call: allocated here, freed once in `deinit`.
    private let window = UnsafeMutableRawBufferPointer.allocate(byteCount: ArchiveReader.inputBytes, alignment: 16)
    private var error: (any Error)?

    init(_ file: any ByteSource) { source = .file(file, byteCount: file.byteCount) }

    init(_ stream: any ByteStream) { source = .stream(stream) }

    deinit { unsafe window.deallocate() }

    var isSeekable: Bool { if case .file = source { true } else { false } }

    func takeError() -> (any Error)? {
        defer { error = nil }
        return error
    }

    /// Makes what comes next stand in the window; its length, or a negative number after an error.
    func read() -> Int {
        do {
            try Task.checkCancellation()
            let count =
                switch source {
                case .file(let file, _): try file.read(at: offset, into: &bytes)
                case .stream(let stream): try stream.read(into: &bytes)
                }
            unsafe bytes.withUnsafeBytes {
                unsafe window.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[0..<count]))
            }
            offset += Int64(count)
            return count
        } catch {
            self.error = error
            return -1
        }
    }

    var start: UnsafeRawPointer? { unsafe UnsafeRawPointer(window.baseAddress) }

    /// Passes over at most `count` bytes of a file, and tells over how many.
    func skip(_ count: Int64) -> Int64 {
        guard case .file(_, let byteCount) = source, count > 0 else { return 0 }
        let passed = max(0, min(count, byteCount - offset))
        offset += passed
        return passed
    }

    /// Whether a file ends with what a zip ends with: 22 bytes and a comment; true of a stream.
    ///
    /// libarchive reads one that does not from its beginning, and says nothing.
    func endsLikeAZip() throws -> Bool {
        guard case .file(let file, let byteCount) = source else { return true }
        let recordCount = 22
        let count = Int(min(byteCount, Int64(recordCount + Int(UInt16.max))))
        var end = [UInt8](repeating: 0, count: count)
        var filled = 0
        while filled < count {
            var piece = [UInt8](repeating: 0, count: count - filled)
            let got = try file.read(at: byteCount - Int64(count - filled), into: &piece)
            guard got > 0 else { return false }
            end.replaceSubrange(filled..<filled + got, with: piece[0..<got])
            filled += got
        }
        let mark = Array("PK\u{5}\u{6}".utf8)
        return count >= recordCount && (0...count - recordCount).contains { end[$0..<$0 + 4].elementsEqual(mark) }
    }

    /// Goes to an offset and tells to which; nil where there is no such place.
    func seek(_ distance: Int64, _ whence: Int32) -> Int64? {
        guard case .file(_, let byteCount) = source else { return nil }
        let base: Int64
        switch whence {
        case SEEK_SET: base = 0
        case SEEK_CUR: base = offset
        case SEEK_END: base = byteCount
        default: return nil
        }
        let (target, overflows) = base.addingReportingOverflow(distance)
        guard !overflows, target >= 0 else { return nil }
        offset = target
        return target
    }
}

// SAFETY: each callback gets the pointer that the reader gave, while its input lives.

@safe private func input(_ pointer: UnsafeMutableRawPointer?) -> ArchiveInput? {
    unsafe pointer.map { unsafe Unmanaged<ArchiveInput>.fromOpaque($0).takeUnretainedValue() }
}

private let readInput:
    @convention(c) (
        OpaquePointer?, UnsafeMutableRawPointer?, UnsafeMutablePointer<UnsafeRawPointer?>?
    ) -> la_ssize_t = { _, pointer, window in
        guard let input = input(pointer) else { return -1 }
        let count = input.read()
        unsafe window?.pointee = unsafe input.start
        return count
    }

private let skipInput: @convention(c) (OpaquePointer?, UnsafeMutableRawPointer?, la_int64_t) -> la_int64_t = {
    _,
    pointer,
    count in
    input(pointer)?.skip(count) ?? 0
}

private let seekInput: @convention(c) (OpaquePointer?, UnsafeMutableRawPointer?, la_int64_t, Int32) -> la_int64_t = {
    _,
    pointer,
    distance,
    whence in
    input(pointer)?.seek(distance, whence) ?? Int64(ARCHIVE_FATAL)
}

/// Calls `body` in a thread whose character set is UTF-8: libarchive asks the locale for it.
private func inUTF8<Value>(_ body: () -> Value) -> Value {
    guard let locale = unsafe UTF8Locale.shared.locale else { return body() }
    let before = unsafe uselocale(locale)
    defer { _ = unsafe uselocale(before) }
    return body()
}

// SAFETY: made once and never freed; a locale is not written to after it was made.
@safe private struct UTF8Locale: @unchecked Sendable {
    static let shared = UTF8Locale()
    let locale: locale_t?

    init() { unsafe locale = unsafe replaycache_utf8_locale() }
}
