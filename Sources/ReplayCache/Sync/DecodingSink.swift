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

    /// See ``VerifyingDecoder/damageMark()``.
    func damageMark() throws -> String { try state.withLock { try $0.decoder.damageMark() } }
}

/// An object on its way from a remote: decoded, hashed and written as it comes.
struct ObjectDownload: Sendable {
    let key: RemoteKey
    let encoding: Encoding
    /// Of the content.
    let digest: Digest
    let size: Int64
    /// The most stored bytes that are taken.
    let maximum: Int64
    /// Where the content goes; nil when only the digest matters.
    let file: OpenFile?
    let offset: Int64

    /// Stored bytes that are not those of the object.
    struct Damage: Error {
        let cause: any Error
        /// Equal for two tries that got the same bytes.
        let mark: String
    }

    /// Brings the object; what stands in the file is right when this returns.
    ///
    /// - Throws: ``Damage``, and what the remote throws.
    func run(from remote: some Remote) async throws {
        let latest = Mutex<DecodingSink?>(nil)
        do {
            try await remote.get(key, maximum: maximum) {
                let sink = try DecodingSink(encoding: encoding, digest: digest, size: size, file: file, offset: offset)
                latest.withLock { $0 = sink }
                return { try sink.receive($0) }
            }
            guard let sink = latest.withLock({ $0 }) else { throw ObjectEncodingError.digestMismatch }
            try sink.finish()
        } catch let error where Self.isDamage(error) {
            throw Damage(cause: error, mark: "\(error) \(try latest.withLock { $0 }?.damageMark() ?? "")")
        }
    }

    private static func isDamage(_ error: any Error) -> Bool {
        if let error = error as? RemoteError { return error.reason == .tooLarge }
        return error is ObjectEncodingError
    }
}
