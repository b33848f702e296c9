/// A file as the catalog knows it.
struct KnownFile: Sendable {
    let path: LogicalPath
    let status: FileStatus
    let digest: Digest
}

extension Catalog {
    /// Queues the files of a root with a known content, those first that were not read for longest, and answers how many
    /// there are.
    ///
    /// The queue stays on this connection until ``endVerification(_:)``.
    ///
    /// `isMeant` is a condition on the content `f.content` and the path `p.path`, with `values` for its marks.
    func beginVerification(
        _ queue: String,
        root: RootID,
        where isMeant: String = "1",
        _ values: [SQLiteValue] = []
    ) throws -> Int {
        try database.execute(
            "CREATE TEMP TABLE \(queue) (id INTEGER PRIMARY KEY, path TEXT NOT NULL, file INTEGER NOT NULL)"
        )
        return try database.run(
            """
            INSERT INTO temp.\(queue) (path, file)
            SELECT p.path, f.id FROM main.file_path p JOIN main.file f ON f.id = p.file
            WHERE p.root = ? AND f.content IS NOT NULL AND \(isMeant)
            ORDER BY max(coalesce(f.verified_at, 0), f.hashed_at), p.path
            """,
            [.integer(root.rawValue)] + values
        )
    }

    /// A file of the queue, and where it stands there.
    struct QueuedFile: Sendable {
        let position: Int64
        let file: KnownFile
    }

    /// The next files of a queue, after a position and up to one.
    func queuedFiles(_ queue: String, after position: Int64, through last: Int64, limit: Int) throws -> [QueuedFile] {
        try database.all(
            """
            SELECT q.path, f.device, f.inode, f.size, f.mtime, f.ctime, c.digest, q.id
            FROM temp.\(queue) q JOIN main.file f ON f.id = q.file JOIN main.content c ON c.id = f.content
            WHERE q.id > ? AND q.id <= ? ORDER BY q.id LIMIT ?
            """,
            [.integer(position), .integer(last), .integer(Int64(limit))]
        ) { row in
            guard let digest = row.digest(6) else {
                throw SQLiteError(code: 11, message: "a digest is damaged", sql: nil)
            }
            let file = KnownFile(
                path: try LogicalPath(row.text(0)),
                status: FileStatus(
                    device: UInt64(bitPattern: row.int64(1)),
                    inode: UInt64(bitPattern: row.int64(2)),
                    size: row.int64(3),
                    mtimeNanoseconds: row.int64(4),
                    ctimeNanoseconds: row.int64(5)
                ),
                digest: digest
            )
            return QueuedFile(position: row.int64(7), file: file)
        }
    }

    func endVerification(_ queue: String) throws { try database.execute("DROP TABLE IF EXISTS temp.\(queue)") }

    /// Remembers that files were read and found to be what they should be.
    func verified(_ files: [KnownFile], at time: Int64) throws {
        guard !files.isEmpty else { return }
        try database.transaction {
            for file in files {
                try database.run(
                    "UPDATE main.file SET verified_at = ? WHERE device = ? AND inode = ? AND ctime = ?",
                    .integer(time),
                    .integer(Int64(bitPattern: file.status.device)),
                    .integer(Int64(bitPattern: file.status.inode)),
                    .integer(file.status.ctimeNanoseconds)
                )
            }
        }
    }
}
