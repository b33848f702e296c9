internal import Synchronization

/// A body whose digest is checked as it is read: the last piece is only handed out when all bytes are those that were
/// signed, since some servers take whatever comes.
final class VerifiedBody: Sendable {
    private struct State {
        let context: SHA256Context
        var isDone = false
    }

    private let body: RemoteBody
    private let changed: any Error
    private let state: Mutex<State>

    /// `changed` is thrown when the bytes are others.
    init(_ body: RemoteBody, changed: any Error) throws {
        self.body = body
        self.changed = changed
        state = Mutex(State(context: try SHA256Context()))
    }

    var upload: HTTPClient.Upload {
        HTTPClient.Upload(byteCount: body.byteCount) { [self] offset, buffer in try fill(offset, &buffer) }
    }

    private func fill(_ offset: Int64, _ buffer: inout [UInt8]) throws -> Int {
        let count = try body.source.read(at: offset, into: &buffer)
        try state.withLock { state in
            try state.context.update(buffer.span.extracting(0..<count))
            let end = offset + Int64(count)
            // A source that grew is as wrong as one that shrank.
            guard end <= body.byteCount, count == buffer.count || end == body.byteCount else {
                throw changed
            }
            if end == body.byteCount, !state.isDone {
                state.isDone = true
                guard try state.context.finish() == body.digest else { throw changed }
            }
        }
        return count
    }
}
