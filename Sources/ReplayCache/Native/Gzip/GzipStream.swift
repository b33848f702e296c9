internal import CZlib

/// Unpacks gzip members (RFC 1952) as a stream, and looks at the checksum of each (zlib).
///
/// Calls block, and come from one task at a time.
// SAFETY: `@unchecked Sendable`, since a stream is handed from one thread to the next and never used by two at once.
@safe package final class GzipStream: ByteStream, @unchecked Sendable {
    private let source: any ByteStream
    // SAFETY: zlib keeps its address, so it is allocated once and freed in `deinit`, after zlib is done with it.
    private let state: UnsafeMutablePointer<z_stream>
    private var input = [UInt8](repeating: 0, count: 128 << 10)
    private var available: Range<Int> = 0..<0
    private var isSourceAtEnd = false
    /// Whether a member was begun and not ended.
    private var isMemberOpen = true
    private var isAtEnd = false

    package init(_ source: any ByteStream) throws {
        self.source = source
        unsafe state = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
        unsafe state.initialize(to: z_stream())
        guard unsafe replaycache_inflate_init_gzip(state) == Z_OK else {
            throw ArchiveError("cannot be unpacked: out of memory", endsArchive: true)
        }
    }

    deinit {
        unsafe inflateEnd(state)
        unsafe state.deallocate()
    }

    package func read(into buffer: inout [UInt8]) throws -> Int {
        while !isAtEnd {
            try Task.checkCancellation()
            try fill()
            if available.isEmpty {
                guard !isMemberOpen else { throw ArchiveError("is cut short", endsArchive: true) }
                isAtEnd = true
                break
            }
            let count = try step(&buffer)
            if count > 0 { return count }
        }
        return 0
    }

    private func fill() throws {
        guard available.isEmpty, !isSourceAtEnd else { return }
        let count = try source.read(into: &input)
        available = 0..<count
        isSourceAtEnd = count == 0
    }

    /// Unpacks what is at hand and returns how many bytes came out.
    private func step(_ buffer: inout [UInt8]) throws -> Int {
        if !isMemberOpen {
            // What follows a member is another, or padding.
            guard input[available.lowerBound] == 0x1F else {
                isAtEnd = true
                return 0
            }
            unsafe inflateReset(state)
            isMemberOpen = true
        }
        let capacity = buffer.count
        let (code, taken, made) = unsafe input.withUnsafeMutableBufferPointer { input in
            unsafe buffer.withUnsafeMutableBufferPointer { output in
                unsafe state.pointee.next_in = unsafe input.baseAddress.map { unsafe $0 + available.lowerBound }
                unsafe state.pointee.avail_in = UInt32(available.count)
                unsafe state.pointee.next_out = output.baseAddress
                unsafe state.pointee.avail_out = UInt32(clamping: capacity)
                let code = unsafe inflate(state, Z_NO_FLUSH)
                let taken = unsafe available.count - Int(state.pointee.avail_in)
                let made = unsafe Int(UInt32(clamping: capacity) - state.pointee.avail_out)
                return (code, taken, made)
            }
        }
        available = (available.lowerBound + taken)..<available.upperBound
        switch code {
        case Z_OK, Z_BUF_ERROR: break
        case Z_STREAM_END: isMemberOpen = false
        default:
            let message = unsafe state.pointee.msg.map { unsafe String(cString: $0) } ?? ""
            // "incorrect data check" and "incorrect length check" of inflate.c.
            let reason =
                message.contains("check")
                ? "is damaged: its checksum does not match"
                : "cannot be unpacked: \(message.isEmpty ? "error \(code)" : message)"
            throw ArchiveError(reason, endsArchive: true)
        }
        return made
    }
}
