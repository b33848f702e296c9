/// Stores contents at a repository: encodes, verifies, puts, and tells what to commit.
struct ObjectWriter: Sendable {
    let context: SyncContext
    let repository: Repository
    /// What was put since then was put while this run could have seen it fail.
    private let startedAt = Machine.now()
    /// Equal files, and equal parts of files, are sent once also when they come at the same time.
    private let gate = ContentGate()
    private let stock: ObjectStock
    /// What was put and is not committed.
    let transfers: TransferLog

    /// With `gathersTransfers`, small objects are remembered many at once.
    init(context: SyncContext, repository: Repository, gathersTransfers: Bool = false) {
        self.context = context
        self.repository = repository
        stock = ObjectStock(catalog: context.catalog, repository: repository)
        transfers = TransferLog(
            catalog: context.catalog,
            place: repository.store.record.id,
            repository: repository.id,
            gathers: gathersTransfers
        )
    }

    /// What storing a content took.
    struct Stored: Sendable {
        /// The operations that make the content known; empty when the repository knows it and need not be told again.
        var operations: [Operation] = []
        var objectsUploaded = 0
        var objectsReused = 0
        /// Content bytes that were encoded and sent.
        var bytesRaw: Int64 = 0
        /// Objects that the server made of others, and their bytes.
        var objectsCopied = 0
        var bytesCopied: Int64 = 0
        /// Contents whose transfers are over once `operations` are committed.
        var digests: [Digest] = []
    }

    /// Lets the server make the object of a content, as it is, of one that it has elsewhere; false when it does not.
    typealias ServerCopy = @Sendable (RemoteKey) async throws -> Bool

    /// Parts of one large file in flight at once.
    private var partWidth: Int { min(16, max(4, repository.remote.parallelism)) }

    /// Bytes of contents that are being encoded and sent, of the whole process.
    private static let encodedBytes = AsyncSemaphore(capacity: 256 << 20)

    /// Makes sure that the content of `file` is at the repository; progress hears of its bytes, of a large file's by parts.
    ///
    /// A content that is fresh is nowhere to be found: it was looked for before, with many others.
    ///
    /// - Throws: ``ObjectEncodingError/contentChanged`` when the file no longer has the content that was hashed,
    ///   ``SourceError`` when it cannot be read.
    func store(
        _ file: any ByteSource,
        digest: Digest,
        size: Int64,
        isFresh: Bool = false,
        copying copy: ServerCopy? = nil
    ) async throws -> Stored {
        try Recipe.checkContentSize(size)
        // Parts have gates of their own below this one; a content in parts is never itself a part, being too long.
        await gate.enter(digest)
        defer { gate.leave(digest) }
        // A part that was sent meanwhile may be the same content.
        if isFresh, size <= Recipe.threshold, !transfers.holdsParts {
            let stored = try await storeWhole(
                SourceSlice(file: file, range: 0..<size),
                digest: digest,
                size: size,
                isFresh: true
            )
            context.progress.advance(bytes: size)
            return stored
        }
        // An object that is said to have another size would be refused by who fetches it: tell them better.
        if let known = try await stock.object(of: digest), known.size == size {
            context.progress.advance(bytes: size)
            return Stored(objectsReused: 1)
        }
        guard size <= Recipe.threshold else { return try await storeInParts(file, digest: digest, size: size) }
        let slice = SourceSlice(file: file, range: 0..<size)
        let stored = try await storeWhole(slice, digest: digest, size: size, copying: copy)
        context.progress.advance(bytes: size)
        return stored
    }

    /// What makes a content known that need not be stored again; nil when it must be.
    func known(_ digest: Digest, size: Int64) async throws -> Stored? {
        await gate.enter(digest)
        defer { gate.leave(digest) }
        if let known = try await stock.object(of: digest), known.size == size { return Stored(objectsReused: 1) }
        guard size <= Recipe.threshold, let transfer = try await transfer(of: digest, size: size) else { return nil }
        return Stored(operations: [.obj(transfer.operation(size: size))], objectsReused: 1, digests: [digest])
    }

    /// The object of a content that was put and not committed; nil when there is none to rely on.
    ///
    /// What an earlier run put is looked at before it is named: the place may have lost it, with its power or otherwise.
    private func transfer(of digest: Digest, size: Int64) async throws -> Transfer? {
        let found = try await transfers.transfer(of: digest)
        guard let found, case .content(let encoding) = found.key.form, try await stock.mayName(found.key) else {
            return nil
        }
        if found.putAt >= startedAt { return found }
        if repository.remote.acknowledgesDurably {
            let item = try await repository.remote.head(found.key.remoteKey)
            return item?.byteCount == found.encodedSize ? found : nil
        }
        return try await isReadable(found, encoding, size: size) ? found : nil
    }

    private func isReadable(_ transfer: Transfer, _ encoding: Encoding, size: Int64) async throws -> Bool {
        let download = ObjectDownload(
            key: transfer.key.remoteKey,
            encoding: encoding,
            digest: transfer.digest,
            size: size,
            maximum: transfer.encodedSize,
            file: nil,
            offset: 0
        )
        do {
            try await download.run(from: repository.remote)
            return true
        } catch is ObjectDownload.Damage {
            return false
        } catch is RemoteError {
            return false
        }
    }

