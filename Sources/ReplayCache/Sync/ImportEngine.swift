/// Brings files of any source into a repository: reads, compares, encodes, verifies, stores and commits them, several at
/// once, in one pass and with memory for a few of them.
///
/// An entry is made when its content is stored whole. What is committed is found the next time by its content, so that an
/// interrupted import continues when it is run again.
struct ImportEngine {
    let context: SyncContext
    let target: ImportTarget
    let options: ImportOptions
    let naming: ImportNaming
    private(set) var summary = SyncSummary(command: "import")
    private let worker: ImportWorker
    private var pending: PendingImports?
    private var selected = 0
    /// Where to remember what was read; nil for sources of which nothing is.
    var memory: ImportMemory?

    /// Where an import goes: the repository, or for a dry run what is known of the place.
    struct ImportTarget: Sendable {
        let repository: Repository?
        let store: PlaceStore
    }

    init(context: SyncContext, target: ImportTarget, options: ImportOptions) async throws {
        self.context = context
        self.target = target
        self.options = options
        naming = ImportNaming(options)
        let writer =
            options.isDryRun
            ? nil
            : target.repository.map {
                ObjectWriter(context: context, repository: $0, gathersTransfers: true)
            }
        worker = ImportWorker(
            context: context,
            store: target.store,
            writer: writer,
            selection: try ImportSelection(options.selection)
        )
        if let repository = target.repository, let writer {
            pending = PendingImports(context: context, repository: repository, log: writer.transfers)
        }
        summary.dryRun = options.isDryRun
        (summary.duplicates, summary.otherRecordings, summary.unreadable, summary.notSelected) = (0, 0, 0, 0)
        try await target.store.beginImport()
        context.progress.begin("importing")
    }

    /// Files that are read and stored at once.
    private var width: Int {
        guard let repository = target.repository, !options.isDryRun else { return 2 * Machine.coreCount }
        return repository.remote.parallelism
    }

    /// Whether as many files were taken as the selection allows.
    var isFull: Bool { options.selection.limit.map { selected >= $0 } ?? false }

    /// Takes what `next` brings, to its end or until as many files were taken as the selection allows.
    mutating func take(_ next: () async throws -> ImportItem?) async throws {
        var state = self
        defer { self = state }
        do {
            var isAtEnd = false
            while !isAtEnd, !state.isFull {
                // No more at once than may be taken, as each may be one that is.
                var room = options.selection.limit.map { $0 - state.selected } ?? .max
                try await forEachConcurrently(
                    width: width,
                    next: {
                        while room > 0 {
                            guard let item = try await next() else {
                                isAtEnd = true
                                return nil
                            }
                            guard let candidate = try await state.admit(item) else { continue }
                            room -= 1
                            return candidate
                        }
                        return nil
                    },
                    work: { [worker] in await worker.work($0) },
                    collect: { try await state.collect($0) }
                )
            }
        } catch {
            await state.saveWhatIsWhole(after: error)
            throw error
        }
    }

    /// As in a push: what is stored is remembered, and what is complete is worth a commit, unless that would only be waited
    /// for.
    private mutating func saveWhatIsWhole(after error: any Error) async {
        try? await worker.writer?.transfers.flush()
        try? await memory?.flush()
        if !Task.isCancelled, (error as? ReplayCacheError)?.code != .unavailable { try? await commit() }
    }

    /// Commits the rest, and tells which games there are twice.
    mutating func finish() async throws {
        try await commit()
        var same = 0
        try await target.store.interruptible {
            same = try await target.store.tellSameGames(context.report)
        }
        summary.otherRecordings = same
    }

    /// Tells what is out of order at the place.
    mutating func report(_ warnings: [Repository.Warning]) { context.report(warnings, into: &summary) }

    /// Keeps the log of the repository short, after the last commit.
    mutating func compact(_ repository: Repository) async { await context.compact(repository, into: &summary) }

