import ReplayCacheTestSupport
import ReplayGenerator

@testable import ReplayCache

/// Merges every commit the moment it takes effect, and looks whether what it names is there.
actor SimulatedObserver {
    private let store: PlaceStore
    private let place: SimulatedPlace
    private var segments: [(key: SegmentKey, segment: Segment)] = []

    init(place: SimulatedPlace, at name: Place, home: String) async throws {
        self.place = place
        store = try await Self.makeStore(at: name, home: home)
    }

    private static func makeStore(at name: Place, home: String) async throws -> PlaceStore {
        let catalog = try await BlockingPool.shared.run { try Catalog(home: home) }
        return try await PlaceStore.open(try await catalog.place(name), home: home)
    }

    func commit(_ key: RemoteKey, _ bytes: [UInt8]) async {
        do {
            guard let name = SegmentKey(key.string) else { throw SegmentError("is no segment") }
            let segment = try Segment.decode(bytes, key: name)
            segments.append((name, segment))
            for refusal in try await store.merge([(name, segment)]) {
                place.report("\(key) line \(refusal.line) was refused: \(refusal.reason)")
            }
            for operation in segment.operations {
                switch operation {
                case .put(let put): try await check(put.sha256, "\(put.path) in \(key)")
                case .obj(let object): try await check(object.sha256, "\(object.key) in \(key)")
                case .ckpt(let checkpoint):
                    for file in checkpoint.files { try await check(file.sha256, "\(file.name) in \(key)") }
                case .dataset(let dataset): try await checkList(dataset.sha256, "\(dataset.name) in \(key)")
                default: continue
                }
            }
        } catch {
            place.report("\(key): \(error)")
        }
    }

    /// Reports a content that is not where the log says.
    private func check(_ digest: Digest, _ what: String) async throws {
        guard let object = try await store.object(of: digest) else {
            return place.report("\(what): no object is told for \(digest.short)")
        }
        guard let stored = place.item(object.key.remoteKey) else {
            return place.report("\(what): \(object.key.remoteKey) is gone")
        }
        guard try Digest.of(try Self.decoded(stored.bytes, object.key.form)) == digest else {
            return place.report("\(what): \(object.key.remoteKey) has other bytes")
        }
    }

    private static func decoded(_ bytes: [UInt8], _ form: ObjectKey.Form) throws -> [UInt8] {
        guard form == .content(.zst) else { return bytes }
        var content: [UInt8] = []
        let decompressor = try ZstdDecompressor()
        try decompressor.decompress(bytes.span) { piece in
            for index in piece.indices { content.append(piece[index]) }
        }
        try decompressor.finish()
        return content
    }

    /// Everything that is visible has its object.
    func checkEverything() async throws {
        for (path, digest) in try await entries() { try await check(digest, path) }
        for digest in try await store.checkpointContents() { try await check(digest, "a checkpoint") }
        for dataset in try await store.datasets() { try await checkList(dataset.sha256, "dataset \(dataset.name)") }
    }

    /// Reports a list, or something that it names, that is not where the log says.
    private func checkList(_ list: Digest, _ what: String) async throws {
        try await check(list, what)
        guard let object = try await store.object(of: list), let stored = place.item(object.key.remoteKey) else {
            return
        }
        for line in try Self.decoded(stored.bytes, object.key.form).split(separator: UInt8(ascii: "\n")) {
            try await check(try DatasetList.parse(line).digest, what)
        }
    }

    func datasets() async throws -> Set<String> { Set(try await store.datasets().map(\.reference)) }

    /// How long a version can be restored after another took its place, in milliseconds.
    private static let restorableAge: Int64 = 30 * 86_400_000

    func removed(_ key: RemoteKey) async {
        do {
            try await checkEverything()
            let since = place.now.milliseconds - Self.restorableAge
            for version in try await store.restorableVersions(since: since) {
                try await check(version.digest, "the version of \(version.path) that can be restored")
            }
        } catch {
            place.report("\(key) was removed: \(error)")
        }
    }

    /// What every path shows.
    func entries() async throws -> [String: Digest] {
        let rows = RowCollector<EntryRow>()
        _ = try await store.eachEntry(below: nil) { rows.append($0) }
        return Dictionary(rows.all.map { ($0.path, $0.sha256) }, uniquingKeysWith: { first, _ in first })
    }

    /// What a path shows or showed, as `path digest`.
    func versions() async throws -> Set<String> {
        Set(try await store.versions().map { $0.split(separator: " ").dropLast().joined(separator: " ") })
    }

    func steps(of run: String) async throws -> Set<Int64> {
        Set(try await store.checkpoints(run: run).compactMap(\.step))
    }

    func dump() async throws -> [String] { try await store.dump() }

    /// The same from the segments in another order.
    func dump(inOrderOf seed: UInt64, at name: Place, home: String) async throws -> [String] {
        var random = SeededGenerator(seed: seed)
        let other = try await Self.makeStore(at: name, home: home)
        for segment in segments.shuffled(using: &random) { _ = try await other.merge([segment]) }
        return try await other.dump()
    }
}

extension PlaceStore {
    fileprivate struct RestorableVersion: Sendable {
        let path: String
        let digest: Digest
    }

    /// What paths held until a time or longer, in milliseconds, or hold.
    fileprivate func restorableVersions(since time: Int64) throws -> [RestorableVersion] {
        try database.all(
            """
            WITH version AS (
                SELECT path, content, hlc FROM main.history
                UNION ALL SELECT e.path, e.content, s.hlc FROM main.entry e JOIN main.segment s ON s.id = e.segment
            ), followed AS (
                SELECT path, content, lead(hlc) OVER (PARTITION BY path ORDER BY hlc) AS replaced_at FROM version
            )
            SELECT f.path, c.digest FROM followed f JOIN main.content c ON c.id = f.content
            WHERE f.replaced_at IS NULL OR f.replaced_at >= ?
            """,
            [.integer(time)]
        ) { row in row.digest(1).map { RestorableVersion(path: row.text(0), digest: $0) } }.compactMap(\.self)
    }

    fileprivate func checkpointContents() throws -> Set<Digest> {
        let sql = "SELECT DISTINCT c.digest FROM main.checkpoint_file f JOIN main.content c ON c.id = f.content"
        return Set(try database.all(sql) { Digest(bytes: $0.blob(0)) }.compactMap(\.self))
    }
}
