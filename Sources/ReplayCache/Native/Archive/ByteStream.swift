internal import Synchronization

/// Bytes that come one after the other, once.
///
/// Calls block, and come from one task at a time.
package protocol ByteStream: Sendable {
    /// Fills `buffer` from its beginning with what comes next, and returns how many bytes that was; 0 at the end.
    func read(into buffer: inout [UInt8]) throws -> Int
}

/// The bytes of a file, from its beginning.
package final class FileStream: ByteStream {
    private let file: any ByteSource
    private let offset = Atomic<Int64>(0)

    package init(_ file: any ByteSource) { self.file = file }

    package func read(into buffer: inout [UInt8]) throws -> Int {
        let count = try file.read(at: offset.load(ordering: .relaxed), into: &buffer)
        offset.add(Int64(count), ordering: .relaxed)
        return count
    }
}
