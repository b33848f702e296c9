/// Shows replays to the reader again that an older one has read: the ends of each file, which is not hashed.
struct Rereading {
    let context: SyncContext
    let root: LocalRoot
    let clock: StampClock
    let followsLinks: Bool

    /// Replays looked up at once.
    private static let batchCount = 2048
    /// Replays in one transaction, and in the hands of one thread.
    private static let chunkCount = 128

    func run(into summary: inout SyncSummary) async throws {
        var last: OutdatedReplay?
        while true {
            let batch = try await context.catalog.outdatedReplays(
                root: root.id,
                clock: clock,
                after: last,
                limit: Self.batchCount
            )
            guard let final = batch.last else { return }
            last = final
            try await read(batch, &summary)
        }
    }

    private func read(_ batch: [OutdatedReplay], _ summary: inout SyncSummary) async throws {
        var rest = batch[...]
        var failures: [Outcome] = []
        try await forEachConcurrently(
            width: 2 * Machine.coreCount,
            next: {
                defer { rest = rest.dropFirst(Self.chunkCount) }
                return rest.isEmpty ? nil : rest.prefix(Self.chunkCount)
            },
            work: { chunk in await Result.catching { try await BlockingPool.shared.run { try chunk.map(read) } } },
            collect: { chunk in
                let outcomes = try chunk.get()
                try await context.catalog.record(outcomes.compactMap(\.found))
                failures += outcomes.filter { $0.failure != nil }
            }
        )
        for outcome in failures {
            summary.filesUnchanged -= 1
            summary.filesFailed += 1
            context.report(.failed(path: outcome.path.string, reason: outcome.failure ?? ""))
        }
    }

    private struct Outcome: Sendable {
        let path: LogicalPath
        var found: FoundReplay?
        var failure: String?
    }

    /// Blocks.
    ///
    /// Throws when cancelled, and only then.
    private func read(_ file: OutdatedReplay) throws -> Outcome {
        try Task.checkCancellation()
        var outcome = Outcome(path: file.path)
        do {
            let replay = try FileReading.readReplay(
                file.path,
                in: root.directory,
                followsLinks: followsLinks,
                ifStill: file.status
            )
            // One that was written to meanwhile is hashed by the next scan.
            outcome.found = replay.map { FoundReplay(content: file.content, replay: $0) }
        } catch let error as FileError where error.isNotFound {
            // Gone since the scan came by, as if that had come later.
        } catch {
            outcome.failure = (error as? FileError).map { "\($0.errno)" } ?? "\(error)"
        }
        return outcome
    }
}
