/// A dataset of one of the places that are known here, for questions that name no place.
struct KnownDataset {
    let place: KnownPlace
    /// As it was when the place was last reached.
    let store: PlaceStore
    let row: DatasetRow
}

extension SyncContext {
    /// Finds the dataset that a reference means in all places that are known here, without asking them.
    ///
    /// Several places may have it, as copies do, if they mean the same list.
    ///
    /// - Throws: ``ReplayCacheError`` with code `usage` when none has it, or places mean different lists.
    func knownDataset(_ reference: String) async throws -> KnownDataset {
        var found: [KnownDataset] = []
        var all: [DatasetRow] = []
        for place in try await catalog.knownPlaces() {
            let store = try await PlaceStore.open(PlaceRecord(id: place.id, path: place.path), home: catalog.home)
            let rows = try await store.datasets()
            all += rows
            // One that does not have it says nothing of the others.
            guard let row = try? Datasets.find(reference, among: rows, at: place.canonical) else { continue }
            found.append(KnownDataset(place: place, store: store, row: row))
        }
        guard let first = found.first else {
            _ = try Datasets.find(reference, among: all, at: "the places known here")
            throw Self.ambiguous(reference, [])
        }
        guard found.allSatisfy({ $0.row.sha256 == first.row.sha256 }) else { throw Self.ambiguous(reference, found) }
        return first
    }

    private static func ambiguous(_ reference: String, _ found: [KnownDataset]) -> ReplayCacheError {
        let places = found.prefix(5).map { DisplayText.escaped($0.place.canonical) }.joined(separator: ", ")
        return ReplayCacheError(
            .usage,
            "the dataset \(DisplayText.quoted(reference)) is another list at each of \(places)",
            hint: "name the one that is meant, with --remote",
            subject: reference
        )
    }

    /// Passes the list of a known dataset to `body`: from this machine if it is here, else from its place if that is a folder.
    func load(_ dataset: KnownDataset, _ body: (OpenFile) async throws -> Void) async throws {
        if let file = try await Datasets.known(dataset.row.sha256, home: catalog.home) {
            do {
                return try await body(file)
            } catch is SegmentError {
                // Damaged here: the place has it.
            }
        }
        // What a bucket is known by is no way to name it: settings may have changed.
        let scheme = "file:"
        guard dataset.place.canonical.hasPrefix(scheme) else {
            throw ReplayCacheError(
                .usage,
                "the list of the dataset \(DisplayText.quoted(dataset.row.name)) is not on this machine",
                hint: "name its repository with --remote, once",
                subject: dataset.row.name
            )
        }
        let repository = try await repository(at: try Place(String(dataset.place.canonical.dropFirst(scheme.count))))
        report(repository.warnings)
        try await Datasets(repository: repository).load(dataset.row, body)
    }

    /// The selection with the lists that its dataset means, loaded into `catalog`, for questions about files of this machine.
    func resolved(_ selection: Selection, in catalog: Catalog) async throws -> Selection {
        guard let reference = selection.dataset else { return selection }
        let dataset = try await knownDataset(reference)
        try await load(dataset) { try await catalog.load($0, of: dataset.row) }
        var selection = selection
        selection.lists = [dataset.row.sha256]
        return selection
    }
}
