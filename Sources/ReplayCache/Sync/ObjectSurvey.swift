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

    /// Works out which contents are needed at `now`, and lists what there is.
    func run(now: Timestamp) async throws {
        let cutoff = now.milliseconds - Self.historyLifetime
        try await store.interruptible { try await store.beginSurvey(historyAfter: cutoff) }
        try await repository.remote.list(prefix: "objects/", after: nil) { [store] items in
            try Task.checkCancellation()
            try await store.addListed(items)
        }
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
