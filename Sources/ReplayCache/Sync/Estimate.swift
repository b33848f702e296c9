/// Works out what a push or a fetch takes, from a plan that was made: bytes on the wire, requests, money and time.
struct Estimate {
    let context: SyncContext
    let place: Place
    let store: PlaceStore
    private let prices: Prices?

    init(context: SyncContext, place: Place, store: PlaceStore) throws {
        self.context = context
        self.place = place
        self.store = store
        prices = try Prices.of(place)
    }

    /// The plan of one direction, or of both.
    func plan(push: TransferPlan? = nil, fetch: TransferPlan? = nil) -> StatusPlan {
        StatusPlan(push: push, fetch: fetch, prices: prices?.named)
    }

    /// The plan where everything is in step: a look at the place each way.
    var planOfNothing: StatusPlan {
        var nothing = TransferPlan()
        nothing.requests = RequestForecast.catchingUp
        nothing.requestClasses = prices?.classes(of: nothing.requests)
        nothing.dollars = prices?.dollars(for: nothing.requests)
        nothing.seconds = 0
        return plan(push: nothing, fetch: nothing)
    }

    // MARK: Push

    /// What the push plan in `store` takes; `isNew` for a repository that is to be made.
    ///
    /// Exact but for how well contents compress, and for parts of large files that are there already.
    func push(_ totals: [PushAction: PlanTotal], root: LocalRoot, isNew: Bool) async throws -> TransferPlan {
        let files = totals[.publish]?.files ?? 0
        let groups = try await store.interruptible { try await store.unstoredGroups(of: try await repositoryID()) }
        let ratios = try await Compression(context: context, store: store).ratios(of: groups, in: root)
        let remarks = totals[.remark]?.files ?? 0
        return try await push(groups, ratios, publishing: files, remarks: remarks, isNew: isNew)
    }

    /// What sending `groups`, publishing so many paths and telling of so many replays takes.
    func push(
        _ groups: [UnstoredGroup],
        _ ratios: [String: Double],
        publishing files: Int,
        remarks: Int = 0,
        isNew: Bool
    ) async throws -> TransferPlan {
        var plan = TransferPlan()
        plan.files = files
        let isEmpty = try await store.newestHLC() == nil
        var requests = RequestForecast.push(publishing: files + remarks, isNew: isNew, isEmpty: isEmpty)
        for group in groups {
            plan.bytesRaw += group.bytes
            plan.objects += group.objects
            requests.put += group.objects + group.recipes
            if group.isStored {
                // Put by a run that did not come to its commit: looked at, and named.
                plan.objectsReused += group.contents
                if place.localDirectory == nil {
                    requests.head += group.contents
                } else {
                    requests.get += group.contents
                }
                continue
            }
            plan.isEstimated = plan.isEstimated || group.bytes > 0
            let encoded = (Double(group.bytes) * (ratios[group.kind] ?? 1)).rounded()
            plan.bytesEncoded += Int64(min(encoded, Double(Int64.max / 2))) + group.recipeBytes
        }
        plan.requests = requests
        try await addCosts(to: &plan, .up)
        plan.dollarsPerMonth = prices?.dollarsPerMonth(stored: plan.bytesEncoded)
        return plan
    }

    private func repositoryID() async throws -> String { try await store.repositoryID() ?? "" }

    // MARK: Fetch

    /// What the fetch plan in `store` takes.
    ///
    /// Exact, but for large files when there is no `repository` to read their recipes from, and for those that an
    /// interrupted run has begun.
    func fetch(_ repository: Repository?) async throws -> TransferPlan {
        var plan = TransferPlan()
        let totals = try await store.fetchTotals()
        for action in FetchAction.placing { plan.files += totals[action]?.files ?? 0 }
        plan.objectsReused = try await LocalCopies(context: context, store: store).settle()
        let whole = try await store.interruptible { try await store.wholeContentsToFetch() }
        plan.objects = whole.count
        plan.bytesRaw = whole.bytes
        plan.bytesEncoded = whole.encodedBytes
        let catchUp = RequestForecast.catchUp(isEmpty: try await store.newestHLC() == nil)
        plan.requests = catchUp + RequestCounts(get: whole.count)
        try await RecipeForecast(store: store, repository: repository).add(to: &plan)
        try await addCosts(to: &plan, .down)
        return plan
    }

    /// What every content of the repository takes, once, into an empty folder: from what is known here alone.
    func fetchOfEverything() async throws -> TransferPlan {
        var plan = TransferPlan()
        let entries = try await store.contentsOfEntries()
        plan.files = entries.files
        plan.objects = entries.whole.count + entries.parts
        plan.bytesRaw = entries.whole.bytes + entries.largeBytes
        plan.bytesEncoded = entries.whole.encodedBytes + entries.recipeBytes
        if entries.recipes > 0 {
            plan.isEstimated = true
            plan.bytesEncoded += Int64(Double(entries.largeBytes) * (try await store.ratioOfParts() ?? 1))
        }
        plan.requests = RequestForecast.catchingUp + RequestCounts(get: plan.objects + entries.recipes)
        try await addCosts(to: &plan, .down)
        return plan
    }

    // MARK: Money and time

    private func addCosts(to plan: inout TransferPlan, _ direction: TransferDirection) async throws {
        plan.bytesPerSecond = try await context.catalog.rate(direction, place: store.record.id)
        if plan.bytesEncoded == 0 {
            plan.seconds = 0
        } else {
            plan.seconds = plan.bytesPerSecond.map { Double(plan.bytesEncoded) / $0 }
        }
        guard let prices else { return }
        plan.requestClasses = prices.classes(of: plan.requests)
        var dollars = prices.dollars(for: plan.requests)
        if direction == .down, prices.dollarsPerGBOut > 0 {
            let stored = try await store.interruptible { try await store.storedObjects().bytes }
            dollars += prices.dollars(forOutgoing: plan.bytesEncoded, stored: stored)
        }
        plan.dollars = dollars
    }
}

extension FetchAction {
    /// Actions that bring a content to a path.
    static let placing: [FetchAction] = [.place, .replace, .overwrite]

    /// Them in a list of SQL.
    static let placingList = placing.map { "\($0.rawValue)" }.joined(separator: ", ")
}
