/// Merging segments: the last writer wins per register, in any order of arrival (`docs/format.md`, "Merge").
extension PlaceStore {
    /// An operation that was left out, and why.
    package struct Refusal: Sendable, Equatable {
        package let segment: String
        package let line: Int
        package let reason: String
    }

    /// Merges segments in one transaction and returns what was refused.
    ///
    /// A segment merged before changes nothing.
    package func merge(_ segments: [(key: SegmentKey, segment: Segment)]) throws -> [Refusal] {
        var refusals: [Refusal] = []
        do {
            try database.transaction {
                for (key, segment) in segments { try merge(segment, key, &refusals) }
            }
        } catch {
            // Row ids given out in the transaction are void.
            ranks.removeAll()
            throw error
        }
        return refusals
    }

    private func merge(_ segment: Segment, _ key: SegmentKey, _ refusals: inout [Refusal]) throws {
        let name = key.remoteKey.string
        let isNew = try database.run(
            "INSERT OR IGNORE INTO segment (key, hlc, writer, host) VALUES (?, ?, ?, ?)",
            .text(name),
            .integer(key.hlc.milliseconds),
            .text(key.writer),
            .text(segment.header.host)
        )
        guard isNew == 1 else { return }
        let id = database.lastInsertedRowID
        ranks[id] = SegmentRank(hlc: key.hlc, writer: key.writer)
        for (index, operation) in segment.operations.enumerated() {
            // The header is line 0.
            let mark = Mark(segment: id, line: index + 1)
            do {
                try merge(operation, mark)
            } catch let error as LogicalPathError {
                refusals.append(Refusal(segment: name, line: mark.line, reason: error.description))
            } catch let error as SegmentError {
                refusals.append(Refusal(segment: name, line: mark.line, reason: error.description))
            }
        }
        try database.run("DELETE FROM set_aside WHERE key = ?", .text(name))
    }

    /// Where an operation stands: the row of its segment, and its line.
    struct Mark: Hashable {
        let segment: Int64
        let line: Int
    }

    private func merge(_ operation: Operation, _ mark: Mark) throws {
        switch operation {
        case .put(let put):
            // Everything is checked before the first row is written.
            let path = try LogicalPath(put.path)
            try checkSize(put.size)
            let content = try content(put.sha256, size: put.size)
            if let replay = put.replay {
                try ReplayRows.store(
                    replay,
                    reader: put.reader ?? 0,
                    content: content,
                    in: database,
                    json: nil
                )
            }
            let was = try put.was.map { try self.content($0, size: nil) }
            try add(Version(content: content, was: was, mtime: put.mtime, mark: mark), to: path)
        case .del(let del):
            let path = try LogicalPath(del.path)
            let was = try content(del.was, size: nil)
            try add(Version(content: nil, was: was, mtime: nil, mark: mark), to: path)
        case .obj(let obj):
            try merge(obj, mark)
        case .ckpt(let checkpoint):
            try merge(checkpoint, mark)
        case .unknown(let text):
            try database.run(
                "INSERT OR IGNORE INTO unknown_operation (segment, line, text) VALUES (?, ?, ?)",
                .integer(mark.segment),
                .integer(Int64(mark.line)),
                .text(text)
            )
        }
    }

    // MARK: Paths

    /// One operation on a path: a put holds `content`, a del holds nil and hides `was`.
    struct Version: Equatable {
        let content: Int64?
        let was: Int64?
        let mtime: Int64?
        let mark: Mark
    }

