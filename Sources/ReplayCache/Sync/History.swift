/// One version of a path, as `history` prints it.
public struct VersionRow: Sendable, Equatable, Encodable {
    /// What a version did to its path.
    public enum Change: String, Sendable, Encodable {
        /// The path held nothing before.
        case added
        /// The path held something else before.
        case replaced
        /// The path holds nothing since.
        case deleted
        /// It lost against a change that somebody else made at the same time, and was never seen there.
        case lost
    }

    /// Version of this form.
    public let v = 1
    /// Always `version`.
    public let event = "version"
    /// Path in the repository.
    public var path: String
    /// When it was written, by the clock of the place; RFC 3339.
    public var at: String
    /// What happened.
    public var change: Change
    /// Digest of the content; of a deletion, of what was deleted.
    public var sha256: Digest?
    /// Length of the content in bytes; nil for a deletion.
    public var size: Int64?
    /// The machine that wrote it.
    public var host: String
    /// Whether the path shows it now.
    public var isCurrent: Bool
    /// Whether `restore` can bring it back.
    public var isRestorable: Bool
    /// Until when its content is kept although nothing else needs it; RFC 3339, nil while the path shows it.
    public var restorableUntil: String?

    let stamp: Stamp

    private enum CodingKeys: String, CodingKey {
        case v, event, path, at, change, sha256, size, host, isCurrent, isRestorable, restorableUntil
    }
}

/// The versions of one path, the oldest first, and what each did.
struct PathHistory {
    /// How long what nothing refers to any more stays restorable (`design.md` section 3), milliseconds.
    static let lifetime: Int64 = 30 * 24 * 3_600_000

    let path: LogicalPath
    let versions: [PlaceStore.PathVersion]

    /// Index of the put that the path showed after each version; nil while it was deleted.
    let shown: [Int?]

    init(path: LogicalPath, versions: [PlaceStore.PathVersion]) {
        self.path = path
        self.versions = versions
        var newestPut: Int?
        var hidden: Set<Digest> = []
        // The newest put decides, unless a later deletion names its content (`docs/format.md`, "Merge").
        shown = versions.indices.map { index in
            if versions[index].content != nil {
                newestPut = index
                hidden = []
            } else if let was = versions[index].was {
                hidden.insert(was)
            }
            guard let newestPut, let content = versions[newestPut].content, !hidden.contains(content) else {
                return nil
            }
            return newestPut
        }
    }

    /// The version that the path shows; nil for a deleted path.
    var current: PlaceStore.PathVersion? { (shown.last ?? nil).map { versions[$0] } }

    /// The version that the path showed at a moment; nil when it held nothing then.
    func version(at moment: HLC) -> PlaceStore.PathVersion? {
        guard let index = versions.lastIndex(where: { $0.stamp.hlc <= moment }) else { return nil }
        return shown[index].map { versions[$0] }
    }

    /// What the path showed before what it shows now, or before it was deleted.
    var previous: PlaceStore.PathVersion? {
        guard let now = shown.last else { return nil }
        let content = now.flatMap { versions[$0].content }
        let before = shown.lastIndex { index in index.map { versions[$0].content != content } ?? false }
        return before.flatMap { shown[$0] }.map { versions[$0] }
    }

    /// Whether version `index` is a put that was replaced by somebody who replaced the same content without having seen it.
    ///
    /// A deletion is taken to be seen by every later writer.
    private func isLoser(_ index: Int) -> Bool {
        guard let content = versions[index].content else { return false }
        for later in versions[(index + 1)...] {
            if later.was == content || later.content == content { return false }
            if later.content != nil { return later.was == versions[index].was }
        }
        return false
    }

    /// The versions for people, the newest first.
    func rows(now: Timestamp) -> [VersionRow] {
        versions.indices.reversed().map { index in
            let version = versions[index]
            let isCurrent = shown.last ?? nil == index
            let end = isCurrent ? nil : supersededAt(index)
            let until = end.map { Timestamp(milliseconds: $0.milliseconds &+ Self.lifetime) }
            let isKept = version.isReferenced || until.map { $0 > now } ?? true
            return VersionRow(
                path: path.string,
                at: Timestamp(milliseconds: version.stamp.hlc.milliseconds).rfc3339,
                change: change(index),
                sha256: version.content ?? version.was,
                size: version.content == nil ? nil : version.size,
                host: version.host,
                isCurrent: isCurrent,
                isRestorable: version.content != nil && version.isStored && isKept,
                restorableUntil: version.content == nil ? nil : until?.rfc3339,
                stamp: version.stamp
            )
        }
    }

    private func change(_ index: Int) -> VersionRow.Change {
        let before = index > 0 ? shown[index - 1] : nil
        guard versions[index].content != nil else {
            // A deletion of what was not there any more hides nothing.
            return shown[index] == nil && before != nil ? .deleted : .lost
        }
        if isLoser(index) { return .lost }
        return before == nil ? .added : .replaced
    }

    /// When one of the versions stopped being what the path shows.
    func end(of version: PlaceStore.PathVersion) -> HLC {
        supersededAt(versions.firstIndex { $0.stamp == version.stamp } ?? versions.count - 1)
    }

    /// When version `index` stopped being what the path shows.
    private func supersededAt(_ index: Int) -> HLC {
        let end = versions.indices.first { $0 > index && shown[$0] != index }
        return versions[end ?? versions.count - 1].stamp.hlc
    }
}

/// Tells the versions of one path.
struct History {
    let repository: Repository
    let path: LogicalPath

    func run() async throws -> [VersionRow] {
        let versions = try await repository.store.versions(of: path)
        guard !versions.isEmpty else { throw try await nothing() }
        return PathHistory(path: path, versions: versions).rows(now: try await repository.time())
    }

    private func nothing() async throws -> ReplayCacheError {
        let isFolder = try await repository.store.hasEntries(below: path.string)
        return ReplayCacheError(
            .usage,
            isFolder
                ? "\(DisplayText.quoted(path.string)) is a folder, and only files have versions"
                : "nothing is or was at \(DisplayText.quoted(path.string)) at \(repository.place)",
            hint: isFolder
                ? "name a file in it: `replaycache ls` lists them"
                : "paths begin with replays/ or checkpoints/; `replaycache ls \(repository.place)` lists them",
            subject: path.string
        )
    }
}

extension Repository {
    /// Now, by the clock of the place: what its history is asked for.
    func time() async throws -> Timestamp {
        // A directory tells its time to writers only; the clock of this machine is near it.
        if place.localDirectory != nil { return .now() }
        return try await store.lastCatchUp() ?? .now()
    }
}

extension PlaceStore {
    /// The most that is told of lost changes at once.
    private static let toldLosers = 1000

    /// Changes below a path that lost against a concurrent one and can still be restored.
    func recentLosers(below path: LogicalPath) throws -> [ConcurrentLoser] {
        let newest = max(try newestHLC()?.milliseconds ?? 0, Timestamp.now().milliseconds)
        let since = HLC(milliseconds: newest - PathHistory.lifetime)
        return try concurrentLosers(below: path, since: since, limit: Self.toldLosers)
    }
}
