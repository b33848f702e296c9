internal import Synchronization

/// A store of named, immutable byte strings: the five verbs that every bucket and every directory has.
///
/// Another kind of place is another type that conforms, in a folder of its own. What all of them promise is in
/// `RemoteContractTests`. Names are written once and never rewritten with other bytes, so no verb is conditional.
package protocol Remote: Sendable {
    /// Stores `body` under `key`: readers see all of it or nothing. Putting the same bytes again is harmless.
    ///
    /// - Throws: ``RemoteError`` or ``FileError``; ``RemoteError/Reason/bodyChanged`` when the bytes are not those of
    ///   the body's digest, in which case nothing is stored.
    func put(_ key: RemoteKey, _ body: RemoteBody, durability: Durability) async throws

    /// Reads the bytes under `key` in order, a piece at a time, on a thread that may block.
    ///
    /// `begin` makes a receiver for each try: what an earlier one got is to be thrown away. Pieces of a body longer than
    /// `maximum` are refused.
    func get(_ key: RemoteKey, maximum: Int64, _ begin: @escaping @Sendable () throws -> ByteReceiver) async throws

    /// What is stored under `key`; nil when nothing is.
    func head(_ key: RemoteKey) async throws -> RemoteItem?

    /// The items whose names start with `prefix`, in byte order, after `after` if it is given, a page at a time.
    ///
    /// - Returns: The time at the place when it answered; nil when the place has no clock of its own to read.
    @discardableResult
    func list(
        prefix: String,
        after: RemoteKey?,
        _ page: @Sendable ([RemoteItem]) async throws -> Void
    ) async throws -> Timestamp?

    /// Removes what is under each of `keys`; fine if nothing is.
    ///
    /// With all its versions where a provider always keeps them. In a bucket that was set to keep them, old versions stay
    /// until its own rules remove them.
    func delete(_ keys: [RemoteKey]) async throws

    /// The name of something at the place, whether a key or not; nil when it is empty but for what programs leave.
    ///
    /// Asked before a repository is made.
    func foreignName() async throws -> String?

    /// Waits until everything that was put survives a loss of power, then answers the time by the clock of the place,
    /// which orders commits (`design.md` section 3).
    ///
    /// For writers only: a directory answers by writing a file.
    func barrier() async throws -> Timestamp

    /// Whether what `put` has taken survives a loss of power at once, as at a bucket, and not only after ``barrier()``.
    var acknowledgesDurably: Bool { get }

    /// Calls that are worth having under way at once; the remote itself holds back those that are too many for it.
    var parallelism: Int { get }

    /// What had to be sent again so far.
    var retries: RetryCounts { get }
}

/// Takes a piece of a body.
///
/// Called in order, never twice at once.
package typealias ByteReceiver = @Sendable (Span<UInt8>) throws -> Void

/// What `put` is given.
package struct RemoteBody: Sendable {
    package let source: any ByteSource
    package let byteCount: Int64
    /// SHA-256 of the bytes.
    package let digest: Digest

    package init(source: any ByteSource, byteCount: Int64, digest: Digest) {
        self.source = source
        self.byteCount = byteCount
        self.digest = digest
    }

    package init(_ bytes: [UInt8]) throws {
        self.init(source: ByteArraySource(bytes), byteCount: Int64(bytes.count), digest: try Digest.of(bytes))
    }
}

/// When stored bytes must survive a loss of power.
package enum Durability: Sendable {
    /// After the next ``Remote/barrier()``: lets a directory sync once for a thousand objects.
    case eventual
    /// When `put` returns.
    case commit
}

/// One stored item.
package struct RemoteItem: Sendable, Equatable {
    package let key: RemoteKey
    package let byteCount: Int64
    /// When it was stored, by the clock of the place.
    package let modified: Timestamp

    package init(key: RemoteKey, byteCount: Int64, modified: Timestamp) {
        self.key = key
        self.byteCount = byteCount
        self.modified = modified
    }
}

/// What a remote could not do.
package struct RemoteError: Error, Sendable, Equatable {
    package enum Reason: Sendable, Equatable {
        case notFound
        case bodyChanged
        case tooLarge
    }
    package let reason: Reason
    package let key: RemoteKey

    package init(_ reason: Reason, _ key: RemoteKey) {
        self.reason = reason
        self.key = key
    }

    func classified() -> ReplayCacheError {
        switch reason {
        case .notFound:
            ReplayCacheError(.integrity, "\(key) is missing at the remote", subject: key.string)
        case .bodyChanged:
            ReplayCacheError(
                .integrity,
                "the bytes of \(key) changed while they were sent",
                hint: "run the same command again",
                subject: key.string
            )
        case .tooLarge:
            ReplayCacheError(.integrity, "\(key) is larger than the catalog says", subject: key.string)
        }
    }
}

extension Remote {
    /// All bytes under `key`, for small things; ``RemoteError/Reason/tooLarge`` beyond `maximum`.
    package func bytes(of key: RemoteKey, maximum: Int64) async throws -> [UInt8] {
        let latest = Mutex(ByteCollector())
        try await get(key, maximum: maximum) {
            let collector = ByteCollector()
            latest.withLock { $0 = collector }
            return { collector.append($0) }
        }
        return latest.withLock { $0 }.bytes
    }

    /// Reads a small thing whose name does not tell its digest.
    ///
    /// What does not decode is read again while it comes with other bytes: a line without TLS may change them, and only
    /// the same bytes twice are those that stand there.
    package func decoded<Value>(
        _ key: RemoteKey,
        maximum: Int64,
        _ decode: ([UInt8]) async throws -> Value
    ) async throws -> Value {
        var previous: [UInt8]?
        var attempts = 0
        while true {
            let bytes = try await bytes(of: key, maximum: maximum)
            attempts += 1
            do {
                return try await decode(bytes)
            } catch {
                guard bytes != previous, attempts < 5 else { throw error }
                previous = bytes
            }
        }
    }
}
