internal import CZstd

/// A failure of libzstd, or input that is not what it claims to be.
package struct ZstdError: Error, Sendable, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }

    init(code: Int) { description = unsafe String(cString: ZSTD_getErrorName(code)) }
}

/// Compresses one content into one zstd frame (RFC 8878) that carries the content size and a checksum.
@safe package final class ZstdCompressor {
    // SAFETY: owned by this object alone, freed once in `deinit`.
    private let context: OpaquePointer
    private var room: [UInt8]

    /// `byteCount` is the exact size of what will be compressed; libzstd picks its tables by it.
    package init(level: Int32, byteCount: Int64) throws(ZstdError) {
        guard let context = unsafe ZSTD_createCCtx() else { throw ZstdError("out of memory") }
        unsafe self.context = context
        room = [UInt8](repeating: 0, count: ZSTD_CStreamOutSize())
        for (parameter, value) in [(ZSTD_c_compressionLevel, level), (ZSTD_c_checksumFlag, 1)] {
            try check(unsafe ZSTD_CCtx_setParameter(context, parameter, value))
        }
        try check(unsafe ZSTD_CCtx_setPledgedSrcSize(context, UInt64(byteCount)))
    }

    /// For rows of a database, whose alike parts are short and near: searches harder than levels do at this speed, in a
    /// window of 2 MiB (docs/decisions/0005-what-a-base-costs.md), on `threadCount` threads with about 30 MiB each.
    package static func forRows(byteCount: Int64, threadCount: Int) throws(ZstdError) -> ZstdCompressor {
        let compressor = try ZstdCompressor(level: 19, byteCount: byteCount)
        for (parameter, value) in [
            (ZSTD_c_windowLog, 21), (ZSTD_c_strategy, Int32(ZSTD_btopt.rawValue)), (ZSTD_c_minMatch, 3),
            (ZSTD_c_searchLog, 2), (ZSTD_c_targetLength, 16), (ZSTD_c_chainLog, 17), (ZSTD_c_hashLog, 17),
        ] {
            try compressor.check(unsafe ZSTD_CCtx_setParameter(compressor.context, parameter, value))
        }
        // A libzstd without threads refuses both and does it on this one.
        for (parameter, value) in [(ZSTD_c_nbWorkers, Int32(threadCount)), (ZSTD_c_jobSize, 8 << 20)] {
            _ = unsafe ZSTD_CCtx_setParameter(compressor.context, parameter, value)
        }
        return compressor
    }

    deinit { unsafe ZSTD_freeCCtx(context) }

    /// Compresses a piece and appends what comes out to `frame`; `isLast` ends the frame.
    package func compress(_ bytes: Span<UInt8>, isLast: Bool, into frame: inout [UInt8]) throws(ZstdError) {
        var consumed = 0
        while true {
            let (remaining, produced) = try step(bytes, &consumed, isLast ? ZSTD_e_end : ZSTD_e_continue)
            frame += room[0..<produced]
            if isLast ? remaining == 0 : consumed == bytes.count { return }
        }
    }

    private func step(
        _ bytes: Span<UInt8>,
        _ consumed: inout Int,
        _ mode: ZSTD_EndDirective
    ) throws(ZstdError) -> (remaining: Int, produced: Int) {
        let capacity = room.count
        var position = consumed
        var produced = 0
        let code = unsafe bytes.withUnsafeBytes { input in
            unsafe room.withUnsafeMutableBytes { output in
                var source = unsafe ZSTD_inBuffer(src: input.baseAddress, size: input.count, pos: position)
                var target = unsafe ZSTD_outBuffer(dst: output.baseAddress, size: capacity, pos: 0)
                let code = unsafe ZSTD_compressStream2(context, &target, &source, mode)
                position = unsafe source.pos
                produced = unsafe target.pos
                return code
            }
        }
        try check(code)
        consumed = position
        return (code, produced)
    }

    private func check(_ code: Int) throws(ZstdError) {
        guard ZSTD_isError(code) == 0 else { throw ZstdError(code: code) }
    }
}

/// Decompresses zstd frames as a stream; what comes out is bounded by the caller, not by what a frame claims.
@safe package final class ZstdDecompressor {
    // SAFETY: owned by this object alone, freed once in `deinit`.
    private let context: OpaquePointer
    private var room: [UInt8]
    private var isFrameOpen = false

    /// `maximumWindowLog` bounds memory: a frame that wants a larger window is refused (2^27 = 128 MiB).
    package init(maximumWindowLog: Int32 = 27) throws(ZstdError) {
        guard let context = unsafe ZSTD_createDCtx() else { throw ZstdError("out of memory") }
        unsafe self.context = context
        room = [UInt8](repeating: 0, count: ZSTD_DStreamOutSize())
        let code = unsafe ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, maximumWindowLog)
        guard ZSTD_isError(code) == 0 else { throw ZstdError(code: code) }
    }

    deinit { unsafe ZSTD_freeDCtx(context) }

    /// Decodes `bytes`, handing each piece of output to `body` before the next is made.
    package func decompress(_ bytes: Span<UInt8>, _ body: (Span<UInt8>) throws -> Void) throws {
        // Taken out of the object meanwhile, so that a view of it can be handed out without a copy.
        var output = room
        room = []
        defer { room = output }
        var consumed = 0
        var isOutputFull = false
        while consumed < bytes.count || isOutputFull {
            var produced = 0
            let remaining = try step(bytes, &consumed, into: &output, &produced)
            if produced > 0 { try body(output.span.extracting(0..<produced)) }
            isOutputFull = produced == output.count && remaining != 0
            isFrameOpen = remaining != 0
        }
    }

    /// Call after the last piece of input: throws when a frame was cut short.
    package func finish() throws(ZstdError) {
        guard !isFrameOpen else { throw ZstdError("the compressed data is cut short") }
    }

    private func step(
        _ bytes: Span<UInt8>,
        _ consumed: inout Int,
        into output: inout [UInt8],
        _ produced: inout Int
    ) throws(ZstdError) -> Int {
        let capacity = output.count
        var position = consumed
        var written = 0
        let code = unsafe bytes.withUnsafeBytes { input in
            unsafe output.withUnsafeMutableBytes { room in
                var source = unsafe ZSTD_inBuffer(src: input.baseAddress, size: input.count, pos: position)
                var target = unsafe ZSTD_outBuffer(dst: room.baseAddress, size: capacity, pos: 0)
                let code = unsafe ZSTD_decompressStream(context, &target, &source)
                position = unsafe source.pos
                written = unsafe target.pos
                return code
            }
        }
        guard ZSTD_isError(code) == 0 else { throw ZstdError(code: code) }
        consumed = position
        produced = written
        return code
    }
}
