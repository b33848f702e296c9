/// The way in: a local catalog, and the operations between folders and places.
///
/// All operations may be cancelled; what they leave behind is continued by the same call later. Those that answer with rows
/// tell of damage at the place by ``SyncEvent/damaged(_:)``: the rows stand, but may lack something.
public struct Workspace: Sendable {
    private let catalog: Catalog
    private let progress: Progress
    private let transfer: TransferOptions
    private let report: @Sendable (SyncEvent) -> Void

    /// Opens the catalog in `home`, creating it if needed; by default where `REPLAYCACHE_HOME` says, else in
    /// `~/.local/share/replaycache`.
    ///
    /// - Throws: ``ReplayCacheError`` when there is no such folder to be had, or a newer version made the catalog.
    public static func open(
        home: String? = nil,
        progress: Progress = Progress(),
        transfer: TransferOptions = TransferOptions(),
        report: @escaping @Sendable (SyncEvent) -> Void = { _ in }
    ) async throws -> Workspace {
        try await wrapping("opening the catalog") {
            let home = try home ?? Catalog.defaultHome()
            let catalog = try await BlockingPool.shared.run { try Catalog(home: home) }
            return Workspace(catalog: catalog, progress: progress, transfer: transfer, report: report)
        }
    }

    var context: SyncContext {
        SyncContext(catalog: catalog, progress: progress, transfer: transfer, report: report)
    }

    /// Brings the catalog up to date with a folder.
    ///
    /// Reads only files whose time stamps changed, unless `isParanoid`.
    public func scan(_ directory: String, followsLinks: Bool = false, isParanoid: Bool = false) async throws
        -> SyncSummary
    {
        try await wrapping("scanning \(directory)") {
            var summary = SyncSummary(command: "scan")
            let started = ContinuousClock.now
            let root = try await LocalRoot.open(directory, catalog: catalog)
            let options = Scan.Options(followsLinks: followsLinks, isParanoid: isParanoid)
            _ = try await Scan(context: context, root: root, options: options).run(into: &summary)
            summary.seconds = (ContinuousClock.now - started).seconds
            return summary
        }
    }

    /// Publishes what changed in a folder; creates the repository in an empty or absent place.
    public func push(_ directory: String, to place: Place, options: PushOptions? = nil) async throws -> SyncSummary {
        try await wrapping("pushing \(directory)") {
            let options = try options ?? PushOptions()
            return try await Push(context: context, source: directory, place: place, options: options).run()
        }
    }

    /// Brings what changed at a place into a folder, which is created if needed.
    public func fetch(from place: Place, into directory: String, options: FetchOptions? = nil) async throws
        -> SyncSummary
    {
        try await wrapping("fetching into \(directory)") {
            let options = try options ?? FetchOptions()
            return try await options.selection.explained {
                try await Fetch(context: context, place: place, destination: directory, options: options).run()
            }
        }
    }

    /// Tells what a push, and a fetch of what is selected, would move.
    ///
    /// Writes nothing at the place.
    public func status(
        _ directory: String,
        at place: Place,
        path: LogicalPath,
        isOffline: Bool = false,
        selection: Selection = Selection()
    ) async throws -> SyncSummary {
        try await wrapping("comparing \(directory)") {
            try await selection.explained {
                try await Status(
                    context: context,
                    directory: directory,
                    place: place,
                    path: path,
                    isOffline: isOffline,
                    selection: selection
                ).run()
            }
        }
    }

    /// Where ``query(_:in:_:)`` looks.
    public enum QueryScope: Sendable {
        /// All places known here, as they were when last reached, and local files that are in none.
        ///
        /// Of a dataset, the one place that has it, or one of several that mean the same list by its name.
        case everything
        /// One place, caught up first.
        case place(Place)
        /// Local files.
        case local
    }

    /// Calls `body` with each replay that is selected, in the order of paths.
    public func query(
        _ selection: Selection,
        in scope: QueryScope = .everything,
        _ body: @escaping @Sendable (ReplayRow) throws -> Void
    ) async throws {
        try await wrapping("querying") {
            let (scope, selection) = try await open(scope, selection)
            try await Query(catalog: catalog, selection: selection).run(scope, body)
        }
    }

