internal import Synchronization

/// How a collector is to go.
public struct GarbageOptions: Sendable {
    /// Only work out what would be done.
    public var isDryRun = false
    /// Go on although more than half of what is stored is to go.
    public var insists = false

    /// Removes what may be removed.
    public init() {}
}

/// Frees the space of objects that nothing refers to, without a lock (`docs/format.md`, "Garbage collection").
///
/// A run does both halves of the work: it removes what earlier runs condemned at least a day ago and what is still
/// unreferenced, and condemns what it finds for a later run. It may end anywhere; the next one goes on.
struct GarbageCollection {
    let context: SyncContext
    let place: Place
    let options: GarbageOptions
    /// Hears of every object that would go, in a dry run.
    let row: @Sendable (GarbageRow) throws -> Void

    private typealias Condition = PlaceStore.GarbageCondition

    /// Younger objects may belong to a push that is under way.
    private static let minimumAge: Int64 = 7 * 24 * 3_600_000
    /// What was condemned is removed no earlier than this: every commit ends within that time of a look at the lists.
    private static let waitingTime: Int64 = 24 * 3_600_000
    /// Lists are kept for so long.
    private static let listLifetime: Int64 = 90 * 24 * 3_600_000
    /// What was read of the log is taken for true for so long: a list that is about to end must not end meanwhile.
    private static let planLifetime: Int64 = 6 * 3600 * 1_000_000_000
    /// More than half of at least so many objects are not removed without being asked twice.
    private static let guardedCount = 20
    /// Keys of one request, and requests at once.
    private static let batchCount = 250
    private static let batchWidth = 8

    func run() async throws -> SyncSummary {
        var summary = SyncSummary(command: "gc")
        summary.dryRun = options.isDryRun
        let started = ContinuousClock.now
        let repository = try await context.repository(at: place)
        context.report(repository.warnings, into: &summary)
        context.progress.begin("collecting")
        let now = try await time(at: repository)
        // Only what is read from here on counts: whoever relied on an object before it was condemned has committed by now.
        let readAt = repository.watch.now
        var warnings = repository.warnings
        if !options.isDryRun { warnings += try await repository.catchUp() }
        try await refuseWhatIsNotWhole(repository, warnings)
        let lists = try await lists(repository)
        let survey = ObjectSurvey(repository: repository)
        if let list = try await survey.run(now: now).first {
            throw ReplayCacheError(
                list.error.code,
                "nothing was collected: \(list.error.message)",
                hint: "which contents it names cannot be known: `replaycache verify \(place) --heal` on a machine that "
                    + "has used the dataset stores it again, `replaycache dataset drop` gives it up",
                subject: list.error.subject,
                cause: list.error.cause
            )
        }
        let dropped = try await take(lists, repository, now)
        try await survey.readRecipes { _, error in
            throw ReplayCacheError(
                error.code,
                "nothing was collected: \(error.message)",
                hint: "which parts belong to it cannot be known; \(ObjectReader.damageHint)",
                subject: error.subject,
                cause: error.cause
            )
        }
        let old = Timestamp(milliseconds: now.milliseconds - Self.minimumAge)
        try await survey.keepPartsOfYoungRecipes(storedAfter: old)
        var totals = try await plan(repository.store, old)
        if options.isDryRun {
            try await tell(repository.store, old)
        } else {
            try await refuseTooMuch(totals, repository.store)
            try await condemn(repository, now, old)
            totals = try await remove(repository, old, totals, readAt: readAt)
            if !dropped.isEmpty { try await repository.remote.delete(dropped) }
        }
        summary.garbage = totals
        summary.add(repository.remote.meter)
        summary.seconds = (ContinuousClock.now - started).seconds
        return summary
    }

    /// The time at the place.
    ///
    /// A dry run writes nothing, and a directory tells its time by writing.
    private func time(at repository: Repository) async throws -> Timestamp {
        options.isDryRun && !repository.remote.acknowledgesDurably ? .now() : try await repository.remote.barrier()
    }

    /// What cannot be read may refer to anything.
    private func refuseWhatIsNotWhole(_ repository: Repository, _ warnings: [Repository.Warning]) async throws {
        if let aside = try await repository.store.setAside().first {
            throw ReplayCacheError(
                aside.kind == .damage ? .integrity : .configuration,
                "nothing was collected: \(aside.key) \(aside.reason), and may refer to any object",
                hint: "put the segment back from a backup, or remove it and push again what it held",
                subject: aside.key
            )
        }
        guard try await repository.store.unknownOperationCount() == 0 else {
            throw ReplayCacheError(
                .unsupportedFormat,
                "nothing was collected: the log at \(place) has operations of a newer version",
                hint: "install a newer replaycache",
                subject: place.canonical
            )
        }
        if let damage = warnings.first(where: \.isDamage) {
            throw ReplayCacheError(
                .integrity,
                "nothing was collected: \(damage.message)",
                hint: "part of the log is left out, and may refer to any object",
                subject: place.canonical
            )
        }
    }

    // MARK: Lists

    private struct List: Sendable {
        let key: CondemnedListKey
        /// The later of what its name and what the place says.
        let madeAt: Timestamp
    }

    private func lists(_ repository: Repository) async throws -> [List] {
        let found = Mutex<[List]>([])
        try await repository.remote.list(prefix: CondemnedListKey.prefix, after: nil) { items in
            found.withLock { lists in
                for item in items {
                    guard let key = CondemnedListKey(item.key.string) else { continue }
                    lists.append(List(key: key, madeAt: max(key.time, item.modified)))
                }
            }
        }
        return found.withLock { $0 }
    }

