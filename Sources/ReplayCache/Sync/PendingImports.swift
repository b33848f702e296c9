/// Imported files whose contents are stored, on their way into a commit.
struct PendingImports {
    private let context: SyncContext
    private let repository: Repository
    private let log: TransferLog
    private var batch: CommitBatch
    private var paths: [String] = []
    private var digests: [Digest] = []

    init(context: SyncContext, repository: Repository, log: TransferLog) {
        self.context = context
        self.repository = repository
        self.log = log
        batch = CommitBatch(repository: repository)
    }

    /// Adds a file.
    ///
    /// Everything that was found in a replay goes along: the catalog of this machine knows nothing of it.
    mutating func add(_ outcome: ImportWorker.Outcome, _ file: ImportWorker.File, _ objects: ObjectWriter.Stored) throws
    {
        let put = Operation.Put(
            path: outcome.path.string,
            sha256: file.digest,
            was: nil,
            size: file.size,
            mtime: file.mtime,
            replay: file.replay?.metadata,
            reader: file.replay.map { _ in ReplayReader.version }
        )
        batch.add(objects.operations + [.put(put)], replayByteCount: file.replay?.json.utf8.count ?? 0)
        paths.append(outcome.path.string)
        digests += objects.digests
    }

    /// Whether it is time to commit.
    var isDue: Bool { batch.isDue }

    mutating func commit() async throws {
        guard !batch.isEmpty else { return }
        // A commit may fail or take long, and what it names must not be sent again then.
        try await log.flush()
        try await batch.commit()
        try await log.forget(digests)
        for path in paths { context.report(.published(path: path)) }
        if !paths.isEmpty { context.report(.committed(files: paths.count)) }
        paths.removeAll(keepingCapacity: true)
        digests.removeAll(keepingCapacity: true)
    }
}
