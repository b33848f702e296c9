/// A run of bytes read from a replay, addressed by their offsets in the file.
///
/// Every accessor takes a file offset and answers nil outside the window, so that a length or offset that came from the
/// file can never reach memory that was not read.
struct ByteWindow: Sendable {
    /// The file offsets that the window holds.
    let range: Range<Int64>
    private let bytes: [UInt8]

    init(at start: Int64, bytes: [UInt8]) {
        self.bytes = bytes
        self.range = start..<start + Int64(bytes.count)
    }

    /// The part of `wanted` that the window holds.
    func bytes(in wanted: Range<Int64>) -> ArraySlice<UInt8> {
        let held = wanted.clamped(to: range)
        return bytes[Int(held.lowerBound - range.lowerBound)..<Int(held.upperBound - range.lowerBound)]
    }

    /// Whether the window holds every byte of `wanted`.
    func contains(_ wanted: Range<Int64>) -> Bool {
        wanted.lowerBound >= range.lowerBound && wanted.upperBound <= range.upperBound
    }

    func uint8(at offset: Int64) -> UInt8? {
        guard range.contains(offset) else { return nil }
        return bytes[Int(offset - range.lowerBound)]
    }

    func int8(at offset: Int64) -> Int8? {
        uint8(at: offset).map { Int8(bitPattern: $0) }
    }

    /// Integers are big-endian (slp-format.md, head).
    func uint16(at offset: Int64) -> UInt16? {
        guard contains(offset..<offset + 2) else { return nil }
        let index = Int(offset - range.lowerBound)
        return UInt16(bytes[index]) << 8 | UInt16(bytes[index + 1])
    }

    func uint32(at offset: Int64) -> UInt32? {
        guard contains(offset..<offset + 4) else { return nil }
        let index = Int(offset - range.lowerBound)
        return UInt32(bytes[index]) << 24 | UInt32(bytes[index + 1]) << 16
            | UInt32(bytes[index + 2]) << 8 | UInt32(bytes[index + 3])
    }

    func int32(at offset: Int64) -> Int32? {
        uint32(at: offset).map { Int32(bitPattern: $0) }
    }

    func float32(at offset: Int64) -> Float? {
        uint32(at: offset).map { Float(bitPattern: $0) }
    }
}

extension ByteSource {
    /// Reads `count` bytes at `offset`: fewer at the end of the source, none before its start or beyond its end.
    ///
    /// Memory is bounded by what the source says it holds, whatever `count` asks for.
    func window(at offset: Int64, count: Int) throws -> ByteWindow {
        let available = Int(clamping: max(0, byteCount - max(0, offset)))
        let wanted = offset < 0 ? 0 : min(max(0, count), available)
        var bytes = [UInt8](repeating: 0, count: wanted)
        let count = try read(at: offset, into: &bytes)
        bytes.removeLast(wanted - min(max(0, count), wanted))
        return ByteWindow(at: offset, bytes: bytes)
    }
}
