/// Contents that are there more than once.
public struct DuplicateGroup: Sendable, Equatable, Encodable {
    /// Version of this form.
    public let v = 1
    /// Always `duplicate`.
    public let event = "duplicate"
    /// The content.
    public var sha256: Digest
    /// Its length in bytes.
    public var size: Int64
    /// Where it is: paths of local files, or of entries.
    public var paths: [String]
    /// Bytes that all copies but one take: for local files only where they are different files on the disk.
    public var bytesWasted: Int64
}

/// How much there is of what a search for copies found.
struct DuplicateTotals: Sendable {
    /// Contents that more than one file, or entry, holds.
    var groups = 0
    /// Files, or entries, beyond the first of each.
    var copies = 0
    /// Bytes that those files take.
    var bytesWasted: Int64 = 0

    mutating func add(_ group: DuplicateGroup) {
        groups += 1
        copies += group.paths.count - 1
        bytesWasted += group.bytesWasted
    }
}

extension Catalog {
    /// Local contents with more than one physical file: hard links of one file are not copies of it.
    func eachDuplicate(below root: RootID?, _ body: (DuplicateGroup) throws -> Void) throws -> DuplicateTotals {
        var totals = DuplicateTotals()
        let scope = root.map { "AND p.root = \($0.rawValue)" } ?? ""
        let contents = try database.all(
            """
            SELECT c.id, c.digest, c.size, count(DISTINCT f.id) FROM main.content c
            JOIN main.file f ON f.content = c.id
            WHERE EXISTS (SELECT 1 FROM main.file_path p WHERE p.file = f.id \(scope))
            GROUP BY c.id HAVING count(DISTINCT f.id) > 1 ORDER BY c.size DESC, c.id
            """
        ) { (id: $0.int64(0), digest: $0.digest(1), size: $0.int64(2), files: $0.int64(3)) }
        for content in contents {
            guard let digest = content.digest else { continue }
            let paths = try database.all(
                """
                SELECT min(root.path || '/' || p.path) FROM main.file f JOIN main.file_path p ON p.file = f.id
                JOIN main.root ON root.id = p.root WHERE f.content = ? \(scope) GROUP BY f.id ORDER BY 1
                """,
                [.integer(content.id)]
            ) { $0.text(0) }
            let group = DuplicateGroup(
                sha256: digest,
                size: content.size,
                paths: paths,
                bytesWasted: (content.files - 1) * content.size
            )
            try body(group)
            totals.add(group)
        }
        return totals
    }
}

extension PlaceStore {
    /// Contents that more than one entry holds.
    ///
    /// They are stored once, so nothing is wasted at the place.
    func eachDuplicate(_ body: (DuplicateGroup) throws -> Void) throws -> DuplicateTotals {
        var totals = DuplicateTotals()
        let contents = try database.all(
            """
            SELECT c.id, c.digest, c.size FROM main.content c JOIN main.entry e ON e.content = c.id
            GROUP BY c.id HAVING count(*) > 1 ORDER BY c.size DESC, c.id
            """
        ) { (id: $0.int64(0), digest: $0.digest(1), size: $0.int64(2)) }
        for content in contents {
            guard let digest = content.digest else { continue }
            let paths = try database.all(
                "SELECT path FROM main.entry WHERE content = ? ORDER BY path",
                [.integer(content.id)]
            ) { $0.text(0) }
            let group = DuplicateGroup(sha256: digest, size: content.size, paths: paths, bytesWasted: 0)
            try body(group)
            totals.add(group)
        }
        return totals
    }
}
