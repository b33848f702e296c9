/// The moving part of a push: what a scan has found is planned, encoded, sent and committed while the scan goes on.
///
/// What depends on the whole folder waits for the end of the scan: files that may have moved, since a file is known to have
/// left its old name when all names were seen, and remembering what turned out to be in step.
struct PushStream: Sendable {
    let context: SyncContext
    let root: LocalRoot
    let repository: Repository
    let scope: PlaceStore.PushScope
    let proof: InStep

    /// Rows of the plan read at once.
    private static let pageCount = 512

    private var store: PlaceStore { repository.store }

    /// Scans, publishes, and counts into `summary`.
    ///
    /// Returns false when the scan found no change since a comparison that found everything in step.
    func run(_ scan: Scan, _ summary: inout SyncSummary) async throws -> Bool {
        try await store.beginPushPlan()
        context.report(
            .started(command: "push", place: "\(repository.place)", root: root.path, files: nil, bytes: nil)
        )
        let feed = PlanFeed()
        let before = summary
        var scanned: Scanned?
        var moved = before
        try await withThrowingTaskGroup(of: Scanned.self) { group in
            group.addTask { try await plan(scan, feed, before) }
            do {
                moved = try await move(feed, followsLinks: scan.options.followsLinks)
                scanned = try await group.next()
            } catch {
                group.cancelAll()
                throw error
            }
        }
        guard let scanned else { throw CancellationError() }
        summary = scanned.summary
        summary.add(movedBy: moved)
        return scanned.mayBeOutOfStep
    }

    // MARK: Planning

    private struct Scanned: Sendable {
        let summary: SyncSummary
        let mayBeOutOfStep: Bool
    }

    /// Plans each stretch that was scanned, and what waits for the end.
    private func plan(_ scan: Scan, _ feed: PlanFeed, _ before: SyncSummary) async throws -> Scanned {
        do {
            var summary = before
            var hasBegun = false
            var soFar = PlanTotal()
            let outcome = try await scan.run(into: &summary) { stretch in
                // What did not change since everything was in step is in step.
                guard stretch.isChanged || proof.knownFiles == nil else { return }
                let planned = try await planned(stretch)
                try await context.tell(store, after: planned.last)
                guard planned.early.files > 0 else { return }
                if !hasBegun { context.progress.begin("pushing") }
                hasBegun = true
                soFar.files += planned.early.files
                soFar.bytes += planned.early.bytes
                context.progress.setTotal(items: soFar.files, bytes: soFar.bytes, isFinal: false)
                feed.add(after: planned.last)
            }
            let mayBeOutOfStep = !(outcome.isUnchanged && proof.knownFiles != nil)
            var totals: [PushAction: PlanTotal] = [:]
            if mayBeOutOfStep {
                try await store.interruptible { try await store.planRetirements(scope) }
                if proof.knownFiles == nil { try await store.interruptible { try await store.planRemarks(scope) } }
                totals = try await store.pushTotals()
            }
            summary.conflicts = totals[.conflict]?.files ?? 0
            summary.behind = totals[.behind]?.files ?? 0
            summary.deletedElsewhere = totals[.deletedElsewhere]?.files ?? 0
            let publish = totals[.publish] ?? PlanTotal()
            if !hasBegun { context.progress.begin("pushing") }
            context.progress.setTotal(items: publish.files, bytes: publish.bytes, isFinal: true)
            context.report(.planned(files: publish.files, bytes: publish.bytes))
            feed.finish()
            return Scanned(summary: summary, mayBeOutOfStep: mayBeOutOfStep)
        } catch {
            feed.finish(error)
            throw error
        }
    }

    /// Plans a stretch, knowing what is condemned where there is something to publish.
    ///
    /// The first time that there is costs a listing; where a push finds nothing to do, nobody asks.
    private func planned(_ stretch: Scan.Stretch) async throws -> PlaceStore.PlannedStretch {
        let planned = try await store.planPush(scope, after: stretch.after, through: stretch.through)
        guard !repository.hasLooked, try await store.publishesAnything(after: planned.last) else { return planned }
        try await repository.lookForCondemned(after: nil)
        guard repository.watch.hasKeys else { return planned }
        try await store.dropPushPlan(after: planned.last)
        return try await store.planPush(scope, after: stretch.after, through: stretch.through)
    }

    // MARK: Moving

