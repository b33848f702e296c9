/// How a dataset is to be made.
public struct FreezeOptions: Sendable {
    /// What to call it: one component of a path, without `@`.
    public var name: String
    /// Which replays.
    public var selection: Selection
    /// What others are told that it was selected by; by default the selection in words.
    public var words: String?
    /// Only work out what would be in it.
    public var isDryRun = false

    /// A dataset of what a selection means now.
    public init(name: String, selection: Selection) {
        self.name = name
        self.selection = selection
    }
}

/// Gives the files that a selection means now a name, for good: a list of them becomes a content of the repository, and a
/// commit names it.
struct DatasetFreeze {
    let context: SyncContext
    let place: Place
    let options: FreezeOptions

    func run() async throws -> (summary: SyncSummary, dataset: DatasetRow?) {
        var summary = SyncSummary(command: "dataset freeze")
        summary.dryRun = options.isDryRun
        let started = ContinuousClock.now
        try Self.checkName(options.name)
        let clock = context.remoteSettings.sinceBoot
        let readAt = clock()
        let repository = try await context.repository(at: place)
        context.report(repository.warnings, into: &summary)
        let datasets = Datasets(repository: repository)
        let selection = try await datasets.resolved(options.selection)
        let store = repository.store
        let below = try LogicalPath("replays")
        let total = try await store.interruptible { try await store.select(selection, below: below) }
        guard total.files > 0 else {
            throw ReplayCacheError(
                .usage,
                selection.criteria.map { "nothing at \(place) matches \($0)" } ?? "no replays are at \(place)",
                hint: "`replaycache query --remote \(place)` shows what a selection means"
            )
        }
        summary.filesSeen = total.files
        summary.bytesRaw = total.bytes
        var row: DatasetRow?
        if !options.isDryRun {
            let list = try await freeze(total, selection, datasets, &summary) { clock() - readAt }
            row = try await store.datasets().first { known in
                known.name.utf8.elementsEqual(options.name.utf8) && known.sha256 == list
            }
        }
        summary.add(repository.remote.meter)
        summary.seconds = (ContinuousClock.now - started).seconds
        return (summary, row)
    }

    /// A name is one component of a path, as that of a run.
    static func checkName(_ name: String) throws {
        do {
            guard try LogicalPath(name).components.count == 1, !name.contains("@") else {
                throw LogicalPathError(path: name, reason: "is no name of a dataset: it has a slash or an @")
            }
        } catch let error as LogicalPathError {
            throw ReplayCacheError(
                .usage,
                "\(DisplayText.quoted(error.path)) \(error.reason)",
                hint: "a dataset is called something like fox-dittos-2026",
                subject: name
            )
        }
    }

    /// Answers the digest of the list, new or not.
    private func freeze(
        _ total: PlanTotal,
        _ selection: Selection,
        _ datasets: Datasets,
        _ summary: inout SyncSummary,
        age: @Sendable () -> Int64
    ) async throws -> Digest {
        let repository = datasets.repository
        let list = try await datasets.write()
        guard list.size <= Operation.Dataset.maximumListByteCount else {
            throw ReplayCacheError(
                .usage,
                "\(Decimals.grouped(total.files)) files are too many for one dataset",
                hint: "select fewer, or make several"
            )
        }
        let namesakes = try await repository.store.datasets().filter { $0.name.utf8.elementsEqual(options.name.utf8) }
        if namesakes.contains(where: { $0.sha256 == list.digest }) { return list.digest }
        if let taken = namesakes.first { throw Self.taken(taken) }
        if try await repository.store.isDropped(options.name, list.digest) { throw Self.dropped(options.name) }
        let writer = ObjectWriter(context: context, repository: repository)
        let stored = try await writer.store(list.file, digest: list.digest, size: list.size)
        let dataset = Operation.Dataset(
            name: options.name,
            sha256: list.digest,
            size: list.size,
            files: Int64(total.files),
            bytes: total.bytes,
            selection: Self.bounded(options.words ?? selection.criteria)
        )
        try await restock(repository)
        let operations = try await repository.commitAhead(stored.operations) + [.dataset(dataset)]
        guard age() < Self.maximumAge else {
            throw ReplayCacheError(
                .busy,
                "this run was asleep for days, and what is selected may be removed meanwhile",
                hint: "run the same command again",
                subject: place.canonical
            )
        }
        try await repository.commit(operations)
        try await restock(repository)
        try await context.catalog.forgetTransfers(stored.digests, place: repository.store.record.id)
        summary.objectsUploaded = stored.objectsUploaded
        summary.objectsReused = stored.objectsReused
        summary.datasetsFrozen = 1
        try await tellOfAnother(list.digest, repository, datasets)
        await context.compact(repository, into: &summary)
        return list.digest
    }

