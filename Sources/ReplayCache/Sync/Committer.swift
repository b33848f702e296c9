/// Collects operations and commits them in batches.
struct Committer {
    private let context: SyncContext
    private let repository: Repository
    private let root: RootID?
    private var operations: [Operation] = []
    private var agreements: [Agreement] = []
    private var forgotten: [String] = []
    private var transfers: [Digest] = []
    private var lastCommit = ContinuousClock.now

    /// A long push commits this often (`design.md` section 3), so that little is lost and others see progress.
    private static let maximumFiles = 5000
    private static let maximumAge = Duration.seconds(60)

    init(context: SyncContext, repository: Repository, root: RootID?) {
        self.context = context
        self.repository = repository
        self.root = root
    }

    mutating func add(
        _ stored: ObjectWriter.Stored,
        publishing items: [PushItem],
        retiring retired: [PushItem]
    ) async throws {
        operations += stored.operations
        transfers += stored.digests
        guard let first = items.first else { return }
        let replay = try await repository.store.localReplay(of: first.digest)
        for item in items {
            operations.append(
                .put(
                    .init(
                        path: item.path,
                        sha256: item.digest,
                        was: item.was,
                        size: item.size,
                        mtime: item.mtime,
                        replay: replay?.metadata,
                        reader: replay?.reader
                    )
                )
            )
            agreements.append(Agreement(path: item.path, digest: item.digest, size: item.size))
        }
        for item in retired {
            operations.append(.del(.init(path: item.path, was: item.digest)))
            forgotten.append(item.path)
        }
        if agreements.count >= Self.maximumFiles || ContinuousClock.now - lastCommit > Self.maximumAge {
            try await commit()
        }
    }

    mutating func commit() async throws {
        lastCommit = .now
        guard !operations.isEmpty else { return }
        try await repository.commit(operations)
        if let root {
            try await context.catalog.agree(
                root: root,
                place: repository.store.record.id,
                on: agreements,
                forget: forgotten
            )
        }
        try await context.catalog.forgetTransfers(transfers, place: repository.store.record.id)
        for agreement in agreements { context.report(.published(path: agreement.path)) }
        context.report(.committed(files: agreements.count))
        operations.removeAll(keepingCapacity: true)
        agreements.removeAll(keepingCapacity: true)
        forgotten.removeAll()
        transfers.removeAll(keepingCapacity: true)
    }
}
