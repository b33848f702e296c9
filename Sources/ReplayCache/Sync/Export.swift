internal import SystemPackage

/// Writes the files of a selection somewhere else: what all kinds of destinations have in common.
struct Export {
    let context: SyncContext
    let place: Place
    let destination: ExportDestination
    let options: ExportOptions

    /// Rows of the plan read at once.
    private static let pageCount = 512

    /// A repository that is exported from, and what the plan in its store holds.
    struct Source {
        let repository: Repository
        let selected: PlanTotal

        var store: PlaceStore { repository.store }
    }

    func run() async throws -> SyncSummary {
        var summary = SyncSummary(command: "export")
        summary.dryRun = options.isDryRun
        let started = ContinuousClock.now
        let repository = try await context.repository(at: place)
        context.report(repository.warnings, into: &summary)
        try await FetchSource(store: repository.store, from: options.from, place: place).check()
        let scope = PlaceStore.ExportScope(
            from: options.from,
            selection: try await Datasets(repository: repository).resolved(options.selection),
            shard: options.shard,
            isInPathOrder: destination.isArchive
        )
        let store = repository.store
        let selected = try await store.interruptible { try await store.planExport(scope) }
        if selected.files == 0, let criteria = options.selection.criteria {
            context.report(.warning("nothing at \(place) matches \(criteria)"))
        }
        summary.filesSeen = selected.files
        let frozen = PlaceStore.FetchScope(root: RootID(rawValue: 0), from: scope.from, selection: scope.selection)
        try await context.tellMissing(store, frozen, &summary)
        let source = Source(repository: repository, selected: selected)
        var written = MeteredRemote.Meter()
        switch destination {
        case .folder(let path): try await ExportTree(export: self, source: source, path: path).run(&summary)
        case .archive(let path): try await ExportArchive(export: self, source: source).run(into: path, &summary)
        case .standardOutput: try await ExportArchive(export: self, source: source).runToStandardOutput(&summary)
        case .bucket(let target):
            written = try await ExportBucket(export: self, source: source, target: target).run(&summary)
        }
        summary.add(repository.remote.meter + written)
        summary.seconds = (ContinuousClock.now - started).seconds
        return summary
    }

    /// The rows of the plan that are to be written.
    func rows(_ source: Source) -> PlanRows<FetchItem> {
        PlanRows { try await source.store.fetchItems(FetchAction.placing, after: $0, limit: Self.pageCount) }
    }

    /// What the plan would take.
    func tellPlan(_ source: Source, _ summary: inout SyncSummary) async throws {
        let estimate = try Estimate(context: context, place: place, store: source.store)
        let plan = try await estimate.fetch(source.repository)
        summary.plan = estimate.plan(fetch: plan)
        summary.filesPlaced = plan.files
        summary.objectsDownloaded = plan.objects
        summary.objectsReused = plan.objectsReused
        summary.bytesRaw = plan.bytesRaw
    }

    /// Counts and tells a file of the plan that is not written, and takes it out of it.
    func leave(_ item: FetchItem, _ reason: String, _ source: Source, _ summary: inout SyncSummary) async throws {
        summary.filesFailed += 1
        context.report(.failed(path: item.localPath, reason: reason))
        try await source.store.setAction(.obstructed, of: item.id)
    }

    /// The name by which a repository is known: a tree with such a file would be taken for one.
    static func marksARepository(_ item: FetchItem) -> Bool {
        item.localPath.utf8.elementsEqual(Manifest.key.string.utf8) || item.localPath.hasSuffix("/\(Manifest.key)")
    }

    static let markReason = "has the name that marks a repository, which is never exported"

    /// A folder that is a repository, or in one, is not for other files.
    static func refuseRepository(at path: String) throws {
        var folder = FilePath(path).lexicallyNormalized()
        if !folder.isAbsolute { folder = FilePath(try Machine.canonicalPath(".")).appending(folder.components) }
        while true {
            if let directory = try? OpenFile.directory(folder.string),
                (try? directory.status(of: Manifest.key.string)) != nil
            {
                throw ReplayCacheError(
                    .usage,
                    "\(path) is a repository, or in one (\(folder.string))",
                    hint: "choose a folder outside; `replaycache copy` copies from repository to repository",
                    subject: path
                )
            }
            guard folder.lastComponent != nil else { return }
            folder.removeLastComponent()
        }
    }

    /// Says what is about to be written.
    func begin(_ total: PlanTotal, to name: String) {
        context.report(
            .started(command: "export", place: "\(place)", root: name, files: total.files, bytes: total.bytes)
        )
        context.progress.begin("exporting", items: total.files, bytes: total.bytes)
    }
}

extension ExportDestination {
    /// Whether all files go into one archive.
    var isArchive: Bool {
        switch self {
        case .archive, .standardOutput: true
        case .folder, .bucket: false
        }
    }
}

extension MeteredRemote.Meter {
    /// What went to and from two places.
    static func + (left: Self, right: Self) -> Self {
        var sum = left
        sum.requests = left.requests + right.requests
        sum.bytesUploaded += right.bytesUploaded
        sum.bytesDownloaded += right.bytesDownloaded
        sum.retries.requests += right.retries.requests
        sum.retries.bytes += right.retries.bytes
        return sum
    }
}
