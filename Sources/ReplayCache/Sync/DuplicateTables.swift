/// Where copies and recordings are looked for: what differs between the catalog and the state of a place.
struct DuplicateSource: Sendable {
    /// The columns `content`, `file`, `room`, `device`, `path` and `name` of every name of a content, without conditions:
    /// `room` tells files apart that take room of their own, `name` is the path that patterns are held against.
    fileprivate let names: String
    /// What its rows have to fulfil.
    fileprivate let condition: String
    /// Expressions for a selection.
    fileprivate let contentColumn: String
    fileprivate let pathColumn: String
    /// Contents that may have several names.
    fileprivate let repeated: String
    /// What a content `c` takes.
    let storedBytes: String
    /// What tells where the events of a replay `r` end; NULL where no events are at hand.
    let eventsEnd: String
    /// Whether the files of one content may take room more than once.
    let hasFiles: Bool

    /// The files of this machine, of one folder or of all.
    static func local(_ root: RootID?) -> DuplicateSource {
        DuplicateSource(
            names: """
                f.content AS content, f.id AS file, CASE WHEN EXISTS (SELECT 1 FROM main.shared_file s
                        WHERE s.device = f.device AND s.inode = f.inode AND s.ctime = f.ctime)
                    THEN 'shared on ' || f.device ELSE f.id END AS room, f.device AS device,
                    root.path || '/' || p.path AS path, p.path AS name
                FROM main.file_path p JOIN main.file f ON f.id = p.file JOIN main.root ON root.id = p.root
                """,
            condition: "f.content IS NOT NULL" + (root.map { " AND p.root = \($0.rawValue)" } ?? ""),
            contentColumn: "f.content",
            pathColumn: "p.path",
            repeated: "SELECT content FROM main.file WHERE content IS NOT NULL GROUP BY content HAVING count(*) > 1",
            storedBytes: "c.size",
            eventsEnd: "json_extract(r.metadata, '$.eventRange[1]')",
            hasFiles: true
        )
    }

    /// The entries of a place.
    static let place = DuplicateSource(
        names:
            "e.content AS content, e.path AS file, 1 AS room, 0 AS device, e.path AS path, e.path AS name FROM main.entry e",
        condition: "e.content IS NOT NULL",
        contentColumn: "e.content",
        pathColumn: "e.path",
        repeated: "SELECT content FROM main.entry WHERE content IS NOT NULL GROUP BY content HAVING count(*) > 1",
        storedBytes: "CASE WHEN c.encoding = 'recipe' OR c.encoded_size IS NULL THEN c.size ELSE c.encoded_size END",
        eventsEnd: "NULL",
        hasFiles: false
    )

    /// Makes `temp.dedup_name`: the names that are selected.
    ///
    /// A view where nothing is, since copying a million names takes longer than what is asked of them.
    func makeNames(_ selection: Selection, in database: Database) throws {
        try database.execute("DROP TABLE IF EXISTS temp.dedup_selected; DROP VIEW IF EXISTS temp.dedup_name")
        // Counts groups: among the first so many paths there would be as good as no copies.
        var selection = selection
        selection.limit = nil
        guard selection != Selection() else {
            return try database.execute("CREATE TEMP VIEW dedup_name AS SELECT \(names) WHERE \(condition)")
        }
        guard !selection.isOfSets else {
            throw ReplayCacheError(
                .usage,
                "what stands for others, or for all, has no duplicates: --unique and --sample do not go with dedup",
                hint: "select by what is in the replays, or by --path"
            )
        }
        let selected = try SelectionConditions(selection, in: database)
            .standalone(content: contentColumn, path: pathColumn)
        try database.run(
            """
            CREATE TEMP TABLE dedup_selected AS SELECT \(names) WHERE \(condition) AND \(selected.sql)
            """,
            selected.values
        )
        try database.execute(
            """
            CREATE INDEX temp.dedup_selected_content ON dedup_selected (content);
            CREATE TEMP VIEW dedup_name AS SELECT * FROM temp.dedup_selected
            """
        )
    }

    /// Makes `temp.dedup_copy`: contents that several selected names hold, the largest first, at most `limit`.
    ///
    /// An empty file has nothing that could be shared.
    func makeCopies(limit: Int?, in database: Database) throws {
        try database.execute(
            """
            DROP TABLE IF EXISTS temp.dedup_copy;
            CREATE TEMP TABLE dedup_copy (
                id INTEGER PRIMARY KEY, content INTEGER NOT NULL, digest BLOB NOT NULL, size INTEGER NOT NULL);
            INSERT INTO temp.dedup_copy (content, digest, size)
            SELECT c.id, c.digest, c.size FROM (\(repeated)) k CROSS JOIN main.content c ON c.id = k.content
            CROSS JOIN temp.dedup_name n ON n.content = c.id
            WHERE c.size > 0
            GROUP BY c.id HAVING count(DISTINCT n.\(hasFiles ? "room" : "file")) > 1
            ORDER BY c.size DESC, c.id LIMIT \(limit ?? -1)
            """
        )
    }
}

/// A content of which there are copies.
struct CopiedContent: Sendable {
    let id: Int64
    let content: Int64
    let digest: Digest
    let size: Int64
}

extension Database {
    /// Contents in `temp.dedup_copy` after one, at most `limit`.
    func copiedContents(after id: Int64, limit: Int = 256) throws -> [CopiedContent] {
        try all(
            "SELECT id, content, digest, size FROM temp.dedup_copy WHERE id > ? ORDER BY id LIMIT ?",
            [.integer(id), .integer(Int64(limit))]
        ) { row in
            guard let digest = row.digest(2) else {
                throw SQLiteError(code: 11, message: "a digest is damaged", sql: nil)
            }
            return CopiedContent(id: row.int64(0), content: row.int64(1), digest: digest, size: row.int64(3))
        }
    }

    /// The group of a content: the first path of each of its files.
    func duplicateGroup(
        of copied: CopiedContent,
        _ source: DuplicateSource,
        sharesBlocks: (_ device: Int64, _ path: String) -> Bool
    ) throws -> DuplicateGroup {
        var paths: [String] = []
        var rooms: [Int64: Set<String>] = [:]
        var examples: [Int64: String] = [:]
        try query(
            "SELECT min(path), room, device FROM temp.dedup_name WHERE content = ? GROUP BY file ORDER BY 1",
            [.integer(copied.content)]
        ) { (row: borrowing Row) throws in
            try Task.checkCancellation()
            paths.append(row.text(0))
            guard source.hasFiles else { return }
            rooms[row.int64(2), default: []].insert(row.text(1))
            if examples[row.int64(2)] == nil { examples[row.int64(2)] = row.text(0) }
        }
        var group = DuplicateGroup(
            rule: .content,
            sha256: copied.digest,
            size: copied.size,
            paths: paths,
            bytesWasted: 0
        )
        guard source.hasFiles else { return group }
        let crowded = rooms.filter { $0.value.count > 1 }.keys
        let sharing = crowded.allSatisfy { device in sharesBlocks(device, examples[device] ?? "") }
        group.bytesWasted = Int64(rooms.values.reduce(0) { $0 + $1.count } - 1) * copied.size
        group.bytesLinkable = Int64(rooms.values.reduce(0) { $0 + $1.count - 1 }) * copied.size
        group.link = crowded.isEmpty ? nil : sharing ? .reflink : .hardLink
        return group
    }
}
