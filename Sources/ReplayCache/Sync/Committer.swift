/// Collects operations and commits them in batches.
struct Committer {
    private let context: SyncContext
    private let repository: Repository
    private let root: RootID?
    private let log: TransferLog
    private var operations: [Operation] = []
    private var agreements: [Agreement] = []
    private var forgotten: [String] = []
    private var transfers: [Digest] = []
    /// Contents of which only what was found in them is told.
    private var remarks = 0
    /// At least the length of `operations` as they will be written.
    private var byteCount = 0
    private var lastCommit = ContinuousClock.now

    /// A long push commits this often (`design.md` section 3), so that little is lost and others see progress.
    private static let maximumFiles = 5000
    private static let maximumAge = Duration.seconds(60)
    /// A segment is read as a whole, so there is a limit to its length (``Segment/maximumByteCount``); this stays far
    /// below it.
    private static let maximumByteCount = 24 << 20

    init(context: SyncContext, repository: Repository, root: RootID?, transfers log: TransferLog) {
        self.context = context
        self.repository = repository
        self.root = root
        self.log = log
    }

    /// Adds the files of one content, and the names that it had before.
    ///
    /// As many commits as that takes: what tells where the content is stored comes first, and the old name of a file
    /// that moved goes where its new one appears.
    mutating func add(
        _ stored: ObjectWriter.Stored,
        publishing items: [PushItem],
        retiring retired: [PushItem]
    ) async throws {
        for operation in stored.operations {
            append(operation, extraByteCount: 0)
            if case .obj(let object) = operation { transfers.append(object.sha256) }
            if isFull { try await commit() }
        }
        guard let first = items.first else { return }
        let replay = try await repository.store.localReplay(of: first.digest)
        for index in 0..<max(items.count, retired.count) {
            if index < items.count {
                let item = items[index]
                let put = Self.put(item, replay: replay?.metadata, reader: replay?.reader)
                append(put, extraByteCount: Self.bound(item.path) + (replay?.byteCount ?? 0))
                agreements.append(Agreement(path: item.path, digest: item.digest, size: item.size))
            }
            if index < retired.count {
                let item = retired[index]
                append(.del(.init(path: item.path, was: item.digest)), extraByteCount: Self.bound(item.path))
                forgotten.append(item.path)
            }
            if isFull { try await commit() }
        }
        if ContinuousClock.now - lastCommit > Self.maximumAge { try await commit() }
    }

    /// Adds what the reader of this program found in contents that stand at the place, and counts them; nil for none.
    mutating func add(_ remarks: PlanRows<PushItem>) async throws -> Int? {
        var rows = remarks
        var count = 0
        while let item = try await rows.next() {
            try Task.checkCancellation()
            guard let replay = try await repository.store.localReplay(of: item.digest) else { continue }
            let put = Self.put(item, replay: replay.metadata, reader: replay.reader)
            append(put, extraByteCount: Self.bound(item.path) + replay.byteCount)
            self.remarks += 1
            count += 1
            if isFull { try await commit() }
        }
        return count == 0 ? nil : count
    }

    private static func put(_ item: PushItem, replay: ReplayMetadata?, reader: Int?) -> Operation {
        .put(
            .init(
                path: item.path,
                sha256: item.digest,
                was: item.was,
                size: item.size,
                mtime: item.mtime,
                replay: replay,
                reader: reader
            )
        )
    }

    /// The most bytes that a text takes in JSON, where a control character is written as `\u0001`.
    private static func bound(_ text: String) -> Int { 6 * text.utf8.count }

    private mutating func append(_ operation: Operation, extraByteCount: Int) {
        operations.append(operation)
        // Names of fields, digests, numbers and the key of an object stay below this.
        byteCount += 512 + extraByteCount
    }

    private var isFull: Bool {
        max(agreements.count, forgotten.count, remarks) >= Self.maximumFiles || byteCount >= Self.maximumByteCount
    }

    mutating func commit() async throws {
        lastCommit = .now
        guard !operations.isEmpty else { return }
        // A commit may fail or take long, and what it names must not be sent again then.
        try await log.flush()
        try await repository.commit(operations)
        if let root {
            try await context.catalog.agree(
                root: root,
                place: repository.store.record.id,
                on: agreements,
                forget: forgotten
            )
        }
        try await log.forget(transfers)
        for agreement in agreements { context.report(.published(path: agreement.path)) }
        for path in forgotten { context.report(.retired(path: path)) }
        if !agreements.isEmpty { context.report(.committed(files: agreements.count)) }
        operations.removeAll(keepingCapacity: true)
        byteCount = 0
        remarks = 0
        agreements.removeAll(keepingCapacity: true)
        forgotten.removeAll()
        transfers.removeAll(keepingCapacity: true)
    }
}

extension Repository {
    /// Commits what may be known early of `objects`, when they are many, and returns the others for the commit that
    /// they belong to, which must stay readable.
    func commitAhead(_ objects: [Operation], keeping limit: Int = 50_000) async throws -> [Operation] {
        var rest = objects[...]
        while rest.count > limit {
            try await commit(Array(rest.prefix(limit)))
            rest = rest.dropFirst(limit)
        }
        return Array(rest)
    }
}
