/// Which versions `restore` brings back.
public struct RestoreOptions: Sendable {
    /// A file, or with `isRecursive` a folder.
    public var path: LogicalPath
    /// The moment whose version is wanted; nil for the one before the deletion, or before what stands there.
    public var moment: Moment?
    /// Whether the path may be a folder: all files in it that were deleted, or with a moment all that changed since.
    public var isRecursive = false
    /// Of a folder only what was deleted since.
    public var deletedSince: Moment?
    /// Only work out what would be done.
    public var isDryRun = false

    /// Restores one file to its version before.
    public init(path: LogicalPath) { self.path = path }
}

/// Makes an older version of a path, or of all paths of a folder, current again: a new entry with the old content.
///
/// Nothing is removed: what came into a folder after the moment that is restored stays.
struct Restore {
    let context: SyncContext
    let place: Place
    let options: RestoreOptions

    /// Paths looked at in one go.
    private static let pageCount = 512

    func run() async throws -> SyncSummary {
        var summary = SyncSummary(command: "restore")
        summary.dryRun = options.isDryRun
        let started = ContinuousClock.now
        guard options.deletedSince == nil || (options.isRecursive && options.moment == nil) else {
            throw ReplayCacheError(
                .usage,
                "--deleted-since restores what was deleted in a folder",
                hint: "add -r, and leave out @WHEN"
            )
        }
        let repository = try await context.repository(at: place)
        context.report(repository.warnings, into: &summary)
        let now = try await repository.time()
        try await check(repository.store)
        if options.isDryRun {
            var count = 0
            try await eachItem(repository.store, now, &summary) { item in
                count += 1
                context.report(.wouldRestore(path: item.put.path))
            }
            summary.entriesRestored = count
        } else {
            try await restore(repository, now, &summary)
        }
        if summary.entriesRestored + summary.filesFailed == 0 {
            let what = options.isRecursive && options.moment == nil ? "nothing in it was deleted" : "it is as it was"
            context.report(.warning("nothing is to be restored at \(DisplayText.quoted(options.path.string)): \(what)"))
        }
        summary.add(repository.remote.meter)
        summary.seconds = (ContinuousClock.now - started).seconds
        return summary
    }

    private func check(_ store: PlaceStore) async throws {
        guard try await store.versions(of: options.path).isEmpty else { return }
        let isFolder = try await store.hasEntries(below: options.path.string)
        guard !isFolder || !options.isRecursive else { return }
        throw ReplayCacheError(
            .usage,
            isFolder
                ? "\(DisplayText.quoted(options.path.string)) is a folder"
                : "nothing is or was at \(DisplayText.quoted(options.path.string)) at \(place)",
            hint: isFolder
                ? "add -r to restore what was deleted in it, or with @WHEN all of it as it was then"
                : "paths begin with replays/ or checkpoints/; a moment is written as @2h or @2026-11-24T15:00:00Z",
            subject: options.path.string
        )
    }

    /// A path and what is to be put there.
    private struct Item: Sendable {
        let put: Operation.Put
        /// Whether the content may have been removed: nothing refers to it, and it was not kept for longer.
        let isOverdue: Bool
    }

    // MARK: What

    private func eachItem(
        _ store: PlaceStore,
        _ now: Timestamp,
        _ summary: inout SyncSummary,
        _ body: (Item) async throws -> Void
    ) async throws {
        var last: String?
        let moment = options.moment?.hlc(now: now)
        let since = moment ?? options.deletedSince?.hlc(now: now) ?? HLC(milliseconds: .min)
        while true {
            try Task.checkCancellation()
            var paths = [options.path.string]
            if options.isRecursive {
                paths = try await store.pathsWritten(
                    below: options.path,
                    since: since,
                    isDeleted: moment == nil,
                    after: last,
                    limit: Self.pageCount
                )
            }
            for path in paths {
                summary.filesSeen += 1
                guard !options.isRecursive || context.accepts(path, &summary) else { continue }
                if let item = try await item(try LogicalPath(path), moment, now, store, &summary) {
                    try await body(item)
                }
            }
            guard options.isRecursive, let end = paths.last else { return }
            last = end
        }
    }

    private func item(
        _ path: LogicalPath,
        _ moment: HLC?,
        _ now: Timestamp,
        _ store: PlaceStore,
        _ summary: inout SyncSummary
    ) async throws -> Item? {
        let history = PathHistory(path: path, versions: try await store.versions(of: path))
        guard let version = moment.map({ history.version(at: $0) }) ?? history.previous else {
            guard !options.isRecursive else { return nil }
            throw ReplayCacheError(
                .usage,
                moment.map { "\(path) held nothing at \(Timestamp(milliseconds: $0.milliseconds).rfc3339)" }
                    ?? "\(path) never held anything else",
                hint: "`replaycache history \(path) \(place)` shows what it held when",
                subject: path.string
            )
        }
        guard let content = version.content, content != history.current?.content else {
            summary.filesInStep += 1
            return nil
        }
        guard version.isStored, let size = version.size else {
            summary.filesFailed += 1
            context.report(.failed(path: path.string, reason: "its content \(content.short) is stored nowhere"))
            return nil
        }
        let age = now.milliseconds - history.end(of: version).milliseconds
        return Item(
            put: Operation.Put(
                path: path.string,
                sha256: content,
                was: history.current?.content,
                size: size,
                mtime: version.mtime ?? 0
            ),
            isOverdue: !version.isReferenced && age > PathHistory.lifetime
        )
    }

    // MARK: Doing

    private func restore(_ repository: Repository, _ now: Timestamp, _ summary: inout SyncSummary) async throws {
        var batch = CommitBatch(repository: repository)
        let carrier = ObjectCarrier(context: context, from: repository, to: repository)
        var counts = summary
        var pending: [String] = []
        var digests: [Digest] = []
        func commit() async throws {
            try await batch.commit()
            try await context.catalog.forgetTransfers(digests, place: repository.store.record.id)
            for path in pending { context.report(.restored(path: path)) }
            counts.entriesRestored += pending.count
            pending.removeAll(keepingCapacity: true)
            digests.removeAll(keepingCapacity: true)
        }
        var found = summary
        try await eachItem(repository.store, now, &found) { item in
            do {
                let carried = try await bring(item, repository, carrier)
                batch.add(carried.operations + [.put(item.put)])
                digests += carried.digests
                counts.objectsUploaded += carried.objectsUploaded
                counts.bytesRaw += carried.bytesRaw
                pending.append(item.put.path)
                if batch.isDue { try await commit() }
            } catch let error as ReplayCacheError where error.code == .integrity {
                counts.filesFailed += 1
                context.report(.failed(path: item.put.path, reason: "its content is gone: \(error.description)"))
            }
        }
        try await commit()
        counts.filesSeen = found.filesSeen
        counts.filesInStep = found.filesInStep
        counts.filesFailed += found.filesFailed
        summary = counts
    }

    /// Makes sure that the content is there and may be named: a condemned one is brought under its next key first.
    private func bring(_ item: Item, _ repository: Repository, _ carrier: ObjectCarrier) async throws
        -> ObjectCarrier.Carried
    {
        let carried = try await carrier.carry(item.put.sha256, size: item.put.size)
        guard item.isOverdue, carried.operations.isEmpty,
            let object = try await repository.store.object(of: item.put.sha256)
        else { return carried }
        guard try await repository.remote.head(object.key.remoteKey) != nil else {
            throw ReplayCacheError(
                .integrity,
                "\(object.key.remoteKey) was removed; what nothing refers to is kept for 30 days",
                subject: object.key.remoteKey.string
            )
        }
        return carried
    }
}
