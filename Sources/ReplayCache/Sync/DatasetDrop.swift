/// Which dataset `dataset drop` takes away.
public struct DropOptions: Sendable {
    /// `NAME`, or `NAME@DIGITS` of its list.
    public var reference: String
    /// Also one that checkpoints were trained on.
    public var isForced = false
    /// Only say what would be done.
    public var isDryRun = false

    /// Drops the dataset that is meant by a reference.
    public init(_ reference: String) { self.reference = reference }
}

/// Takes a name away from a list, for good, so that collectors need no longer keep what it names.
///
/// The list is not read: one that is damaged, and keeps collectors from their work, can be dropped too.
struct DatasetDrop {
    let context: SyncContext
    let place: Place
    let options: DropOptions

    func run() async throws -> (summary: SyncSummary, dataset: DatasetRow) {
        var summary = SyncSummary(command: "dataset drop")
        summary.dryRun = options.isDryRun
        let started = ContinuousClock.now
        let repository = try await context.repository(at: place)
        context.report(repository.warnings, into: &summary)
        let dataset = try await Datasets(repository: repository).find(options.reference)
        let uses = try await repository.store.checkpointCount(trainedOn: dataset)
        guard uses == 0 || options.isForced else { throw Self.used(dataset, uses) }
        summary.filesSeen = dataset.files
        summary.bytesRaw = dataset.bytes
        if !options.isDryRun {
            let operation = Operation.Dataset(
                name: dataset.name,
                sha256: dataset.sha256,
                size: dataset.listSize,
                files: Int64(dataset.files),
                bytes: dataset.bytes,
                selection: dataset.selection,
                dropped: true
            )
            try await repository.commit([.dataset(operation)])
            summary.datasetsDropped = 1
            await context.compact(repository, into: &summary)
        }
        summary.add(repository.remote.meter)
        summary.seconds = (ContinuousClock.now - started).seconds
        return (summary, dataset)
    }

    private static func used(_ dataset: DatasetRow, _ count: Int) -> ReplayCacheError {
        ReplayCacheError(
            .usage,
            "\(Decimals.grouped(count)) \(count == 1 ? "checkpoint was" : "checkpoints were") trained on the dataset "
                + "\(DisplayText.quoted(dataset.name))",
            hint: "`replaycache checkpoint log` names them; --force drops it all the same",
            subject: dataset.name
        )
    }
}

extension Workspace {
    /// Takes the name of a dataset away from its list, for good: what only the list names is collected in time.
    ///
    /// The same list can be frozen again under another name, as long as paths show what it names.
    ///
    /// - Throws: ``ReplayCacheError`` with code `usage` when nothing is called so, or when checkpoints were trained on it.
    public func dropDataset(at place: Place, options: DropOptions) async throws
        -> (summary: SyncSummary, dataset: DatasetRow)
    {
        try await wrapping("dropping a dataset") {
            try await DatasetDrop(context: context, place: place, options: options).run()
        }
    }
}
