/// Stores contents again whose objects must not be named any more: under the next generation of their keys.
///
/// From a file of this machine where there is one, else from the place itself, where what was condemned stays for a day.
struct Restocking: Sendable {
    let context: SyncContext
    let repository: Repository

    /// What to commit: where each content is stored now.
    func store(_ objects: [PlaceStore.StoredObject]) async throws -> [Operation] {
        let writer = ObjectWriter(context: context, repository: repository)
        var operations: [Operation] = []
        for object in objects {
            if let stored = try await store(object.key.digest, size: object.size, writer) {
                operations += stored.operations
            } else {
                operations += try await copy(object)
            }
        }
        return operations
    }

    /// Stores a content from a file of this machine, below `root` if it is given; nil when no file has it any more.
    ///
    /// Says where it is stored, whether or not that is news.
    func store(
        _ digest: Digest,
        size: Int64,
        _ writer: ObjectWriter,
        below root: String? = nil
    ) async throws -> ObjectWriter.Stored? {
        for copy in try await context.catalog.copies(of: digest, limit: 64) where root == nil || copy.root == root {
            do {
                let file = try await BlockingPool.shared.run { () throws -> OpenFile? in
                    let file = try OpenFile.directory(copy.root).reading(copy.path.string, followingLinks: true)
                    return try file.status().isUnchanged(since: copy.status) ? file : nil
                }
                if let file { return try await writer.store(file, digest: digest, size: size) }
            } catch is FileError {
                continue  // Gone or unreadable: another copy may do.
            } catch is SourceError {
                continue
            } catch ObjectEncodingError.contentChanged {
                continue
            }
        }
        return root == nil ? try await storeList(digest, size: size, writer) : nil
    }

    /// Stores the list of a dataset that was read here; nil when this is none, or not here.
    private func storeList(_ digest: Digest, size: Int64, _ writer: ObjectWriter) async throws -> ObjectWriter.Stored? {
        guard let file = try await Datasets.known(digest, home: repository.store.home) else { return nil }
        do {
            return try await writer.store(file, digest: digest, size: size)
        } catch is SourceError {
            return nil
        } catch ObjectEncodingError.contentChanged {
            return nil
        }
    }

    /// Whether a file below `root` is believed to have a content, so that ``store(_:size:_:below:)`` would find it.
    func hasCopy(_ digest: Digest, below root: String) async throws -> Bool {
        for copy in try await context.catalog.copies(of: digest, limit: 64) where copy.root == root {
            let isThere = try await BlockingPool.shared.run {
                let status = try? OpenFile.directory(copy.root).status(of: copy.path.string, followingLinks: true)
                return status?.isUnchanged(since: copy.status) == true
            }
            if isThere { return true }
        }
        return false
    }

    // MARK: From the place

    private func copy(_ object: PlaceStore.StoredObject) async throws -> [Operation] {
        switch object.key.form {
        case .content(let encoding): return [.obj(try await copy(object, encoding))]
        case .recipe: return try await copyRecipe(object)
        }
    }

    private func copy(_ object: PlaceStore.StoredObject, _ encoding: Encoding) async throws -> Operation.Obj {
        let reader = ObjectReader(repository: repository, progress: context.progress)
        let bytes = try await reader.storedBytes(of: object, encoding)
        return try await put(bytes, of: object, form: object.key.form)
    }

    private func copyRecipe(_ object: PlaceStore.StoredObject) async throws -> [Operation] {
        let reader = ObjectReader(repository: repository, progress: context.progress)
        let recipe = try await reader.recipe(of: object)
        var operations: [Operation] = []
        var moved: [Digest: Recipe.Part] = [:]
        var parts: [Recipe.Part] = []
        for (index, part) in recipe.parts.enumerated() {
            if let known = moved[part.sha256] {
                parts.append(known)
                continue
            }
            guard let key = ObjectKey(part.key), case .content(let encoding) = key.form else {
                throw reader.damaged(object.key.remoteKey, cause: "it names \(DisplayText.quoted(part.key))")
            }
            var kept = part
            if try await !repository.mayName(key) {
                let range = recipe.range(of: index)
                let size = range.upperBound - range.lowerBound
                let stored = try await copy(.init(key: key, size: size, encodedSize: part.encodedSize), encoding)
                operations.append(.obj(stored))
                kept = .init(sha256: part.sha256, key: stored.key, encodedSize: stored.encodedSize)
            }
            moved[part.sha256] = kept
            parts.append(kept)
        }
        let bytes = try Recipe(size: recipe.size, parts: parts).encoded()
        operations.append(.obj(try await put(bytes, of: object, form: .recipe)))
        return operations
    }

    private func put(
        _ bytes: [UInt8],
        of object: PlaceStore.StoredObject,
        form: ObjectKey.Form
    ) async throws -> Operation.Obj {
        let digest = object.key.digest
        let key = ObjectKey(digest: digest, generation: try await repository.nextGeneration(of: digest), form: form)
        try await repository.remote.put(key.remoteKey, try RemoteBody(bytes), durability: .eventual)
        return .init(sha256: digest, size: object.size, key: key.remoteKey.string, encodedSize: Int64(bytes.count))
    }
}

extension Repository {
    /// Says how this repository stores again what is condemned while it commits.
    func configured(for context: SyncContext) -> Repository {
        let silent = context.withoutProgress
        watch.configure(sinceBoot: context.remoteSettings.sinceBoot) { repository, objects in
            try await Restocking(context: silent, repository: repository).store(objects)
        }
        return self
    }
}
