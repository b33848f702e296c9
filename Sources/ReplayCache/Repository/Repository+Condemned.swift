internal import Synchronization

/// What a commit may name, in the face of collectors (`docs/format.md`, "Garbage collection").
extension Repository {
    /// Whether a commit may name a key: a condemned one is never named again.
    ///
    /// The first question costs a listing of `gc/`; where nothing is condemned, the others cost nothing.
    func mayName(_ key: ObjectKey) async throws -> Bool {
        try await lookForCondemned(after: nil)
        guard watch.hasKeys else { return true }
        return try await !watch.catalog().isCondemned(key, place: store.record.id)
    }

    /// Whether this process has looked at what is condemned.
    var hasLooked: Bool { watch.age != nil }

    /// The first generation of a content's keys that was never condemned, and none before the known one.
    func nextGeneration(of digest: Digest) async throws -> Int {
        try await lookForCondemned(after: nil)
        let known = try await store.object(of: digest)?.key.generation ?? 0
        guard watch.hasKeys else { return known }
        return max(known, try await watch.catalog().nextGeneration(of: digest, place: store.record.id))
    }

    /// Takes keys for condemned as long as this value lives: what is under them is missing or damaged.
    func forbid(_ keys: [ObjectKey]) async throws {
        guard !keys.isEmpty else { return }
        try await watch.catalog().forbid(keys, place: store.record.id)
        watch.noteKeys()
    }

    /// Lists `gc/` and reads what is new, unless this process looked less than `age` nanoseconds ago; with nil, ever.
    func lookForCondemned(after age: Int64?) async throws {
        func isCurrent() -> Bool { watch.age.map { found in age.map { found < $0 } ?? true } ?? false }
        if isCurrent() { return }
        try await watch.turn.enter()
        defer { watch.turn.leave() }
        if isCurrent() { return }
        let started = watch.now
        let lists = try await condemnedLists()
        let catalog = try await watch.catalog()
        let names = Set(lists.map(\.remoteKey.string))
        let unknown = try await catalog.unknownLists(lists.map(\.remoteKey.string), place: store.record.id)
        var next = lists.filter { unknown.contains($0.remoteKey.string) }[...]
        try await forEachConcurrently(
            width: 4,
            next: { next.popFirst() },
            work: { key in await Result.catching { try await self.record(key, in: catalog) } },
            collect: { try $0.get() }
        )
        let hasKeys = try await catalog.hasCondemned(place: store.record.id)
        watch.take(names, listedAt: started, hasKeys: hasKeys)
    }

    /// More lists than collectors write in ninety days, by far.
    private static let maximumLists = 10_000

    /// Lists that are at the place; names that are none are passed over.
    private func condemnedLists() async throws -> [CondemnedListKey] {
        let found = Mutex<[CondemnedListKey]>([])
        try await remote.list(prefix: CondemnedListKey.prefix, after: nil) { [place] items in
            try found.withLock { keys in
                keys += items.compactMap { CondemnedListKey($0.key.string) }
                guard keys.count <= Self.maximumLists else {
                    throw ReplayCacheError(
                        .integrity,
                        "gc/ at \(place) holds more lists than any collector writes",
                        hint: "find out who writes there",
                        subject: place.canonical
                    )
                }
            }
        }
        return found.withLock { $0 }
    }

    private func record(_ key: CondemnedListKey, in catalog: Catalog) async throws {
        guard let list = try await condemnedList(key) else { return }
        try await catalog.record(list.keys, of: key.remoteKey.string, place: store.record.id)
    }

    /// A list; nil when it is gone, as old ones are.
    ///
    /// Whoever cannot read a list cannot know what may be named, so damage is an error.
    func condemnedList(_ key: CondemnedListKey) async throws -> CondemnedList? {
        do {
            return try await remote.decoded(key.remoteKey, maximum: CondemnedList.maximumEncodedByteCount) { bytes in
                try await BlockingPool.shared.run { try CondemnedList.decode(bytes) }
            }
        } catch let error as RemoteError where error.reason == .notFound {
            return nil
        } catch let error where error is SegmentError || error is ZstdError || error is RemoteError {
            throw ReplayCacheError(
                .integrity,
                "the list of condemned objects \(key.remoteKey) at \(place) cannot be read",
                hint: "`replaycache gc \(place)` puts another in its place",
                subject: key.remoteKey.string,
                cause: "\(error)"
            )
        }
    }

    // MARK: Commits

