internal import SystemPackage

/// Gives verified files their names, a batch at a time: one sync for all of them, then the renames, then one sync for
/// each folder, then one transaction, when the clock has gone on (``SettlingFiles``).
struct Placer {
    private let context: SyncContext
    private let root: LocalRoot
    /// Nil where the catalog takes no notice.
    private var settling: SettlingFiles?
    private var pending: [Stager.StagedFile] = []
    private var pendingBytes: Int64 = 0
    private var lastFlush = ContinuousClock.now

    /// Files and bytes in a batch.
    ///
    /// Each file holds two descriptors until it is placed, and a process may have as few as 1,024.
    private static let maximumFiles = 128
    private static let maximumBytes: Int64 = 256 << 20
    /// On a slow line what is verified does not wait long for its name: a machine may be taken away at any time.
    private static let maximumAge = Duration.seconds(2)

    /// With `remembersAgreement`, root and place agree on what was placed: for entries, not for checkpoints.
    init(context: SyncContext, root: LocalRoot, place: Int64, remembersAgreement: Bool = true) {
        self.context = context
        self.root = root
        settling = SettlingFiles(context: context, root: root, place: remembersAgreement ? place : nil)
    }

    /// For a folder that the catalog does not know, and is not to know: an export.
    init(context: SyncContext, exportingTo root: LocalRoot) {
        self.context = context
        self.root = root
        settling = nil
    }

    /// Whether an error says something about one destination rather than about the disk.
    static func concernsOneFile(_ error: FileError) -> Bool {
        switch error.errno {
        case .fileExists, .isDirectory, .notDirectory, .tooManySymbolicLinkLevels, .fileNameTooLong, .permissionDenied,
            .resourceTemporarilyUnavailable, .noSuchFileOrDirectory, .notPermitted:
            true
        default: false
        }
    }

    /// Whether nothing can be made in the destination itself: one error says so better than one for each file.
    func concernsTheRoot(_ error: FileError) -> Bool {
        [.permissionDenied, .notPermitted].contains(error.errno)
            && FilePath(error.path).removingLastComponent() == FilePath(root.path)
    }

    mutating func add(_ file: Stager.StagedFile, _ summary: inout SyncSummary) async throws {
        pending.append(file)
        pendingBytes += file.item.size
        guard
            pending.count >= Self.maximumFiles || pendingBytes >= Self.maximumBytes
                || ContinuousClock.now - lastFlush >= Self.maximumAge
        else { return }
        try await placePending(&summary)
    }

    /// Places what is pending and records all that is not.
    mutating func flush(_ summary: inout SyncSummary) async throws {
        try await placePending(&summary)
        try await settling?.finish()
    }

    /// Records what has its name, without waiting for anything: for a run that fails.
    mutating func recordPlaced() async throws { try await settling?.recordAll() }

    private mutating func placePending(_ summary: inout SyncSummary) async throws {
        let batch = pending
        pending.removeAll(keepingCapacity: true)
        pendingBytes = 0
        lastFlush = .now
        guard !batch.isEmpty else { return }
        let results = try await BlockingPool.shared.run { [root, readsReplays = settling != nil] in
            try root.directory.synchronizeFileSystem()
            let results = batch.map { file in Result { try Self.place(file, readsReplays: readsReplays) } }
            for directory in Self.directories(of: batch) { try directory.synchronize() }
            return results
        }
        var named: [SettlingFiles.Named] = []
        for (file, result) in zip(batch, results) {
            switch result {
            case .success(let placed):
                named.append(
                    .init(
                        file: HashedFile(
                            path: file.path,
                            status: placed.status,
                            hashedAt: placed.status.ctimeNanoseconds,
                            outcome: .content(file.item.digest, placed.replay)
                        ),
                        old: nil,
                        agreement: file.item.agreement,
                        forgotten: nil,
                        // A write after the verification would have set another time.
                        isAsVerified: placed.status.mtimeNanoseconds == file.item.mtime
                            && placed.status.size == file.item.size
                    )
                )
                summary.filesPlaced += 1
                context.progress.advance(items: 1)
                context.report(.placed(path: file.path.string))
            case .failure(let error):
                try fail(file, error, &summary)
            }
        }
        try await settling?.add(named)
    }

