internal import SystemPackage

/// Makes the files that a plan places, several at once, and gives them their names.
struct FilePlacement {
    let context: SyncContext
    let stager: Stager
    var placer: Placer
    /// What is being done, for messages: `fetching`.
    let action: String

    /// Not a tuple: see ``forEachConcurrently(width:next:work:collect:)``.
    private struct Staged: Sendable {
        let outcome: Stager.Outcome
        let claimed: Int64
    }

    /// Places all rows, each content first for a few of its paths and then for the others, which are copied from those.
    mutating func place(
        _ rows: () -> PlanRows<FetchItem>,
        _ room: inout FetchRoom,
        _ summary: inout SyncSummary
    ) async throws {
        var first = FetchUnits(rows())
        try await place(&first, &room, &summary)
        guard first.leavesMore else { return }
        var second = FetchUnits(rows(), isSecondRound: true)
        // Their contents were counted with the first paths.
        let reused = summary.objectsReused
        try await place(&second, &room, &summary)
        summary.objectsReused = reused
    }

    private mutating func place(
        _ units: inout FetchUnits,
        _ room: inout FetchRoom,
        _ summary: inout SyncSummary
    ) async throws {
        var counts = summary
        let (disk, stager) = (room.disk, stager)
        do {
            try await forEachConcurrently(
                width: stager.width,
                next: { try await room.next(from: &units) },
                work: { unit in Staged(outcome: await stager.stage(unit.items), claimed: unit.claimed) },
                collect: { staged in
                    disk.release(staged.claimed)
                    try await take(staged.outcome, &counts)
                }
            )
        } catch {
            // What is verified is worth placing, also when the user wants out: a batch takes a moment. On a full or failing
            // disk the sync before the renames decides: nothing gets a name that is not whole there. The first error is
            // the one to report.
            let last = Task { [placer, counts] in
                var placer = placer
                var counts = counts
                try? await placer.flush(&counts)
                try? await placer.recordPlaced()
                return counts
            }
            summary = await last.value
            throw error
        }
        try await placer.flush(&counts)
        summary = counts
    }

    private mutating func take(_ staged: Stager.Outcome, _ summary: inout SyncSummary) async throws {
        summary.objectsDownloaded += staged.fetched.objectsDownloaded
        summary.objectsReused += staged.fetched.objectsReused
        summary.filesLinked += staged.linked
        summary.bytesRaw += staged.bytesRaw
        for failure in staged.failures {
            if let error = failure.error as? FileError, placer.concernsTheRoot(error) {
                throw ReplayCacheError(error, doing: "\(action) \(failure.path)", subject: error.path)
            }
            try fail(failure, &summary)
        }
        for file in staged.files { try await placer.add(file, &summary) }
    }

    /// Counts and tells what concerns one file alone; throws anything else.
    func fail(_ failure: Stager.Failure, _ summary: inout SyncSummary) throws {
        switch failure.error {
        case let error as LogicalPathError:
            summary.filesFailed += 1
            context.report(.refused(path: failure.path, reason: error.reason))
        case let error as ReplayCacheError where error.code == .integrity:
            summary.filesFailed += 1
            summary.integrityFailed = true
            context.report(.failed(path: failure.path, reason: error.description))
        case let error as FileError where Placer.concernsOneFile(error):
            summary.filesFailed += 1
            context.report(.failed(path: failure.path, reason: "\(error)"))
        default:
            throw ReplayCacheError(failure.error, doing: "\(action) \(failure.path)", subject: failure.path)
        }
    }
}
