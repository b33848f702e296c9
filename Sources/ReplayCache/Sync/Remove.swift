/// Which entries `rm` removes.
public struct RemoveOptions: Sendable {
    /// Entries, or with `isRecursive` folders; empty for all replays that are selected.
    public var paths: [LogicalPath]
    /// Of those, which.
    public var selection = Selection()
    /// Whether a path may be a folder.
    public var isRecursive = false
    /// The most that may be removed; nil for a tenth of all entries.
    public var maximum: Int?
    /// Only work out what would be done.
    public var isDryRun = false

    /// Removes what is at these paths.
    public init(paths: [LogicalPath]) { self.paths = paths }
}

/// Removes entries: references only, so that `restore` brings them back as long as their content is kept.
struct Remove {
    let context: SyncContext
    let place: Place
    let options: RemoveOptions

    /// Rows of the plan read at once.
    private static let pageCount = 512

    func run() async throws -> SyncSummary {
        var summary = SyncSummary(command: "rm")
        summary.dryRun = options.isDryRun
        let started = ContinuousClock.now
        guard !options.paths.isEmpty || options.selection.ofEachAlone.criteria != nil else {
            throw ReplayCacheError(
                .usage,
                "nothing says what to remove",
                hint: "name paths, with -r for folders, or select replays, for example with --character"
            )
        }
        // These pick the ones that are wanted; whoever writes them here means to remove the others.
        guard !options.selection.isOfSets else {
            throw ReplayCacheError(
                .usage,
                "--unique and --sample say which to take, and cannot say which to remove",
                hint: "`replaycache dedup --remote REMOTE --format paths` prints what is superfluous"
            )
        }
        let repository = try await context.repository(at: place)
        context.report(repository.warnings, into: &summary)
        let store = repository.store
        for path in options.paths { try await check(path, store) }
        var meant = options
        meant.selection = try await Datasets(repository: repository).resolved(options.selection)
        let count = try await store.planRemoval(meant)
        summary.filesSeen = count
        if options.paths.contains(where: { $0.collection == "checkpoints" }) {
            context.report(
                .warning("checkpoints that were published from there stay: `checkpoint fetch` still brings them back")
            )
        }
        if count == 0 { context.report(.warning("nothing at \(place) matches")) }
        let guarding = DeletionGuard(maximum: options.maximum)
        let total = try await store.liveCount()
        if let refusal = guarding.refusal(of: count, outOf: total, "entries", "at \(place)") {
            guard options.isDryRun else { throw refusal.error }
            summary.removalsRefused = refusal
        }
        if options.isDryRun {
            try await eachPage(store) { page in
                for item in page { context.report(.wouldRemove(path: item.path)) }
            }
            if summary.removalsRefused == nil { summary.entriesDeleted = count }
        } else {
            try await remove(repository, &summary)
        }
        summary.add(repository.remote.meter)
        summary.seconds = (ContinuousClock.now - started).seconds
        return summary
    }

    /// A name that nothing has is more often a slip of the fingers than a wish that is fulfilled already.
    private func check(_ path: LogicalPath, _ store: PlaceStore) async throws {
        let isEntry = try await store.isEntry(path.string)
        let count = try await store.liveCount(below: path) - (isEntry ? 1 : 0)
        guard !isEntry, !(options.isRecursive && count > 0) else { return }
        guard count == 0 else {
            throw ReplayCacheError(
                .usage,
                "\(DisplayText.quoted(path.string)) is a folder of \(Decimals.grouped(count)) files",
                hint: "add -r to remove all of them",
                subject: path.string
            )
        }
        throw ReplayCacheError(
            .usage,
            "nothing is at \(DisplayText.quoted(path.string)) at \(place)",
            hint: "`replaycache ls \(place)` lists what is there",
            subject: path.string
        )
    }

    private func eachPage(_ store: PlaceStore, _ body: ([RemovalItem]) async throws -> Void) async throws {
        var last: Int64 = 0
        while true {
            try Task.checkCancellation()
            let page = try await store.removals(after: last, limit: Self.pageCount)
            guard let end = page.last else { return }
            last = end.id
            try await body(page)
        }
    }

    private func remove(_ repository: Repository, _ summary: inout SyncSummary) async throws {
        var batch = CommitBatch(repository: repository)
        var pending: [String] = []
        var count = 0
        var refused = summary
        let before = try await repository.store.newestHLC()
        func commit() async throws {
            try await batch.commit()
            for path in pending { context.report(.removed(path: path)) }
            count += pending.count
            pending.removeAll(keepingCapacity: true)
        }
        try await eachPage(repository.store) { page in
            for item in page where context.accepts(item.path, &refused) {
                batch.add([.del(.init(path: item.path, was: item.digest))])
                pending.append(item.path)
                if batch.isDue { try await commit() }
            }
        }
        try await commit()
        summary.filesFailed = refused.filesFailed
        summary.entriesDeleted = count
        guard count > 0 else { return }
        summary.undo = try commonFolders().map { Undo.command(below: $0, after: before, at: place) }
            .joined(separator: " && ")
    }

    /// Paths that everything removed is at or below: one for each collection.
    private func commonFolders() throws -> [LogicalPath] {
        guard !options.paths.isEmpty else { return [try LogicalPath("replays")] }
        let collections = Dictionary(grouping: options.paths, by: \.collection)
        return try collections.sorted { $0.key < $1.key }.map { _, paths in
            var common = paths[0].components
            for path in paths.dropFirst() {
                common = zip(common, path.components).prefix { $0.utf8.elementsEqual($1.utf8) }.map(\.0)
            }
            return try LogicalPath(common.joined(separator: "/"))
        }
    }
}

/// An entry to be removed.
struct RemovalItem: Sendable {
    let id: Int64
    let path: String
    let digest: Digest
}

extension PlaceStore {
    /// Works out which entries are meant, into a temporary table, and counts them.
    func planRemoval(_ options: RemoveOptions) throws -> Int {
        try database.execute(
            """
            DROP TABLE IF EXISTS temp.removal_plan;
            CREATE TEMP TABLE removal_plan (id INTEGER PRIMARY KEY, path TEXT NOT NULL, digest BLOB NOT NULL)
            """
        )
        // Selections are of replays; checkpoints go by their paths.
        let scopes = options.paths.isEmpty ? [try LogicalPath("replays")] : options.paths
        let takesFolders = options.isRecursive || options.paths.isEmpty
        let entries = try entries(
            options.selection,
            .any(scopes.map { takesFolders ? .below($0) : SQLText("x.path = ?", [.text($0.string)]) })
        )
        return try database.run(
            """
            INSERT INTO temp.removal_plan (path, digest)
            SELECT e.path, c.digest FROM (\(entries.sql)) e CROSS JOIN main.content c ON c.id = e.content
            """,
            entries.values
        )
    }

    /// Rows of that table, at most `limit`.
    func removals(after id: Int64, limit: Int) throws -> [RemovalItem] {
        try database.all(
            "SELECT id, path, digest FROM temp.removal_plan WHERE id > ? ORDER BY id LIMIT ?",
            [.integer(id), .integer(Int64(limit))]
        ) { row in
            guard let digest = row.digest(2) else {
                throw SQLiteError(code: 11, message: "a digest is damaged", sql: nil)
            }
            return RemovalItem(id: row.int64(0), path: row.text(1), digest: digest)
        }
    }
}
