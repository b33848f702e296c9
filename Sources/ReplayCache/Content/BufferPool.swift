internal import Synchronization

/// Lends buffers of one size, so that hashing a million files allocates a handful of them.
package final class BufferPool: Sendable {
    /// 1 MiB: large enough that a read costs nothing beside hashing (measured in `style.md` section 10).
    package static let reading = BufferPool(byteCount: 1 << 20)

    private let byteCount: Int
    private let free = Mutex<[[UInt8]]>([])

    init(byteCount: Int) { self.byteCount = byteCount }

    /// Calls `body` with a buffer, whose content is what the last user left in it.
    package func withBuffer<Value>(_ body: (inout [UInt8]) throws -> Value) rethrows -> Value {
        var buffer = free.withLock { $0.popLast() } ?? [UInt8](repeating: 0, count: byteCount)
        defer { free.withLock { $0.append(buffer) } }
        return try body(&buffer)
    }
}
