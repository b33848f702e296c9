// Lists of files that were given a name.
extension Workspace {
    /// Gives the replays that a selection means now a name, for good: their contents are kept whatever becomes of their
    /// entries.
    ///
    /// The same list again under the same name changes nothing.
    ///
    /// - Returns: The dataset; nil for a dry run.
    /// - Throws: ``ReplayCacheError`` with code `usage` when another list has the name, or nothing is selected.
    public func freezeDataset(at place: Place, options: FreezeOptions) async throws
        -> (summary: SyncSummary, dataset: DatasetRow?)
    {
        try await wrapping("freezing a dataset") {
            try await DatasetFreeze(context: context, place: place, options: options).run()
        }
    }

    /// The datasets of a place, by name; of lists with one name the one that has it comes first.
    public func datasets(at place: Place) async throws -> (summary: SyncSummary, datasets: [DatasetRow]) {
        var rows: [DatasetRow] = []
        let summary = try await reading(place, "dataset list", "reading datasets") { store, _ in
            rows = try await store.datasets()
        }
        return (summary, rows)
    }

    /// Calls `body` with each file of a dataset, `NAME` or `NAME@DIGITS`, in the order of the paths.
    ///
    /// The list is fetched once and kept.
    @discardableResult
    public func showDataset(
        _ reference: String,
        at place: Place,
        _ body: @Sendable (DatasetFileRow) throws -> Void
    ) async throws -> SyncSummary {
        try await comparing("dataset show", [reference], at: place) { store, rows, summary in
            summary.filesSeen = rows[0].files
            try await store.eachFile(of: rows[0].sha256, body)
        }
    }

    /// Calls `body` with each file of two datasets whose content the other has under no path: first what the second lacks,
    /// then what it has more.
    public func compareDatasets(
        _ first: String,
        _ second: String,
        at place: Place,
        _ body: @Sendable (DatasetFileRow) throws -> Void
    ) async throws -> SyncSummary {
        try await comparing("dataset diff", [first, second], at: place) { store, rows, summary in
            let (old, new) = (rows[0].sha256, rows[1].sha256)
            summary.difference = try await store.difference(of: old, new)
            try await store.eachFile(of: old, notIn: new, .removed, body)
            try await store.eachFile(of: new, notIn: old, .added, body)
        }
    }

    private func comparing(
        _ command: String,
        _ references: [String],
        at place: Place,
        _ body: (PlaceStore, [DatasetRow], inout SyncSummary) async throws -> Void
    ) async throws -> SyncSummary {
        try await wrapping("reading datasets") {
            let started = ContinuousClock.now
            var summary = SyncSummary(command: command)
            let repository = try await context.repository(at: place)
            context.report(repository.warnings, into: &summary)
            let datasets = Datasets(repository: repository)
            var rows: [DatasetRow] = []
            for reference in references {
                let row = try await datasets.find(reference)
                try await datasets.load(row)
                rows.append(row)
            }
            try await body(repository.store, rows, &summary)
            summary.add(repository.remote.meter)
            summary.seconds = (ContinuousClock.now - started).seconds
            return summary
        }
    }
}

extension DatasetFileRow {
    /// The line with which `sha256sum -c` checks the file, below the folder that the repository's top is.
    public var checksumLine: String {
        String(decoding: DatasetList.line(sha256, path).dropLast(), as: UTF8.self)
    }
}
