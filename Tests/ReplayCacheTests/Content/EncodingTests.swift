import ReplayCacheTestSupport
import Testing

@testable import ReplayCache

/// Stored bytes: chosen, checked before they are sent and while they arrive.
struct EncodingTests {
    private func decode(
        _ stored: [UInt8],
        _ encoding: Encoding,
        digest: Digest,
        size: Int,
        pieces: Int = 7
    ) throws -> [UInt8] {
        let decoder = try VerifyingDecoder(encoding: encoding, digest: digest, byteCount: Int64(size))
        var result: [UInt8] = []
        let length = max(1, stored.count / pieces)
        for start in stride(from: 0, to: stored.count, by: length) {
            try decoder.decode(Array(stored[start..<min(start + length, stored.count)]).span) { piece in
                for index in piece.indices { result.append(piece[index]) }
            }
        }
        try decoder.finish()
        return result
    }

    private func stored(_ content: EncodedContent) throws -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: Int(content.byteCount) + 1)
        let count = try content.source.read(at: 0, into: &buffer)
        #expect(count == Int(content.byteCount))
        return Array(buffer.prefix(count))
    }

    /// A content and the encoding that suits it.
    struct Sample: Sendable, CustomTestStringConvertible {
        let name: String
        let encoding: Encoding
        let bytes: @Sendable () -> [UInt8]

        var testDescription: String { name }

        static let all = [
            Sample(name: "text", encoding: .zst) { Array(String(repeating: "the same line\n", count: 1000).utf8) },
            Sample(name: "a replay", encoding: .zst) { SampleBytes.replay() },
            Sample(name: "random bytes", encoding: .raw) { SampleBytes.random(300_000, seed: 1) },
            Sample(name: "nothing", encoding: .raw) { [] },
            Sample(name: "one byte", encoding: .raw) { [1] },
            Sample(name: "zeros", encoding: .zst) { [UInt8](repeating: 0, count: 3 << 20) },
            Sample(name: "random in front, zeros behind", encoding: .zst) {
                SampleBytes.random(100_000, seed: 2) + [UInt8](repeating: 0, count: 900_000)
            },
        ]
    }

    @Test(arguments: Sample.all)
    func contentComesBackAndOnlyWhatShrinksIsCompressed(_ sample: Sample) throws {
        let bytes = sample.bytes()
        let digest = try Digest.of(bytes)
        let content = try ObjectEncoder.encode(ByteArraySource(bytes), digest: digest, byteCount: Int64(bytes.count))
        #expect(content.encoding == sample.encoding)
        let stored = try stored(content)
        #expect(try Digest.of(stored) == content.storedDigest)
        #expect(try decode(stored, content.encoding, digest: digest, size: bytes.count) == bytes)
    }

    @Test
    func contentThatIsNotWhatWasHashedIsNotEncoded() throws {
        let texts = [Array(String(repeating: "x", count: 5000).utf8), SampleBytes.random(5000, seed: 3)]
        for bytes in texts {
            let digest = try Digest.of(bytes + [0])
            for size in [bytes.count, bytes.count - 1, bytes.count + 1] {
                #expect(throws: ObjectEncodingError.contentChanged) {
                    try ObjectEncoder.encode(ByteArraySource(bytes), digest: digest, byteCount: Int64(size))
                }
            }
        }
    }

    @Test(arguments: [Encoding.raw, .zst])
    func wrongShortAndOverlongContentIsRefused(_ encoding: Encoding) throws {
        let bytes = Array(String(repeating: "content ", count: 4000).utf8)
        let digest = try Digest.of(bytes)
        func frame(_ content: [UInt8]) throws -> [UInt8] {
            guard encoding == .zst else { return content }
            var frame: [UInt8] = []
            let compressor = try ZstdCompressor(level: 1, byteCount: Int64(content.count))
            try compressor.compress(content.span, isLast: true, into: &frame)
            return frame
        }
        #expect(try decode(frame(bytes), encoding, digest: digest, size: bytes.count) == bytes)
        var changed = bytes
        changed[100] ^= 1
        for wrong in [changed, bytes.dropLast(), bytes + [0], [], bytes + bytes] {
            #expect(throws: ObjectEncodingError.self) {
                try decode(frame(wrong), encoding, digest: digest, size: bytes.count)
            }
        }
        #expect(throws: ObjectEncodingError.self) {
            try decode(frame(bytes), encoding, digest: digest, size: bytes.count - 1)
        }
        #expect(throws: ObjectEncodingError.self) {
            try decode(frame(bytes), encoding, digest: digest, size: bytes.count + 1)
        }
    }

    @Test
    func aFrameIsRefusedWhereverItIsCutOrDamaged() throws {
        let bytes = SampleBytes.replay()
        let digest = try Digest.of(bytes)
        let content = try ObjectEncoder.encode(ByteArraySource(bytes), digest: digest, byteCount: Int64(bytes.count))
        let frame = try stored(content)
        for position in stride(from: 0, to: frame.count, by: max(1, frame.count / 100)) {
            #expect(throws: ObjectEncodingError.self) {
                try decode(Array(frame.prefix(position)), .zst, digest: digest, size: bytes.count)
            }
            var damaged = frame
            damaged[position] ^= 0x10
            // Some bits of a frame's header mean nothing; what comes out is the content or an error.
            if let result = try? decode(damaged, .zst, digest: digest, size: bytes.count) { #expect(result == bytes) }
        }
    }

    @Test
    func aBombIsStoppedBeforeItIsDecoded() throws {
        let compressor = try ZstdCompressor(level: 1, byteCount: 256 << 20)
        let zeros = [UInt8](repeating: 0, count: 1 << 20)
        var bomb: [UInt8] = []
        for index in 0..<256 { try compressor.compress(zeros.span, isLast: index == 255, into: &bomb) }
        let decoder = try VerifyingDecoder(encoding: .zst, digest: try Digest.of([]), byteCount: 1000)
        var produced = 0
        #expect(throws: ObjectEncodingError.digestMismatch) { try decoder.decode(bomb.span) { produced += $0.count } }
        #expect(produced <= 1000)
    }

    @Test
    func aWindowThatWouldTakeTooMuchMemoryIsRefused() throws {
        // RFC 8878 section 3.1.1: magic, a frame header without content size, and a window of 2^41 bytes.
        let frame: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, 0x00, 0xF8, 0x01, 0x00, 0x00]
        let decoder = try ZstdDecompressor()
        #expect(throws: ZstdError.self) { try decoder.decompress(frame.span) { _ in } }
    }
}
