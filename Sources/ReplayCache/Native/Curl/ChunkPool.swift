internal import Synchronization

/// A piece of a body on its way between a socket and a task.
struct Chunk: Sendable {
    /// 128 KiB: a few system calls' worth; a hundred transfers with three each stay below 40 MB.
    static let capacity = 128 << 10

    var bytes = [UInt8](repeating: 0, count: Chunk.capacity)
    /// How many of `bytes` are filled.
    var count = 0
}

/// Lends chunks, so that a terabyte goes through a handful of them.
///
/// Their number is bounded by the transfers: each holds at most ``CurlTransfer/window`` in either direction.
final class ChunkPool: Sendable {
    static let shared = ChunkPool()

    private let free = Mutex<[Chunk]>([])

    func take() -> Chunk {
        var chunk = free.withLock { $0.popLast() } ?? Chunk()
        chunk.count = 0
        return chunk
    }

    func give(_ chunk: consuming Chunk) {
        let chunk = chunk
        free.withLock { $0.append(chunk) }
    }
}
