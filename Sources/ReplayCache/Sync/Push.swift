/// Publishes a folder: scan, plan, move, commit.
struct Push {
    let context: SyncContext
    let source: String
    let place: Place
    let options: PushOptions

    /// Rows of the plan read at once.
    private static let pageCount = 512

    func run() async throws -> SyncSummary {
        var summary = SyncSummary(command: "push")
        summary.dryRun = options.isDryRun
        let started = ContinuousClock.now
        try PushOptions.check(options.into)
        let root = try await LocalRoot.open(source, catalog: context.catalog)
        try root.refuseOverlap(with: place)
        let repository = try await openRepository()
        if let repository {
            if repository.isNew { context.report(.created(place: "\(place)")) }
            context.report(repository.warnings, into: &summary)
        }
        let scan = Scan(
            context: context,
            root: root,
            options: .init(followsLinks: options.followsLinks, isParanoid: options.isParanoid)
        )
        // Temporary files of a fetch are the fetch's to continue or to remove.
        _ = try await scan.run(into: &summary)
        let store: PlaceStore
        if let repository {
            store = repository.store
        } else {
            store = try await PlaceStore.open(try await context.catalog.place(place), home: context.catalog.home)
        }
        if options.isHealing, let repository {
            let heal = PushHeal(context: context, repository: repository, root: root)
            let found = try await heal.run(isDryRun: options.isDryRun)
            summary.verification = found
            summary.integrityFailed = found.contentsLost > 0
        }
        let totals = try await store.interruptible { try await store.planPush(scope(root)) }
        let candidates = try await store.candidateCount(scope(root))
        // What is deferred or failed may have matched, and is told.
        if candidates == 0, !options.includes.isEmpty, summary.filesDeferred + summary.filesFailed == 0 {
            let patterns = options.includes.map { DisplayText.quoted($0) }.joined(separator: " or ")
            context.report(.warning("nothing in \(root.path) matches \(patterns)"))
        }
        summary.filesInStep =
            candidates
            - totals.filter { $0.key != .adopt && $0.key != .retire }.values.reduce(0) { $0 + $1.files }
        try await report(totals, store, &summary)
        if options.isDryRun {
            try await estimate(totals, root, store, &summary)
        } else if let repository {
            try await move(totals, root, repository, &summary)
        }
        if let repository { summary.add(repository.remote.meter) }
        summary.seconds = (ContinuousClock.now - started).seconds
        return summary
    }

    /// The repository; nil for a dry run at a place that has none yet.
    private func openRepository() async throws -> Repository? {
        guard options.isDryRun else {
            return try await context.writableRepository(at: place, insistsOnNew: options.insistsOnNew)
        }
        do {
            return try await context.repository(at: place)
        } catch let error as ReplayCacheError where error.code == .notFound {
            let opening = RemoteOpening(place: place, home: context.catalog.home, settings: context.remoteSettings)
            if let remote = try await opening.existing(needsWrite: false) {
                try await Repository.refuseForeign(place, remote)
            }
            return nil
        }
    }

    private func scope(_ root: LocalRoot) -> PlaceStore.PushScope {
        PlaceStore.PushScope(
            root: root.id,
            into: options.into,
            includes: options.includes,
            excludes: options.excludes,
            isForced: options.isForced
        )
    }

    // MARK: Telling

    private func report(_ totals: [PushAction: PlanTotal], _ store: PlaceStore, _ summary: inout SyncSummary)
        async throws
    {
        summary.conflicts = totals[.conflict]?.files ?? 0
        summary.behind = totals[.behind]?.files ?? 0
        summary.deletedElsewhere = totals[.deletedElsewhere]?.files ?? 0
        let told: [PushAction] = [.conflict, .behind, .deletedElsewhere]
        var rows = items(told, store)
        while let item = try await rows.next() {
            switch item.action {
            case .conflict: context.report(.conflict(path: item.path))
            case .behind: context.report(.behind(path: item.path))
            default: context.report(.deletedElsewhere(path: item.path))
            }
        }
    }

    private func estimate(
        _ totals: [PushAction: PlanTotal],
        _ root: LocalRoot,
        _ store: PlaceStore,
        _ summary: inout SyncSummary
    ) async throws {
        let unstored = try await store.unstoredInPushPlan()
        summary.entriesAdded = totals[.publish]?.files ?? 0
        for retired in try await retirements(store).values {
            for item in try await root.vanished(retired) {
                summary.entriesRemoved += 1
                context.report(.retired(path: item.path))
            }
        }
        summary.objectsUploaded = unstored.files
        summary.bytesRaw = unstored.bytes
    }

