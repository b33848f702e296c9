internal import SystemPackage

/// Brings the files of one checkpoint into a folder.
struct CheckpointFetch {
    let context: SyncContext
    let reference: CheckpointReference
    let place: Place
    /// Nil for a folder named after the run in the current one.
    let destination: String?
    let isForced: Bool

    func run() async throws -> (summary: SyncSummary, checkpoint: CheckpointRow) {
        var summary = SyncSummary(command: "checkpoint fetch")
        let started = ContinuousClock.now
        let repository = try await context.repository(at: place)
        context.report(repository.warnings, into: &summary)
        let checkpoint = try await resolve(repository)
        let directory = destination ?? reference.run
        try LocalRoot.refuseOverlap(of: directory, with: place)
        try Machine.makeDirectories(directory)
        let root = try await LocalRoot.open(directory, catalog: context.catalog)
        try root.refuseOverlap(with: place)
        try root.claim()
        context.progress.begin("fetching", items: checkpoint.files.count, bytes: checkpoint.size)
        let published = Set(try await repository.store.checkpoints(run: reference.run).flatMap(\.files).map(\.sha256))
        let items = try await plan(checkpoint, root, published, &summary)
        let stager = Stager(context: context, root: root, repository: repository)
        let placer = Placer(context: context, root: root, place: repository.store.record.id, remembersAgreement: false)
        let clock = TransferClock(repository)
        // Names only when every file of the set is here and verified.
        try await place(try await verified(items, stager, &summary), placer, root, &summary)
        try await clock.record(.down, in: context)
        summary.add(repository.remote.meter)
        summary.seconds = (ContinuousClock.now - started).seconds
        return (summary, checkpoint)
    }

    /// Makes temporary files with the contents of all `items`, closed so that the set may be of any size.
    private func verified(
        _ items: [FetchItem],
        _ stager: Stager,
        _ summary: inout SyncSummary
    ) async throws -> [Stager.Parked] {
        var units = Dictionary(grouping: items, by: \.digest).values.sorted { $0[0].id < $1[0].id }[...]
        var counts = summary
        var parked: [Stager.Parked] = []
        try await forEachConcurrently(
            width: stager.width,
            next: { units.popFirst() },
            work: { await stager.park($0) },
            collect: { outcome in
                if let failure = outcome.failures.first {
                    throw ReplayCacheError(failure.error, doing: "fetching \(failure.path)", subject: failure.path)
                }
                counts.objectsDownloaded += outcome.fetched.objectsDownloaded
                counts.objectsReused += outcome.fetched.objectsReused
                counts.bytesRaw += outcome.bytesRaw
                parked += outcome.parked
            }
        )
        summary = counts
        return parked
    }

    private func place(
        _ parked: [Stager.Parked],
        _ placer: Placer,
        _ root: LocalRoot,
        _ summary: inout SyncSummary
    ) async throws {
        var placer = placer
        let areThere = try await BlockingPool.shared.run { try parked.allSatisfy { try $0.file.isThere() } }
        guard areThere else { throw Self.taken(root) }
        for file in parked {
            do {
                try await placer.add(try await BlockingPool.shared.run { try file.reopened() }, &summary)
            } catch let error as FileError {
                guard error.isNotFound || error.errno == .resourceTemporarilyUnavailable else { throw error }
                throw Self.taken(root)
            }
        }
        try await placer.flush(&summary)
    }

    private static func taken(_ root: LocalRoot) -> ReplayCacheError {
        ReplayCacheError(
            .busy,
            "another fetch is writing to \(root.path)",
            hint: "wait for it, then run the same command again",
            subject: root.path
        )
    }

    private func resolve(_ repository: Repository) async throws -> CheckpointRow {
        let rows = try await repository.store.checkpoints(run: reference.run)
        guard rows.isEmpty else { return try reference.resolve(rows) }
        let runs = Set(try await repository.store.checkpoints(run: nil).map(\.run)).sorted()
        throw ReplayCacheError(
            .usage,
            "no checkpoint of run \(DisplayText.quoted(reference.run)) is at \(place)",
            hint: runs.isEmpty
                ? "`replaycache checkpoint push` publishes one" : "there is: \(runs.joined(separator: ", "))",
            subject: reference.run
        )
    }

    private func plan(
        _ checkpoint: CheckpointRow,
        _ root: LocalRoot,
        _ published: Set<Digest>,
        _ summary: inout SyncSummary
    ) async throws -> [FetchItem] {
        var items: [FetchItem] = []
        for (index, file) in checkpoint.files.enumerated() {
            summary.filesSeen += 1
            let path = try LogicalPath(file.name)
            let known = try await existing(path, root)
            if known?.digest == file.sha256 {
                summary.filesInStep += 1
                continue
            }
            // A file of another checkpoint of the run is safe at the place: it may make room.
            let isPublished = known.map { published.contains($0.digest) } ?? false
            if known != nil && !isPublished && !isForced {
                summary.conflicts += 1
                context.report(.conflict(path: file.name))
                continue
            }
            items.append(
                FetchItem(
                    id: Int64(index),
                    action: known == nil ? .place : isPublished ? .replace : .overwrite,
                    path: "\(checkpoint.run)/\(file.name)",
                    localPath: file.name,
                    digest: file.sha256,
                    size: file.size,
                    mtime: Timestamp(milliseconds: checkpoint.committedMilliseconds).nanoseconds,
                    source: nil,
                    known: known?.status
                )
            )
        }
        // A set is placed whole or not at all.
        return summary.conflicts == 0 ? items : []
    }

    private func existing(_ path: LogicalPath, _ root: LocalRoot) async throws -> (status: FileStatus, digest: Digest)?
    {
        try await BlockingPool.shared.run {
            do {
                let file = try root.directory.parent(of: path, creating: false).reading(String(path.name))
                return (try file.status(), try Digest.of(file).digest)
            } catch let error as FileError where error.isNotFound {
                return nil
            }
        }
    }
}
