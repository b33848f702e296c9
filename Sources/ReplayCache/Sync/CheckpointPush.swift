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

    private struct Member: Sendable {
        /// Within the checkpoint.
        let name: LogicalPath
        let path: String
    }

    private struct StoredMember: Sendable {
        let member: Member
        let digest: Digest
        let status: FileStatus
        let stored: ObjectWriter.Stored
    }

    func run() async throws -> SyncSummary {
        var summary = SyncSummary(command: "checkpoint push")
        summary.dryRun = isDryRun
        let started = ContinuousClock.now
        try CheckpointReference.checkRun(description.run)
        if let name = description.name { try CheckpointReference.checkName(name) }
        let (members, folder) = try await members()
        summary.filesSeen = members.count
        guard !isDryRun else {
            for member in members { summary.bytesRaw += try OpenFile.reading(member.path).status().size }
            return summary
        }
        let repository = try await Repository.openForWriting(place, catalog: context.catalog, insistsOnNew: false)
        if repository.isNew { context.report(.created(place: "\(place)")) }
        context.report(repository.warnings, into: &summary)
        context.progress.begin("pushing", items: members.count)
        let stored = try await store(members, repository, &summary)
        try await publish(stored, folder: folder, repository, &summary)
        summary.add(repository.remote.meter)
        summary.seconds = (ContinuousClock.now - started).seconds
        return summary
    }

    /// The files of the set, and the name of the folder when it is one.
    private func members() async throws -> (members: [Member], folder: String?) {
        guard files.count == 1, let folder = try? OpenFile.directory(files[0]) else {
            let members = try files.map { path in
                let name = path.split(separator: "/").last.map(String.init) ?? path
                guard (try? OpenFile.directory(path)) == nil else {
                    throw ReplayCacheError(
                        .usage,
                        "\(path) is a folder",
                        hint: "name one folder, or files",
                        subject: path
                    )
                }
                return Member(name: try LogicalPath(name), path: path)
            }
            guard Set(members.map(\.name)).count == members.count else {
                throw ReplayCacheError(.usage, "two of the files have the same name", hint: "put them into one folder")
            }
            return (members, nil)
        }
        var members: [Member] = []
        var unreadable: String?
        try await DirectoryWalk(root: folder, ignoreRules: IgnoreRules()).run { batch in
            unreadable = unreadable ?? batch.problems.first?.path
            members += batch.files.map { Member(name: $0.path, path: folder.joined($0.path.string)) }
        }
        if let unreadable {
            throw ReplayCacheError(.disk, "\(unreadable) in \(files[0]) cannot be read", subject: unreadable)
        }
        guard !members.isEmpty else {
            throw ReplayCacheError(.usage, "the folder \(files[0]) holds no files", subject: files[0])
        }
        let name = try Machine.canonicalPath(files[0]).split(separator: "/").last.map(String.init)
        return (members, name)
    }

    private func store(
        _ members: [Member],
        _ repository: Repository,
        _ summary: inout SyncSummary
    ) async throws -> [StoredMember] {
        let writer = ObjectWriter(repository: repository, catalog: context.catalog)
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
                context.progress.advance(items: 1, bytes: stored.status.size)
                result.append(stored)
            }
        )
        summary = counts
        return result
    }

    /// Half of a checkpoint is worse than none, so a file that changes or fails ends the whole.
    private func store(_ member: Member, _ writer: ObjectWriter) async throws -> StoredMember {
        do {
            let file = try await BlockingPool.shared.run { try OpenFile.reading(member.path) }
            let status = try file.status()
            guard status.kind == .regular else {
                throw ReplayCacheError(.usage, "\(member.path) is not a regular file", subject: member.path)
            }
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
                "\(member.path) changed while it was read; nothing was published",
                hint: "push again when the trainer has written it",
                subject: member.path
            )
        } catch {
            throw ReplayCacheError(error, doing: "reading \(member.path)", subject: member.path)
        }
    }

    private func publish(
        _ stored: [StoredMember],
        folder: String?,
        _ repository: Repository,
        _ summary: inout SyncSummary
    ) async throws {
        let first = stored.map(\.member.name).min()?.name ?? ""
        let stem = first.lastIndex(of: ".").map { first[..<$0] } ?? first
        let checkpoint = Operation.Checkpoint(
            run: description.run,
            name: description.name ?? folder ?? String(stem.isEmpty ? first : stem),
            step: description.step,
            files: stored.map { .init(name: $0.member.name.string, sha256: $0.digest, size: $0.status.size) },
            metrics: description.metrics.mapValues(Metric.init),
            note: description.note
        )
        let identity = try checkpoint.identity
        let known = try await repository.store.checkpoints(run: description.run).first { $0.identity == identity }
        var operations = try await repository.commitAhead(stored.flatMap(\.stored.operations))
        let prefix = try LogicalPath("checkpoints/\(description.run)" + (folder.map { "/\($0)" } ?? ""))
        for file in stored {
            let path = try file.member.name.below(prefix)
            let was = try await repository.store.entryDigest(at: path)
            guard was != file.digest else { continue }
            summary.entriesAdded += 1
            operations.append(
                .put(
                    .init(
                        path: path.string,
                        sha256: file.digest,
                        was: was,
                        size: file.status.size,
                        mtime: file.status.mtimeNanoseconds
                    )
                )
            )
        }
        // The same files again may come with other metrics, as after an evaluation.
        if known == nil || known?.metrics != checkpoint.metrics || known?.note != checkpoint.note {
            operations.append(.ckpt(checkpoint))
        }
        try await repository.commit(operations)
        try await context.catalog.forgetTransfers(stored.flatMap(\.stored.digests), place: repository.store.record.id)
        context.report(.committed(files: stored.count))
    }
}
