/// How a copy is to go.
public struct CopyOptions: Sendable {
    /// Whether entries that the source deleted go at the target too.
    public var deletion = DeletionOptions()
    /// Only work out what would be done.
    public var isDryRun = false

    /// Copies everything and removes nothing.
    public init() {}
}

/// Brings the state of one repository to another, which stays a repository of its own: objects first, then what names
/// them.
///
/// Objects go as they are stored. What the target has costs nothing: its state tells, and what an interrupted copy put is
/// remembered, so no object is listed. Each object is checked on the way; whether the parts of a large content add up to it
/// is checked by whoever fetches it. The history of paths stays behind.
struct Copy {
    let context: SyncContext
    let source: Place
    let target: Place
    let options: CopyOptions

    /// Rows of the plan read at once.
    private static let pageCount = 512

    func run() async throws -> SyncSummary {
        var summary = SyncSummary(command: "copy")
        summary.dryRun = options.isDryRun
        let started = ContinuousClock.now
        try refuseOverlap()
        let from = try await context.repository(at: source)
        context.report(from.warnings, into: &summary)
        let to = try await openTarget()
        if let to {
            if to.isNew { context.report(.created(place: "\(target)")) }
            context.report(to.warnings, into: &summary)
        }
        let store =
            if let to { to.store } else {
                try await PlaceStore.open(try await context.catalog.place(target), home: context.catalog.home)
            }
        try await tellUnknown(from.store)
        summary.filesSeen = try await from.store.liveCount()
        let held = try await store.liveCount()
        let totals = try await store.interruptible { try await store.planCopy(from: from.store.record) }
        try await tell(totals, store, &summary)
        let checkpoints = try await missingCheckpoints(from.store, store)
        let datasets = try await DatasetCopy.missing(from.store, store)
        if options.isDryRun {
            let unstored = try await store.unstoredInCopyPlan()
            summary.entriesAdded = totals[.copy]?.files ?? 0
            summary.objectsUploaded = unstored.files
            summary.bytesRaw = unstored.bytes
            summary.checkpointsCopied = checkpoints.count
            summary.datasetsCopied = datasets.count
            try await remove(totals, held, from, to, &summary)
        } else if let to {
            let transfer = CopyTransfer(context: context, from: from, to: to)
            let publish = totals[.copy] ?? PlanTotal()
            context.progress.begin("copying", items: publish.files + checkpoints.count, bytes: publish.bytes)
            try await transfer.copy(items([.copy], store), &summary)
            try await transfer.copy(checkpoints, &summary)
            try await DatasetCopy(context: context, from: from, to: to).run(datasets, &summary)
            try await remove(totals, held, from, to, &summary)
        }
        if let to { summary.add(to.remote.meter) }
        summary.addSource(from.remote.meter)
        summary.seconds = (ContinuousClock.now - started).seconds
        return summary
    }

    /// One inside the other would be swallowed, and one into itself is a slip of the fingers.
    private func refuseOverlap() throws {
        func contains(_ outer: String, _ inner: String) -> Bool { inner == outer || inner.hasPrefix("\(outer)/") }
        let folders = [source, target].compactMap(\.localDirectory)
        let isNested = folders.count == 2 && (contains(folders[0], folders[1]) || contains(folders[1], folders[0]))
        guard source != target, !isNested else {
            throw ReplayCacheError(
                .usage,
                source == target
                    ? "\(source) and \(target) are the same place" : "\(source) and \(target) lie inside each other",
                hint: "name another place to copy to",
                subject: target.canonical
            )
        }
    }

    /// The target; nil for a dry run where there is none yet.
    private func openTarget() async throws -> Repository? {
        guard options.isDryRun else { return try await context.writableRepository(at: target) }
        do {
            return try await context.repository(at: target)
        } catch let error as ReplayCacheError where error.code == .notFound {
            return nil
        }
    }

    private func items(_ actions: [CopyAction], _ store: PlaceStore) -> PlanRows<CopyItem> {
        PlanRows { try await store.copyItems(actions, after: $0, limit: Self.pageCount) }
    }

    private func tellUnknown(_ store: PlaceStore) async throws {
        let count = try await store.unknownOperationCount()
        guard count > 0 else { return }
        let message =
            "\(Decimals.grouped(count)) operations at \(source) are of a newer replaycache and are not copied"
        context.report(.warning(message))
    }

    private func tell(_ totals: [CopyAction: PlanTotal], _ store: PlaceStore, _ summary: inout SyncSummary) async throws
    {
        summary.conflicts = totals[.conflict]?.files ?? 0
        summary.behind = totals[.behind]?.files ?? 0
        summary.deletedElsewhere = totals[.deletedElsewhere]?.files ?? 0
        summary.filesInStep =
            summary.filesSeen - (totals[.copy]?.files ?? 0) - summary.conflicts - summary.behind
            - summary.deletedElsewhere
        var rows = items([.conflict, .behind, .deletedElsewhere], store)
        while let item = try await rows.next() {
            switch item.action {
            case .conflict: context.report(.conflict(path: item.path))
            case .behind: context.report(.behind(path: item.path))
            default: context.report(.deletedElsewhere(path: item.path))
            }
        }
        if !options.deletion.isAsked { summary.filesGone = totals[.remove]?.files ?? 0 }
    }

