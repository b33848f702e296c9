/// How a look at a place is to go.
public struct VerifyOptions: Sendable {
    /// Read objects and compare them with their digests; else only what a listing tells is looked at.
    public var isDeep = false
    /// Of the contents that could be read, the share to read, in per cent.
    ///
    /// At a place those are chosen by chance, in a folder those that were not read for longest come first.
    public var sharePercent = 100.0
    /// Of a folder, the files to look at.
    public var selection = Selection()
    /// Store again what is missing or damaged, where a file of this machine has it.
    public var heals = false

    /// A look at all that there is.
    public init() {}
}

/// Compares what stands at a place with what is needed of it.
struct RemoteVerify {
    let context: SyncContext
    let place: Place
    let options: VerifyOptions

    private static let pageCount = 512
    /// Parts are held in memory until their turn in the digest of the whole.
    private static let recipes = AsyncSemaphore(capacity: 4)
    /// More objects than these cannot be read for one reason, which is the place's.
    private static let maximumUnreadable = 8

    func run() async throws -> SyncSummary {
        var summary = SyncSummary(command: "verify")
        let started = ContinuousClock.now
        let repository = try await context.repository(at: place)
        context.report(repository.warnings, into: &summary)
        context.progress.begin("listing")
        let survey = ObjectSurvey(repository: repository)
        // Reading needs no more than a key that may read: a directory tells its time by writing.
        let canAsk = repository.remote.acknowledgesDurably
        let unreadable = try await survey.run(now: canAsk ? try await repository.remote.barrier() : .now())
        var totals = try await look(survey)
        if options.isDeep { try await readAll(repository, &totals) }
        try await ObjectProblems(context: context, repository: repository).conclude(
            healing: options.heals ? .wholeMachine : nil,
            &totals
        )
        totals.contentsLost += try await survey.tellLost(unreadable, context.report)
        summary.verification = totals
        summary.integrityFailed = totals.contentsLost > 0 || !unreadable.isEmpty
        summary.filesFailed += totals.unreadable
        summary.add(repository.remote.meter)
        summary.seconds = (ContinuousClock.now - started).seconds
        return summary
    }

    /// What the listing tells, and the recipes.
    ///
    /// A size is a hint, since versions of the program may encode differently; where it is not the one that was told, the
    /// object is read.
    private func look(_ survey: ObjectSurvey) async throws -> VerificationTotals {
        let store = survey.repository.store
        try await store.beginProblems()
        try await survey.readRecipes { object, error in
            let isMissing = object.listedSize == nil
            try await store.addProblem(
                object.object.key,
                isMissing: isMissing,
                reason: isMissing ? "is missing" : "is damaged"
            )
        }
        try await store.addMissingAsProblems()
        var totals = VerificationTotals()
        totals.objects = try await store.neededObjectCount()
        let unneeded = try await store.surveyTotals(PlaceStore.isUnneeded)
        totals.unreferenced = unneeded.count
        totals.bytesUnreferenced = unneeded.bytes
        try await readSuspicious(survey.repository, &totals)
        return totals
    }

    private func readSuspicious(_ repository: Repository, _ totals: inout VerificationTotals) async throws {
        var page: ArraySlice<PlaceStore.SurveyedObject> = []
        var last = (key: "", content: Int64.max)
        let store = repository.store
        var counts = totals
        try await forEachConcurrently(
            width: width(repository),
            next: {
                if page.isEmpty {
                    page = try await store.surveyed(
                        "AND o.bytes <> n.encoded_size",
                        after: last.key,
                        content: last.content,
                        limit: Self.pageCount
                    )[...]
                    if let end = page.last { last = (end.object.key.remoteKey.string, .max) }
                }
                return page.popFirst()
            },
            work: { object in await check(object, repository) },
            collect: { try await take($0, store, &counts) }
        )
        totals = counts
    }

    private func readAll(_ repository: Repository, _ totals: inout VerificationTotals) async throws {
        let store = repository.store
        let share = options.sharePercent / 100
        context.progress.begin("verifying")
        var chosen: ArraySlice<PlaceStore.SurveyedObject> = []
        var last: Int64 = 0
        var isOver = false
        var counts = totals
        try await forEachConcurrently(
            width: width(repository),
            next: {
                while chosen.isEmpty, !isOver {
                    let page = try await store.choose(after: last, limit: Self.pageCount) {
                        share >= 1 || Double.random(in: 0..<1) < share
                    }
                    chosen = page.chosen[...]
                    isOver = page.end == nil
                    last = page.end ?? last
                }
                return chosen.popFirst()
            },
            work: { object in await check(object, repository) },
            collect: { checked in
                context.progress.advance(items: 1)
                try await take(checked, store, &counts)
            }
        )
        totals = counts
    }

