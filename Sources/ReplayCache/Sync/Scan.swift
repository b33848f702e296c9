/// Brings the catalog up to date with a folder: one pass over the names, and a read of what may have changed.
struct Scan {
    struct Options: Sendable {
        var followsLinks = false
        /// Read every file, whatever its time stamps say.
        var isParanoid = false
    }

    let context: SyncContext
    let root: LocalRoot
    var options = Options()

    /// A replay whose header still has no length may be in the middle of a game; after this long without a write it is
    /// one that was cut off.
    ///
    /// Nanoseconds.
    private static let recordingWindow: Int64 = 10_000_000_000
    /// Hashed files in one transaction.
    private static let recordBatch = 256
    /// What one task hashes: a thread is handed a chunk, since a hand-over costs as much as hashing a small file.
    private static let chunkFiles = 16
    private static let chunkBytes: Int64 = 4 << 20

    /// Scans and counts into `summary`.
    ///
    /// Returns the temporary files that earlier runs left.
    func run(into summary: inout SyncSummary) async throws -> [LogicalPath] {
        context.progress.begin("scanning")
        let walk = DirectoryWalk(
            root: root.directory,
            ignoreRules: try IgnoreRules(root: root.directory, excluded: root.relativePath(of: context.catalog.home)),
            followsLinks: options.followsLinks
        )
        var last: LogicalPath?
        var leftovers: [LogicalPath] = []
        var counts = summary
        var batches: [WalkBatch] = []
        // The catalog knows the order; the final stretch has no upper end, so that names after the last file go too.
        try await walk.run { batch in
            if let previous = batches.popLast() { try await handle(previous, after: &last, isFinal: false, &counts) }
            leftovers += batch.leftovers
            batches.append(batch)
        }
        if let final = batches.popLast() { try await handle(final, after: &last, isFinal: true, &counts) }
        try await Rereading(context: context, root: root, followsLinks: options.followsLinks).run(into: &counts)
        summary = counts
        return leftovers
    }

    private func handle(
        _ batch: WalkBatch,
        after last: inout LogicalPath?,
        isFinal: Bool,
        _ summary: inout SyncSummary
    ) async throws {
        summary.linksSkipped += batch.skippedLinks
        for problem in batch.problems {
            summary.filesFailed += 1
            if problem.isDirectory { summary.foldersFailed += 1 }
            context.report(.failed(path: problem.path, reason: problem.reason))
        }
        let upper = isFinal ? nil : batch.files.last?.path
        guard isFinal || upper != nil else { return }
        let unhashed = try await context.catalog.reconcile(
            root: root.id,
            after: last,
            through: upper,
            found: batch.files,
            unreadable: batch.problems.filter(\.isDirectory).map(\.path),
            isParanoid: options.isParanoid
        )
        last = upper ?? last
        summary.filesSeen += batch.files.count
        summary.filesUnchanged += batch.files.count - unhashed.count
        context.progress.advance(items: batch.files.count - unhashed.count)
        try await hash(unhashed, &summary)
    }

    private func hash(_ files: [UnhashedFile], _ summary: inout SyncSummary) async throws {
        var pending: [HashedFile] = []
        var next = Self.chunks(of: files)[...]
        var counts = summary
        try await forEachConcurrently(
            width: 4 * Machine.coreCount,
            next: { next.popFirst() },
            work: { await hash($0) },
            collect: { chunk in
                for hashed in chunk { count(hashed, &counts) }
                pending += chunk.map(\.file)
                if pending.count >= Self.recordBatch {
                    try await context.catalog.record(pending, root: root.id)
                    pending.removeAll(keepingCapacity: true)
                }
            }
        )
        // What a cancelled run has hashed is recorded by the batch; the rest is hashed again.
        try Task.checkCancellation()
        try await context.catalog.record(pending, root: root.id)
        summary = counts
    }

    private static func chunks(of files: [UnhashedFile]) -> [[UnhashedFile]] {
        var chunks: [[UnhashedFile]] = []
        var bytes: Int64 = 0
        for file in files {
            if chunks.isEmpty || bytes + file.status.size > chunkBytes || (chunks.last?.count ?? 0) >= chunkFiles {
                chunks.append([])
                bytes = 0
            }
            chunks[chunks.count - 1].append(file)
            bytes += file.status.size
        }
        return chunks
    }

    private struct Hashed: Sendable {
        enum Fate: Sendable { case hashed, deferred(String), failed(String) }
        let file: HashedFile
        let fate: Fate
    }

    private func count(_ hashed: Hashed, _ summary: inout SyncSummary) {
        let path = hashed.file.path.string
        switch hashed.fate {
        case .hashed:
            summary.filesHashed += 1
            context.progress.advance(items: 1, bytes: hashed.file.status.size)
        case .deferred(let reason):
            summary.filesDeferred += 1
            context.report(.deferred(path: path, reason: reason))
        case .failed(let reason):
            summary.filesFailed += 1
            context.report(.failed(path: path, reason: reason))
        }
    }

    private func hash(_ files: [UnhashedFile]) async -> [Hashed] {
        // A cancelled chunk is dropped as a whole: collecting it throws before anything is recorded.
        (try? await BlockingPool.shared.run { try files.map(hash) }) ?? []
    }

    /// Blocks.
    ///
    /// Throws when cancelled, and only then.
    private func hash(_ file: UnhashedFile) throws -> Hashed {
        let started = Machine.now()
        func outcome(_ fate: Hashed.Fate, _ outcome: HashedFile.Outcome, _ status: FileStatus) -> Hashed {
            Hashed(file: HashedFile(path: file.path, status: status, hashedAt: started, outcome: outcome), fate: fate)
        }
        do {
            try Recipe.checkContentSize(file.status.size)
            switch try FileReading.read(file.path, in: root.directory, followsLinks: options.followsLinks) {
            case .content(let digest, let replay, let status):
                if replay?.metadata.rawLength == 0, started - status.mtimeNanoseconds < Self.recordingWindow {
                    let reason = "is still being recorded"
                    return outcome(.deferred(reason), .unreliable(reason), status)
                }
                return outcome(.hashed, .content(digest, replay), status)
            case .changedMeanwhile(let status):
                let reason = "changed while it was read"
                return outcome(.deferred(reason), .unreliable(reason), status)
            }
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            let reason = (error as? FileError).map { "\($0.errno)" } ?? "\(error)"
            return outcome(.failed(reason), .unreliable(reason), file.status)
        }
    }
}
