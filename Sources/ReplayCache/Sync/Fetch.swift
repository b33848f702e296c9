/// Brings entries of a repository into a folder: scan, plan, get, place.
struct Fetch {
    let context: SyncContext
    let place: Place
    let destination: String
    var options: FetchOptions

    /// Rows of the plan read at once.
    private static let pageCount = 512

    func run() async throws -> SyncSummary {
        var summary = SyncSummary(command: "fetch")
        summary.dryRun = options.isDryRun
        let started = ContinuousClock.now
        try refuseUnclearDeletion()
        let repository = try await context.repository(at: place)
        context.report(repository.warnings, into: &summary)
        var fetch = self
        fetch.options.selection = try await Datasets(repository: repository).resolved(options.selection)
        try await fetch.run(repository, &summary)
        summary.seconds = (ContinuousClock.now - started).seconds
        return summary
    }

    /// What is gone at the remote is not among what a draw or a limit is taken from, so nothing says whether it was meant.
    private func refuseUnclearDeletion() throws {
        let selection = options.selection
        guard options.deletion.isAsked, selection.isOfSets || selection.limit != nil else { return }
        let flag = selection.limit != nil ? "limit" : selection.unique != nil ? "unique" : "sample"
        throw ReplayCacheError(
            .usage,
            "--delete does not go with --\(flag): of what was deleted at \(place) nobody can tell whether it would be meant",
            hint: "fetch without --delete, or select by what is in the replays, by --path or by --dataset"
        )
    }

    private func run(_ repository: Repository, _ summary: inout SyncSummary) async throws {
        try await FetchSource(store: repository.store, from: options.from, place: place).check()
        try LocalRoot.refuseOverlap(of: destination, with: place)
        if !options.isDryRun { try Machine.makeDirectories(destination) }
        guard let root = try await openDestination() else {
            // A dry run into a folder that does not exist yet: everything would be placed.
            return try await planOnly(repository, nil, &summary)
        }
        try root.refuseOverlap(with: place)
        if !options.isDryRun { try root.claim() }
        let proof = try await InStep(scope(root.id), repository.store, context.catalog)
        let scanned = try await Scan(context: context, root: root, options: .init(isParanoid: options.isParanoid))
            .run(into: &summary)
        if let known = proof?.knownFiles, scanned.isUnchanged, scanned.leftovers.isEmpty, !options.isDryRun {
            summary.filesInStep = known
        } else if options.isDryRun {
            try await planOnly(repository, root, &summary)
        } else {
            let totals = try await plan(repository.store, root, &summary)
            try await tell(totals, repository.store, &summary)
            if totals.isEmpty, summary.filesInStep > 0 { try await proof?.prove(files: summary.filesInStep) }
            let begun = try await reclaim(scanned.leftovers, root, repository.store)
            let deletion = deletion(root, repository)
            let basis = try await deletion.basis()
            let clock = TransferClock(repository)
            try await move(totals, root, repository, begun, &summary)
            try await clock.record(.down, in: context)
            try await deletion.run(since: basis, &summary)
        }
        summary.add(repository.remote.meter)
    }

    private func openDestination() async throws -> LocalRoot? {
        if options.isDryRun && (try? OpenFile.directory(destination)) == nil { return nil }
        return try await LocalRoot.open(destination, catalog: context.catalog)
    }

    private func scope(_ root: RootID) -> PlaceStore.FetchScope {
        PlaceStore.FetchScope(
            root: root,
            from: options.from,
            selection: options.selection,
            shard: options.shard,
            isForced: options.isForced,
            deletes: options.deletion.isAsked
        )
    }

    /// Works out what is to be done, with a look at what the catalog cannot know.
    private func plan(
        _ store: PlaceStore,
        _ root: LocalRoot,
        _ summary: inout SyncSummary
    ) async throws -> [FetchAction: PlanTotal] {
        let scope = scope(root.id)
        _ = try await store.interruptible { try await store.planFetch(scope) }
        try await context.tellMissing(store, scope, &summary)
        var failures = 0
        try await DestinationCheck(root: root, store: store, scope: scope).run { item, reason in
            failures += 1
            context.report(.failed(path: item.path, reason: reason))
        }
        summary.filesFailed += failures
        return try await limit(store, root.id, &summary)
    }

    /// The plan for a folder that does not exist yet.
    private func planAll(_ store: PlaceStore, _ summary: inout SyncSummary) async throws -> [FetchAction: PlanTotal] {
        let root = RootID(rawValue: -1)
        let scope = scope(root)
        _ = try await store.interruptible { try await store.planFetch(scope) }
        try await context.tellMissing(store, scope, &summary)
        return try await limit(store, root, &summary)
    }

    /// Leaves what the folder has no room for by the user's own word.
    private func limit(
        _ store: PlaceStore,
        _ root: RootID,
        _ summary: inout SyncSummary
    ) async throws -> [FetchAction: PlanTotal] {
        if let maximum = options.maximumBytes {
            let (left, missing) = try await store.limitFetchPlan(to: maximum, in: root)
            if left.files > 0 {
                summary.left = SpaceShortage(
                    reason: .maxDisk,
                    files: left.files,
                    bytes: left.bytes,
                    bytesMissing: missing
                )
            }
        }
        return try await store.fetchTotals()
    }

