/// Works out what a push and a fetch between a folder and a place would move.
///
/// Moves nothing.
struct Status {
    let context: SyncContext
    let directory: String
    let place: Place
    let path: LogicalPath
    let isOffline: Bool

    private static let pageCount = 512

    func run() async throws -> SyncSummary {
        var summary = SyncSummary(command: "status")
        let started = ContinuousClock.now
        let root = try await LocalRoot.open(directory, catalog: context.catalog)
        let store = try await openStore(&summary)
        let scope = PlaceStore.PushScope(root: root.id, into: path)
        let proofs = (
            push: try await InStep(scope, store, context.catalog),
            fetch: try await InStep(PlaceStore.FetchScope(root: root.id, from: path), store, context.catalog)
        )
        let scanned = try await Scan(context: context, root: root).run(into: &summary)
        var plan = StatusPlan()
        if let files = proofs.push.knownFiles, proofs.fetch?.knownFiles != nil, scanned.isUnchanged {
            summary.filesInStep = files
            summary.plan = plan
            summary.seconds = (ContinuousClock.now - started).seconds
            return summary
        }
        let push = try await store.interruptible { try await store.planPush(scope) }
        let unstored = try await store.unstoredInPushPlan()
        let candidates = try await store.candidateCount(scope)
        if push.isEmpty { try await proofs.push.prove(files: candidates) }
        plan.pushFiles = push[.publish]?.files ?? 0
        plan.pushObjects = unstored.files
        plan.pushBytesRaw = unstored.bytes
        let fetchScope = PlaceStore.FetchScope(root: root.id, from: path)
        let planned = try await store.interruptible { try await store.planFetch(fetchScope) }
        if planned.isEmpty, case let selected = try await store.selectedCount(fetchScope), selected > 0 {
            try await proofs.fetch?.prove(files: selected)
        }
        try await DestinationCheck(root: root, store: store, scope: fetchScope).run { _, _ in }
        let fetch = try await store.fetchTotals()
        let downloads = try await store.downloadsInFetchPlan()
        plan.fetchFiles = (fetch[.place]?.files ?? 0) + (fetch[.replace]?.files ?? 0)
        plan.fetchObjects = downloads.contents
        plan.fetchBytesRaw = downloads.bytesRaw
        plan.fetchBytesEncoded = downloads.bytesEncoded
        summary.plan = plan
        summary.conflicts = push[.conflict]?.files ?? 0
        summary.behind = push[.behind]?.files ?? 0
        summary.deletedElsewhere = push[.deletedElsewhere]?.files ?? 0
        // Files that could not be read are in step with nothing.
        summary.filesInStep =
            candidates - plan.pushFiles - summary.conflicts - summary.behind - summary.deletedElsewhere
        var rows = PlanRows { try await store.pushItems(.of([.conflict]), after: $0, limit: Self.pageCount) }
        while let item = try await rows.next() { context.report(.conflict(path: item.path)) }
        summary.seconds = (ContinuousClock.now - started).seconds
        return summary
    }

    private func openStore(_ summary: inout SyncSummary) async throws -> PlaceStore {
        if isOffline {
            let store = try await PlaceStore.open(try await context.catalog.place(place), home: context.catalog.home)
            guard try await store.repositoryID() == nil else { return store }
            throw ReplayCacheError(
                .notFound,
                "nothing is known here of \(place)",
                hint: "run without --offline once",
                subject: place.canonical
            )
        }
        let repository = try await context.repository(at: place)
        context.report(repository.warnings, into: &summary)
        summary.requests = repository.remote.meter.requests
        summary.bytesDownloaded = repository.remote.meter.bytesDownloaded
        return repository.store
    }
}
