internal import Synchronization

/// Collects a small body.
final class ByteCollector: Sendable {
    private let collected = Mutex<[UInt8]>([])

    var bytes: [UInt8] { collected.withLock { $0 } }

    var byteCount: Int { collected.withLock { $0.count } }

    func append(_ piece: Span<UInt8>) {
        collected.withLock { bytes in
            for index in piece.indices { bytes.append(piece[index]) }
        }
    }
}
