/// What to publish as a checkpoint.
public struct CheckpointDescription: Sendable {
    /// The training run.
    public var run: String
    /// What the set is called; by default after its first file, or its folder.
    public var name: String?
    /// Training step.
    public var step: Int64?
    /// Metrics by name.
    ///
    /// NaN is allowed and never best.
    public var metrics: [String: Double] = [:]
    /// The dataset that it was trained on, as `NAME` or `NAME@DIGITS`; it must be at the place.
    public var dataset: String?
    /// A remark.
    public var note: String?

    /// A checkpoint of a run.
    public init(run: String) { self.run = run }
}

/// Publishes a set of files as one checkpoint: all of it becomes visible at once, or none.
struct CheckpointPush {
    let context: SyncContext
    let files: [String]
    let place: Place
    let description: CheckpointDescription
    var isDryRun = false

    /// Files hashed and sent at once; a large one moves several parts of its own.
    private static let width = 2

    private struct StoredMember: Sendable {
        let member: CheckpointSet.Member
        let digest: Digest
        let status: FileStatus
        let stored: ObjectWriter.Stored
    }

    func run() async throws -> SyncSummary {
        var summary = SyncSummary(command: "checkpoint push")
        summary.dryRun = isDryRun
        let started = ContinuousClock.now
        try CheckpointReference.checkRun(description.run)
        let set = try await CheckpointSet.find(files, run: description.run)
        let name = description.name ?? set.defaultName
        try CheckpointReference.checkName(name)
        summary.filesSeen = set.members.count
        guard !isDryRun else {
            summary.bytesRaw = set.members.reduce(0) { $0 + $1.size }
            summary.plan = try await plan(set, &summary)
            summary.seconds = (ContinuousClock.now - started).seconds
            return summary
        }
        let repository = try await context.writableRepository(at: place)
        if repository.isNew { context.report(.created(place: "\(place)")) }
        context.report(repository.warnings, into: &summary)
        let dataset = try await dataset(repository)
        let clock = TransferClock(repository)
        context.progress.begin("pushing", items: set.members.count, bytes: set.members.reduce(0) { $0 + $1.size })
        let stored = try await store(set.members, repository, &summary)
        try await publish(stored, as: name, dataset, repository, &summary)
        try await clock.record(.up, in: context)
        summary.add(repository.remote.meter)
        summary.seconds = (ContinuousClock.now - started).seconds
        return summary
    }

    private func store(
        _ members: [CheckpointSet.Member],
        _ repository: Repository,
        _ summary: inout SyncSummary
    ) async throws -> [StoredMember] {
        let writer = ObjectWriter(context: context, repository: repository)
        var next = members[...]
        var result: [StoredMember] = []
        var counts = summary
        try await forEachConcurrently(
            width: Self.width,
            next: { next.popFirst() },
            work: { member in await Result.catching { try await store(member, writer) } },
            collect: { outcome in
                let stored = try outcome.get()
                counts.filesHashed += 1
                counts.objectsUploaded += stored.stored.objectsUploaded
                counts.objectsReused += stored.stored.objectsReused
                counts.bytesRaw += stored.stored.bytesRaw
                context.progress.advance(items: 1)
                result.append(stored)
            }
        )
        summary = counts
        return result
    }

    /// Half of a checkpoint is worse than none, so a file that changes or fails ends the whole.
    private func store(_ member: CheckpointSet.Member, _ writer: ObjectWriter) async throws -> StoredMember {
        do {
            let file = try await BlockingPool.shared.run { try OpenFile.reading(member.source) }
            let status = try file.status()
            guard status.kind == .regular else { throw CheckpointSet.notRegular(member.source) }
            try Recipe.checkContentSize(status.size)
            let (digest, byteCount) = try await BlockingPool.shared.run { try Digest.of(file) }
            guard try file.status().isUnchanged(since: status), byteCount == status.size else {
                throw ObjectEncodingError.contentChanged
            }
            let stored = try await writer.store(file, digest: digest, size: byteCount)
            return StoredMember(member: member, digest: digest, status: status, stored: stored)
        } catch ObjectEncodingError.contentChanged {
            throw ReplayCacheError(
                .partial,
                "\(member.source) changed while it was read; nothing was published",
                hint: "push again when the trainer has written it",
                subject: member.source
            )
        } catch {
            throw ReplayCacheError(error, doing: "reading \(member.source)", subject: member.source)
        }
    }

    private func publish(
        _ stored: [StoredMember],
        as name: String,
        _ dataset: String?,
        _ repository: Repository,
        _ summary: inout SyncSummary
    ) async throws {
        var operations = try await repository.commitAhead(stored.flatMap(\.stored.operations))
        for file in stored {
            guard let put = try await put(file, repository.store) else { continue }
            summary.entriesAdded += 1
            operations.append(.put(put))
        }
        var checkpoint = Operation.Checkpoint(
            run: description.run,
            name: name,
            step: description.step,
            files: stored.map { .init(name: $0.member.name.string, sha256: $0.digest, size: $0.status.size) },
            metrics: description.metrics.mapValues(Metric.init),
            dataset: dataset,
            note: description.note
        )
        if try await isNews(&checkpoint, repository.store) { operations.append(.ckpt(checkpoint)) }
        try await repository.commit(operations)
        try await context.catalog.forgetTransfers(stored.flatMap(\.stored.digests), place: repository.store.record.id)
        context.report(.committed(files: stored.count))
        await context.compact(repository, into: &summary)
    }

    /// Nil when the entry holds the content already.
    private func put(_ file: StoredMember, _ store: PlaceStore) async throws -> Operation.Put? {
        let was = try await store.entryDigest(at: file.member.entry)
        guard was != file.digest else { return nil }
        return Operation.Put(
            path: file.member.entry.string,
            sha256: file.digest,
            was: was,
            size: file.status.size,
            mtime: file.status.mtimeNanoseconds
        )
    }

    /// The same files again may come with other metrics, as after an evaluation; what they were trained on stays.
    private func isNews(_ checkpoint: inout Operation.Checkpoint, _ store: PlaceStore) async throws -> Bool {
        let identity = try checkpoint.identity
        let known = try await store.checkpoints(run: description.run).first { $0.identity == identity }
        checkpoint.dataset = checkpoint.dataset ?? known?.dataset
        return known == nil || known?.metrics != checkpoint.metrics || known?.note != checkpoint.note
            || known?.dataset != checkpoint.dataset
    }

    /// The dataset with the digest of its list: what it means stays known, whoever has the name.
    func dataset(_ repository: Repository) async throws -> String? {
        guard let reference = description.dataset else { return nil }
        return try await Datasets(repository: repository).find(reference).reference
    }
}
