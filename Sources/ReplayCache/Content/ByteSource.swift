/// Bytes with a known length that can be read at any offset, as often as needed.
///
/// The replay reader takes head and tail from one, hashing streams one, and an upload sends one again after a failure.
/// Calls block: use one from ``BlockingPool`` only.
package protocol ByteSource: Sendable {
    /// Length in bytes when the source was opened. A file may have changed since: readers check what they got.
    var byteCount: Int64 { get }

    /// Fills `buffer` with the bytes from `offset` on and returns how many it got: fewer than `buffer.count` only at
    /// the end of the source.
    func read(at offset: Int64, into buffer: inout [UInt8]) throws -> Int
}

/// A ``ByteSource`` over an array.
package struct ByteArraySource: ByteSource {
    package let bytes: [UInt8]

    package init(_ bytes: [UInt8]) { self.bytes = bytes }

    package var byteCount: Int64 { Int64(bytes.count) }

    package func read(at offset: Int64, into buffer: inout [UInt8]) -> Int {
        guard offset >= 0, offset < byteCount else { return 0 }
        let start = Int(offset)
        let count = min(buffer.count, bytes.count - start)
        buffer.replaceSubrange(0..<count, with: bytes[start..<start + count])
        return count
    }
}
