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
            hasPersonIndex = false
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
        ranks[id] = SegmentRank(hlc: key.hlc, key: name)
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
        try countGrowth(operations: segment.operations.count)
    }

    /// Where an operation stands: the row of its segment, and its line.
    struct Mark: Hashable {
        let segment: Int64
        let line: Int
    }

    private func merge(_ operation: Operation, _ mark: Mark) throws {
        if case .obj(let object) = operation, ObjectKey.hasUnknownEncoding(object.key, of: object.sha256) {
            // Refused, and kept: whoever goes on without it must neither make a base nor collect.
            try keep(String(decoding: operation.line(), as: UTF8.self), mark)
        }
        // Everything is checked before the first row is written.
        try operation.check()
        switch operation {
        case .put(let put):
            let path = try LogicalPath(put.path)
            // A remark that tells nothing leaves no row that nothing refers to.
            guard !put.isRemark || put.replay != nil && Self.plausibleReaders.contains(put.reader ?? 0) else { return }
            let content = try content(put.sha256, size: put.size, saidBy: mark)
            // The path first, then its game: `schema/base_later.sql` relies on it.
            if !put.isRemark {
                let was = try put.was.map(self.content(_:))
                try add(Version(content: content, was: was, mtime: put.mtime, mark: mark), to: path)
            }
            if let replay = put.replay { try merge(replay, reader: put.reader ?? 0, content: content, mark) }
        case .del(let del):
            let path = try LogicalPath(del.path)
            let was = try content(del.was)
            try add(Version(content: nil, was: was, mtime: nil, mark: mark), to: path)
        case .obj(let obj):
            try merge(obj, mark)
        case .ckpt(let checkpoint):
            try merge(checkpoint, mark)
        case .dataset(let dataset):
            try merge(dataset, mark)
        case .unknown(let text):
            try keep(text, mark)
        case .unreadable:
            break
        }
    }

    /// Keeps an operation of a later version.
    private func keep(_ text: String, _ mark: Mark) throws {
        try database.run(
            "INSERT OR IGNORE INTO unknown_operation (segment, line, text) VALUES (?, ?, ?)",
            .integer(mark.segment),
            .integer(Int64(mark.line)),
            .text(text)
        )
    }

    /// Merges what was kept as unknown and that this program knows: one of an earlier version has read it.
    func takeUpKeptOperations() throws {
        let kept = try database.all("SELECT segment, line, text FROM main.unknown_operation") { row in
            (mark: Mark(segment: row.int64(0), line: row.int(1)), text: row.text(2))
        }
        guard !kept.isEmpty else { return }
        try database.transaction {
            for (mark, text) in kept {
                let operation = Operation(line: Array(text.utf8)[...])
                switch operation {
                case .unknown, .unreadable: continue
                case .obj(let object) where ObjectKey.hasUnknownEncoding(object.key, of: object.sha256): continue
                default: break
                }
                try database.run(
                    "DELETE FROM unknown_operation WHERE segment = ? AND line = ?",
                    .integer(mark.segment),
                    .integer(Int64(mark.line))
                )
                do {
                    try merge(operation, mark)
                } catch is LogicalPathError {
                    continue  // Refused, as it would have been at first.
                } catch is SegmentError {
                    continue
                }
            }
        }
    }

    // MARK: Contents and checkpoints

    private func merge(_ obj: Operation.Obj, _ mark: Mark) throws {
        guard let key = ObjectKey(obj.key) else { return }
        let known = try known(obj.sha256)
        if let known, known.isStored, let teller = known.teller, try stamp(of: teller) >= stamp(of: mark) { return }
        try database.run(
            """
            UPDATE content SET size = ?, encoding = ?, generation = ?, encoded_size = ?, segment = ?, line = ?
            WHERE id = ?
            """,
            .integer(obj.size),
            .text(key.form.suffix),
            .integer(Int64(key.generation)),
            .integer(obj.encodedSize),
            .integer(mark.segment),
            .integer(Int64(mark.line)),
            .integer(try known?.id ?? content(obj.sha256))
        )
    }

    private func merge(_ checkpoint: Operation.Checkpoint, _ mark: Mark) throws {
        let identity = SQLiteValue.blob(try checkpoint.identity.bytes)
        let files = try checkpoint.files.map { file in
            (name: file.name, content: try content(file.sha256, size: file.size, saidBy: mark))
        }
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

    /// Takes a list that was given a name; of several operations that say the same, the oldest counts, and one that drops it
    /// for all others.
    ///
    /// Another list of the same name is another dataset: which of them has the name follows from the stamps.
    private func merge(_ dataset: Operation.Dataset, _ mark: Mark) throws {
        let list = try content(dataset.sha256, size: dataset.size, saidBy: mark)
        let find = "SELECT segment, line, is_dropped FROM dataset WHERE name = ? AND list = ?"
        let key: [SQLiteValue] = [.text(dataset.name), .integer(list)]
        let known = try database.first(find, key) { row in
            (mark: Mark(segment: row.int64(0), line: row.int(1)), isDropped: row.int(2) != 0)
        }
        let isDropped = dataset.dropped == true || known?.isDropped == true
        if let known, try stamp(of: known.mark) <= stamp(of: mark) {
            guard isDropped, !known.isDropped else { return }
            try database.run("UPDATE dataset SET is_dropped = 1 WHERE name = ? AND list = ?", key)
            return
        }
        try database.run(
            """
            INSERT OR REPLACE INTO dataset (name, list, segment, line, files, size, selection, is_dropped)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            """,
            key + [
                .integer(mark.segment), .integer(Int64(mark.line)), .integer(dataset.files), .integer(dataset.bytes),
                SQLiteValue(dataset.selection), .integer(isDropped ? 1 : 0),
            ]
        )
    }

    /// Readers that there may ever be: beyond, a claim would keep every honest one out for good.
    private static let plausibleReaders = 0...999

    /// Takes what the newest reader found; among what one reader found, what was written last.
    private func merge(_ replay: ReplayMetadata, reader: Int, content: Int64, _ mark: Mark) throws {
        guard Self.plausibleReaders.contains(reader) else { return }
        let known = try database.first(
            "SELECT reader, segment, line FROM game WHERE content = ?",
            [.integer(content)]
        ) { (reader: $0.int(0), mark: Mark(segment: $0.int64(1), line: $0.int(2))) }
        if let known, known.reader > reader { return }
        if let known, try known.reader == reader && stamp(of: known.mark) >= stamp(of: mark) { return }
        if !hasPersonIndex {
            try Schema.makePersonIndex(in: database)
            hasPersonIndex = true
        }
        try ReplayRows.store(
            replay.withinLimits,
            reader: reader,
            content: content,
            saidBy: (mark.segment, mark.line),
            in: database
        )
    }

    /// A content that has a row.
    private struct KnownContent {
        let id: Int64
        let isStored: Bool
        /// The operation that tells the size, and the object if it is stored.
        let teller: Mark?
    }

    private func known(_ digest: Digest) throws -> KnownContent? {
        try database.first(
            "SELECT id, encoding IS NOT NULL, segment, line FROM content WHERE digest = ?",
            [.blob(digest.bytes)]
        ) { row in
            KnownContent(
                id: row.int64(0),
                isStored: row.bool(1),
                teller: row.isNull(2) ? nil : Mark(segment: row.int64(2), line: row.int(3))
            )
        }
    }

    /// The row of a content of which only the digest is known, made on first use.
    private func content(_ digest: Digest) throws -> Int64 {
        if let known = try known(digest) { return known.id }
        try database.run("INSERT INTO content (digest) VALUES (?)", .blob(digest.bytes))
        return database.lastInsertedRowID
    }

    /// The row of a content, made on first use, with the size that an operation claims.
    ///
    /// Whoever has stored a content has read it, so an `obj` tells the size; until there is one, the newest claim does.
    private func content(_ digest: Digest, size: Int64, saidBy mark: Mark) throws -> Int64 {
        guard let known = try known(digest) else {
            try database.run(
                "INSERT INTO content (digest, size, segment, line) VALUES (?, ?, ?, ?)",
                .blob(digest.bytes),
                .integer(size),
                .integer(mark.segment),
                .integer(Int64(mark.line))
            )
            return database.lastInsertedRowID
        }
        if known.isStored { return known.id }
        if let teller = known.teller, try stamp(of: teller) >= stamp(of: mark) { return known.id }
        try database.run(
            "UPDATE content SET size = ?, segment = ?, line = ? WHERE id = ?",
            .integer(size),
            .integer(mark.segment),
            .integer(Int64(mark.line)),
            .integer(known.id)
        )
        return known.id
    }

    // MARK: Stamps

    func stamp(of mark: Mark) throws -> Stamp {
        let rank = try rank(of: mark.segment)
        return Stamp(hlc: rank.hlc, segment: rank.key, line: mark.line)
    }

    func rank(of segment: Int64) throws -> SegmentRank {
        if let rank = ranks[segment] { return rank }
        let found = try database.first("SELECT hlc, key FROM segment WHERE id = ?", [.integer(segment)]) { row in
            SegmentRank(hlc: HLC(milliseconds: row.int64(0)), key: row.text(1))
        }
        let rank = found ?? SegmentRank(hlc: HLC(milliseconds: .min), key: "")
        ranks[segment] = rank
        return rank
    }
}
