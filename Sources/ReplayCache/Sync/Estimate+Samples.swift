internal import SystemPackage

/// How well files compress: as those of this repository did, else as a few of those to be sent do now.
struct Compression {
    let context: SyncContext
    let store: PlaceStore

    /// Files of a kind that are encoded to see how well they compress.
    private static let sampleCount = 4
    private static let maximumSampleBytes: Int64 = 8 << 20

    /// Encoded bytes for each byte of content, for the kinds of `groups`.
    func ratios(of groups: [UnstoredGroup], in root: LocalRoot) async throws -> [String: Double] {
        let kinds = Set(groups.filter { !$0.isStored && $0.bytes > 0 }.map(\.kind))
        guard !kinds.isEmpty else { return [:] }
        let known = try await store.interruptible { try await store.ratios() }
        var result: [String: Double] = [:]
        for kind in kinds {
            if let ratio = known[kind] {
                result[kind] = ratio
            } else {
                result[kind] = try await measured(kind, in: root) ?? known[nil] ?? 1
            }
        }
        return result
    }

    /// Nil when no sample could be read.
    private func measured(_ kind: String, in root: LocalRoot) async throws -> Double? {
        let items = try await store.samples(of: kind, maximumSize: Self.maximumSampleBytes, count: Self.sampleCount)
        var raw: Int64 = 0
        var encoded: Int64 = 0
        for item in items {
            try Task.checkCancellation()
            // One that cannot be read any more shows when it is pushed.
            guard let byteCount = try? await encodedByteCount(of: item, in: root) else { continue }
            raw += item.size
            encoded += byteCount
        }
        return raw > 0 ? Double(encoded) / Double(raw) : nil
    }

    private func encodedByteCount(of item: PushItem, in root: LocalRoot) async throws -> Int64 {
        try await BlockingPool.shared.run {
            // Links are followed, as `push --follow` does: without it the plan has none.
            let file = try OpenFile.reading(root.directory.joined(item.localPath))
            let content = SourceSlice(file: file, range: 0..<item.size)
            return try ObjectEncoder.encode(content, digest: item.digest, byteCount: item.size).byteCount
        }
    }
}

/// Finds contents of a fetch plan that are on this machine, as the fetch will: they are not downloaded.
struct LocalCopies {
    let context: SyncContext
    let store: PlaceStore

    private static let pageCount = 256

    /// Marks them in `temp.fetch_here` and answers how many there are.
    func settle() async throws -> Int {
        try await store.interruptible { try await store.listContentsKnownHere() }
        var last: Digest?
        var count = 0
        while true {
            let digests = try await store.contentsKnownHere(after: last, limit: Self.pageCount)
            guard let end = digests.last else { return count }
            last = end
            var candidates: [[LocalCopy]] = []
            for digest in digests { candidates.append(try await context.catalog.copies(of: digest)) }
            let found = try await BlockingPool.shared.run { [candidates] in
                zip(digests, candidates).filter { $0.1.contains(where: Self.isUnchanged) }.map(\.0)
            }
            count += found.count
            try await store.noteContentsHere(found)
        }
    }

    /// Blocks.
    private static func isUnchanged(_ copy: LocalCopy) -> Bool {
        guard let root = try? OpenFile.directory(copy.root),
            let directory = try? root.parent(of: copy.path, creating: false),
            let status = try? directory.status(of: String(copy.path.name))
        else { return false }
        return status.isUnchanged(since: copy.status)
    }
}

/// Adds the large contents of a fetch plan: what their recipes say where they can be read, else what is likely.
struct RecipeForecast {
    let store: PlaceStore
    /// Nil when the place must not be asked.
    let repository: Repository?

    /// Recipes read for one plan: more of them tell little more, and each is a request.
    static let maximumCount = 64
    private static let pageCount = 1024

    func add(to plan: inout TransferPlan) async throws {
        var last: Digest?
        var readCount = 0
        var ratio: Double?
        while true {
            let objects = try await store.largeContentsToFetch(after: last, limit: Self.pageCount)
            guard let end = objects.last else { return }
            last = end.key.digest
            for object in objects {
                plan.bytesRaw += object.size
                plan.requests.get += 1
                plan.bytesEncoded += object.encodedSize
                if let repository, readCount < Self.maximumCount,
                    let recipe = try await recipe(of: object, repository)
                {
                    readCount += 1
                    let parts = ObjectReader.places(of: recipe).compactMap { $0.first.map { recipe.parts[$0] } }
                    plan.objects += parts.count
                    plan.requests.get += parts.count
                    for part in parts { plan.bytesEncoded += min(max(0, part.encodedSize), object.size) }
                } else {
                    let known = try await store.ratioOfParts()
                    ratio = ratio ?? known ?? 1
                    let parts = Recipe.partCount(forSize: object.size)
                    plan.objects += parts
                    plan.requests.get += parts
                    plan.bytesEncoded += Int64(Double(object.size) * (ratio ?? 1))
                    plan.isEstimated = true
                }
            }
        }
    }

    /// Nil when it is missing or damaged, which the fetch will tell.
    private func recipe(of object: PlaceStore.StoredObject, _ repository: Repository) async throws -> Recipe? {
        do {
            return try await ObjectReader(repository: repository, progress: Progress()).recipe(of: object)
        } catch let error as ReplayCacheError where error.code == .integrity {
            return nil
        }
    }
}