    /// Reads lists into the survey, one at a time; answers which are not needed any more.
    ///
    /// Those are lists that everybody has read who may still rely on what they name, and lists that nobody can read: no
    /// collector acts on one, and another is made of what it may have held.
    private func take(_ lists: [List], _ repository: Repository, _ now: Timestamp) async throws -> [RemoteKey] {
        var dropped: [RemoteKey] = []
        for list in lists {
            let age = now.milliseconds - list.madeAt.milliseconds
            if age >= Self.listLifetime { dropped.append(list.key.remoteKey) }
            do {
                guard let keys = try await repository.condemnedList(list.key)?.keys else { continue }
                try await repository.store.addCondemned(
                    keys,
                    isDue: age >= Self.waitingTime,
                    isKept: age < Self.listLifetime
                )
            } catch let error as ReplayCacheError where error.code == .integrity {
                context.report(.warning("\(error.message); what it may hold is condemned anew"))
                dropped.append(list.key.remoteKey)
            }
        }
        return dropped
    }

    // MARK: Plan

    private func plan(_ store: PlaceStore, _ old: Timestamp) async throws -> GarbageTotals {
        let time = [SQLiteValue.integer(old.milliseconds)]
        let condemned = try await store.surveyTotals(Condition.condemn, time)
        let removed = try await store.surveyTotals(Condition.remove, time)
        let waiting = try await store.surveyTotals(Condition.wait, time)
        return GarbageTotals(
            condemned: condemned.count,
            removed: removed.count,
            bytesFreed: removed.bytes,
            bytesWaiting: condemned.bytes + waiting.bytes
        )
    }

    private func tell(_ store: PlaceStore, _ old: Timestamp) async throws {
        try await store.interruptible { try await store.findLastPaths() }
        let kinds: [(GarbageRow.Action, String)] = [
            (.remove, Condition.remove), (.condemn, Condition.condemn), (.wait, Condition.wait),
        ]
        for (action, condition) in kinds {
            try await store.eachGarbage(action, condition, storedBefore: old, row)
        }
    }

    private func refuseTooMuch(_ totals: GarbageTotals, _ store: PlaceStore) async throws {
        let all = try await store.surveyTotals("1").count
        let going = totals.condemned + totals.removed
        guard !options.insists, all >= Self.guardedCount, going > all / 2 else { return }
        throw ReplayCacheError(
            .usage,
            "\(Decimals.grouped(going)) of \(Decimals.grouped(all)) objects at \(place) would go, and that is more than half",
            hint: "look at `replaycache gc \(place) --dry-run`; if that is what you want, repeat with --yes",
            subject: place.canonical
        )
    }

    // MARK: Deeds

    /// Publishes what is condemned, in lists that can be read whole.
    private func condemn(_ repository: Repository, _ now: Timestamp, _ old: Timestamp) async throws {
        let store = repository.store
        var last = ""
        while true {
            let page = try await store.garbage(
                Condition.condemn,
                storedBefore: old,
                after: last,
                limit: CondemnedList.maximumKeys
            )
            guard let end = page.last else { break }
            last = end.string
            try await publish(page.compactMap { ObjectKey($0.string) }, repository, now)
        }
        var content: Int64 = 0
        while true {
            let page = try await store.graves(after: content, limit: CondemnedList.maximumKeys)
            guard let end = page.last else { return }
            content = end.content
            try await publish(page.map(\.key), repository, now)
        }
    }

    private func publish(_ keys: [ObjectKey], _ repository: Repository, _ now: Timestamp) async throws {
        let key = CondemnedListKey(time: now, id: newWriterName())
        let body = try await BlockingPool.shared.run {
            try RemoteBody(CondemnedList(keys: keys).encoded())
        }
        try await repository.remote.put(key.remoteKey, body, durability: .commit)
    }

    private func remove(
        _ repository: Repository,
        _ old: Timestamp,
        _ planned: GarbageTotals,
        readAt: Int64
    ) async throws -> GarbageTotals {
        let store = repository.store
        context.progress.begin("removing", items: planned.removed)
        var last = ""
        var isLate = false
        var removed = 0
        try await forEachConcurrently(
            width: Self.batchWidth,
            next: { () async throws -> [RemoteKey]? in
                isLate = repository.watch.now - readAt > Self.planLifetime
                guard !isLate else { return nil }
                let page = try await store.garbage(
                    Condition.remove,
                    storedBefore: old,
                    after: last,
                    limit: Self.batchCount
                )
                last = page.last?.string ?? last
                return page.isEmpty ? nil : page
            },
            work: { (keys: [RemoteKey]) -> Result<Int, any Error> in
                await Result.catching {
                    try await repository.remote.delete(keys)
                    return keys.count
                }
            },
            collect: { (outcome: Result<Int, any Error>) in
                let count = try outcome.get()
                removed += count
                context.progress.advance(items: count)
            }
        )
        var totals = planned
        guard isLate else { return totals }
        context.report(.warning("this run took too long to rely on what it had read; run it again for the rest"))
        let all = try await store.surveyTotals("\(Condition.remove) AND o.key > ?2", [.integer(0), .text(last)])
        totals.removed = removed
        totals.bytesFreed -= all.bytes
        totals.bytesWaiting += all.bytes
        return totals
    }
}