    /// Checkpoints that the target does not have, or that were published anew since it got them, the oldest first.
    private func missingCheckpoints(_ from: PlaceStore, _ to: PlaceStore) async throws -> [CheckpointRow] {
        var known: [Digest: CheckpointRow] = [:]
        for row in try await to.checkpoints(run: nil) { known[row.identity] = row }
        return try await from.checkpoints(run: nil).reversed().filter { row in
            guard let there = known[row.identity] else { return true }
            let isSame = there.metrics == row.metrics && there.note == row.note
            return !isSame && there.committedMilliseconds < row.committedMilliseconds
        }
    }

    // MARK: Removing

    private func remove(
        _ totals: [CopyAction: PlanTotal],
        _ held: Int,
        _ from: Repository,
        _ to: Repository?,
        _ summary: inout SyncSummary
    ) async throws {
        let count = totals[.remove]?.files ?? 0
        guard options.deletion.isAsked, count > 0, let to else { return }
        var refusal = options.deletion.guarding.refusal(of: count, outOf: held, "entries", "at \(target)")
        if summary.filesSeen == 0 {
            refusal = RefusedRemovals(
                count: count,
                reason:
                    "\(source) holds no entries, so nothing shows that those at \(target) were meant to go; none was "
                    + "removed",
                hint: "to remove them whatever the source holds, use `replaycache rm`"
            )
        }
        summary.removalsRefused = refusal
        var rows = items([.remove], to.store)
        if options.isDryRun {
            while let item = try await rows.next() { context.report(.wouldRemove(path: item.path)) }
            if refusal == nil { summary.entriesDeleted = count }
        }
        guard refusal == nil, !options.isDryRun else { return }
        var batch = CommitBatch(repository: to)
        var pending: [String] = []
        var collections: Set<Substring> = []
        let before = try await to.store.newestHLC()
        func commit() async throws {
            try await batch.commit()
            for path in pending {
                collections.insert(path.prefix { $0 != "/" })
                context.report(.removed(path: path))
            }
            summary.entriesDeleted += pending.count
            pending.removeAll(keepingCapacity: true)
        }
        while let item = try await rows.next() {
            guard context.accepts(item.path, &summary) else { continue }
            batch.add([.del(.init(path: item.path, was: item.digest))])
            pending.append(item.path)
            if batch.isDue { try await commit() }
        }
        try await commit()
        summary.undo = try collections.sorted().map { collection in
            Undo.command(below: try LogicalPath(String(collection)), after: before, at: target)
        }.joined(separator: " && ")
    }
}

/// Moves what a copy has planned.
struct CopyTransfer {
    let context: SyncContext
    let from: Repository
    let to: Repository
    private let carrier: ObjectCarrier

    init(context: SyncContext, from: Repository, to: Repository) {
        self.context = context
        self.from = from
        self.to = to
        carrier = ObjectCarrier(context: context, from: from, to: to)
    }

    /// Entries of one content.
    private struct Unit: Sendable {
        let items: [CopyItem]
    }

    private struct Outcome: Sendable {
        let unit: Unit
        let result: Result<ObjectCarrier.Carried, any Error>
    }

    /// Operations that are to be committed, and what is to be told and forgotten then.
    private struct Pending {
        var batch: CommitBatch
        var paths: [String] = []
        var digests: [Digest] = []
    }

    /// Publishes the entries of `rows` at the target, a content at a time.
    func copy(_ rows: PlanRows<CopyItem>, _ summary: inout SyncSummary) async throws {
        var rows = rows
        var counts = summary
        var pending = Pending(batch: CommitBatch(repository: to))
        do {
            try await forEachConcurrently(
                width: to.remote.parallelism,
                next: { try await rows.nextUnit(maximum: Self.unitCount).map(Unit.init(items:)) },
                work: { [carrier] unit in
                    Outcome(
                        unit: unit,
                        result: await .catching {
                            try await carrier.carry(unit.items[0].digest, size: unit.items[0].size)
                        }
                    )
                },
                collect: { try await take($0, &pending, &counts) }
            )
        } catch {
            // As in a push: what is complete is worth a commit, unless that would only be waited for.
            if !Task.isCancelled, (error as? ReplayCacheError)?.code != .unavailable {
                try? await commit(&pending, &counts)
            }
            throw error
        }
        try await commit(&pending, &counts)
        summary = counts
    }

    /// Paths of one content that go into one commit at least.
    private static let unitCount = 500
    /// Longest that may be told of a replay.
    private static let maximumReplayByteCount = 64 << 10

