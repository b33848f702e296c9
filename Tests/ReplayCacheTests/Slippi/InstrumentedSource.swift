import Synchronization

@testable import ReplayCache

/// A source that counts what is read from it.
final class InstrumentedSource: ByteSource {
    private let source: ByteArraySource
    private let reads = Mutex<[Range<Int64>]>([])

    /// A length that the bytes need not have: a file that shrinks under its reader.
    let byteCount: Int64

    init(_ bytes: [UInt8], claiming byteCount: Int64? = nil) {
        source = ByteArraySource(bytes)
        self.byteCount = byteCount ?? Int64(bytes.count)
    }

    var readCount: Int { reads.withLock { $0.count } }
    var largestRead: Int { reads.withLock { Int($0.map { $0.upperBound - $0.lowerBound }.max() ?? 0) } }
    var bytesRead: Int { reads.withLock { Int($0.reduce(0) { $0 + $1.upperBound - $1.lowerBound }) } }

    func read(at offset: Int64, into buffer: inout [UInt8]) throws -> Int {
        reads.withLock { $0.append(offset..<offset + Int64(buffer.count)) }
        return source.read(at: offset, into: &buffer)
    }
}