    /// Adds a version to a path and works out anew what the path shows.
    ///
    /// The result depends on the set of versions only, not on the order in which they came.
    private func add(_ version: Version, to path: LogicalPath) throws {
        guard let shown = try entry(at: path) else { return try writeEntry(version, at: path) }
        var versions = try [shown] + history(of: path)
        guard !versions.contains(where: { $0.mark == version.mark }) else { return }
        versions.append(version)
        let ranked = try versions.map { (stamp: try stamp(of: $0.mark), version: $0) }
        let newestFirst = ranked.sorted { $0.stamp > $1.stamp }.map(\.version)
        let winner = Self.resolve(newestFirst)
        if winner != shown { try writeEntry(winner, at: path) }
        for loser in newestFirst where loser != winner && (loser == version || loser == shown) {
            try writeHistory(loser, at: path)
        }
        if winner != version && winner != shown { try removeHistory(winner.mark, at: path) }
    }

    /// What a path shows: the newest put that no newer del names, else the newest del (the path is deleted).
    ///
    /// A del hides only the content that its writer saw: a concurrent put of something else stays.
    static func resolve(_ newestFirst: [Version]) -> Version {
        var hidden: Set<Int64> = []
        var newestDel: Version?
        for version in newestFirst {
            guard let content = version.content else {
                newestDel = newestDel ?? version
                if let was = version.was { hidden.insert(was) }
                continue
            }
            if hidden.contains(content) { break }
            return version
        }
        guard let deleted = newestDel ?? newestFirst.first else { preconditionFailure("a path has a version") }
        return deleted
    }

    private func entry(at path: LogicalPath) throws -> Version? {
        try database.first(
            "SELECT content, was, mtime, segment, line FROM entry WHERE path = ?",
            [.text(path.string)],
            Self.version
        )
    }

    private func history(of path: LogicalPath) throws -> [Version] {
        try database.all(
            "SELECT content, was, mtime, segment, line FROM history WHERE path = ?",
            [.text(path.string)],
            Self.version
        )
    }

    private static func version(_ row: borrowing Row) -> Version {
        Version(
            content: row.optionalInt64(0),
            was: row.optionalInt64(1),
            mtime: row.optionalInt64(2),
            mark: Mark(segment: row.int64(3), line: row.int(4))
        )
    }

    private func writeEntry(_ version: Version, at path: LogicalPath) throws {
        try write(version, at: path, "INSERT OR REPLACE INTO entry")
    }

    private func writeHistory(_ version: Version, at path: LogicalPath) throws {
        try write(version, at: path, "INSERT OR IGNORE INTO history")
    }

    private func write(_ version: Version, at path: LogicalPath, _ verb: String) throws {
        try database.run(
            "\(verb) (path, content, was, mtime, segment, line) VALUES (?, ?, ?, ?, ?, ?)",
            .text(path.string),
            SQLiteValue(version.content),
            SQLiteValue(version.was),
            SQLiteValue(version.mtime),
            .integer(version.mark.segment),
            .integer(Int64(version.mark.line))
        )
    }

    private func removeHistory(_ mark: Mark, at path: LogicalPath) throws {
        try database.run(
            "DELETE FROM history WHERE path = ? AND segment = ? AND line = ?",
            .text(path.string),
            .integer(mark.segment),
            .integer(Int64(mark.line))
        )
    }

    // MARK: Contents and checkpoints

    private func merge(_ obj: Operation.Obj, _ mark: Mark) throws {
        guard let key = ObjectKey(obj.key) else {
            throw SegmentError("the object key \(DisplayText.quoted(obj.key)) is not one, or needs a newer replaycache")
        }
        guard key.digest == obj.sha256 else {
            throw SegmentError("the object key \(obj.key) does not fit its content")
        }
        try checkSize(obj.size)
        try checkSize(obj.encodedSize)
        // What a decoder may be made to write is bounded by this, not by what a segment claims.
        guard key.form == .recipe || obj.size <= Recipe.threshold else {
            throw SegmentError("object \(obj.key) is said to hold \(obj.size) bytes, more than is stored without parts")
        }
        let id = try content(obj.sha256, size: obj.size)
        let known = try database.first("SELECT segment, line FROM content WHERE id = ?", [.integer(id)]) { row in
            row.isNull(0) ? nil : Mark(segment: row.int64(0), line: row.int(1))
        }
        if let known = known ?? nil, try stamp(of: known) >= stamp(of: mark) { return }
        try database.run(
            "UPDATE content SET encoding = ?, generation = ?, encoded_size = ?, segment = ?, line = ? WHERE id = ?",
            .text(key.form.suffix),
            .integer(Int64(key.generation)),
            .integer(obj.encodedSize),
            .integer(mark.segment),
            .integer(Int64(mark.line)),
            .integer(id)
        )
    }

