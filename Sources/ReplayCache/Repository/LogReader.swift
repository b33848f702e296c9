internal import Synchronization

/// Brings the local state of a place up to date: one listing of the log, and one read for each new segment.
///
/// At first contact, and where the log no longer has what is missing here, the newest base comes first
/// (`docs/format.md`, "Catching up").
struct LogReader {
    let place: Place
    let remote: MeteredRemote
    let catalog: Catalog
    let store: PlaceStore
    var limits = CompactionLimits()

    /// A segment may become visible this long after the time in its name: a commit that takes longer is stamped anew.
    static let slack: Int64 = 3_600_000
    /// After a day without contact the whole log is listed, as at first contact.
    private static let fullListingAge: Int64 = 24 * 3_600_000
    /// A segment stamped this much later than it was stored comes from a broken clock (`design.md` section 3).
    static let clockTolerance: Int64 = 300_000
    /// Segments read at once: enough to hide the way to a bucket, and a bound on memory.
    private static let segmentWidth = 4
    /// How often a log may be pruned while it is read.
    private static let maximumAttempts = 4

    struct CatchUp {
        /// False when what was merged before is gone from the place: wiped, or another repository.
        var isSameLog: Bool
        var warnings: [Repository.Warning]
        /// The state to go on with: another than before when a base was taken.
        var store: PlaceStore
    }

    /// Reads what is new.
    ///
    /// `isReadable` is asked before anything new is read, and only then, so that a log without news costs one request:
    /// false means that no repository of this format stands there. `isSame` is asked where the newest segment known is no
    /// longer listed although a base may cover it: false means that another repository stands there.
    func catchUp(
        ifSo isReadable: () async throws -> Bool = { true },
        isSame: () async throws -> Bool = { true }
    ) async throws -> CatchUp {
        var state = CatchUp(isSameLog: true, warnings: [], store: store)
        for attempt in 1... {
            do {
                try await catchUp(&state, insistsOnBase: attempt > 1, ifSo: isReadable, isSame: isSame)
                return state
            } catch let error as RemoteError where error.reason == .notFound && attempt < Self.maximumAttempts {
                // Pruned since it was listed: what it held is in a base by now.
                continue
            }
        }
        return state
    }

    private struct Listing {
        var keys: [(key: SegmentKey, item: RemoteItem)] = []
        var newest: Timestamp?
    }

    private func catchUp(
        _ state: inout CatchUp,
        insistsOnBase: Bool,
        ifSo isReadable: () async throws -> Bool,
        isSame: () async throws -> Bool
    ) async throws {
        let known = state.store
        let newest = try await known.newestHLC()
        let listed = Mutex(Listing())
        // Reading may take hours, and what happens meanwhile is not seen.
        let contact = Timestamp.now()
        let answered = try await remote.list(
            prefix: SegmentKey.prefix,
            after: insistsOnBase ? nil : try await startingPoint(known, newest: newest)
        ) { items in
            listed.withLock { listing in
                for item in items {
                    listing.newest = max(listing.newest ?? item.modified, item.modified)
                    if let key = SegmentKey(item.key.string) { listing.keys.append((key, item)) }
                }
            }
        }
        let listing = listed.withLock { $0 }
        let isNewestListed = newest == nil || listing.keys.contains { $0.key.hlc == newest }
        var bases: [ListedBase] = []
        if !isNewestListed || insistsOnBase { bases = try await BaseReader.list(remote).bases }
        // Where there is a base, the log holds at least the newest segment.
        if isNewestListed, !insistsOnBase, !listing.keys.isEmpty,
            try await isLookingForBasesDue(known, newest: newest, answered ?? listing.newest)
        {
            bases = try await BaseReader.list(remote).bases
        }
        if let newest, !isNewestListed {
            // The newest segment always stays, so an older one may be covered by a base, and removed, only where there are
            // newer ones.
            let mayBeCovered =
                bases.contains { $0.key.hlc >= newest } && listing.keys.contains { $0.key.hlc > newest }
            state.isSameLog = mayBeCovered ? try await isSame() : false
            guard state.isSameLog else { return }
        }
        let now = answered ?? Timestamp.now()
        if try await isBaseNeeded(bases, by: known, newest: newest, insistsOnBase, now) {
            guard try await isReadable() else { return state.isSameLog = false }
            let taken = try await BaseReader(place: place, remote: remote, catalog: catalog).take(bases)
            state.warnings += taken.warnings
            if let store = taken.store {
                if let id = try await known.repositoryID() { try await store.setRepositoryID(id) }
                state.store = store
            }
        }
        let store = state.store
        let new = Set(try await store.unmerged(listing.keys.map(\.key)))
        let readable = try await setAsideTheFuture(listing.keys.filter { new.contains($0.key) }, store)
        if !readable.isEmpty, try await !isReadable() { return state.isSameLog = false }
        state.warnings += try await merge(readable, store)
        // A directory has no clock to ask without writing; the newest thing in it is as good for this purpose.
        if let seen = answered ?? listing.newest { try await store.setLastCatchUp(seen) }
        try await store.setLastContact(contact)
        for aside in try await store.setAside() {
            state.warnings.append(
                .init(message: "\(aside.key) \(aside.reason); it is left out", isDamage: aside.kind == .damage)
            )
        }
    }