    // MARK: Moving

    /// Files of one content: stored once, published under each path.
    private struct Unit: Sendable {
        var items: [PushItem]
        var digest: Digest { items[0].digest }
        var size: Int64 { items[0].size }
    }

    private struct Outcome: Sendable {
        let unit: Unit
        let result: Result<ObjectWriter.Stored, any Error>
    }

    private func move(
        _ totals: [PushAction: PlanTotal],
        _ root: LocalRoot,
        _ repository: Repository,
        _ summary: inout SyncSummary
    ) async throws {
        let publish = totals[.publish] ?? PlanTotal()
        context.progress.begin("pushing", items: publish.files, bytes: publish.bytes)
        var committer = Committer(context: context, repository: repository, root: root.id)
        var counts = summary
        var retirements = try await retirements(repository.store)
        var rows = items([.publish], repository.store)
        do {
            try await forEachConcurrently(
                width: repository.remote.parallelism,
                next: { try await rows.nextUnit().map(Unit.init(items:)) },
                work: { [writer = ObjectWriter(context: context, repository: repository)] unit in
                    Outcome(unit: unit, result: await .catching { try await store(unit, root, writer) })
                },
                collect: { outcome in
                    let old = retirements.removeValue(forKey: outcome.unit.digest) ?? []
                    try await take(outcome, retiring: try await root.vanished(old), &committer, &counts)
                }
            )
        } catch {
            // What is stored and not committed is remembered and need not be sent again. Commit what is complete, unless
            // that would only be waited for.
            if !Task.isCancelled, (error as? ReplayCacheError)?.code != .unavailable { try? await committer.commit() }
            throw error
        }
        try await committer.commit()
        try await context.agree(
            on: items([.adopt], repository.store),
            root: root.id,
            place: repository.store.record.id
        )
        summary = counts
    }

    private func store(_ unit: Unit, _ root: LocalRoot, _ writer: ObjectWriter) async throws -> ObjectWriter.Stored {
        let path = try LogicalPath(unit.items[0].localPath)
        let followsLinks = options.followsLinks
        let file = try await BlockingPool.shared.run {
            try SourceError.tagging {
                followsLinks
                    ? try OpenFile.reading(root.directory.joined(path.string))
                    : try root.directory.parent(of: path, creating: false).reading(String(path.name))
            }
        }
        return try await writer.store(file, digest: unit.digest, size: unit.size)
    }

    private func take(
        _ outcome: Outcome,
        retiring retired: [PushItem],
        _ committer: inout Committer,
        _ summary: inout SyncSummary
    ) async throws {
        switch outcome.result {
        case .success(let stored):
            summary.objectsUploaded += stored.objectsUploaded
            summary.objectsReused += stored.objectsReused
            summary.bytesRaw += stored.bytesRaw
            summary.entriesAdded += outcome.unit.items.count
            summary.entriesRemoved += retired.count
            context.progress.advance(
                items: outcome.unit.items.count,
                // The first of them was counted as it was stored.
                bytes: outcome.unit.size * Int64(outcome.unit.items.count - 1)
            )
            try await committer.add(stored, publishing: outcome.unit.items, retiring: retired)
        case .failure(let error):
            try fail(outcome.unit, error, &summary)
        }
    }

    /// A file that changed is deferred, one that cannot be read fails; what would fail for every file ends the run.
    private func fail(_ unit: Unit, _ error: any Error, _ summary: inout SyncSummary) throws {
        for item in unit.items {
            switch error {
            case ObjectEncodingError.contentChanged:
                summary.filesDeferred += 1
                context.report(.deferred(path: item.localPath, reason: "changed while it was read"))
            case let error as SourceError:
                summary.filesFailed += 1
                context.report(.failed(path: item.localPath, reason: "\(error.cause.errno)"))
            default:
                throw ReplayCacheError(error, doing: "pushing \(item.localPath)", subject: item.localPath)
            }
        }
    }

    /// Names that may have been given up, by content.
    private func retirements(_ store: PlaceStore) async throws -> [Digest: [PushItem]] {
        var result: [Digest: [PushItem]] = [:]
        var rows = items([.retire], store)
        while let item = try await rows.next() { result[item.digest, default: []].append(item) }
        return result
    }

    private func items(_ actions: [PushAction], _ store: PlaceStore) -> PlanRows<PushItem> {
        PlanRows { try await store.pushItems(actions, after: $0, limit: Self.pageCount) }
    }
}
