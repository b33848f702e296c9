/// What this machine knows of the bases of a place.
///
/// Kept beside the merged state, and no part of it: a base does not carry it.
extension PlaceStore {
    private enum Name {
        static let base = "base"
        static let byteCount = "base-bytes"
        static let modified = "base-modified"
        static let mark = "base-mark"
        static let seen = "log-seen"
        static let growth = "log-growth"
        static let pruned = "base-pruned"
        static let contact = "contact"
    }

    /// The newest base that was taken or made here, whose segments are therefore known.
    struct KnownBase: Sendable, Equatable {
        let base: ListedBase
        /// The highest row id of a segment that it covers.
        let mark: Int64
    }

    func knownBase() throws -> KnownBase? {
        guard let key = try value(Name.base).flatMap({ BaseKey($0) }),
            let byteCount = try value(Name.byteCount).flatMap({ Int64($0) }),
            let modified = try value(Name.modified).flatMap({ Int64($0) }),
            let mark = try value(Name.mark).flatMap({ Int64($0) })
        else { return nil }
        return KnownBase(
            base: ListedBase(key: key, byteCount: byteCount, modified: Timestamp(milliseconds: modified)),
            mark: mark
        )
    }

    /// Remembers a base that covers the segments up to the row `covered`, or all.
    static func remember(_ base: ListedBase, covered: Int64?, in database: Database) throws {
        let mark = try covered ?? database.first("SELECT coalesce(max(id), 0) FROM main.segment") { $0.int64(0) } ?? 0
        for (name, value) in [
            (Name.base, base.key.remoteKey.string), (Name.byteCount, "\(base.byteCount)"),
            (Name.modified, "\(base.modified.milliseconds)"), (Name.mark, "\(mark)"), (Name.growth, "0"),
        ] {
            try database.run(
                "INSERT OR REPLACE INTO main.repository (key, value) VALUES (?, ?)",
                .text(name),
                .text(value)
            )
        }
    }

    func remember(_ base: ListedBase, covered: Int64) throws {
        try database.transaction { try Self.remember(base, covered: covered, in: database) }
    }

    // MARK: The log since then

    /// How much came to the log since the newest base that is known here: segments, and about how many bytes.
    struct Growth: Sendable {
        var segments: Int
        var byteCount: Int64
    }

    /// Compressed bytes of one operation of a replay, about.
    private static let operationByteCount: Int64 = 150

    func growth() throws -> Growth {
        let marks = try [Name.mark, Name.seen].map { try value($0).flatMap { Int64($0) } ?? 0 }
        let mark = SQLiteValue.integer(max(marks[0], marks[1]))
        let count = try database.first("SELECT count(*) FROM segment WHERE id > ?", [mark]) { $0.int(0) }
        return Growth(segments: count ?? 0, byteCount: try value(Name.growth).flatMap { Int64($0) } ?? 0)
    }

    func countGrowth(operations: Int) throws {
        let known = try value(Name.growth).flatMap { Int64($0) } ?? 0
        try setValue("\(known + Int64(operations) * Self.operationByteCount)", for: Name.growth)
    }

    /// Passes over what is in the log now when the next question is whether a base would be worthwhile: another machine has
    /// made one.
    func forgetGrowth() throws {
        try setValue("\(try newestSegment())", for: Name.seen)
        try setValue("0", for: Name.growth)
    }

    /// Whether covered segments of the known base were removed, or could not be.
    func isPruned(_ base: BaseKey) throws -> Bool { try value(Name.pruned) == base.remoteKey.string }

    func setPruned(_ base: BaseKey) throws { try setValue(base.remoteKey.string, for: Name.pruned) }

    /// When this machine last asked the place, by its own clock; says nothing of what happened there.
    func lastContact() throws -> Timestamp? {
        try value(Name.contact).flatMap { Int64($0) }.map(Timestamp.init(milliseconds:))
    }

    func setLastContact(_ time: Timestamp) throws { try setValue("\(time.milliseconds)", for: Name.contact) }

    /// Those of `keys` that are merged here and whose rows are not above `mark`.
    func covered(_ keys: [SegmentKey], by mark: Int64) throws -> [SegmentKey] {
        try keys.filter { key in
            try database.first(
                "SELECT 1 FROM segment WHERE key = ? AND id <= ?",
                [.text(key.remoteKey.string), .integer(mark)]
            ) { _ in true } != nil
        }
    }

    /// The highest row id of a segment.
    func newestSegment() throws -> Int64 {
        try database.first("SELECT coalesce(max(id), 0) FROM segment") { $0.int64(0) } ?? 0
    }

    func hasUnknownOperations() throws -> Bool {
        try database.first("SELECT 1 FROM unknown_operation LIMIT 1") { _ in true } != nil
    }
}
