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
    /// Hashed files in one transaction, or their bytes: large files need not wait for many others.
    private static let recordBatch = 256
    private static let recordBytes: Int64 = 64 << 20
    /// What one task hashes: a thread is handed a chunk, since a hand-over costs as much as hashing a small file.
    private static let chunkFiles = 16
    private static let chunkBytes: Int64 = 4 << 20

    /// Paths that are scanned: the catalog is up to date with them.
    struct Stretch: Sendable {
        /// All after this one; nil from the beginning.
        let after: LogicalPath?
        /// Through this one; nil to the end.
        let through: LogicalPath?
        /// Whether anything there is not as the scan before left it.
        let isChanged: Bool
    }

    struct Outcome: Sendable {
        /// The temporary files that earlier runs left.
        let leftovers: [LogicalPath]
        /// Whether everything is as the scan before left it.
        let isUnchanged: Bool
    }

    /// Where a running scan is.
    private struct State {
        var summary: SyncSummary
        let clock: StampClock
        /// The end of the last stretch of the walk, and of what was handed on.
        var walked: LogicalPath?
        var handedOn: LogicalPath?
        var isUnchanged = true
    }

    /// Scans and counts into `summary`, and hands on each stretch while the next is scanned.
    func run(
        into summary: inout SyncSummary,
        handingOn handOn: (Stretch) async throws -> Void = { _ in }
    ) async throws -> Outcome {
        context.progress.begin(Self.phase)
        let clock = StampClock(of: root.directory)
        let walk = DirectoryWalk(
            root: root.directory,
            ignoreRules: try IgnoreRules(root: root.directory, excluded: root.relativePath(of: context.catalog.home)),
            followsLinks: options.followsLinks
        )
        var leftovers: [LogicalPath] = []
        var state = State(summary: summary, clock: clock)
        var held: WalkBatch?
        // The catalog knows the order; the final stretch has no upper end, so that names after the last file go too.
        try await walk.run { batch in
            if let previous = held { try await handle(previous, isFinal: false, &state, handOn) }
            leftovers += batch.leftovers
            held = batch
        }
        if let final = held { try await handle(final, isFinal: true, &state, handOn) }
        try await Rereading(context: context, root: root, clock: clock, followsLinks: options.followsLinks)
            .run(into: &state.summary)
        summary = state.summary
        return Outcome(leftovers: leftovers, isUnchanged: state.isUnchanged)
    }

    private static let phase = "scanning"

    private func handle(
        _ batch: WalkBatch,
        isFinal: Bool,
        _ state: inout State,
        _ handOn: (Stretch) async throws -> Void
    ) async throws {
        state.summary.linksSkipped += batch.skippedLinks
        for problem in batch.problems {
            state.summary.filesFailed += 1
            if problem.isDirectory { state.summary.foldersFailed += 1 }
            context.report(.failed(path: problem.path, reason: problem.reason))
        }
        let upper = isFinal ? nil : batch.files.last?.path
        guard isFinal || upper != nil else { return }
        let found = try await context.catalog.reconcile(
            root: root.id,
            after: state.walked,
            through: upper,
            found: batch.files,
            unreadable: batch.problems.filter(\.isDirectory).map(\.path),
            isParanoid: options.isParanoid,
            clock: state.clock
        )
        let isChanged = !found.unhashed.isEmpty || found.goneCount > 0
        state.isUnchanged = state.isUnchanged && !isChanged
        state.walked = upper ?? state.walked
        state.summary.filesSeen += batch.files.count
        state.summary.filesUnchanged += batch.files.count - found.unhashed.count
        context.progress.advance(items: batch.files.count - found.unhashed.count, during: Self.phase)
        try await hash(found.unhashed, &state, handOn)
        try await handOn(Stretch(after: state.handedOn, through: upper, isChanged: isChanged))
        state.handedOn = upper
    }

    /// Hashes files, which come in the order of the walk, and hands on what is done up to a path.
    private func hash(
        _ files: [UnhashedFile],
        _ state: inout State,
        _ handOn: (Stretch) async throws -> Void
    ) async throws {
        var pending = Pending()
        let chunks = Self.chunks(of: files)
        var next = chunks.indices
        var counts = state
        try await forEachConcurrently(
            width: 4 * Machine.coreCount,
            next: { next.popFirst() },
            work: { index in HashedChunk(index: index, files: await hash(chunks[index])) },
            collect: { chunk in
                for hashed in chunk.files { count(hashed, &counts.summary) }
                pending.add(chunk)
                guard pending.files.count >= Self.recordBatch || pending.bytes >= Self.recordBytes else { return }
                try Task.checkCancellation()
                let done = try await record(&pending)
                guard let end = chunks.prefix(done).last?.last?.path, done < chunks.count else { return }
                try await handOn(Stretch(after: counts.handedOn, through: end, isChanged: true))
                counts.handedOn = end
            }
        )
        // What a cancelled run has hashed is recorded by the batch; the rest is hashed again.
        try Task.checkCancellation()
        _ = try await record(&pending)
        state = counts
    }

    /// What was hashed and is not recorded, and which chunks are complete.
    private struct Pending {
        var files: [HashedFile] = []
        var bytes: Int64 = 0
        /// Chunks after the first `doneCount` that are complete too.
        private var ahead: Set<Int> = []
        private var doneCount = 0

        mutating func add(_ chunk: HashedChunk) {
            files += chunk.files.map(\.file)
            bytes += chunk.files.reduce(0) { $0 + $1.file.status.size }
            ahead.insert(chunk.index)
        }

        /// All before which every chunk is complete.
        mutating func advance() -> Int {
            while ahead.remove(doneCount) != nil { doneCount += 1 }
            return doneCount
        }
    }

    /// Records what is pending and returns how many chunks from the first are complete.
    private func record(_ pending: inout Pending) async throws -> Int {
        try await context.catalog.record(pending.files, root: root.id)
        pending.files.removeAll(keepingCapacity: true)
        pending.bytes = 0
        return pending.advance()
    }

    private struct HashedChunk: Sendable {
        let index: Int
        let files: [Hashed]
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
            context.progress.advance(items: 1, bytes: hashed.file.status.size, during: Self.phase)
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
        let started = StampClock.now()
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