    private func move(_ feed: PlanFeed, followsLinks: Bool) async throws -> SyncSummary {
        let clock = TransferClock(repository)
        let writer = ObjectWriter(context: context, repository: repository, gathersTransfers: true)
        var committer = Committer(context: context, repository: repository, root: root.id, transfers: writer.transfers)
        var units = PushUnits(store: store, root: root, feed: feed)
        var counts = SyncSummary(command: "push")
        do {
            try await forEachConcurrently(
                width: repository.remote.parallelism,
                next: {
                    while let unit = try await units.next() {
                        guard unit.items[0].isStored else { return unit }
                        // Nothing to wait for, as with a folder of renamed files: a task for each would cost more than it.
                        context.progress.advance(bytes: unit.size)
                        try await take(
                            .init(unit: unit, result: .success(.init(objectsReused: 1))),
                            &committer,
                            &counts
                        )
                    }
                    return nil
                },
                work: { unit in
                    Outcome(
                        unit: unit,
                        result: await .catching { try await store(unit, writer, followsLinks: followsLinks) }
                    )
                },
                collect: { try await take($0, &committer, &counts) }
            )
        } catch {
            // What is stored and not committed is remembered and need not be sent again. Commit what is complete, unless
            // that would only be waited for.
            try? await writer.transfers.flush()
            if !Task.isCancelled, (error as? ReplayCacheError)?.code != .unavailable { try? await committer.commit() }
            throw error
        }
        let remarks = PlanRows { try await store.pushItems(.of([.remark]), after: $0, limit: Self.pageCount) }
        counts.replaysUpdated = try await committer.add(remarks)
        try await committer.commit()
        try await clock.record(.up, in: context)
        let adopted = PlanRows { try await store.pushItems(.of([.adopt]), after: $0, limit: Self.pageCount) }
        try await context.agree(on: adopted, root: root.id, place: store.record.id)
        return counts
    }

    private struct Outcome: Sendable {
        let unit: PushUnit
        let result: Result<ObjectWriter.Stored, any Error>
    }

    private func store(_ unit: PushUnit, _ writer: ObjectWriter, followsLinks: Bool) async throws
        -> ObjectWriter.Stored
    {
        let first = unit.items[0]
        let path = try LogicalPath(first.localPath)
        let file = try await BlockingPool.shared.run {
            try SourceError.tagging {
                followsLinks
                    ? try OpenFile.reading(root.directory.joined(path.string))
                    : try root.directory.parent(of: path, creating: false).reading(String(path.name))
            }
        }
        return try await writer.store(file, digest: unit.digest, size: unit.size, isFresh: first.isFresh)
    }

    private func take(
        _ outcome: Outcome,
        _ committer: inout Committer,
        _ summary: inout SyncSummary
    ) async throws {
        let unit = outcome.unit
        switch outcome.result {
        case .success(let stored):
            // Below a long path of the place a path may be too long that is not so here.
            let items = unit.items.filter { context.accepts($0.path, &summary) }
            guard !items.isEmpty else { return }
            summary.objectsUploaded += stored.objectsUploaded
            // What this very push has sent under another path is no object that was there.
            summary.objectsReused += unit.items[0].isRepeat ? 0 : stored.objectsReused
            summary.bytesRaw += stored.bytesRaw
            summary.entriesAdded += items.count
            summary.entriesRemoved += unit.retired.count
            // The bytes of the first of them were counted as it was stored.
            context.progress.advance(items: items.count, bytes: unit.size * Int64(items.count - 1))
            try await committer.add(stored, publishing: items, retiring: unit.retired)
        case .failure(let error):
            try fail(unit, error, &summary)
        }
    }

    /// A file that changed is deferred, one that cannot be read fails; what would fail for every file ends the run.
    private func fail(_ unit: PushUnit, _ error: any Error, _ summary: inout SyncSummary) throws {
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
}

extension SyncSummary {
    /// Adds what was moved to what was scanned.
    fileprivate mutating func add(movedBy moved: SyncSummary) {
        filesDeferred += moved.filesDeferred
        filesFailed += moved.filesFailed
        objectsUploaded += moved.objectsUploaded
        objectsReused += moved.objectsReused
        bytesRaw += moved.bytesRaw
        entriesAdded += moved.entriesAdded
        entriesRemoved += moved.entriesRemoved
        replaysUpdated = moved.replaysUpdated
    }
}
