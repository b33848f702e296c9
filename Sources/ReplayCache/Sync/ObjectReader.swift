internal import SystemPackage

/// Brings contents from a repository into files, verified.
struct ObjectReader: Sendable {
    let repository: Repository
    let progress: Progress

    /// What fetching a content took.
    struct Fetched: Sendable {
        var objectsDownloaded = 0
        var objectsReused = 0
    }

    static let damageHint =
        "on a machine that has the file, `replaycache push DIR REMOTE --heal` stores it again; for one of a checkpoint, "
        + "`replaycache scan DIR` and then `replaycache verify REMOTE --heal`"

    /// Parts of one large file in flight at once.
    private var partWidth: Int { min(16, max(4, repository.remote.parallelism)) }

    /// Writes the content into `file`, whose digest is checked when this returns.
    ///
    /// What is missing or damaged may have been stored elsewhere since this machine last read the log, so that is read
    /// once more before anything is called lost.
    ///
    /// - Throws: ``ReplayCacheError`` with code `integrity` that names the object when its bytes are wrong twice.
    func fetch(_ object: PlaceStore.StoredObject, into file: OpenFile) async throws -> Fetched {
        do {
            return try await fetchOnce(object, into: file)
        } catch let error as ReplayCacheError where error.code == .integrity {
            try await repository.readLogAgain()
            guard let current = try await repository.store.object(of: object.key.digest), current.size == object.size,
                current.key != object.key
            else { throw error }
            return try await fetchOnce(current, into: file)
        }
    }

    private func fetchOnce(_ object: PlaceStore.StoredObject, into file: OpenFile) async throws -> Fetched {
        switch object.key.form {
        case .content(let encoding):
            try await bring(
                ObjectDownload(
                    key: object.key.remoteKey,
                    encoding: encoding,
                    digest: object.key.digest,
                    size: object.size,
                    maximum: Self.maximumStored(object.size),
                    file: file,
                    offset: 0
                )
            )
            try file.truncate(to: object.size)
            progress.advance(bytes: object.size)
            return Fetched(objectsDownloaded: 1)
        case .recipe:
            return try await fetchParts(of: object, into: file)
        }
    }

    /// An encoder may store at most a little more than the content itself.
    static func maximumStored(_ size: Int64) -> Int64 { size + size / 64 + 4096 }

    /// Tries of one object while each brings other wrong bytes.
    static let maximumAttempts = 5

    /// A damaged answer may be the network's fault: the same wrong bytes twice are the object's own.
    private func bring(_ download: ObjectDownload) async throws {
        var mark: String?
        for attempt in 1...Self.maximumAttempts {
            do {
                return try await download.run(from: repository.remote)
            } catch let damage as ObjectDownload.Damage {
                guard damage.mark == mark || attempt == Self.maximumAttempts else {
                    mark = damage.mark
                    continue
                }
                throw damaged(download.key, cause: "\(damage.cause)")
            } catch let error as RemoteError {
                throw missing(error)
            }
        }
    }

    func damaged(_ key: RemoteKey, cause: String) -> ReplayCacheError {
        ReplayCacheError(
            .integrity,
            "object \(key) at \(repository.place) is damaged",
            hint: Self.damageHint,
            subject: key.string,
            cause: cause
        )
    }

    private func missing(_ error: RemoteError) -> ReplayCacheError {
        var told = error.classified()
        told.hint = told.hint ?? Self.damageHint
        return told
    }

    private func fetchParts(of object: PlaceStore.StoredObject, into file: OpenFile) async throws -> Fetched {
        let recipe = try await recipe(of: object)
        let leftover = try file.status().size
        if leftover != object.size {
            try file.truncate(to: object.size)
            try file.preallocate(object.size)
        }
        var result = Fetched()
        var next = Self.places(of: recipe).makeIterator()
        try await forEachConcurrently(
            width: partWidth,
            next: { next.next() },
            work: { places in
                await Result.catching { try await fetchPart(recipe, places, into: file, mayBeThere: leftover > 0) }
            },
            collect: { outcome in
                if try outcome.get() { result.objectsDownloaded += 1 } else { result.objectsReused += 1 }
            }
        )
        let (found, byteCount) = try await BlockingPool.shared.run { try Digest.of(file) }
        guard found == object.key.digest, byteCount == object.size else {
            throw ReplayCacheError(
                .integrity,
                "the parts of \(object.key.remoteKey) do not add up to its content",
                hint: Self.damageHint,
                subject: object.key.remoteKey.string
            )
        }
        return result
    }

    func recipe(of object: PlaceStore.StoredObject) async throws -> Recipe {
        let key = object.key.remoteKey
        do {
            return try await repository.remote.decoded(key, maximum: Recipe.maximumByteCount) { bytes in
                try Recipe.decode(bytes, size: object.size)
            }
        } catch let error as RemoteError {
            throw missing(error)
        } catch let error where error is DecodingError || (error as? ReplayCacheError)?.code == .integrity {
            throw ReplayCacheError(
                .integrity,
                "the recipe \(key) at \(repository.place) is damaged",
                hint: Self.damageHint,
                subject: key.string,
                cause: "\(error)"
            )
        }
    }

