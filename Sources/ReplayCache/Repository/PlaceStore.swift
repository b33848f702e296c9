/// The merged state of one repository on this machine: `schema/base.sql`, kept current by merging segments.
///
/// The catalog is attached to the same connection as `catalog`, so that one statement can compare what a root has with
/// what the repository has (`Sync/`), without either in memory. Calls run on a queue of the store's own.
package actor PlaceStore {
    nonisolated let executor = QueueExecutor(label: "replaycache.place")
    package nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe executor.asUnownedSerialExecutor()
    }

    package nonisolated let record: PlaceRecord
    /// The folder of the catalog.
    package nonisolated let home: String
    package let database: Database
    private nonisolated let interrupter: Interrupter

    /// Ranks of merged segments by row id.
    ///
    /// A segment is immutable and its row id is never given out again, not even after another process has called
    /// ``reset()``: what is remembered here stays true.
    var ranks: [Int64: SegmentRank] = [:]

    /// Whether players are found by an index.
    var hasPersonIndex = false

    /// Opens, or makes, the state of a place, on a thread that may block.
    package static func open(_ record: PlaceRecord, home: String) async throws -> PlaceStore {
        let store = try await BlockingPool.shared.run { try PlaceStore(record: record, home: home) }
        try await store.takeUpKeptOperations()
        return store
    }

    /// Blocks.
    init(record: PlaceRecord, home: String) throws {
        self.record = record
        self.home = home
        database = try Schema.openPlace(at: record.path)
        interrupter = database.interrupter
        try database.distrustFile()
        // Read-only, so that a long merge here never holds the write lock of the catalog.
        try database.attach(Catalog.path(in: home), as: "catalog", .readOnly)
    }

    /// Runs `body`, whose running statement ends when the task is cancelled: a plan over many files takes seconds.
    nonisolated func interruptible<Value>(_ body: () async throws -> Value) async throws -> Value {
        try await withTaskCancellationHandler(operation: body, onCancel: { interrupter.interrupt() })
    }

    /// What orders the operations of one segment among those of others.
    struct SegmentRank {
        let hlc: HLC
        let key: String
    }

    // MARK: What is known of the repository

    /// The repository's id when it was last read; nil when this place was never read.
    package func repositoryID() throws -> String? { try value("repository") }

    package func setRepositoryID(_ id: String) throws { try setValue(id, for: "repository") }

    /// The place's own time when it last answered a listing of the log.
    package func lastCatchUp() throws -> Timestamp? {
        try value("last-catch-up").flatMap { Timestamp(sortable: $0) }
    }

    package func setLastCatchUp(_ time: Timestamp) throws { try setValue(time.sortable, for: "last-catch-up") }

    /// The highest clock reading merged; nil when there is none.
    package func newestHLC() throws -> HLC? {
        try database.first("SELECT max(hlc) FROM segment") { $0.optionalInt64(0) }?.map(HLC.init(milliseconds:))
    }

    /// Forgets everything: the repository that was here is gone and another may take its place.
    package func reset() throws {
        let tables = [
            "repository", "segment", "content", "entry", "history", "game", "person", "checkpoint", "checkpoint_file",
            "dataset", "unknown_operation", "set_aside",
        ]
        try database.transaction {
            try Schema.dropTablesOfQuestions(in: database)
            for table in tables { try database.run("DELETE FROM main.\(table)") }
        }
        ranks.removeAll()
    }

    /// Those of `keys` that are not merged yet.
    package func unmerged(_ keys: [SegmentKey]) throws -> [SegmentKey] {
        try keys.filter { key in
            try database.first("SELECT 1 FROM segment WHERE key = ?", [.text(key.remoteKey.string)]) { _ in true }
                == nil
        }
    }

    /// A segment that could not be merged.
    package struct SetAside: Sendable {
        package enum Kind: String, Sendable {
            /// Its bytes are not those of a segment.
            case damage
            /// It was stamped by a clock that is ahead of the place's own.
            case clock
        }

        package let key: String
        package let kind: Kind
        /// For people: what follows the key in a sentence.
        package let reason: String
    }

    /// Segments that could not be merged, in the order of their keys.
    package func setAside() throws -> [SetAside] {
        try database.all("SELECT key, kind, reason FROM set_aside ORDER BY key") { row in
            SetAside(key: row.text(0), kind: .init(rawValue: row.text(1)) ?? .damage, reason: row.text(2))
        }
    }

    package func setAside(_ key: SegmentKey, _ kind: SetAside.Kind, reason: String) throws {
        try database.run(
            "INSERT OR REPLACE INTO set_aside (key, kind, reason) VALUES (?, ?, ?)",
            .text(key.remoteKey.string),
            .text(kind.rawValue),
            .text(reason)
        )
    }

    func value(_ key: String) throws -> String? {
        try database.first("SELECT value FROM repository WHERE key = ?", [.text(key)]) { $0.text(0) }
    }

    func setValue(_ value: String, for key: String) throws {
        try database.run("INSERT OR REPLACE INTO repository (key, value) VALUES (?, ?)", .text(key), .text(value))
    }

    // MARK: Objects

    /// A stored content.
    package struct StoredObject: Sendable, Equatable {
        package let key: ObjectKey
        package let size: Int64
        package let encodedSize: Int64
    }

    /// Where a content is stored; nil when the repository does not have it.
    package func object(of digest: Digest) throws -> StoredObject? {
        let row = try database.first(
            "SELECT size, encoding, generation, encoded_size FROM content WHERE digest = ? AND encoding IS NOT NULL",
            [.blob(digest.bytes)]
        ) { (size: $0.int64(0), suffix: $0.text(1), generation: $0.int(2), encodedSize: $0.int64(3)) }
        guard let row else { return nil }
        guard let form = ObjectKey.Form(suffix: row.suffix),
            (0...ObjectKey.maximumGeneration).contains(row.generation),
            (0...Recipe.maximumContentByteCount).contains(row.size)
        else {
            throw ReplayCacheError(
                .unsupportedFormat,
                "content \(digest.short) is stored as \"\(row.suffix)\", which this program does not know",
                hint: "install a newer replaycache",
                subject: digest.hex
            )
        }
        // Segments are held to this where they are read, bases are not; such an object is read into memory.
        guard form == .recipe || row.size <= Recipe.threshold else {
            throw ReplayCacheError(
                .integrity,
                "content \(digest.short) is said to hold \(row.size) bytes, more than is stored without parts",
                subject: digest.hex
            )
        }
        return StoredObject(
            key: ObjectKey(digest: digest, generation: row.generation, form: form),
            size: row.size,
            encodedSize: row.encodedSize
        )
    }
}
