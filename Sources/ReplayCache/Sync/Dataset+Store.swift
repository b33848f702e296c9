// What the state of a place says of datasets, and their lists beside it.
extension PlaceStore {
    /// All datasets in the order of their names; of several lists with one name the oldest, which has it, comes first.
    func datasets() throws -> [DatasetRow] {
        var last: String?
        return try database.all(
            """
            SELECT d.name, c.digest, d.files, d.size, d.selection, s.hlc, s.host, c.size
            FROM main.dataset d JOIN main.content c ON c.id = d.list JOIN main.segment s ON s.id = d.segment
            WHERE NOT d.is_dropped
            ORDER BY d.name, s.hlc, s.key, d.line
            """
        ) { row -> DatasetRow? in
            guard let digest = row.digest(1) else {
                throw SQLiteError(code: 11, message: "a digest is damaged", sql: nil)
            }
            let name = row.text(0)
            defer { last = name }
            let isFirst = last.map { !$0.utf8.elementsEqual(name.utf8) } ?? true
            return DatasetRow(
                name: name,
                sha256: digest,
                files: row.int(2),
                bytes: row.int64(3),
                selection: row.optionalText(4),
                committedAt: Timestamp(milliseconds: row.int64(5)).rfc3339,
                host: row.text(6),
                isCurrent: isFirst,
                listSize: row.int64(7),
                committedMilliseconds: row.int64(5)
            )
        }.compactMap(\.self)
    }
}

extension PlaceStore {
    /// Whether a name was taken away from a list, for good.
    func isDropped(_ name: String, _ list: Digest) throws -> Bool {
        try database.first(
            """
            SELECT d.is_dropped FROM main.dataset d JOIN main.content c ON c.id = d.list
            WHERE d.name = ? AND c.digest = ?
            """,
            [.text(name), .blob(list.bytes)]
        ) { $0.int(0) != 0 } ?? false
    }

    /// Checkpoints that tell that they were trained on a list.
    func checkpointCount(trainedOn dataset: DatasetRow) throws -> Int {
        try database.first("SELECT count(*) FROM main.checkpoint WHERE dataset = ?", [.text(dataset.reference)]) {
            $0.int(0)
        } ?? 0
    }

    /// Files of the last selection (``select(_:below:)``) whose objects are condemned, as far as this machine has read.
    func condemnedSelected(after path: String, limit: Int) throws -> [FrozenFile] {
        try database.all(
            """
            SELECT f.path, f.digest, f.size FROM temp.selected f JOIN main.content c ON c.digest = f.digest
            JOIN catalog.condemned k ON k.place = \(record.id) AND k.digest = c.digest AND k.generation = c.generation
            WHERE f.path > ? ORDER BY f.path LIMIT ?
            """,
            [.text(path), .integer(Int64(limit))]
        ) { row in
            row.digest(1).map { FrozenFile(path: row.text(0), digest: $0, size: row.int64(2)) }
        }.compactMap(\.self)
    }
}

/// The lines of a list in a temporary table of a connection, so that statements can compare millions of them.
///
/// Each list has a table of its own, which stays until the connection goes.
struct FrozenTable: Sendable, Hashable {
    let digest: Digest

    /// A primary key on the path, and the digest of the content.
    var name: String { "temp.frozen_\(digest.hex)" }

    /// A condition for a statement in which `content` is an expression of content row ids of `schema`: whether any of
    /// `lists` names the content.
    static func condition(_ lists: [Digest], schema: String, content: String) -> String {
        guard !lists.isEmpty else { return "0" }
        let parts = lists.map { list in
            "SELECT fc.id FROM \(FrozenTable(digest: list).name) f JOIN \(schema).content fc ON fc.digest = f.digest"
        }
        return "\(content) IN (\(parts.joined(separator: " UNION ALL ")))"
    }
}