    private func storeWhole(
        _ content: SourceSlice,
        digest: Digest,
        size: Int64,
        isFresh: Bool = false,
        isPart: Bool = false,
        copying copy: ServerCopy? = nil
    ) async throws -> Stored {
        if !isFresh, let transfer = try await transfer(of: digest, size: size) {
            return Stored(operations: [.obj(transfer.operation(size: size))], objectsReused: 1, digests: [digest])
        }
        if let copy, let copied = try await copied(digest, size: size, by: copy) { return copied }
        // What is encoded waits in memory for its turn to be sent.
        try await Self.encodedBytes.enter(Int(size))
        defer { Self.encodedBytes.leave(Int(size)) }
        let encoded = try await BlockingPool.shared.run {
            try ObjectEncoder.encode(content, digest: digest, byteCount: size)
        }
        let form = ObjectKey.Form.content(encoded.encoding)
        let key = isFresh ? ObjectKey(digest: digest, form: form) : try await stock.newKey(for: digest, form: form)
        let body = RemoteBody(source: encoded.source, byteCount: encoded.byteCount, digest: encoded.storedDigest)
        let operation = try await put(key, body, size: size, isPart: isPart)
        return Stored(operations: [operation], objectsUploaded: 1, bytesRaw: size, digests: [digest])
    }

    private func copied(_ digest: Digest, size: Int64, by copy: ServerCopy) async throws -> Stored? {
        let key = try await stock.newKey(for: digest, form: .content(.raw))
        guard try await copy(key.remoteKey) else { return nil }
        let transfer = Transfer(digest: digest, key: key, encodedSize: size, putAt: Machine.now())
        try await transfers.add(transfer, isPart: false)
        return Stored(
            operations: [.obj(transfer.operation(size: size))],
            objectsCopied: 1,
            bytesCopied: size,
            digests: [digest]
        )
    }

    private func put(_ key: ObjectKey, _ body: RemoteBody, size: Int64, isPart: Bool) async throws -> Operation {
        do {
            try await repository.remote.put(key.remoteKey, body, durability: .eventual)
        } catch let error as RemoteError where error.reason == .bodyChanged {
            throw ObjectEncodingError.contentChanged
        }
        let transfer = Transfer(digest: key.digest, key: key, encodedSize: body.byteCount, putAt: Machine.now())
        try await transfers.add(transfer, isPart: isPart)
        return .obj(transfer.operation(size: size))
    }

    /// Stores a large file as parts and a recipe.
    ///
    /// Parts that are known, here or from an interrupted run, are not sent.
    private func storeInParts(_ file: any ByteSource, digest: Digest, size: Int64) async throws -> Stored {
        let slices = (0..<Recipe.partCount(forSize: size)).map { index in
            let start = Int64(index) * Recipe.partByteCount
            return SourceSlice(file: file, range: start..<min(start + Recipe.partByteCount, size))
        }
        var result = Stored()
        var parts = [Recipe.Part?](repeating: nil, count: slices.count)
        var next = slices.indices
        try await forEachConcurrently(
            width: partWidth,
            next: { next.popFirst() },
            work: { index in await Result.catching { try await storePart(slices[index], index: index) } },
            collect: { outcome in
                let part = try outcome.get()
                context.progress.advance(bytes: slices[part.index].byteCount)
                parts[part.index] = part.recipePart
                result.add(part.stored)
            }
        )
        // The parts are what was read; only now is it known that together they are the file that was hashed: all of it,
        // to wherever its end is now.
        let whole = SourceSlice(file: file, range: 0..<Int64.max)
        let (found, byteCount) = try await BlockingPool.shared.run { try Digest.of(whole) }
        guard found == digest, byteCount == size else { throw ObjectEncodingError.contentChanged }
        let recipe = Recipe(size: size, parts: parts.compactMap { $0 })
        guard recipe.parts.count == slices.count else {
            throw ReplayCacheError(
                .unclassified,
                "\(slices.count - recipe.parts.count) parts of \(digest) were not stored"
            )
        }
        let key = try await stock.newKey(for: digest, form: .recipe)
        result.operations.append(try await put(key, try RemoteBody(recipe.encoded()), size: size, isPart: true))
        result.digests.append(digest)
        return result
    }

    /// Not a tuple of index and part: Swift 6.3.1 in release mode reads a wrong index from one that a task returns.
    private struct StoredPart: Sendable {
        let index: Int
        let recipePart: Recipe.Part
        let stored: Stored
    }

    private func storePart(_ slice: SourceSlice, index: Int) async throws -> StoredPart {
        let (digest, size) = try await BlockingPool.shared.run { try Digest.of(slice) }
        guard size == slice.byteCount else { throw ObjectEncodingError.contentChanged }
        await gate.enter(digest)
        defer { gate.leave(digest) }
        if let known = try await stock.object(of: digest), known.key.form != .recipe, known.size == size {
            let part = Recipe.Part(sha256: digest, key: known.key.remoteKey.string, encodedSize: known.encodedSize)
            return StoredPart(index: index, recipePart: part, stored: Stored(objectsReused: 1))
        }
        let stored = try await storeWhole(slice, digest: digest, size: size, isPart: true)
        guard case .obj(let object)? = stored.operations.first else {
            throw ReplayCacheError(.unclassified, "a part was stored without an object")
        }
        let part = Recipe.Part(sha256: digest, key: object.key, encodedSize: object.encodedSize)
        return StoredPart(index: index, recipePart: part, stored: stored)
    }
}

extension ObjectWriter.Stored {
    mutating func add(_ other: Self) {
        operations += other.operations
        objectsUploaded += other.objectsUploaded
        objectsReused += other.objectsReused
        bytesRaw += other.bytesRaw
        objectsCopied += other.objectsCopied
        bytesCopied += other.bytesCopied
        digests += other.digests
    }
}

extension Transfer {
    /// The operation that names the object.
    func operation(size: Int64) -> Operation.Obj {
        Operation.Obj(sha256: digest, size: size, key: key.remoteKey.string, encodedSize: encodedSize)
    }
}
