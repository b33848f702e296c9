internal import Synchronization

/// Makes contents that one repository stores known to another one, as they are stored: what comes is decoded and compared
/// with the digest, and then put without being encoded anew.
///
/// Within one repository it brings a condemned content under its next key, which commits may name.
struct ObjectCarrier: Sendable {
    let context: SyncContext
    let source: Repository
    let target: Repository
    private let stock: ObjectStock
    /// What was put since then was put while this run could have seen it fail.
    private let startedAt = Machine.now()
    /// A content, or a part that several have, is brought once also when it is wanted several times at once.
    private let gate = ContentGate()

    /// Stored bytes in memory, of the whole process.
    private static let storedBytes = AsyncSemaphore(capacity: 256 << 20)
    /// Parts of one large content in flight at once.
    private var partWidth: Int { min(16, max(4, target.remote.parallelism)) }

    init(context: SyncContext, from source: Repository, to target: Repository) {
        self.context = context
        self.source = source
        self.target = target
        stock = ObjectStock(catalog: context.catalog, repository: target)
    }

    /// What bringing a content took.
    struct Carried: Sendable {
        /// The operations that make the content known; empty when the target knows it.
        var operations: [Operation] = []
        var objectsUploaded = 0
        var objectsReused = 0
        /// Content bytes that moved.
        var bytesRaw: Int64 = 0
        /// Contents whose transfers are over once `operations` are committed.
        var digests: [Digest] = []

        mutating func add(_ other: Carried) {
            operations += other.operations
            objectsUploaded += other.objectsUploaded
            objectsReused += other.objectsReused
            bytesRaw += other.bytesRaw
            digests += other.digests
        }
    }

    /// Makes sure that the target stores a content under a key that a commit may name; progress hears of its bytes.
    ///
    /// - Throws: ``ReplayCacheError`` with code `integrity` when the source does not have it whole.
    func carry(_ digest: Digest, size: Int64) async throws -> Carried {
        await gate.enter(digest)
        defer { gate.leave(digest) }
        if let known = try await stock.object(of: digest), known.size == size {
            context.progress.advance(bytes: size)
            return Carried(objectsReused: 1)
        }
        guard let object = try await source.store.object(of: digest), object.size == size else {
            throw ReplayCacheError(
                .integrity,
                "the repository at \(source.place) names no object for content \(digest.short)",
                subject: digest.hex
            )
        }
        switch object.key.form {
        case .content(let encoding):
            let piece = Piece(key: object.key.remoteKey, encoding: encoding, digest: digest, size: size)
            let carried = try await carry(piece)
            context.progress.advance(bytes: size)
            return carried
        case .recipe:
            return try await carryParts(of: object)
        }
    }

    /// An object that holds a content or a part.
    private struct Piece: Sendable {
        let key: RemoteKey
        let encoding: Encoding
        let digest: Digest
        let size: Int64
    }

    private func carry(_ piece: Piece) async throws -> Carried {
        if let transfer = try await transfer(of: piece) {
            return Carried(
                operations: [.obj(transfer.operation(size: piece.size))],
                objectsReused: 1,
                digests: [piece.digest]
            )
        }
        let maximum = ObjectReader.maximumStored(piece.size)
        try await Self.storedBytes.enter(Int(clamping: maximum))
        defer { Self.storedBytes.leave(Int(clamping: maximum)) }
        let stored = try await download(piece, maximum: maximum)
        let body = try await BlockingPool.shared.run { try RemoteBody(stored) }
        let operation = try await put(
            try await stock.newKey(for: piece.digest, form: .content(piece.encoding)),
            body,
            piece.size
        )
        return Carried(operations: [operation], objectsUploaded: 1, bytesRaw: piece.size, digests: [piece.digest])
    }

    private func put(_ key: ObjectKey, _ body: RemoteBody, _ size: Int64) async throws -> Operation {
        try await target.remote.put(key.remoteKey, body, durability: .eventual)
        let transfer = Transfer(digest: key.digest, key: key, encodedSize: body.byteCount, putAt: Machine.now())
        try await context.catalog.remember([transfer], place: target.store.record.id, repository: target.id)
        return .obj(transfer.operation(size: size))
    }

    /// The object that a run put and did not commit; nil when there is none to rely on.
    ///
    /// What an earlier run put is looked at before it is named: the place may have lost it, with its power or otherwise.
    private func transfer(of piece: Piece) async throws -> Transfer? {
        let found = try await context.catalog.transfer(
            of: piece.digest,
            place: target.store.record.id,
            repository: target.id
        )
        guard let found, case .content(let encoding) = found.key.form, try await stock.mayName(found.key) else {
            return nil
        }
        if found.putAt >= startedAt { return found }
        if target.remote.acknowledgesDurably {
            return try await target.remote.head(found.key.remoteKey)?.byteCount == found.encodedSize ? found : nil
        }
        let download = ObjectDownload(
            key: found.key.remoteKey,
            encoding: encoding,
            digest: piece.digest,
            size: piece.size,
            maximum: found.encodedSize,
            file: nil,
            offset: 0
        )
        do {
            try await download.run(from: target.remote)
            return found
        } catch is ObjectDownload.Damage {
            return nil
        } catch is RemoteError {
            return nil
        }
    }

