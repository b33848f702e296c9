internal import Synchronization

/// Brings the local state of a place up to date with its log: one listing, and one read for each new segment.
struct LogReader {
    let place: Place
    let remote: MeteredRemote
    let store: PlaceStore

    /// A segment may become visible this long after the time in its name: a commit that takes longer is stamped anew.
    private static let slack: Int64 = 3_600_000
    /// After a day without contact the whole log is listed, as at first contact.
    private static let fullListingAge: Int64 = 24 * 3_600_000
    /// A segment stamped this much later than it was stored comes from a broken clock (`design.md` section 3).
    static let clockTolerance: Int64 = 300_000
    /// Segments read at once: enough to hide the way to a bucket, and a bound on memory.
    private static let segmentWidth = 4

    struct CatchUp {
        /// False when the newest segment merged before is gone from the log: wiped, or another repository.
        var isSameLog: Bool
        var warnings: [Repository.Warning]
    }

    /// Reads what is new.
    ///
    /// `isReadable` is asked before anything new is read, and only then, so that a log without news costs one request:
    /// false means that no repository of this format stands there.
    func catchUp(ifSo isReadable: () async throws -> Bool = { true }) async throws -> CatchUp {
        let newest = try await store.newestHLC()
        let listed = Mutex((keys: [(key: SegmentKey, item: RemoteItem)](), newest: Timestamp?.none))
        let answered = try await remote.list(
            prefix: SegmentKey.prefix,
            after: try await startingPoint(newest: newest)
        ) { items in
            listed.withLock { state in
                for item in items {
                    state.newest = max(state.newest ?? item.modified, item.modified)
                    if let key = SegmentKey(item.key.string) { state.keys.append((key, item)) }
                }
            }
        }
        let (keys, newestItem) = listed.withLock { $0 }
        let isSameLog = newest == nil || keys.contains { $0.key.hlc == newest }
        guard isSameLog else { return CatchUp(isSameLog: false, warnings: []) }
        let new = Set(try await store.unmerged(keys.map(\.key)))
        let readable = try await setAsideTheFuture(keys.filter { new.contains($0.key) })
        if !readable.isEmpty, try await !isReadable() { return CatchUp(isSameLog: false, warnings: []) }
        var warnings = try await merge(readable)
        // A directory has no clock to ask without writing; the newest thing in it is as good for this purpose.
        if let seen = answered ?? newestItem { try await store.setLastCatchUp(seen) }
        for aside in try await store.setAside() {
            warnings.append(
                .init(message: "\(aside.key) \(aside.reason); it is left out", isDamage: aside.kind == .damage)
            )
        }
        return CatchUp(isSameLog: true, warnings: warnings)
    }

    private func startingPoint(newest: HLC?) async throws -> RemoteKey? {
        guard let newest, let last = try await store.lastCatchUp() else { return nil }
        guard Timestamp.now().milliseconds - last.milliseconds < Self.fullListingAge,
            try await store.setAside().isEmpty
        else { return nil }
        let start = HLC(milliseconds: min(newest.milliseconds, last.milliseconds) - Self.slack)
        return RemoteKey(SegmentKey.prefix + start.text)
    }

    /// Those of `segments` that may be read; the others were stamped by a broken clock.
    private func setAsideTheFuture(_ segments: [(key: SegmentKey, item: RemoteItem)]) async throws -> [SegmentKey] {
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
    private func merge(_ segments: [SegmentKey]) async throws -> [Repository.Warning] {
        var warnings: [Repository.Warning] = []
        var next = segments.makeIterator()
        try await forEachConcurrently(
            width: Self.segmentWidth,
            next: { next.next() },
            work: { key in ReadSegment(key: key, segment: await Result.catching { try await read(key) }) },
            collect: { warnings += try await merge($0) }
        )
        return warnings
    }

    /// Not a tuple: see ``forEachConcurrently(width:next:work:collect:)``.
    private struct ReadSegment: Sendable {
        let key: SegmentKey
        let segment: Result<Segment, any Error>
    }

    private func merge(_ read: ReadSegment) async throws -> [Repository.Warning] {
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
