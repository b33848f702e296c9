/// How the bytes of an object are stored (`design.md` section 3).
package enum Encoding: String, Sendable, CaseIterable {
    /// As they are.
    case raw
    /// One zstd frame (RFC 8878).
    case zst
}

/// The stored form of a content, ready to be sent.
package struct EncodedContent: Sendable {
    package let encoding: Encoding
    /// The stored bytes: an array, or the file itself when it is stored raw.
    package let source: any ByteSource
    package let byteCount: Int64
    /// SHA-256 of the stored bytes: checked by whoever takes them.
    package let storedDigest: Digest
}

/// Turns content into stored bytes.
package enum ObjectEncoder {
    /// The lowest level that packs replays to a fifth.
    ///
    /// On 59 replays of all versions, 42.6 MB: level 3 4.90x, 5 5.03x, 6 5.11x at two thirds of the speed, 9 5.16x.
    static let level: Int32 = 5

    /// Content longer than this is judged by a sample from its middle; shorter content is its own sample.
    ///
    /// Trying 30 kB of noise whole took a third of the CPU time of pushing it.
    private static let sampledByteCount: Int64 = 16 << 10
    /// Bytes of a sample: an eighth of the content, within these.
    private static let sampleByteCounts: ClosedRange<Int64> = 8 << 10...128 << 10

    /// Content that zstd shrinks by less than an eighth is not worth decoding again on every pod.
    private static func isWorthwhile(_ encoded: Int, of content: Int64) -> Bool {
        Int64(encoded) < content / 8 * 7
    }

    /// Encodes `content`, decodes the result and compares its digest with `digest`, so that nothing is uploaded that
    /// could not be read back.
    ///
    /// Blocks. Holds the encoded bytes in memory: content is at most ``Recipe/threshold`` long.
    package static func encode(_ content: some ByteSource, digest: Digest, byteCount: Int64) throws -> EncodedContent {
        guard try looksCompressible(content, byteCount: byteCount) else {
            return try raw(content, digest: digest, byteCount: byteCount)
        }
        let encoded = try compress(content, byteCount: byteCount)
        guard isWorthwhile(encoded.count, of: byteCount) else {
            return try raw(content, digest: digest, byteCount: byteCount)
        }
        let check = try VerifyingDecoder(encoding: .zst, digest: digest, byteCount: byteCount)
        try check.decode(encoded.span) { _ in }
        do {
            try check.finish()
        } catch ObjectEncodingError.digestMismatch {
            throw ObjectEncodingError.contentChanged
        }
        return EncodedContent(
            encoding: .zst,
            source: ByteArraySource(encoded),
            byteCount: Int64(encoded.count),
            storedDigest: try Digest.of(encoded)
        )
    }

    private static func raw(
        _ content: some ByteSource,
        digest: Digest,
        byteCount: Int64
    ) throws -> EncodedContent {
        let (found, count) = try Digest.of(content)
        guard found == digest, count == byteCount else { throw ObjectEncodingError.contentChanged }
        return EncodedContent(encoding: .raw, source: content, byteCount: byteCount, storedDigest: digest)
    }

    private static func looksCompressible(_ content: some ByteSource, byteCount: Int64) throws -> Bool {
        guard byteCount > sampledByteCount else { return byteCount >= 64 }
        let sampleByteCount = min(max(byteCount / 8, sampleByteCounts.lowerBound), sampleByteCounts.upperBound)
        var sample = [UInt8](repeating: 0, count: Int(sampleByteCount))
        guard try content.read(at: byteCount / 2, into: &sample) == sample.count else {
            throw ObjectEncodingError.contentChanged
        }
        var encoded: [UInt8] = []
        try ZstdCompressor(level: 1, byteCount: Int64(sample.count)).compress(sample.span, isLast: true, into: &encoded)
        return isWorthwhile(encoded.count, of: Int64(sample.count))
    }

    private static func compress(_ content: some ByteSource, byteCount: Int64) throws -> [UInt8] {
        let compressor = try ZstdCompressor(level: level, byteCount: byteCount)
        var encoded: [UInt8] = []
        encoded.reserveCapacity(Int(byteCount / 4))
        try BufferPool.reading.withBuffer { buffer in
            var offset: Int64 = 0
            repeat {
                try Task.checkCancellation()
                let count = try content.read(at: offset, into: &buffer)
                offset += Int64(count)
                guard offset <= byteCount, count == buffer.count || offset == byteCount else {
                    throw ObjectEncodingError.contentChanged
                }
                try compressor.compress(buffer.span.extracting(0..<count), isLast: offset == byteCount, into: &encoded)
            } while offset < byteCount
        }
        return encoded
    }
}

/// Decodes an object as its bytes arrive, and knows at the end whether they are what the name promises.
package final class VerifyingDecoder {
    private let expected: Digest
    private let byteCount: Int64
    private let decompressor: ZstdDecompressor?
    private let context: SHA256Context
    private var produced: Int64 = 0
    private var found: Digest?

    /// `byteCount` is the size of the decoded content; more than that is refused while it comes, not afterwards.
    package init(encoding: Encoding, digest: Digest, byteCount: Int64) throws {
        expected = digest
        self.byteCount = byteCount
        decompressor = encoding == .zst ? try ZstdDecompressor() : nil
        context = try SHA256Context()
    }

    /// Decodes a piece and hands out what it holds.
    ///
    /// Nothing handed out may be trusted before ``finish()``.
    package func decode(_ bytes: Span<UInt8>, _ body: (Span<UInt8>) throws -> Void) throws {
        guard let decompressor else { return try accept(bytes, body) }
        do {
            try decompressor.decompress(bytes) { try accept($0, body) }
        } catch let error as ZstdError {
            throw ObjectEncodingError.undecodable(error.description)
        }
    }

    /// Throws unless exactly the promised bytes came out.
    ///
    /// Call it once, last.
    package func finish() throws {
        do {
            try decompressor?.finish()
        } catch {
            throw ObjectEncodingError.undecodable(error.description)
        }
        guard produced == byteCount, try digest() == expected else { throw ObjectEncodingError.digestMismatch }
    }

    /// What came out until the decoder gave up: two downloads with equal marks had the same wrong bytes.
    package func damageMark() throws -> String { "\(produced) \(try digest())" }

    private func digest() throws -> Digest {
        if let found { return found }
        let digest = try context.finish()
        found = digest
        return digest
    }

    private func accept(_ bytes: Span<UInt8>, _ body: (Span<UInt8>) throws -> Void) throws {
        produced += Int64(bytes.count)
        guard produced <= byteCount else { throw ObjectEncodingError.digestMismatch }
        try context.update(bytes)
        try body(bytes)
    }
}

/// Why content and its stored form do not fit.
package enum ObjectEncodingError: Error, Equatable, CustomStringConvertible {
    /// The bytes read for encoding are not those that were hashed: the file changed in between.
    case contentChanged
    /// The decoded bytes are not what the digest or the size promises.
    case digestMismatch
    /// The stored bytes are not a valid frame.
    case undecodable(String)

    package var description: String {
        switch self {
        case .contentChanged: "the content changed while it was read"
        case .digestMismatch: "the decoded bytes do not match the digest"
        case .undecodable(let reason): "the stored bytes cannot be decoded: \(reason)"
        }
    }
}