    // MARK: Parts

    private struct CarriedPart: Sendable {
        let index: Int
        let key: String
        let encodedSize: Int64
        let carried: Carried
    }

    private func carryParts(of object: PlaceStore.StoredObject) async throws -> Carried {
        let recipe = try await ObjectReader(repository: source, progress: context.progress).recipe(of: object)
        let places = ObjectReader.places(of: recipe)
        var parts = recipe.parts
        var result = Carried()
        var next = places.indices
        try await forEachConcurrently(
            width: partWidth,
            next: { next.popFirst() },
            work: { index in
                await Result.catching { try await carryPart(recipe, places[index][0], named: index) }
            },
            collect: { outcome in
                let part = try outcome.get()
                for place in places[part.index] {
                    let range = recipe.range(of: place)
                    context.progress.advance(bytes: range.upperBound - range.lowerBound)
                    parts[place] = Recipe.Part(
                        sha256: parts[place].sha256,
                        key: part.key,
                        encodedSize: part.encodedSize
                    )
                }
                result.add(part.carried)
            }
        )
        let body = try RemoteBody(Recipe(size: object.size, parts: parts).encoded())
        let key = try await stock.newKey(for: object.key.digest, form: .recipe)
        result.operations.append(try await put(key, body, object.size))
        result.digests.append(object.key.digest)
        return result
    }

    private func carryPart(_ recipe: Recipe, _ place: Int, named index: Int) async throws -> CarriedPart {
        let part = recipe.parts[place]
        let range = recipe.range(of: place)
        let size = range.upperBound - range.lowerBound
        await gate.enter(part.sha256)
        defer { gate.leave(part.sha256) }
        if let known = try await stock.object(of: part.sha256), known.key.form != .recipe, known.size == size {
            return CarriedPart(
                index: index,
                key: known.key.remoteKey.string,
                encodedSize: known.encodedSize,
                carried: Carried(objectsReused: 1)
            )
        }
        guard let key = ObjectKey(part.key), case .content(let encoding) = key.form else {
            throw ReplayCacheError(
                .integrity,
                "a recipe names the part \(DisplayText.quoted(part.key)), which is not one"
            )
        }
        let carried = try await carry(Piece(key: key.remoteKey, encoding: encoding, digest: part.sha256, size: size))
        guard case .obj(let object)? = carried.operations.first else {
            throw ReplayCacheError(.unclassified, "a part was brought without an object")
        }
        return CarriedPart(index: index, key: object.key, encodedSize: object.encodedSize, carried: carried)
    }

    // MARK: Getting

    /// Stored bytes as they arrive, and whether they are those of the content.
    private final class Arrival: Sendable {
        let sink: DecodingSink
        private let stored: Mutex<[UInt8]>

        init(_ piece: Piece) throws {
            sink = try DecodingSink(
                encoding: piece.encoding,
                digest: piece.digest,
                size: piece.size,
                file: nil,
                offset: 0
            )
            stored = Mutex([])
        }

        var bytes: [UInt8] { stored.withLock { $0 } }

        func receive(_ piece: Span<UInt8>) throws {
            try sink.receive(piece)
            stored.withLock { stored in
                for index in piece.indices { stored.append(piece[index]) }
            }
        }
    }

    /// The stored bytes of an object; a damaged answer may be the line's fault, the same wrong bytes twice are its own.
    private func download(_ piece: Piece, maximum: Int64) async throws -> [UInt8] {
        var mark: String?
        for attempt in 1...ObjectReader.maximumAttempts {
            let latest = Mutex<Arrival?>(nil)
            do {
                try await source.remote.get(piece.key, maximum: maximum) {
                    let arrival = try Arrival(piece)
                    latest.withLock { $0 = arrival }
                    return { try arrival.receive($0) }
                }
                guard let arrival = latest.withLock({ $0 }) else { throw ObjectEncodingError.digestMismatch }
                try arrival.sink.finish()
                return arrival.bytes
            } catch let error where error is ObjectEncodingError || (error as? RemoteError)?.reason == .tooLarge {
                let found = "\(error) \(try latest.withLock { $0 }?.sink.damageMark() ?? "")"
                guard found == mark || attempt == ObjectReader.maximumAttempts else {
                    mark = found
                    continue
                }
                throw ReplayCacheError(
                    .integrity,
                    "object \(piece.key) at \(source.place) is damaged",
                    subject: piece.key.string,
                    cause: "\(error)"
                )
            } catch let error as RemoteError {
                throw error.classified()
            }
        }
        throw ReplayCacheError(.unclassified, "object \(piece.key) was not read")
    }
}
