internal import Synchronization

/// Takes the stored bytes of an object as they arrive and writes the decoded content at its place in a file, or nowhere
/// when only the digest matters.
final class DecodingSink: Sendable {
    private struct State {
        var decoder: VerifyingDecoder
        var position: Int64
    }

    private let file: OpenFile?
    private let state: Mutex<State>

    init(encoding: Encoding, digest: Digest, size: Int64, file: OpenFile?, offset: Int64) throws {
        self.file = file
        state = Mutex(
            State(
                decoder: try VerifyingDecoder(encoding: encoding, digest: digest, byteCount: size),
                position: offset
            )
        )
    }

    func receive(_ piece: Span<UInt8>) throws {
        try state.withLock { state in
            var position = state.position
            try state.decoder.decode(piece) { decoded in
                try file?.write(decoded, at: position)
                position += Int64(decoded.count)
            }
            state.position = position
        }
    }

    /// Throws unless the content is complete and right.
    func finish() throws { try state.withLock { try $0.decoder.finish() } }
}