    /// Counts something that is not imported, and tells why.
    mutating func refuse(_ name: String, _ reason: String, isDamage: Bool = false, isFolder: Bool = false) {
        summary.filesFailed += 1
        if isFolder { summary.foldersFailed += 1 }
        if isDamage { summary.sourceDamaged = true }
        context.report(.refused(path: name, reason: reason))
    }

    /// Counts links that were passed over.
    mutating func passOver(links: Int) { summary.linksSkipped += links }

    /// The file of an item, if it is one and its name is free.
    private mutating func admit(_ item: ImportItem) async throws -> ImportCandidate? {
        switch item {
        case .passedOver: return nil
        case .refused(let name, let reason, let isDamage):
            refuse(name, reason, isDamage: isDamage)
            return nil
        case .file(let candidate):
            summary.filesSeen += 1
            switch try await target.store.claimImport(candidate.path, isForeign: candidate.isForeign) {
            case .new: return candidate
            case .repeated: refuse(candidate.name, "comes twice; only the first is looked at")
            case .alike(let other):
                refuse(
                    candidate.name,
                    "differs from \(DisplayText.quoted(other)) only in case or in how accents are written"
                )
            }
            candidate.giveBack()
            return nil
        }
    }

    private mutating func collect(_ outcome: ImportWorker.Outcome) async throws {
        let path = outcome.path.string
        if !options.isDryRun, let read = outcome.read { try await memory?.note(read) }
        switch outcome.fate {
        case .notSelected:
            summary.notSelected? += 1
        case .deferred(let reason):
            summary.filesDeferred += 1
            context.report(.deferred(path: outcome.name, reason: reason))
        case .refused(let reason, let isDamage):
            refuse(outcome.name, reason, isDamage: isDamage)
        case .failed(let error):
            throw ReplayCacheError(error, doing: "importing \(outcome.name)", subject: outcome.name)
        case .inStep:
            selected += 1
            summary.filesInStep += 1
        case .removed:
            summary.deletedElsewhere += 1
            context.report(.deletedElsewhere(path: path))
        case .conflict:
            summary.conflicts += 1
            context.report(.refused(path: path, reason: "holds another content at the remote, which was left there"))
        case .stored(let file, let stored):
            selected += 1
            try await collect(outcome, file, stored)
        }
    }

    private mutating func collect(
        _ outcome: ImportWorker.Outcome,
        _ file: ImportWorker.File,
        _ stored: ImportWorker.Storage
    ) async throws {
        let isRepeat = try await target.store.noteImport(
            outcome.path,
            file.digest,
            file.replay?.metadata,
            isKnown: stored.isKnown
        )
        if isRepeat || stored.isKnown { summary.duplicates? += 1 }
        if let problem = file.replay?.metadata.problem {
            summary.unreadable? += 1
            context.report(.unreadable(path: outcome.path.string, reason: problem))
        }
        summary.entriesAdded += 1
        context.progress.advance(items: 1)
        guard let objects = stored.objects else {
            // A dry run counts what it would store.
            if !isRepeat, !stored.isKnown {
                summary.objectsUploaded += 1
                summary.bytesRaw += file.size
            }
            context.progress.advance(bytes: file.size)
            return
        }
        summary.objectsUploaded += objects.objectsUploaded
        summary.objectsReused += isRepeat ? 0 : objects.objectsReused
        summary.bytesRaw += objects.bytesRaw
        if objects.objectsCopied > 0 {
            summary.objectsCopied = (summary.objectsCopied ?? 0) + objects.objectsCopied
            summary.bytesCopied = (summary.bytesCopied ?? 0) + objects.bytesCopied
        }
        try pending?.add(outcome, file, objects)
        if pending?.isDue == true { try await commit() }
    }

    private mutating func commit() async throws {
        try await pending?.commit()
        if !options.isDryRun { try await memory?.settle() }
    }
}

extension PlaceStore {
    /// Tells of each recording of a game that there was already, and counts them.
    fileprivate func tellSameGames(_ report: @Sendable (SyncEvent) -> Void) throws -> Int {
        var count = 0
        try eachSameGame { path, other in
            count += 1
            report(.sameGame(path: path, other: other))
        }
        return count
    }
}
