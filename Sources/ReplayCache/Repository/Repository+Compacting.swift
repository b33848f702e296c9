internal import Synchronization

/// Keeping the log short: a base of what is merged here, and the removal of what bases cover (`docs/format.md`, "Base").
extension Repository {
    /// Compacts the log when it has outgrown its newest base, and removes what an older base covers.
    ///
    /// For whoever has just committed. Never fails: a repository is whole with a long log too. Two machines may do this at
    /// once; both bases are good. `willCompact` is called before what takes long, seconds for a million entries.
    package func compactIfWorthwhile(
        _ limits: CompactionLimits = CompactionLimits(),
        willCompact: () -> Void = {}
    ) async -> [Warning] {
        do {
            try await pruneIfDue(limits)
            guard try await isWorthwhile(limits) else { return [] }
            if let reason = try await reasonNotToCompact() {
                let message = "the log at \(place) is long and was not compacted: \(reason)"
                return [Warning(message: message, isDamage: false)]
            }
            willCompact()
            // Whatever was there an hour before the newest segment that the base covers has to be in it: see `pruneIfDue`.
            try await catchUp()
            try await compact(limits)
            return []
        } catch let error as ReplayCacheError where error.code == .busy {
            // Another machine has compacted it.
            return []
        } catch {
            guard !Task.isCancelled, !Self.isDenied(error) else { return [] }
            let error = ReplayCacheError(error, doing: "compacting the log")
            return [Warning(message: "the log at \(place) was not compacted: \(error.message)", isDamage: false)]
        }
    }

    /// Whether this process has changed the repository.
    var hasCommitted: Bool { segmentsWritten.withLock { $0 > 0 } }

    // MARK: When

    private func isWorthwhile(_ limits: CompactionLimits) async throws -> Bool {
        let known = try await store.knownBase()
        let growth = try await store.growth()
        guard growth.segments > limits.segments || growth.byteCount > Self.allowance(known?.base, limits) else {
            return false
        }
        // Another machine may have been first. Which segments its base covers is not known without reading it; nearly all
        // that are older than its newest one.
        let newest = try await BaseReader.list(remote).bases.first
        var segments = 0
        var byteCount: Int64 = 0
        for item in try await listedSegments() where item.key.hlc > newest?.key.hlc ?? HLC(milliseconds: .min) {
            segments += 1
            byteCount += item.byteCount
        }
        if segments > limits.segments || byteCount > Self.allowance(newest, limits) { return true }
        try await store.forgetGrowth()
        return false
    }

    private static func allowance(_ base: ListedBase?, _ limits: CompactionLimits) -> Int64 {
        max(limits.leastByteCount, (base?.byteCount ?? 0) / max(1, limits.fraction))
    }

    /// Why a base must not be made of the state here.
    private func reasonNotToCompact() async throws -> String? {
        // Whoever reads the base has to merge them as they came, and a program that knows them may age them otherwise.
        if try await store.hasUnknownOperations() { return "it holds operations of a newer replaycache" }
        // The base would outlive the segment, and with it the word that something is missing.
        if try await store.setAside().contains(where: { $0.kind == .damage }) { return "a segment in it is damaged" }
        return nil
    }

    // MARK: Making a base