    private func planOnly(_ repository: Repository, _ root: LocalRoot?, _ summary: inout SyncSummary) async throws {
        let totals =
            if let root {
                try await plan(repository.store, root, &summary)
            } else {
                try await planAll(repository.store, &summary)
            }
        try await tell(totals, repository.store, &summary)
        if let root { try await warnOfRoom(totals, DiskSpace(of: root.path), root) }
        let estimate = try Estimate(context: context, place: place, store: repository.store)
        let plan = try await estimate.fetch(repository)
        summary.plan = estimate.plan(fetch: plan)
        summary.filesPlaced = plan.files
        summary.filesMoved = totals[.move]?.files ?? 0
        summary.objectsDownloaded = plan.objects
        summary.objectsReused = plan.objectsReused
        summary.bytesRaw = plan.bytesRaw
        summary.requests = repository.remote.meter.requests
        guard let root else { return }
        let deletion = deletion(root, repository)
        try await deletion.run(since: try await deletion.basis(), &summary)
    }

    private func deletion(_ root: LocalRoot, _ repository: Repository) -> LocalDeletion {
        LocalDeletion(
            context: context,
            root: root,
            store: repository.store,
            from: options.from,
            options: options.deletion,
            isDryRun: options.isDryRun
        )
    }

    private func tell(
        _ totals: [FetchAction: PlanTotal],
        _ store: PlaceStore,
        _ summary: inout SyncSummary
    ) async throws {
        summary.conflicts = (totals[.conflict]?.files ?? 0) + (totals[.changedAndDeleted]?.files ?? 0)
        summary.deletedElsewhere = totals[.deletedElsewhere]?.files ?? 0
        summary.changedLocally = totals[.changedLocally]?.files ?? 0
        var told = items([.conflict, .changedAndDeleted, .deletedElsewhere], store)
        while let item = try await told.next() {
            context.report(
                item.action == .deletedElsewhere ? .deletedElsewhere(path: item.path) : .conflict(path: item.path)
            )
        }
        let selected = try await store.selectedCount(scope(RootID(rawValue: 0)))
        if selected == 0, let criteria = options.selection.criteria {
            context.report(.warning("nothing at \(place) matches \(criteria)"))
        }
        let others: [FetchAction] = [.conflict, .changedLocally, .move, .unread, .obstructed, .noRoom]
        summary.filesInStep =
            selected - (FetchAction.placing + others).reduce(0) { $0 + (totals[$1]?.files ?? 0) }
    }

    private func items(_ actions: [FetchAction], _ store: PlaceStore) -> PlanRows<FetchItem> {
        PlanRows { try await store.fetchItems(actions, after: $0, limit: Self.pageCount) }
    }

    /// Keeps the temporary files of contents that are about to be fetched: they may hold all or some of their bytes.
    ///
    /// Answers which large ones.
    private func reclaim(
        _ leftovers: [LogicalPath],
        _ root: LocalRoot,
        _ store: PlaceStore
    ) async throws -> Set<Digest> {
        let digests = leftovers.compactMap { PlacedFile.digest(inTemporaryName: $0.name) }
        let wanted = try await store.contentsInFetchPlan(digests)
        try await Leftovers.reclaim(leftovers, in: root, keeping: Set(wanted.keys))
        return Set(wanted.filter { $0.value > Recipe.threshold }.keys)
    }

    private static func bytesToPlace(_ totals: [FetchAction: PlanTotal]) -> Int64 {
        FetchAction.placing.reduce(0) { $0 + (totals[$1]?.bytes ?? 0) }
    }

    /// Says before anything moves that not everything will fit.
    ///
    /// Links take no room, and how many there will be shows when they are made.
    private func warnOfRoom(_ totals: [FetchAction: PlanTotal], _ disk: DiskSpace, _ root: LocalRoot) async throws {
        let bytes = Self.bytesToPlace(totals)
        guard !options.links, let available = try await disk.available(), available < bytes else { return }
        context.report(
            .warning(
                "\(ByteCount(bytes)) are to be placed in \(root.path), and there is room for \(ByteCount(available)); "
                    + "what fits is fetched"
            )
        )
    }

    // MARK: Moving

    private func move(
        _ totals: [FetchAction: PlanTotal],
        _ root: LocalRoot,
        _ repository: Repository,
        _ begun: Set<Digest>,
        _ summary: inout SyncSummary
    ) async throws {
        let wanted = FetchAction.placing
        let files = wanted.reduce(0) { $0 + (totals[$1]?.files ?? 0) }
        let bytes = Self.bytesToPlace(totals)
        context.report(.started(command: "fetch", place: "\(place)", root: root.path, files: files, bytes: bytes))
        context.progress.begin("fetching", items: files, bytes: bytes)
        let disk = DiskSpace(of: root.path)
        try await warnOfRoom(totals, disk, root)
        var room = FetchRoom(disk: disk, repository: repository, begun: begun, links: options.links)
        let stager = Stager(context: context, root: root, repository: repository, links: options.links)
        var placement = FilePlacement(
            context: context,
            stager: stager,
            placer: Placer(context: context, root: root, place: repository.store.record.id),
            action: "fetching"
        )
        try await context.agree(
            on: items([.adopt], repository.store),
            root: root.id,
            place: repository.store.record.id
        )
        try await rename(root, repository, &placement, &summary)
        try await placement.place({ items(wanted, repository.store) }, &room, &summary)
        try await room.conclude(&summary)
    }

    private func rename(
        _ root: LocalRoot,
        _ repository: Repository,
        _ placement: inout FilePlacement,
        _ summary: inout SyncSummary
    ) async throws {
        var rows = items([.move], repository.store)
        do {
            while let batch = try await rows.nextBatch(maximum: Placer.renamesAtOnce) {
                for failure in try await placement.placer.rename(batch, from: options.from, &summary) {
                    try placement.fail(failure, &summary)
                }
            }
            // What is placed next may be copied from a file that was renamed.
            try await placement.placer.flush(&summary)
        } catch {
            try? await placement.placer.recordPlaced()
            throw error
        }
    }
}