    private func merge(_ checkpoint: Operation.Checkpoint, _ mark: Mark) throws {
        // Everything is checked before the first row of the checkpoint is written.
        let files = try checkpoint.files.map { file in
            _ = try LogicalPath(file.name)
            try checkSize(file.size)
            return (name: file.name, content: try content(file.sha256, size: file.size))
        }
        let identity = SQLiteValue.blob(try checkpoint.identity.bytes)
        let find = "SELECT segment, line FROM checkpoint WHERE identity = ?"
        let known = try database.first(find, [identity]) { Mark(segment: $0.int64(0), line: $0.int(1)) }
        if let known, try stamp(of: known) >= stamp(of: mark) { return }
        try database.run(
            """
            INSERT OR REPLACE INTO checkpoint (identity, run, name, step, parent, metrics, git_revision, dataset, note,
                segment, line)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            identity,
            .text(checkpoint.run),
            .text(checkpoint.name),
            SQLiteValue(checkpoint.step),
            SQLiteValue(checkpoint.parent),
            .text(try JSON.text(checkpoint.metrics)),
            SQLiteValue(checkpoint.gitRevision),
            SQLiteValue(checkpoint.dataset),
            SQLiteValue(checkpoint.note),
            .integer(mark.segment),
            .integer(Int64(mark.line))
        )
        for file in files {
            try database.run(
                "INSERT OR REPLACE INTO checkpoint_file (identity, name, content) VALUES (?, ?, ?)",
                identity,
                .text(file.name),
                .integer(file.content)
            )
        }
    }

    private func checkSize(_ size: Int64) throws {
        guard (0...Recipe.maximumContentByteCount).contains(size) else {
            throw SegmentError("a size of \(size) bytes is implausible")
        }
    }

    /// The row of a content, made on first use.
    ///
    /// `size` is nil where only the digest is known.
    private func content(_ digest: Digest, size: Int64?) throws -> Int64 {
        let find = "SELECT id, size FROM content WHERE digest = ?"
        guard let known = try database.first(find, [.blob(digest.bytes)], { ($0.int64(0), $0.optionalInt64(1)) }) else {
            try database.run(
                "INSERT INTO content (digest, size) VALUES (?, ?)",
                .blob(digest.bytes),
                SQLiteValue(size)
            )
            return database.lastInsertedRowID
        }
        guard let size else { return known.0 }
        guard let knownSize = known.1 else {
            try database.run("UPDATE content SET size = ? WHERE id = ?", .integer(size), .integer(known.0))
            return known.0
        }
        guard knownSize == size else {
            throw SegmentError("content \(digest.short) is said to have \(size) bytes and \(knownSize) bytes")
        }
        return known.0
    }

    private func stamp(of mark: Mark) throws -> Stamp {
        let rank = try rank(of: mark.segment)
        return Stamp(hlc: rank.hlc, writer: rank.writer, line: mark.line)
    }

    private func rank(of segment: Int64) throws -> SegmentRank {
        if let rank = ranks[segment] { return rank }
        let found = try database.first("SELECT hlc, writer FROM segment WHERE id = ?", [.integer(segment)]) { row in
            SegmentRank(hlc: HLC(milliseconds: row.int64(0)), writer: row.text(1))
        }
        let rank = found ?? SegmentRank(hlc: HLC(milliseconds: .min), writer: "")
        ranks[segment] = rank
        return rank
    }
}
