/// Works out what a push and a fetch between a folder and a place would move.
///
/// Moves nothing.
struct Status {
    let context: SyncContext
    let directory: String
    let place: Place
    let path: LogicalPath
    let isOffline: Bool
    /// Of what a fetch would bring.
    var selection = Selection()

    private static let pageCount = 512

    func run() async throws -> SyncSummary {
        var meant = self
        let repository = isOffline ? nil : try await context.repository(at: place)
        if let repository {
            meant.selection = try await Datasets(repository: repository).resolved(selection)
        } else if let dataset = selection.dataset {
            throw ReplayCacheError(
                .usage,
                "--offline cannot tell what the dataset \(DisplayText.quoted(dataset)) names",
                hint: "run it without --offline",
                subject: dataset
            )
        }
        return try await meant.run(repository)
    }

    private func run(_ repository: Repository?) async throws -> SyncSummary {
        var summary = SyncSummary(command: "status")
        let started = ContinuousClock.now
        let root = try await LocalRoot.open(directory, catalog: context.catalog)
        if let repository { context.report(repository.warnings, into: &summary) }
        let store = if let repository { repository.store } else { try await context.knownStore(of: place) }
        let estimate = try Estimate(context: context, place: place, store: store)
        let scope = PlaceStore.PushScope(root: root.id, into: path)
        let proofs: Proofs = (
            push: try await InStep(scope, store, context.catalog),
            fetch: try await InStep(
                PlaceStore.FetchScope(root: root.id, from: path, selection: selection),
                store,
                context.catalog
            )
        )
        let scanned = try await Scan(context: context, root: root).run(into: &summary)
        if let files = proofs.push.knownFiles, proofs.fetch?.knownFiles != nil, scanned.isUnchanged {
            summary.filesInStep = files
            summary.plan = estimate.planOfNothing
        } else {
            try await compare(root, store, estimate, repository, proofs, &summary)
        }
        let lost = try await store.recentLosers(below: path)
        summary.changesLost = lost.count
        for loser in lost { context.report(.lost(path: loser.path, sha256: loser.content, host: loser.host)) }
        if let repository {
            summary.requests = repository.remote.meter.requests
            summary.bytesDownloaded = repository.remote.meter.bytesDownloaded
        }
        summary.seconds = (ContinuousClock.now - started).seconds
        return summary
    }

    private typealias Proofs = (push: InStep, fetch: InStep?)

    private func compare(
        _ root: LocalRoot,
        _ store: PlaceStore,
        _ estimate: Estimate,
        _ repository: Repository?,
        _ proofs: Proofs,
        _ summary: inout SyncSummary
    ) async throws {
        let scope = PlaceStore.PushScope(root: root.id, into: path)
        let push = try await store.interruptible { try await store.planPush(scope) }
        let pushPlan = try await estimate.push(push, root: root, isNew: false)
        let candidates = try await store.candidateCount(scope)
        if push.isEmpty { try await proofs.push.prove(files: candidates) }
        let fetchScope = PlaceStore.FetchScope(root: root.id, from: path, selection: selection)
        let planned = try await store.interruptible { try await store.planFetch(fetchScope) }
        if planned.isEmpty, case let selected = try await store.selectedCount(fetchScope), selected > 0 {
            try await proofs.fetch?.prove(files: selected)
        }
        try await DestinationCheck(root: root, store: store, scope: fetchScope).run { _, _ in }
        summary.plan = estimate.plan(push: pushPlan, fetch: try await estimate.fetch(repository))
        summary.conflicts = push[.conflict]?.files ?? 0
        summary.behind = push[.behind]?.files ?? 0
        summary.deletedElsewhere = push[.deletedElsewhere]?.files ?? 0
        // Files that could not be read are in step with nothing.
        summary.filesInStep =
            candidates - pushPlan.files - summary.conflicts - summary.behind - summary.deletedElsewhere
        var rows = PlanRows { try await store.pushItems(.of([.conflict]), after: $0, limit: Self.pageCount) }
        while let item = try await rows.next() { context.report(.conflict(path: item.path)) }
    }
}