    /// The indices of each different part, in the order of their first: weights that were never trained are zeros many
    /// times over.
    static func places(of recipe: Recipe) -> [[Int]] {
        var rank: [Digest: Int] = [:]
        var places: [[Int]] = []
        for (index, part) in recipe.parts.enumerated() {
            if let known = rank[part.sha256] {
                places[known].append(index)
            } else {
                rank[part.sha256] = places.count
                places.append([index])
            }
        }
        return places
    }

    /// Brings a part to all its places in the file.
    ///
    /// True when it was downloaded.
    private func fetchPart(_ recipe: Recipe, _ places: [Int], into file: OpenFile, mayBeThere: Bool) async throws
        -> Bool
    {
        let isDownloaded = try await fetchPart(recipe, places[0], into: file, mayBeThere: mayBeThere)
        let range = recipe.range(of: places[0])
        progress.advance(bytes: (range.upperBound - range.lowerBound) * Int64(places.count))
        guard places.count > 1 else { return isDownloaded }
        let source = FileSlice(file: file, range: range)
        try await BlockingPool.shared.run {
            for place in places.dropFirst() {
                // The digest of the whole file tells whether this went well.
                try file.copy(source, to: recipe.range(of: place).lowerBound)
            }
        }
        return isDownloaded
    }

    /// Fetches a part unless a run before has left its bytes in place; the digest decides, not a record.
    private func fetchPart(_ recipe: Recipe, _ index: Int, into file: OpenFile, mayBeThere: Bool) async throws -> Bool {
        let part = recipe.parts[index]
        let range = recipe.range(of: index)
        if mayBeThere {
            let found = try await BlockingPool.shared.run { try Digest.of(FileSlice(file: file, range: range)).digest }
            if found == part.sha256 { return false }
        }
        try await fetchPart(recipe, index, into: file, at: range.lowerBound)
        return true
    }

    /// Brings the content of a part to a place in a file, which is right when this returns.
    func fetchPart(_ recipe: Recipe, _ index: Int, into file: OpenFile, at offset: Int64) async throws {
        let part = recipe.parts[index]
        let range = recipe.range(of: index)
        guard let key = ObjectKey(part.key), case .content(let encoding) = key.form else {
            throw ReplayCacheError(
                .integrity,
                "a recipe names the part \(DisplayText.quoted(part.key)), which is not one"
            )
        }
        let size = range.upperBound - range.lowerBound
        func bring(_ key: ObjectKey, _ encoding: Encoding) async throws {
            try await self.bring(
                ObjectDownload(
                    key: key.remoteKey,
                    encoding: encoding,
                    digest: part.sha256,
                    size: size,
                    maximum: Self.maximumStored(size),
                    file: file,
                    offset: offset
                )
            )
        }
        do {
            try await bring(key, encoding)
        } catch let error as ReplayCacheError where error.code == .integrity {
            // The part may have been stored again for the sake of another file.
            try await repository.readLogAgain()
            guard let current = try await repository.store.object(of: part.sha256), current.key != key,
                case .content(let encoding) = current.key.form
            else { throw error }
            do {
                try await bring(current.key, encoding)
            } catch let other as ReplayCacheError where other.code == .integrity {
                throw error
            }
        }
    }

    // MARK: Checks

    /// Reads an object and throws away what it holds.
    func check(_ object: PlaceStore.StoredObject, _ encoding: Encoding) async throws {
        try await bring(
            ObjectDownload(
                key: object.key.remoteKey,
                encoding: encoding,
                digest: object.key.digest,
                size: object.size,
                maximum: Self.maximumStored(object.size),
                file: nil,
                offset: 0
            )
        )
    }

    /// The content of an object, for parts.
    func content(of object: PlaceStore.StoredObject, _ encoding: Encoding) async throws -> [UInt8] {
        let stored = try await storedBytes(of: object, encoding)
        guard encoding != .raw else { return stored }
        return try await BlockingPool.shared.run {
            let decoder = try VerifyingDecoder(encoding: encoding, digest: object.key.digest, byteCount: object.size)
            let content = ByteCollector()
            try decoder.decode(stored.span) { content.append($0) }
            try decoder.finish()
            return content.bytes
        }
    }

    /// The bytes of an object as they are stored, once their content is known to be right.
    func storedBytes(of object: PlaceStore.StoredObject, _ encoding: Encoding) async throws -> [UInt8] {
        let key = object.key.remoteKey
        do {
            return try await repository.remote.decoded(key, maximum: Self.maximumStored(object.size)) { bytes in
                try await BlockingPool.shared.run {
                    let decoder = try VerifyingDecoder(
                        encoding: encoding,
                        digest: object.key.digest,
                        byteCount: object.size
                    )
                    try decoder.decode(bytes.span) { _ in }
                    try decoder.finish()
                    return bytes
                }
            }
        } catch let error as RemoteError where error.reason == .notFound {
            throw missing(error)
        } catch let error where error is ObjectEncodingError || error is RemoteError {
            throw damaged(key, cause: "\(error)")
        }
    }
}

extension OpenFile {
    /// Writes all bytes of `source` at `offset`.
    fileprivate func copy(_ source: some ByteSource, to offset: Int64) throws {
        var position: Int64 = 0
        try BufferPool.reading.withBuffer { buffer in
            while true {
                try Task.checkCancellation()
                let count = try source.read(at: position, into: &buffer)
                try write(buffer.span.extracting(0..<count), at: offset + position)
                position += Int64(count)
                if count < buffer.count { return }
            }
        }
    }
}