    private func fail(_ file: Stager.StagedFile, _ error: any Error, _ summary: inout SyncSummary) throws {
        guard let error = error as? FileError, Self.concernsOneFile(error) else {
            throw ReplayCacheError(error, doing: "placing \(file.path)", subject: file.path.string)
        }
        summary.filesFailed += 1
        let reason =
            error.errno == .fileExists
            ? "something else appeared there while it was fetched; it was left alone" : "\(error)"
        context.report(.failed(path: file.path.string, reason: reason))
    }

    /// A file under its final name.
    private struct Placed: Sendable {
        let status: FileStatus
        /// What the catalog needs to know of it, so that a query or a push from here need not read it again.
        let replay: ScannedReplay?
    }

    /// Blocks.
    private static func place(_ file: Stager.StagedFile, readsReplays: Bool) throws -> Placed {
        let placed = file.placed
        switch (file.item.action, file.item.known) {
        case (.overwrite, let known?):
            let isMoved = try KeptFile.keep(placed.name, as: known, in: placed.directory)
            try placed.place(over: isMoved ? .absent : .unchanged(known))
        case (_, let known?):
            try placed.place(over: .unchanged(known))
        case (_, nil):
            try placed.place(over: .absent)
        }
        let isRead = readsReplays && ReplayReader.isReplay(file.path)
        let replay = isRead ? try ScannedReplay(ReplayReader.read(placed.file)) : nil
        return Placed(status: try placed.file.status(), replay: replay)
    }

    private static func directories(of batch: [Stager.StagedFile]) -> [OpenFile] {
        var byPath: [String: OpenFile] = [:]
        for file in batch { byPath[file.placed.directory.path] = file.placed.directory }
        return Array(byPath.values)
    }

    /// Files that are renamed in one go.
    static let renamesAtOnce = 512

    /// Renames local files whose entries moved: one sync for each folder that gained some, one transaction for all.
    ///
    /// Returns those that could not be.
    mutating func rename(
        _ items: [FetchItem],
        from prefix: LogicalPath,
        _ summary: inout SyncSummary
    ) async throws -> [Stager.Failure] {
        let results = try await BlockingPool.shared.run { [root] in try Self.rename(items, in: root.directory) }
        var named: [SettlingFiles.Named] = []
        var failures: [Stager.Failure] = []
        for (item, result) in zip(items, results) {
            switch result {
            case .success(let moved):
                named.append(
                    .init(
                        file: moved.file,
                        old: moved.old,
                        agreement: item.agreement,
                        forgotten: "\(prefix.string)/\(moved.old.string)",
                        isAsVerified: moved.file.status.mtimeNanoseconds == item.known?.mtimeNanoseconds
                            && moved.file.status.size == item.size
                    )
                )
                summary.filesMoved += 1
                context.report(.moved(from: moved.old.string, to: item.localPath))
            case .failure(let error):
                failures.append(.init(path: item.path, error: error))
            }
        }
        try await settling?.add(named)
        return failures
    }

    private struct Moved: Sendable {
        let file: HashedFile
        let old: LogicalPath
    }

    /// Blocks.
    private static func rename(_ items: [FetchItem], in root: OpenFile) throws -> [Result<Moved, any Error>] {
        var gained: [String: OpenFile] = [:]
        let results = items.map { item in
            Result<Moved, any Error> {
                try Task.checkCancellation()
                guard let source = item.source, let known = item.known else {
                    throw ReplayCacheError(.unclassified, "a move of \(item.localPath) has no source")
                }
                let old = try LogicalPath(source)
                let new = try LogicalPath(item.localPath)
                let from = try root.parent(of: old, creating: false)
                let to = try root.parent(of: new, creating: true)
                guard try from.status(of: String(old.name)).isUnchanged(since: known) else {
                    throw FileError("rename", from.joined(String(old.name)), .fileExists)
                }
                try from.rename(String(old.name), to: String(new.name), in: to, replacing: false)
                gained[to.path] = gained[to.path] ?? to
                let status = try to.status(of: String(new.name))
                let outcome = HashedFile.Outcome.content(item.digest, nil)
                return Moved(
                    file: HashedFile(path: new, status: status, hashedAt: status.ctimeNanoseconds, outcome: outcome),
                    old: old
                )
            }
        }
        for folder in gained.values { try folder.synchronize() }
        return results
    }
}
