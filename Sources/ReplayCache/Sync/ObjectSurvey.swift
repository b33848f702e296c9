internal import Synchronization

/// What a place has below `objects/`, and what of it is needed: side by side in the local state of the place, so that
/// millions of objects take no memory.
struct ObjectSurvey: Sendable {
    let repository: Repository

    /// How long what an entry held before stays restorable, by the clock of the place (`design.md` section 3).
    static let historyLifetime: Int64 = 30 * 24 * 3_600_000
    /// Recipes read at once: one may have 64 MiB.
    private static let recipeWidth = 4
    private static let pageCount = 256

    private var store: PlaceStore { repository.store }

    /// A dataset whose list cannot be read, so that nobody knows what it needs.
    struct UnreadableList: Sendable {
        let dataset: DatasetRow
        let error: ReplayCacheError
    }

    /// Works out which contents are needed at `now`, and lists what there is.
    ///
    /// Costs a request for each dataset whose list is not on this machine yet.
    ///
    /// - Returns: Datasets of which that could not be found out.
    @discardableResult
    func run(now: Timestamp) async throws -> [UnreadableList] {
        let cutoff = now.milliseconds - Self.historyLifetime
        try await store.interruptible { try await store.beginSurvey(historyAfter: cutoff) }
        let unreadable = try await needDatasets()
        try await repository.remote.list(prefix: "objects/", after: nil) { [store] items in
            try Task.checkCancellation()
            try await store.addListed(items)
        }
        return unreadable
    }

    private func needDatasets() async throws -> [UnreadableList] {
        var unreadable: [UnreadableList] = []
        var seen: Set<Digest> = []
        let datasets = Datasets(repository: repository)
        for dataset in try await store.datasets() where seen.insert(dataset.sha256).inserted {
            try Task.checkCancellation()
            do {
                try await datasets.load(dataset) { try await store.addFrozen($0, of: dataset) }
            } catch let error as ReplayCacheError where error.code == .integrity {
                unreadable.append(UnreadableList(dataset: dataset, error: error))
            }
        }
        try await store.interruptible { try await store.needFrozen() }
        return unreadable
    }

    /// Tells of what datasets name and nobody can bring; its number.
    func tellLost(_ unreadable: [UnreadableList], _ report: (SyncEvent) -> Void) async throws -> Int {
        for list in unreadable {
            report(.failed(path: "dataset \(list.dataset.name)", reason: list.error.description))
        }
        let unknown = try await store.unknownFrozenCount()
        if unknown > 0 {
            report(
                .warning("\(Decimals.grouped(unknown)) contents that datasets name are not known to the repository")
            )
        }
        return unknown
    }

    /// A recipe that was to be read.
    struct ReadRecipe: Sendable {
        let object: PlaceStore.SurveyedObject
        let recipe: Result<Recipe, any Error>
    }

    /// Reads the recipes of needed contents, whose parts are needed too; `body` hears of those that cannot be read.
    func readRecipes(_ body: (PlaceStore.SurveyedObject, ReplayCacheError) async throws -> Void) async throws {
        var page: ArraySlice<PlaceStore.SurveyedObject> = []
        var last = ""
        let store = store
        try await forEachConcurrently(
            width: Self.recipeWidth,
            next: {
                if page.isEmpty {
                    page = try await store.neededRecipes(after: last, limit: Self.pageCount)[...]
                    last = page.last?.object.key.remoteKey.string ?? last
                }
                return page.popFirst()
            },
            work: { await read($0) },
            collect: { result in
                switch result.recipe {
                case .success(let recipe): try await store.addParts(of: recipe, content: result.object.content)
                case .failure(let error as ReplayCacheError) where error.code == .integrity:
                    try await body(result.object, error)
                case .failure(let error): throw error
                }
            }
        )
    }

    private func read(_ object: PlaceStore.SurveyedObject) async -> ReadRecipe {
        let reader = ObjectReader(repository: repository, progress: Progress())
        return ReadRecipe(object: object, recipe: await .catching { try await reader.recipe(of: object.object) })
    }

    /// Reads recipes that nothing refers to yet and that are too young to be condemned: somebody may be about to commit
    /// one, so their parts stay as well.
    ///
    /// One that cannot be read keeps nothing: it is of no use to anybody.
    func keepPartsOfYoungRecipes(storedAfter time: Timestamp) async throws {
        var last = ""
        while true {
            let page = try await store.unneededRecipes(storedAfter: time, after: last, limit: Self.pageCount)
            guard let end = page.last else { return }
            last = end.remoteKey.string
            for key in page {
                try Task.checkCancellation()
                do {
                    let recipe = try await repository.remote.decoded(
                        key.remoteKey,
                        maximum: Recipe.maximumByteCount
                    ) { try Recipe.decode(consistent: $0) }
                    try await store.addParts(of: recipe, content: 0)
                } catch is RemoteError {
                    continue
                } catch is DecodingError {
                    continue
                } catch let error as ReplayCacheError where error.code == .integrity {
                    continue
                }
            }
        }
    }
}

extension Recipe {
    /// Reads a recipe of a content whose size only the recipe itself tells.
    static func decode(consistent bytes: [UInt8]) throws -> Recipe {
        let claimed = try JSON.decode(Recipe.self, from: bytes).size
        guard (0...maximumContentByteCount).contains(claimed) else {
            throw ReplayCacheError(.integrity, "the recipe describes \(claimed) bytes")
        }
        return try decode(bytes, size: claimed)
    }
}