    // MARK: Bases

    /// Whether a day has passed since the last contact, by the clock of this machine, which may have been put back, or by
    /// that of the place: of a folder, by what was written there since, without which nothing is ever removed.
    private func isLookingForBasesDue(_ store: PlaceStore, newest: HLC?, _ seen: Timestamp?) async throws -> Bool {
        guard newest != nil, let last = try await store.lastContact() else { return true }
        if Timestamp.now().milliseconds - last.milliseconds >= Self.fullListingAge { return true }
        guard let seen, let before = try await store.lastCatchUp() else { return false }
        return seen.milliseconds - before.milliseconds >= Self.fullListingAge - Self.slack
    }

    /// Whether the log alone can no longer bring the state here up to date, or would bring back what has aged.
    private func isBaseNeeded(
        _ bases: [ListedBase],
        by store: PlaceStore,
        newest: HLC?,
        _ insists: Bool,
        _ now: Timestamp
    ) async throws -> Bool {
        guard let base = bases.first, try await store.knownBase()?.base.key != base.key else { return false }
        guard newest != nil, !insists, let last = try await store.lastCatchUp() else { return true }
        if now.milliseconds - last.milliseconds >= limits.historyAge { return true }
        // What appeared before the last contact was merged then. What a base covers of later segments may have been
        // removed once it is a day old, and then it may be gone itself if two have followed it; an hour's doubt goes to
        // the base.
        let since = bases.filter { $0.modified.milliseconds >= last.milliseconds - Self.slack }
        return since.count > 1
            || since.contains { now.milliseconds - $0.modified.milliseconds >= limits.pruningAge - Self.slack }
    }

    // MARK: Segments

    private func startingPoint(_ store: PlaceStore, newest: HLC?) async throws -> RemoteKey? {
        guard let newest, let last = try await store.lastCatchUp() else { return nil }
        guard Timestamp.now().milliseconds - last.milliseconds < Self.fullListingAge,
            try await store.setAside().isEmpty
        else { return nil }
        let start = HLC(milliseconds: min(newest.milliseconds, last.milliseconds) - Self.slack)
        return RemoteKey(SegmentKey.prefix + start.text)
    }

    /// Those of `segments` that may be read; the others were stamped by a broken clock.
    private func setAsideTheFuture(
        _ segments: [(key: SegmentKey, item: RemoteItem)],
        _ store: PlaceStore
    ) async throws -> [SegmentKey] {
        var readable: [SegmentKey] = []
        for (key, item) in segments {
            if key.hlc.milliseconds - item.modified.milliseconds > Self.clockTolerance {
                try await store.setAside(key, .clock, reason: "was stamped by a clock that is ahead of the place's")
            } else {
                readable.append(key)
            }
        }
        return readable
    }

    /// Reads segments ahead of each other and merges them as they come: the order changes nothing.
    private func merge(_ segments: [SegmentKey], _ store: PlaceStore) async throws -> [Repository.Warning] {
        var warnings: [Repository.Warning] = []
        var next = segments.makeIterator()
        try await forEachConcurrently(
            width: Self.segmentWidth,
            next: { next.next() },
            work: { key in ReadSegment(key: key, segment: await Result.catching { try await read(key) }) },
            collect: { warnings += try await merge($0, store) }
        )
        return warnings
    }

    /// Not a tuple: see ``forEachConcurrently(width:next:work:collect:)``.
    private struct ReadSegment: Sendable {
        let key: SegmentKey
        let segment: Result<Segment, any Error>
    }

    private func merge(_ read: ReadSegment, _ store: PlaceStore) async throws -> [Repository.Warning] {
        switch read.segment {
        case .success(let segment):
            return try await store.merge([(read.key, segment)]).warnings
        case .failure(let error):
            guard Self.isDamage(error) else { throw error }
            try await store.setAside(read.key, .damage, reason: "cannot be read (\(error))")
            return []
        }
    }

    private func read(_ key: SegmentKey) async throws -> Segment {
        try await remote.decoded(key.remoteKey, maximum: Segment.maximumEncodedByteCount) { bytes in
            try await BlockingPool.shared.run { try Segment.decode(bytes, key: key) }
        }
    }

    private static func isDamage(_ error: any Error) -> Bool {
        error is SegmentError || error is ZstdError
    }
}