    private func width(_ repository: Repository) -> Int { min(16, max(4, repository.remote.parallelism)) }

    // MARK: One content

    private struct Flaw: Sendable {
        let key: ObjectKey
        let reason: String
    }

    private struct Checked: Sendable {
        var objectsRead = 0
        var flaws: [Flaw] = []
        var failure: (any Error)?
        let key: ObjectKey
    }

    private func take(_ checked: Checked, _ store: PlaceStore, _ totals: inout VerificationTotals) async throws {
        if let failure = checked.failure {
            guard let error = failure as? ReplayCacheError, error.code == .unavailable,
                totals.unreadable < Self.maximumUnreadable
            else { throw failure }
            totals.unreadable += 1
            context.report(.failed(path: checked.key.remoteKey.string, reason: "cannot be read: \(error.message)"))
        }
        totals.objectsRead += checked.objectsRead
        for flaw in checked.flaws {
            try await store.addProblem(flaw.key, isMissing: false, reason: flaw.reason)
        }
    }

    private func check(_ surveyed: PlaceStore.SurveyedObject, _ repository: Repository) async -> Checked {
        var checked = Checked(key: surveyed.object.key)
        do {
            switch surveyed.object.key.form {
            case .content(let encoding): try await check(surveyed.object, encoding, repository, &checked)
            case .recipe: try await checkRecipe(surveyed.object, repository, &checked)
            }
        } catch {
            checked.failure = error
        }
        return checked
    }

    /// Reads an object once a run.
    private func check(
        _ object: PlaceStore.StoredObject,
        _ encoding: Encoding,
        _ repository: Repository,
        _ checked: inout Checked
    ) async throws {
        guard try await repository.store.noteChecked(object.key) else { return }
        checked.objectsRead += 1
        do {
            try await ObjectReader(repository: repository, progress: Progress()).check(object, encoding)
            context.progress.advance(bytes: object.size)
        } catch let error as ReplayCacheError where error.code == .integrity {
            checked.flaws.append(Flaw(key: object.key, reason: Self.reason(error)))
        }
    }

    private static func reason(_ error: ReplayCacheError) -> String {
        error.cause.map { "is damaged: \($0)" } ?? "is missing or damaged"
    }

    /// Reads the parts that were not read in this run, and where none was, compares all together with the digest of the
    /// whole: a part that many checkpoints share is not brought for each of them.
    private func checkRecipe(
        _ object: PlaceStore.StoredObject,
        _ repository: Repository,
        _ checked: inout Checked
    ) async throws {
        try await Self.recipes.enter()
        defer { Self.recipes.leave() }
        guard try await repository.store.noteChecked(object.key) else { return }
        let reader = ObjectReader(repository: repository, progress: Progress())
        checked.objectsRead += 1
        let recipe: Recipe
        do {
            recipe = try await reader.recipe(of: object)
        } catch let error as ReplayCacheError where error.code == .integrity {
            checked.flaws.append(Flaw(key: object.key, reason: Self.reason(error)))
            return
        }
        let whole = try SHA256Context()
        var isWhole = true
        var previous: (digest: Digest, bytes: [UInt8])?
        for (index, part) in recipe.parts.enumerated() {
            try Task.checkCancellation()
            guard let key = ObjectKey(part.key), case .content(let encoding) = key.form else {
                checked.flaws.append(Flaw(key: object.key, reason: "is damaged: it names what is no part"))
                return
            }
            if let previous, previous.digest == part.sha256 {
                try whole.update(previous.bytes.span)
                continue
            }
            previous = nil
            let range = recipe.range(of: index)
            guard try await repository.store.noteChecked(key) else {
                isWhole = false
                continue
            }
            checked.objectsRead += 1
            do {
                let size = range.upperBound - range.lowerBound
                let bytes = try await reader.content(
                    of: .init(key: key, size: size, encodedSize: part.encodedSize),
                    encoding
                )
                try whole.update(bytes.span)
                previous = (part.sha256, bytes)
                context.progress.advance(bytes: size)
            } catch let error as ReplayCacheError where error.code == .integrity {
                isWhole = false
                checked.flaws.append(Flaw(key: key, reason: Self.reason(error)))
            }
        }
        if isWhole, try whole.finish() != object.key.digest {
            checked.flaws.append(Flaw(key: object.key, reason: "is damaged: its parts do not add up to its content"))
        }
    }
}