extension Database {
    /// Reads a list into its table, which nobody sees half full.
    ///
    /// - Throws: ``SegmentError`` for what is no list, or not that of the dataset.
    func load(_ file: some ByteSource, of dataset: DatasetRow) throws {
        let table = FrozenTable(digest: dataset.sha256).name
        let find = "SELECT 1 FROM temp.sqlite_schema WHERE name = ?"
        let name = SQLiteValue.text(String(table.dropFirst("temp.".count)))
        guard try first(find, [name], { _ in true }) == nil else { return }
        // Deferred: it writes to the temporary database alone, and must not keep others from writing to this one.
        try execute("BEGIN")
        do {
            try execute("CREATE TABLE \(table) (path TEXT PRIMARY KEY, digest BLOB NOT NULL) WITHOUT ROWID")
            let insert = "INSERT INTO \(table) (path, digest) VALUES (?, ?)"
            try DatasetList.read(file, of: dataset) { digest, path in
                try run(insert, .text(path.string), .blob(digest.bytes))
            }
            try execute("COMMIT")
        } catch {
            // As in `transaction`: the first error is the one to report.
            try? execute("ROLLBACK")
            throw error
        }
    }
}

extension PlaceStore {
    func load(_ file: OpenFile, of dataset: DatasetRow) throws { try database.load(file, of: dataset) }
}

extension Catalog {
    func load(_ file: OpenFile, of dataset: DatasetRow) throws { try database.load(file, of: dataset) }
}

// Lists as they are made, and compared.
extension PlaceStore {
    /// The files of the last selection (``select(_:below:)``) in the order of their paths, as the lines of a list.
    ///
    /// Calls `body` with a mebibyte of them or more at a time.
    func eachListPiece(_ body: ([UInt8]) throws -> Void) throws {
        var piece: [UInt8] = []
        try database.query("SELECT path, digest FROM temp.selected ORDER BY path") { (row: borrowing Row) throws in
            guard let digest = row.digest(1) else {
                throw SQLiteError(code: 11, message: "a digest is damaged", sql: nil)
            }
            piece += DatasetList.line(digest, row.text(0))
            guard piece.count >= 1 << 20 else { return }
            try Task.checkCancellation()
            try body(piece)
            piece.removeAll(keepingCapacity: true)
        }
        if !piece.isEmpty { try body(piece) }
    }

    /// Calls `body` with each file of a list that was loaded, in the order of the paths.
    func eachFile(of list: Digest, _ body: (DatasetFileRow) throws -> Void) throws {
        try eachFile("FROM \(FrozenTable(digest: list).name) f", nil, body)
    }

    /// Calls `body` with each file of one list whose content the other has under no path.
    func eachFile(
        of list: Digest,
        notIn other: Digest,
        _ change: DatasetFileRow.Change,
        _ body: (DatasetFileRow) throws -> Void
    ) throws {
        let others = "SELECT digest FROM \(FrozenTable(digest: other).name)"
        try eachFile(
            "FROM \(FrozenTable(digest: list).name) f WHERE f.digest NOT IN (\(others))",
            change,
            body
        )
    }

    /// How two lists differ by their contents.
    func difference(of first: Digest, _ second: Digest) throws -> DatasetDifference {
        func total(_ list: Digest, _ condition: String) throws -> PlanTotal {
            let sql = """
                SELECT count(*), coalesce(sum((SELECT size FROM main.content WHERE digest = f.digest)), 0)
                FROM \(FrozenTable(digest: list).name) f WHERE \(condition)
                """
            return try database.first(sql) { PlanTotal(files: $0.int(0), bytes: $0.int64(1)) } ?? PlanTotal()
        }
        func isIn(_ list: Digest) -> String { "f.digest IN (SELECT digest FROM \(FrozenTable(digest: list).name))" }
        let added = try total(second, "NOT \(isIn(first))")
        let removed = try total(first, "NOT \(isIn(second))")
        return DatasetDifference(
            filesAdded: added.files,
            bytesAdded: added.bytes,
            filesRemoved: removed.files,
            bytesRemoved: removed.bytes,
            filesKept: try total(second, isIn(first)).files
        )
    }

    private func eachFile(
        _ source: String,
        _ change: DatasetFileRow.Change?,
        _ body: (DatasetFileRow) throws -> Void
    ) throws {
        try database.query(
            "SELECT f.path, f.digest, (SELECT size FROM main.content WHERE digest = f.digest) \(source) ORDER BY f.path"
        ) { (row: borrowing Row) throws in
            try Task.checkCancellation()
            guard let digest = row.digest(1) else { return }
            try body(DatasetFileRow(change: change, path: row.text(0), sha256: digest, size: row.optionalInt64(2)))
        }
    }
}
