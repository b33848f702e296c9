/// Publishes a folder: scan, plan, move, commit.
struct Push {
    let context: SyncContext
    let source: String
    let place: Place
    let options: PushOptions

    /// Rows of the plan read at once.
    private static let pageCount = 512

    func run() async throws -> SyncSummary {
        var summary = SyncSummary(command: "push")
        summary.dryRun = options.isDryRun
        let started = ContinuousClock.now
        try PushOptions.check(options.into)
        let root = try await LocalRoot.open(source, catalog: context.catalog)
        try root.refuseOverlap(with: place)
        let repository = try await openRepository()
        if let repository {
            if repository.isNew { context.report(.created(place: "\(place)")) }
            context.report(repository.warnings, into: &summary)
        }
        let scan = Scan(
            context: context,
            root: root,
            options: .init(followsLinks: options.followsLinks, isParanoid: options.isParanoid)
        )
        let store: PlaceStore
        if let repository {
            store = repository.store
        } else {
            store = try await PlaceStore.open(try await context.catalog.place(place), home: context.catalog.home)
        }
        let scope = scope(root)
        let deletion = Deletion(
            context: context,
            root: root,
            store: store,
            scope: scope,
            options: options.deletion,
            isDryRun: options.isDryRun
        )
        let basis = try await deletion.basis()
        let proof = try await InStep(scope, store, context.catalog)
        // Temporary files of a fetch are the fetch's to continue or to remove.
        let mayBeOutOfStep: Bool
        if let repository, !options.isDryRun {
            let stream = PushStream(context: context, root: root, repository: repository, scope: scope, proof: proof)
            mayBeOutOfStep = try await stream.run(scan, &summary)
        } else {
            mayBeOutOfStep = !(try await scan.run(into: &summary).isUnchanged && proof.knownFiles != nil)
            if !mayBeOutOfStep { try await store.beginPushPlan() }
            try await planOnly(scope, root, store, isPlanned: !mayBeOutOfStep, isNew: repository == nil, &summary)
        }
        try await count(mayBeOutOfStep ? nil : proof.knownFiles, in: root.path, scope, store, proof, &summary)
        if options.isHealing, let repository {
            let heal = PushHeal(context: context, repository: repository, root: root)
            let found = try await heal.run(isDryRun: options.isDryRun)
            summary.verification = found
            summary.integrityFailed = found.contentsLost > 0
        }
        try await deletion.run(since: basis, repository, &summary)
        if let repository, !options.isDryRun { await context.compact(repository, into: &summary) }
        if let repository { summary.add(repository.remote.meter) }
        summary.seconds = (ContinuousClock.now - started).seconds
        return summary
    }

    /// Counts what is in step: `known` files, or what the plan says.
    private func count(
        _ known: Int?,
        in rootPath: String,
        _ scope: PlaceStore.PushScope,
        _ store: PlaceStore,
        _ proof: InStep,
        _ summary: inout SyncSummary
    ) async throws {
        var candidates = known ?? 0
        summary.filesInStep = candidates
        if known == nil {
            // Where every file was read and none is left out, they need not be counted again.
            let isEveryFile = scope.includes.isEmpty && scope.excludes.isEmpty
            candidates =
                isEveryFile && summary.filesDeferred + summary.filesFailed == 0
                ? summary.filesSeen : try await store.candidateCount(scope)
            let totals = try await store.pushTotals()
            summary.filesInStep =
                candidates
                - totals.filter { !$0.key.isInStep }.values.reduce(0) { $0 + $1.files }
            if totals.isEmpty { try await proof.prove(files: candidates) }
        }
        // What is deferred or failed may have matched, and is told.
        if candidates == 0, !options.includes.isEmpty, summary.filesDeferred + summary.filesFailed == 0 {
            let patterns = options.includes.map { DisplayText.quoted($0) }.joined(separator: " or ")
            context.report(.warning("nothing in \(rootPath) matches \(patterns)"))
        }
    }

    /// The repository; nil for a dry run at a place that has none yet.
    private func openRepository() async throws -> Repository? {
        guard options.isDryRun else {
            return try await context.writableRepository(at: place, insistsOnNew: options.insistsOnNew)
        }
        do {
            return try await context.repository(at: place)
        } catch let error as ReplayCacheError where error.code == .notFound {
            let opening = RemoteOpening(place: place, home: context.catalog.home, settings: context.remoteSettings)
            if let remote = try await opening.existing(needsWrite: false) {
                try await Repository.refuseForeign(place, remote)
            }
            return nil
        }
    }

    private func scope(_ root: LocalRoot) -> PlaceStore.PushScope {
        PlaceStore.PushScope(
            root: root.id,
            into: options.into,
            includes: options.includes,
            excludes: options.excludes,
            isForced: options.isForced
        )
    }

    // MARK: Dry runs

    private func planOnly(
        _ scope: PlaceStore.PushScope,
        _ root: LocalRoot,
        _ store: PlaceStore,
        isPlanned: Bool,
        isNew: Bool,
        _ summary: inout SyncSummary
    ) async throws {
        let totals = isPlanned ? [:] : try await store.interruptible { try await store.planPush(scope) }
        let estimate = try Estimate(context: context, place: place, store: store)
        let plan = try await estimate.push(totals, root: root, isNew: isNew)
        summary.plan = estimate.plan(push: plan)
        summary.conflicts = totals[.conflict]?.files ?? 0
        summary.behind = totals[.behind]?.files ?? 0
        summary.deletedElsewhere = totals[.deletedElsewhere]?.files ?? 0
        try await context.tell(store, after: 0)
        summary.entriesAdded = totals[.publish]?.files ?? 0
        summary.objectsUploaded = plan.objects
        summary.bytesRaw = plan.bytesRaw
        var last: Int64 = 0
        while true {
            let retired = try await store.pushItems(.of([.retire]), after: last, limit: Self.pageCount)
            guard let end = retired.last?.id else { return }
            last = end
            for item in try await root.vanished(retired) {
                summary.entriesRemoved += 1
                context.report(.retired(path: item.path))
            }
        }
    }
}

extension SyncContext {
    /// Tells of the rows of a push plan that a push leaves alone.
    func tell(_ store: PlaceStore, after id: Int64) async throws {
        var rows = PlanRows(after: id) {
            try await store.pushItems(.of([.conflict, .behind, .deletedElsewhere]), after: $0, limit: 512)
        }
        while let item = try await rows.next() {
            switch item.action {
            case .conflict: report(.conflict(path: item.path))
            case .behind: report(.behind(path: item.path))
            default: report(.deletedElsewhere(path: item.path))
            }
        }
    }
}