    /// How many replays are selected.
    public func count(_ selection: Selection, in scope: QueryScope = .everything) async throws -> Int {
        try await wrapping("querying") {
            let (scope, selection) = try await open(scope, selection)
            return try await Query(catalog: catalog, selection: selection).count(scope)
        }
    }

    func open(_ scope: QueryScope, _ selection: Selection) async throws -> (Query.Scope, Selection) {
        switch scope {
        case .local: return (.local, try await context.resolved(selection, in: catalog))
        case .everything:
            guard let reference = selection.dataset else { return (.everything, selection) }
            let dataset = try await context.knownDataset(reference)
            try await context.load(dataset) { try await dataset.store.load($0, of: dataset.row) }
            var selection = selection
            selection.lists = [dataset.row.sha256]
            return (.place(dataset.store), selection)
        case .place(let place):
            let repository = try await open(place)
            return (.place(repository.store), try await Datasets(repository: repository).resolved(selection))
        }
    }

    /// All replays that are selected.
    public func query(_ selection: Selection, in scope: QueryScope = .everything) async throws -> [ReplayRow] {
        let rows = RowCollector<ReplayRow>()
        try await query(selection, in: scope) { rows.append($0) }
        return rows.all
    }

    /// Calls `body` with each entry at or below a path of a place, caught up first.
    @discardableResult
    public func list(
        _ place: Place,
        below path: LogicalPath? = nil,
        _ body: @Sendable (EntryRow) throws -> Void
    ) async throws -> SyncSummary {
        try await reading(place, "ls", "listing \(place)") { store, summary in
            summary.filesSeen = try await store.eachEntry(below: path, body)
        }
    }

    /// Publishes files, or all files of a folder, as one checkpoint.
    public func pushCheckpoint(
        _ files: [String],
        to place: Place,
        _ description: CheckpointDescription,
        isDryRun: Bool = false
    ) async throws -> SyncSummary {
        try await wrapping("publishing a checkpoint") {
            try await CheckpointPush(
                context: context,
                files: files,
                place: place,
                description: description,
                isDryRun: isDryRun
            ).run()
        }
    }

    /// Published checkpoints of a run, or of all, newest first.
    public func checkpoints(of run: String?, at place: Place) async throws -> [CheckpointRow] {
        try await checkpointLog(of: run, at: place).checkpoints
    }

    /// The same, with what it took to find out.
    public func checkpointLog(of run: String?, at place: Place) async throws
        -> (summary: SyncSummary, checkpoints: [CheckpointRow])
    {
        var checkpoints: [CheckpointRow] = []
        let summary = try await reading(place, "checkpoint log", "reading checkpoints") { store, _ in
            checkpoints = try await store.checkpoints(run: run)
        }
        return (summary, checkpoints)
    }

    /// Brings the files of one checkpoint into a folder, by default one named after the run.
    public func fetchCheckpoint(
        _ reference: CheckpointReference,
        from place: Place,
        into directory: String? = nil,
        isForced: Bool = false
    ) async throws -> (summary: SyncSummary, checkpoint: CheckpointRow) {
        try await wrapping("fetching a checkpoint") {
            try await CheckpointFetch(
                context: context,
                reference: reference,
                place: place,
                destination: directory,
                isForced: isForced
            ).run()
        }
    }

    /// Catches up with a place and reads what is known of it then.
    func reading(
        _ place: Place,
        _ command: String,
        _ action: String,
        _ body: (PlaceStore, inout SyncSummary) async throws -> Void
    ) async throws -> SyncSummary {
        try await wrapping(action) {
            let started = ContinuousClock.now
            var summary = SyncSummary(command: command)
            let repository = try await context.repository(at: place)
            context.report(repository.warnings, into: &summary)
            summary.add(repository.remote.meter)
            try await body(repository.store, &summary)
            summary.seconds = (ContinuousClock.now - started).seconds
            return summary
        }
    }

    private func open(_ place: Place) async throws -> Repository {
        let repository = try await context.repository(at: place)
        for warning in repository.warnings { report(warning.event) }
        return repository
    }
}

/// Turns whatever `body` throws into a ``ReplayCacheError``.
func wrapping<Value>(_ action: String, _ body: () async throws -> Value) async throws -> Value {
    do {
        return try await body()
    } catch {
        throw ReplayCacheError(error, doing: action)
    }
}