    /// Objects that `operations` name and that may not be named.
    ///
    /// `isMerged` tells whether they are committed, so that what is current counts and not what they say.
    func condemnedObjects(in operations: [Operation], isMerged: Bool) async throws -> [PlaceStore.StoredObject] {
        guard watch.hasKeys else { return [] }
        var told: [Digest: PlaceStore.StoredObject] = [:]
        var seen: Set<Digest> = []
        var digests: [Digest] = []
        func name(_ digest: Digest) { if seen.insert(digest).inserted { digests.append(digest) } }
        for operation in operations {
            switch operation {
            case .put(let put) where !put.isRemark: name(put.sha256)
            case .ckpt(let checkpoint): checkpoint.files.forEach { name($0.sha256) }
            case .dataset(let dataset): name(dataset.sha256)
            case .obj(let object):
                name(object.sha256)
                guard let key = ObjectKey(object.key) else { continue }
                told[object.sha256] = .init(key: key, size: object.size, encodedSize: object.encodedSize)
            default: continue
            }
        }
        let known = try await store.objects(of: digests)
        let objects = digests.compactMap { isMerged ? known[$0] ?? told[$0] : told[$0] ?? known[$0] }
        var condemned = try await watch.catalog().condemned(of: objects.map(\.key), place: store.record.id)
        if watch.hasLearned {
            // A recipe may have been made of parts that were condemned since.
            for object in objects where object.key.form == .recipe && !condemned.contains(object.key) {
                guard try await hasCondemnedParts(object) else { continue }
                try await forbid([object.key])
                condemned.insert(object.key)
            }
        }
        return objects.filter { condemned.contains($0.key) }
    }

    /// The same operations, and before them the keys of contents that they name, that are stored already, and that no path
    /// shows or of which another key was condemned.
    ///
    /// A base leaves out what nothing refers to, so whoever began with one may not know where such a content is stored. And
    /// a commit that was decided on before a key was condemned may tell it later than this one was decided on, and have
    /// the last word; a collector that saw neither commit would then remove the key that is right (`docs/format.md`,
    /// "Garbage collection").
    func tellingKeys(of operations: [Operation]) async throws -> [Operation] {
        var told: Set<Digest> = []
        var named: [Digest] = []
        for operation in operations {
            switch operation {
            case .put(let put) where !put.isRemark: named.append(put.sha256)
            case .ckpt(let checkpoint): named += checkpoint.files.map(\.sha256)
            case .dataset(let dataset): named.append(dataset.sha256)
            case .obj(let object): told.insert(object.sha256)
            default: continue
            }
        }
        var keys: [Operation] = []
        let catalog = watch.hasKeys ? try await watch.catalog() : nil
        for digest in named where told.insert(digest).inserted {
            let generation = try await catalog?.nextGeneration(of: digest, place: store.record.id) ?? 0
            if generation == 0, try await store.isShown(digest) { continue }
            guard let known = try await store.object(of: digest) else { continue }
            let object = Operation.Obj(
                sha256: digest,
                size: known.size,
                key: known.key.remoteKey.string,
                encodedSize: known.encodedSize
            )
            keys.append(.obj(object))
        }
        return keys + operations
    }

    private func hasCondemnedParts(_ object: PlaceStore.StoredObject) async throws -> Bool {
        let recipe: Recipe
        do {
            recipe = try await remote.decoded(object.key.remoteKey, maximum: Recipe.maximumByteCount) { bytes in
                try Recipe.decode(bytes, size: object.size)
            }
        } catch let error as RemoteError where error.reason == .notFound {
            return true
        }
        let keys = Set(recipe.parts.compactMap { ObjectKey($0.key) })
        return try await !watch.catalog().condemned(of: Array(keys), place: store.record.id).isEmpty
    }
}

extension PlaceStore {
    /// Whether a path is known to show a content: false also where that cannot be told without reading all paths.
    func isShown(_ digest: Digest) throws -> Bool {
        guard try database.first("SELECT 1 FROM sqlite_schema WHERE name = 'entry_content'", [], { _ in true }) != nil
        else { return false }
        return try database.first(
            "SELECT 1 FROM content c JOIN entry e ON e.content = c.id WHERE c.digest = ? LIMIT 1",
            [.blob(digest.bytes)]
        ) { _ in true } != nil
    }

    /// Where contents are stored; those that are not are left out.
    func objects(of digests: [Digest]) throws -> [Digest: StoredObject] {
        var result: [Digest: StoredObject] = [:]
        for digest in digests { result[digest] = try object(of: digest) }
        return result
    }
}
