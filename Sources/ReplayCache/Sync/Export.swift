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
            selection: options.selection,
            shard: options.shard,
            isInPathOrder: destination.isArchive
        )
        let store = repository.store
        let selected = try await store.interruptible { try await store.planExport(scope) }
        if selected.files == 0, let criteria = options.selection.criteria {
            context.report(.warning("nothing at \(place) matches \(criteria)"))
        }
        summary.filesSeen = selected.files
        let source = Source(repository: repository, selected: selected)
        switch destination {
        case .folder(let path): try await ExportTree(export: self, source: source, path: path).run(&summary)
        case .archive(let path): try await ExportArchive(export: self, source: source).run(into: path, &summary)
        case .standardOutput: try await ExportArchive(export: self, source: source).runToStandardOutput(&summary)
        case .bucket: break
        }
        summary.add(repository.remote.meter)
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
