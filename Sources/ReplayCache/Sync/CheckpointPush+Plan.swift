/// The dry run of a checkpoint: reads the files as a push would, and looks up what is there already.
extension CheckpointPush {
    /// What publishing `set` takes.
    func plan(_ set: CheckpointSet, _ summary: inout SyncSummary) async throws -> StatusPlan {
        let repository = try await existingRepository()
        if let repository {
            context.report(repository.warnings, into: &summary)
            _ = try await dataset(repository)
        }
        let store: PlaceStore
        if let repository {
            store = repository.store
        } else {
            store = try await PlaceStore.open(try await context.catalog.place(place), home: context.catalog.home)
        }
        context.progress.begin("reading", items: set.members.count, bytes: set.members.reduce(0) { $0 + $1.size })
        var forecast = ContentForecast(context: context, store: store)
        for member in set.members {
            try await forecast.add(member)
            context.progress.advance(items: 1, bytes: member.size)
        }
        let known = try await store.ratios()
        var ratios: [String: Double] = [:]
        for group in forecast.groups { ratios[group.kind] = known[group.kind] ?? known[nil] ?? 1 }
        let estimate = try Estimate(context: context, place: place, store: store)
        var plan = try await estimate.push(
            forecast.groups,
            ratios,
            publishing: set.members.count,
            isNew: repository == nil
        )
        plan.objectsReused += forecast.knownCount
        if let repository { summary.add(repository.remote.meter) }
        return estimate.plan(push: plan)
    }

    private func existingRepository() async throws -> Repository? {
        do {
            return try await context.repository(at: place)
        } catch let error as ReplayCacheError where error.code == .notFound {
            return nil
        }
    }
}

/// What of some files would have to be sent: whole, or in parts.
private struct ContentForecast {
    let context: SyncContext
    let store: PlaceStore
    private(set) var groups: [UnstoredGroup] = []
    /// Contents and parts that are at the place already, or come more than once.
    private(set) var knownCount = 0
    private var seen: Set<Digest> = []

    init(context: SyncContext, store: PlaceStore) {
        self.context = context
        self.store = store
    }

    mutating func add(_ member: CheckpointSet.Member) async throws {
        let kind = FileKind.of(Array(member.source.utf8).span)
        let file: OpenFile
        let digest: Digest
        do {
            file = try await BlockingPool.shared.run { try OpenFile.reading(member.source) }
            digest = try await BlockingPool.shared.run { [file] in try Digest.of(file).digest }
        } catch {
            throw ReplayCacheError(error, doing: "reading \(member.source)", subject: member.source)
        }
        guard member.size > Recipe.threshold else { return try await add(digest, member.size, kind) }
        guard try await isNew(digest) else { return }
        // The recipe, which is put like an object.
        groups.append(UnstoredGroup(kind: kind, isLarge: true, isStored: false, contents: 1, bytes: 0, parts: 0))
        for start in stride(from: Int64(0), to: member.size, by: Int(Recipe.partByteCount)) {
            try Task.checkCancellation()
            let slice = FileSlice(file: file, range: start..<min(start + Recipe.partByteCount, member.size))
            let part = try await BlockingPool.shared.run { try Digest.of(slice).digest }
            try await add(part, slice.byteCount, kind)
        }
    }

    private mutating func isNew(_ digest: Digest) async throws -> Bool {
        if seen.insert(digest).inserted, try await store.object(of: digest) == nil { return true }
        knownCount += 1
        return false
    }

    private mutating func add(_ digest: Digest, _ size: Int64, _ kind: String) async throws {
        guard try await isNew(digest) else { return }
        let transfer = try await context.catalog.transfer(
            of: digest,
            place: store.record.id,
            repository: try await store.repositoryID() ?? ""
        )
        groups.append(
            UnstoredGroup(
                kind: kind,
                isLarge: false,
                isStored: transfer != nil,
                contents: 1,
                bytes: size,
                parts: 1
            )
        )
    }
}