    /// Makes a base of what is merged here and puts it at the place.
    package func compact(_ limits: CompactionLimits = CompactionLimits()) async throws {
        guard try await store.newestHLC() != nil else { return }
        let now = try await remote.barrier()
        // At least these: another process may merge more into the same state until the base is written.
        let covered = try await store.newestSegment()
        let folder = PlaceFolder(home: catalog.home)
        let plain = try folder.newName(for: place) + PlaceFolder.draftSuffix
        let packed = try folder.newName(for: place) + PlaceFolder.draftSuffix
        defer { for name in [plain, packed] { folder.removeDatabase(name) } }
        let writer = BaseWriter(
            place: store.record.path,
            placeID: store.record.id,
            catalog: Catalog.path(in: catalog.home),
            now: now,
            limits: limits
        )
        let (key, body) = try await BlockingPool.shared.run {
            guard let newest = try writer.write(to: folder.path(of: plain)) else {
                throw BaseError("was forgotten meanwhile")
            }
            let file = try folder.create(packed)
            let digest = try BaseFile.compress(try OpenFile.reading(folder.path(of: plain)), into: file)
            let (encoded, byteCount) = try Digest.of(file)
            let key = BaseKey(hlc: newest, check: digest.short)
            // Segments are removed because of it, so it must be one that readers believe.
            try BaseFile.check(folder.path(of: plain), key: key)
            guard byteCount <= BaseFile.maximumEncodedByteCount else { throw BaseError("is too large to be read") }
            return (
                key,
                RemoteBody(source: file, byteCount: byteCount, digest: encoded)
            )
        }
        try await remote.put(key.remoteKey, body, durability: .commit)
        try await store.remember(ListedBase(key: key, byteCount: body.byteCount, modified: now), covered: covered)
    }

    // MARK: Pruning

    /// Segments of the log by name.
    private struct ListedSegment: Sendable {
        let key: SegmentKey
        let byteCount: Int64
    }

    private func listedSegments() async throws -> [ListedSegment] {
        let found = Mutex<[ListedSegment]>([])
        try await remote.list(prefix: SegmentKey.prefix, after: nil) { items in
            found.withLock { found in
                for item in items {
                    guard let key = SegmentKey(item.key.string) else { continue }
                    found.append(ListedSegment(key: key, byteCount: item.byteCount))
                }
            }
        }
        return found.withLock { $0 }
    }

    /// Bases that stay: the newest, and one that whoever finds it damaged can go back to.
    private static let keptBases = 2
    /// Keys removed with one call.
    private static let removalCount = 1000

    /// Removes segments that a base covers which is a day old by the clock of the place, and bases with two successors.
    ///
    /// Only of a base that was taken or made here: the others' segments are for others to remove. Tried once for each base;
    /// a key that may not remove leaves it to one that may.
    private func pruneIfDue(_ limits: CompactionLimits) async throws {
        guard let known = try await store.knownBase(), try await !store.isPruned(known.base.key),
            Timestamp.now().milliseconds - known.base.modified.milliseconds >= limits.pruningAge
        else { return }
        let (bases, answered) = try await BaseReader.list(remote)
        // A directory's clock is this machine's, or that of the server which also stamped the base.
        let now = answered ?? Timestamp.now()
        func isOld(_ base: ListedBase) -> Bool {
            now.milliseconds - base.modified.milliseconds >= limits.pruningAge
        }
        guard let base = bases.prefix(Self.keptBases).first(where: { $0.key == known.base.key }) else {
            return try await store.setPruned(known.base.key)
        }
        guard isOld(base) else { return }
        let listed = try await listedSegments()
        let newest = listed.map(\.key).max { $0.remoteKey < $1.remoteKey }
        // A newer base was made by somebody who may not have seen yet what was being committed then.
        let limit =
            bases.first?.key == base.key
            ? Int64.max : (bases.first?.key.hlc.milliseconds ?? .min) - 2 * LogReader.slack
        let removable = listed.map(\.key).filter { $0 != newest && $0.hlc.milliseconds < limit }
        let covered = try await store.covered(removable, by: known.mark)
        let superseded = bases.dropFirst(Self.keptBases).filter(isOld).map(\.key.remoteKey)
        do {
            try await remove(covered.map(\.remoteKey) + superseded)
        } catch  where Self.isDenied(error) {
            // For a client that may.
        }
        try await store.setPruned(known.base.key)
    }

    private func remove(_ keys: [RemoteKey]) async throws {
        var rest = keys[...]
        while !rest.isEmpty {
            try await remote.delete(Array(rest.prefix(Self.removalCount)))
            rest = rest.dropFirst(Self.removalCount)
        }
    }

    /// Whether a key lacks the right to do something.
    private static func isDenied(_ error: any Error) -> Bool {
        ReplayCacheError(error, doing: "removing what a base covers").circumstance == .denied
    }
}
