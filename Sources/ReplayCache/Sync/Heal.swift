/// Names what is missing or damaged at a place, and stores it again from what this machine has.
struct ObjectProblems {
    let context: SyncContext
    let repository: Repository

    /// Where files are looked for.
    enum Source: Sendable {
        case wholeMachine
        /// The canonical path of a folder.
        case folder(String)
        /// The same, to be told only what would be found there.
        case wouldBe(String)

        /// Whether anything is stored and committed.
        var heals: Bool {
            if case .wouldBe = self { false } else { true }
        }
    }

    private static let pageCount = 256
    /// Paths that are told of one object.
    private static let toldPaths = 5
    /// Objects of which every path is looked for, in checkpoints and history too, which takes a search each.
    private static let searchedObjects = 1000
    /// Operations of one commit.
    private static let batchCount = 2000

    private var store: PlaceStore { repository.store }

    /// Tells of every problem of the survey, counts them, and heals what can be.
    func conclude(healing source: Source?, _ totals: inout VerificationTotals) async throws {
        var last = ""
        while true {
            let page = try await store.problems(after: last, limit: Self.pageCount)
            guard let end = page.last else { break }
            last = end.key.remoteKey.string
            for problem in page {
                if problem.isMissing { totals.missing += 1 } else { totals.damaged += 1 }
                let isSearched = totals.missing + totals.damaged <= Self.searchedObjects
                try await tell(problem, isSearched: isSearched)
            }
            // Nothing that is committed from here on relies on them.
            if source?.heals == true { try await repository.forbid(page.map(\.key)) }
        }
        if source?.heals == true { try await forbidWhatIsGone() }
        totals.missing += try await store.unstoredCount()
        try await heal(source, &totals)
    }

    /// Parts too, of recipes that are gone themselves: nobody can say that they are missed.
    private func forbidWhatIsGone() async throws {
        var last: Int64 = 0
        while true {
            let page = try await store.absentKeys(after: last, limit: Self.pageCount)
            guard let end = page.last else { return }
            last = end.content
            try await repository.forbid(page.map(\.key))
        }
    }

    private func tell(_ problem: PlaceStore.Problem, isSearched: Bool) async throws {
        var paths: [String] = []
        for content in problem.contents where paths.count < Self.toldPaths {
            let limit = isSearched ? Self.toldPaths - paths.count : 1
            paths += try await store.paths(of: content, limit: limit, isSearched: isSearched)
        }
        let key = problem.key.remoteKey.string
        context.report(.objectDamaged(key: key, reason: problem.reason, paths: paths))
    }

    private func heal(_ source: Source?, _ totals: inout VerificationTotals) async throws {
        let restocking = Restocking(context: context.withoutProgress, repository: repository)
        let writer = ObjectWriter(context: restocking.context, repository: repository)
        var last: Int64 = 0
        var batch = Batch()
        try await store.findBrokenContents()
        context.progress.begin("healing")
        while true {
            let page = try await store.brokenContents(after: last, limit: Self.pageCount)
            guard let end = page.last else { break }
            last = end.content
            for broken in page {
                try Task.checkCancellation()
                if case .wouldBe(let path)? = source, try await restocking.hasCopy(broken.digest, below: path) {
                    totals.healed += 1
                    continue
                }
                guard let source, source.heals, let stored = try await stored(broken, source, restocking, writer) else {
                    totals.contentsLost += 1
                    continue
                }
                totals.healed += 1
                context.progress.advance(items: 1, bytes: broken.size)
                batch.operations += stored.operations
                batch.digests += stored.digests
                batch.paths += try await store.paths(of: broken.content, limit: 1, isSearched: false)
                if batch.operations.count >= Self.batchCount { try await commit(&batch) }
            }
        }
        try await commit(&batch)
    }

    private struct Batch {
        var operations: [Operation] = []
        var digests: [Digest] = []
        var paths: [String] = []
    }

    private func stored(
        _ broken: PlaceStore.BrokenContent,
        _ source: Source,
        _ restocking: Restocking,
        _ writer: ObjectWriter
    ) async throws -> ObjectWriter.Stored? {
        // A recipe may be sound and a part of it not: the content gets another recipe.
        if let known = try await store.object(of: broken.digest) { try await repository.forbid([known.key]) }
        switch source {
        case .wholeMachine: return try await restocking.store(broken.digest, size: broken.size, writer)
        case .folder(let path), .wouldBe(let path):
            return try await restocking.store(broken.digest, size: broken.size, writer, below: path)
        }
    }

    private func commit(_ batch: inout Batch) async throws {
        try await repository.commit(batch.operations)
        try await context.catalog.forgetTransfers(batch.digests, place: store.record.id)
        for path in batch.paths { context.report(.healed(path: path)) }
        batch = Batch()
    }
}

/// What `push --heal` does before it pushes: looks for objects that are gone, as after another program has tidied the
/// bucket, and stores again those that the folder has.
struct PushHeal {
    let context: SyncContext
    let repository: Repository
    let root: LocalRoot

    func run(isDryRun: Bool) async throws -> VerificationTotals {
        let survey = ObjectSurvey(repository: repository)
        let store = repository.store
        let canAsk = repository.remote.acknowledgesDurably || !isDryRun
        try await survey.run(now: canAsk ? try await repository.remote.barrier() : .now())
        try await store.beginProblems()
        try await survey.readRecipes { object, _ in
            let isMissing = object.listedSize == nil
            let reason = isMissing ? "is missing" : "is damaged"
            try await store.addProblem(object.object.key, isMissing: isMissing, reason: reason)
        }
        try await store.addMissingAsProblems()
        var totals = VerificationTotals()
        totals.objects = try await store.neededObjectCount()
        let problems = ObjectProblems(context: context, repository: repository)
        try await problems.conclude(healing: isDryRun ? .wouldBe(root.path) : .folder(root.path), &totals)
        let gone = totals.missing + totals.damaged
        guard gone > 0 else { return totals }
        let rest =
            totals.contentsLost == 0
            ? "all of it \(isDryRun ? "would be" : "is") stored again"
            : "\(Decimals.grouped(totals.healed)) files \(isDryRun ? "would be" : "are") stored again, for "
                + "\(Decimals.grouped(totals.contentsLost)) "
                + "push another folder with --heal"
        let what = gone == 1 ? "object of this repository is" : "objects of this repository are"
        context.report(
            .warning(
                "\(Decimals.grouped(gone)) \(what) missing at \(repository.place); \(rest). "
                    + "Does another program write there, such as rclone sync?"
            )
        )
        return totals
    }
}