    /// From the reading of the log to the commit, in nanoseconds: a collector takes a content that no path shows any more only
    /// after thirty days, so this leaves it time to see the list.
    private static let maximumAge: Int64 = 7 * 24 * 3600 * 1_000_000_000

    /// Files of the selection looked at in one go.
    private static let pageCount = 512

    /// What is selected and condemned, because a path came to show it again while a collector was at work, is stored under keys
    /// that stay: before the list names it, and as after every commit once more (`docs/format.md`, "Datasets").
    private func restock(_ repository: Repository) async throws {
        try await repository.lookForCondemned(after: nil)
        guard repository.watch.hasKeys else { return }
        let restocking = Restocking(context: context.withoutProgress, repository: repository)
        var last = ""
        while true {
            let page = try await repository.store.condemnedSelected(after: last, limit: Self.pageCount)
            guard let end = page.last else { return }
            last = end.path
            let objects = try await repository.store.objects(of: page.map(\.digest))
            try await repository.commit(try await restocking.store(Array(objects.values)))
        }
    }

    private static func dropped(_ name: String) -> ReplayCacheError {
        ReplayCacheError(
            .usage,
            "the dataset \(DisplayText.quoted(name)) with this list was dropped",
            hint: "choose another name",
            subject: name
        )
    }

    /// As much of a text as a commit may say, cut between characters.
    static func bounded(_ text: String?) -> String? {
        guard var text = text?.filter({ $0 != "\0" }) else { return nil }
        while text.utf8.count > Operation.Dataset.maximumSelectionByteCount { text.removeLast() }
        return text
    }

    private static func taken(_ known: DatasetRow) -> ReplayCacheError {
        ReplayCacheError(
            .usage,
            "the dataset \(DisplayText.quoted(known.name)) is there already, with another list of "
                + "\(Decimals.grouped(known.files)) \(known.files == 1 ? "file" : "files")",
            hint: "a dataset never changes: choose another name",
            subject: known.name
        )
    }

    /// Two machines may give a name at once; the list that was committed first has it.
    private func tellOfAnother(_ list: Digest, _ repository: Repository, _ datasets: Datasets) async throws {
        do {
            context.report(try await repository.catchUp())
        } catch let error as ReplayCacheError where error.code == .busy {
            // The log was compacted meanwhile: the list is frozen all the same, and the next command will tell.
            return
        }
        let standing = try await datasets.find(options.name)
        guard standing.sha256 != list else { return }
        context.report(
            .warning(
                "\(standing.host) gave the name \(options.name) to another list at the same time and has it; "
                    + "this one is \(options.name)@\(list.short)"
            )
        )
    }
}

extension Datasets {
    /// The selection with the lists that its dataset means, loaded where it will be asked for.
    func resolved(_ selection: Selection) async throws -> Selection {
        guard let reference = selection.dataset else { return selection }
        let dataset = try await find(reference)
        try await load(dataset)
        var selection = selection
        selection.lists = [dataset.sha256]
        return selection
    }
}

extension SyncContext {
    func report(_ warnings: [Repository.Warning]) {
        for warning in warnings { report(warning.event) }
    }
}