    private func take(_ outcome: Outcome, _ pending: inout Pending, _ summary: inout SyncSummary) async throws {
        var items = outcome.unit.items
        do {
            let carried = try outcome.result.get()
            count(carried, &summary)
            items = items.filter { context.accepts($0.path, &summary) }
            guard !items.isEmpty else { return }
            var found = try await replay(of: items[0].digest)
            let length = try found.map { try JSON.line($0.metadata).count } ?? 0
            // No replay says so much; what a remote says of a content is not worth a commit that nobody can read.
            if length > Self.maximumReplayByteCount { found = nil }
            let puts = items.map { item in
                Operation.put(
                    .init(
                        path: item.path,
                        sha256: item.digest,
                        was: item.was,
                        size: item.size,
                        mtime: item.mtime,
                        replay: found?.metadata,
                        reader: found?.reader
                    )
                )
            }
            pending.batch.add(carried.operations + puts, replayByteCount: found == nil ? 0 : length)
            pending.paths += items.map(\.path)
            pending.digests += carried.digests
            // The first of them was counted as it was brought.
            context.progress.advance(items: items.count, bytes: items[0].size * Int64(items.count - 1))
            if pending.batch.isDue { try await commit(&pending, &summary) }
        } catch let error as ReplayCacheError where error.code == .integrity {
            summary.filesFailed += items.count
            summary.integrityFailed = true
            for item in items { context.report(.failed(path: item.path, reason: error.description)) }
        }
    }

    private func count(_ carried: ObjectCarrier.Carried, _ summary: inout SyncSummary) {
        summary.objectsUploaded += carried.objectsUploaded
        summary.objectsReused += carried.objectsReused
        summary.bytesRaw += carried.bytesRaw
    }

    private func commit(_ pending: inout Pending, _ summary: inout SyncSummary) async throws {
        try await pending.batch.commit()
        try await context.catalog.forgetTransfers(pending.digests, place: to.store.record.id)
        for path in pending.paths { context.report(.published(path: path)) }
        summary.entriesAdded += pending.paths.count
        if !pending.paths.isEmpty { context.report(.committed(files: pending.paths.count)) }
        pending.paths.removeAll(keepingCapacity: true)
        pending.digests.removeAll(keepingCapacity: true)
    }

    /// What was found in a replay: all of it where this machine has read the file, else what the source's state keeps.
    private func replay(of digest: Digest) async throws -> FoundMetadata? {
        let published = try await from.store.publishedReplay(of: digest)
        guard let local = try await from.store.localReplay(of: digest), local.reader >= published?.reader ?? 0 else {
            return published
        }
        return FoundMetadata(metadata: local.metadata, reader: local.reader)
    }

    // MARK: Checkpoints

    private struct CarriedFile: Sendable {
        let result: Result<ObjectCarrier.Carried, any Error>
    }

    /// Publishes checkpoints, each when all of its files are there.
    func copy(_ checkpoints: [CheckpointRow], _ summary: inout SyncSummary) async throws {
        var done = 0
        for checkpoint in checkpoints {
            do {
                try await copy(checkpoint, &summary)
                done += 1
            } catch let error as ReplayCacheError where error.code == .integrity {
                summary.filesFailed += 1
                summary.integrityFailed = true
                context.report(.failed(path: "\(checkpoint.run)@\(checkpoint.name)", reason: error.description))
            }
            context.progress.advance(items: 1)
        }
        summary.checkpointsCopied = done
    }

    private func copy(_ checkpoint: CheckpointRow, _ summary: inout SyncSummary) async throws {
        var next = checkpoint.files[...]
        var carried = ObjectCarrier.Carried()
        try await forEachConcurrently(
            width: to.remote.parallelism,
            next: { next.popFirst() },
            work: { [carrier] file in
                CarriedFile(result: await .catching { try await carrier.carry(file.sha256, size: file.size) })
            },
            collect: { carried.add(try $0.result.get()) }
        )
        count(carried, &summary)
        let operation = Operation.Checkpoint(
            run: checkpoint.run,
            name: checkpoint.name,
            step: checkpoint.step,
            files: checkpoint.files.map { .init(name: $0.name, sha256: $0.sha256, size: $0.size) },
            parent: checkpoint.parent,
            metrics: checkpoint.metrics,
            gitRevision: checkpoint.gitRevision,
            dataset: checkpoint.dataset,
            note: checkpoint.note
        )
        let rest = try await to.commitAhead(carried.operations)
        try await to.commit(rest + [.ckpt(operation)])
        try await context.catalog.forgetTransfers(carried.digests, place: to.store.record.id)
    }
}

extension SyncSummary {
    /// Adds what reading another place took.
    mutating func addSource(_ meter: MeteredRemote.Meter) {
        requests.put += meter.requests.put
        requests.get += meter.requests.get
        requests.head += meter.requests.head
        requests.list += meter.requests.list
        requests.delete += meter.requests.delete
        bytesUploaded += meter.bytesUploaded
        bytesDownloaded += meter.bytesDownloaded
        retries += meter.retries.requests
        bytesResent += meter.retries.bytes
    }
}
