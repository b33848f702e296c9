/// Reads a folder again and compares it with the catalog: finds bytes that changed although nothing says so.
struct Verify {
    let context: SyncContext
    let directory: String
    /// The share of the files to read, in per cent: those that were not read for longest, so that a share a day reads all
    /// in time.
    var sharePercent = 100.0
    /// Of the files, which; without what depends on the whole set.
    var selection = Selection()

    private static let pageCount = 512

    func run() async throws -> SyncSummary {
        let started = ContinuousClock.now
        let root = try await LocalRoot.open(directory, catalog: context.catalog)
        var summary = try await check(root)
        guard summary.filesSeen > 0 else {
            throw ReplayCacheError(
                .usage,
                selection.criteria.map { "the catalog knows no files below \(root.path) that match \($0)" }
                    ?? "the catalog knows no files below \(root.path)",
                hint: "`replaycache scan \(root.path)` records what is there to compare with",
                subject: root.path
            )
        }
        summary.seconds = (ContinuousClock.now - started).seconds
        return summary
    }

    private func check(_ root: LocalRoot) async throws -> SyncSummary {
        let queue = "verification_\(newWriterName())"
        let count = try await context.catalog.beginVerification(queue, root: root.id, selection)
        do {
            let summary = try await check(root, queue, count: count)
            try await context.catalog.endVerification(queue)
            return summary
        } catch {
            try? await context.catalog.endVerification(queue)
            throw error
        }
    }

    private func check(_ root: LocalRoot, _ queue: String, count: Int) async throws -> SyncSummary {
        var summary = SyncSummary(command: "verify")
        // Rounded up, so that no share is nothing.
        let last = Int64((Double(count) * min(100, sharePercent) / 100).rounded(.up))
        context.progress.begin("verifying", items: Int(last))
        var pages = Pages(catalog: context.catalog, queue: queue, last: last)
        var sound: [KnownFile] = []
        let startedAt = Machine.now()
        try await forEachConcurrently(
            width: 2 * Machine.coreCount,
            next: { try await pages.next() },
            work: { await check($0, root) },
            collect: { result in
                tell(result, &summary)
                if case .sound = result.finding { sound.append(result.file) }
                guard sound.count >= Self.pageCount else { return }
                try await context.catalog.verified(sound, at: startedAt)
                sound.removeAll(keepingCapacity: true)
            }
        )
        try await context.catalog.verified(sound, at: startedAt)
        return summary
    }

    /// The files of the queue, a page at a time.
    private struct Pages {
        let catalog: Catalog
        let queue: String
        /// The position of the last file that is wanted.
        let last: Int64
        var page: ArraySlice<Catalog.QueuedFile> = []
        var position: Int64 = 0

        /// Left alone by the optimiser, which crashes on it (Swift 6.3.1, "While splitting coroutine").
        @_optimize(none)
        mutating func next() async throws -> KnownFile? {
            if page.isEmpty {
                let limit = Verify.pageCount
                let files = try await catalog.queuedFiles(queue, after: position, through: last, limit: limit)
                page = files[...]
                position = files.last?.position ?? position
            }
            return page.popFirst()?.file
        }
    }

    private enum Finding: Sendable {
        case sound(Int64)
        case damaged
        /// Written to since it was catalogued: the next scan or push reads it.
        case changed
        case gone
        case unreadable(String)
    }

    private struct Checked: Sendable {
        let file: KnownFile
        let finding: Finding
    }

    private func check(_ file: KnownFile, _ root: LocalRoot) async -> Checked {
        do {
            let finding = try await BlockingPool.shared.run { () throws -> Finding in
                let open: OpenFile
                do {
                    // Links are followed, since a scan may have followed them; the status tells whether this is the file.
                    open = try root.directory.reading(file.path.string, followingLinks: true)
                } catch let error as FileError where error.isNotFound {
                    return .gone
                }
                guard try open.status().isUnchanged(since: file.status) else { return .changed }
                let (digest, byteCount) = try Digest.of(open)
                return digest == file.digest ? .sound(byteCount) : .damaged
            }
            return Checked(file: file, finding: finding)
        } catch let error as FileError {
            return Checked(file: file, finding: .unreadable("\(error.errno)"))
        } catch {
            return Checked(file: file, finding: .unreadable("\(error)"))
        }
    }

    private func tell(_ result: Checked, _ summary: inout SyncSummary) {
        let path = result.file.path.string
        summary.filesSeen += 1
        switch result.finding {
        case .sound(let bytes):
            summary.filesHashed += 1
            summary.filesInStep += 1
            context.progress.advance(items: 1, bytes: bytes)
        case .damaged:
            summary.filesHashed += 1
            summary.filesFailed += 1
            summary.integrityFailed = true
            context.report(
                .failed(
                    path: path,
                    reason:
                        "its bytes are no longer those of \(result.file.digest.short), and its time stamps say that "
                        + "nobody wrote to it"
                )
            )
        case .changed:
            summary.filesDeferred += 1
            context.report(.deferred(path: path, reason: "was written to since it was catalogued; scan or push it"))
        case .gone:
            summary.filesFailed += 1
            context.report(.failed(path: path, reason: "is gone"))
        case .unreadable(let reason):
            summary.filesFailed += 1
            context.report(.failed(path: path, reason: reason))
        }
    }
}

extension Catalog {
    /// Begins a queue of the files below a root that a selection means.
    fileprivate func beginVerification(_ queue: String, root: RootID, _ selection: Selection) throws -> Int {
        let conditions = try SelectionConditions(selection, in: database)
        guard !conditions.isEmpty else { return try beginVerification(queue, root: root) }
        let test = conditions.standalone(content: "f.content", path: "p.path")
        return try beginVerification(queue, root: root, where: test.sql, test.values)
    }
}
