/// A file whose content is not known for sure and must be read.
package struct UnhashedFile: Sendable {
    package let path: LogicalPath
    package let status: FileStatus
}

/// What hashing a file gave.
package struct HashedFile: Sendable {
    package enum Outcome: Sendable {
        case content(Digest, ScannedReplay?)
        /// The file cannot be relied on now; the reason is for people.
        case unreliable(String)
    }
    package let path: LogicalPath
    package let status: FileStatus
    /// When reading began, by ``StampClock/now()``.
    package let hashedAt: Int64
    package let outcome: Outcome

    package init(path: LogicalPath, status: FileStatus, hashedAt: Int64, outcome: Outcome) {
        self.path = path
        self.status = status
        self.hashedAt = hashedAt
        self.outcome = outcome
    }

    /// The same, to be read again by the next scan.
    var asRacy: HashedFile {
        HashedFile(path: path, status: status, hashedAt: status.ctimeNanoseconds, outcome: outcome)
    }
}

/// A file that is believed to hold a content.
package struct LocalCopy: Sendable {
    package let root: String
    package let path: LogicalPath
    package let status: FileStatus

    package init(root: String, path: LogicalPath, status: FileStatus) {
        self.root = root
        self.path = path
        self.status = status
    }
}

extension Catalog {
    /// What comparing a stretch of a walk with the catalog gave.
    package struct Reconciliation: Sendable {
        /// Files that must be read.
        package var unhashed: [UnhashedFile] = []
        /// Names that were forgotten.
        package var goneCount = 0
    }

    /// Compares a stretch of a walk, all files after `lower` up to and with `upper` (nil: to the end), with what is known:
    /// forgets names that are gone and finds the files that must be read.
    ///
    /// A file that changed just before it was read may have changed again without a new time stamp: its row is racy, and it
    /// is read again; `clock` says how long before. Names below an unreadable folder are kept. With `isParanoid` every file must be read.
    package func reconcile(
        root: RootID,
        after lower: LogicalPath?,
        through upper: LogicalPath?,
        found: [FoundFile],
        unreadable: [String],
        isParanoid: Bool,
        clock: StampClock = .coarse
    ) throws -> Reconciliation {
        var result = Reconciliation()
        var gone: [String] = []
        var next = 0
        func take(_ file: FoundFile) { result.unhashed.append(UnhashedFile(path: file.path, status: file.status)) }
        try database.query(
            """
            SELECT file_path.path, file.device, file.inode, file.size, file.mtime, file.ctime, file.hashed_at,
                file.content IS NOT NULL
            FROM file_path CROSS JOIN file ON file.id = file_path.file
            WHERE file_path.root = ? AND file_path.path > ? AND file_path.path <= ?
            ORDER BY file_path.path
            """,
            [.integer(root.rawValue), .text(lower?.string ?? ""), Self.upperBound(upper)]
        ) { (row: borrowing Row) in
            while next < found.count {
                let order = row.order(0, against: found[next].path.string)
                if order < 0 { break }
                next += 1
                guard order == 0 else {
                    take(found[next - 1])
                    continue
                }
                if isParanoid || !Self.isUnchanged(found[next - 1].status, row, clock) { take(found[next - 1]) }
                return
            }
            let known = row.text(0)
            if !unreadable.contains(where: { known.hasPrefix($0 + "/") }) { gone.append(known) }
        }
        for file in found[next...] { take(file) }
        try forget(gone, root: root)
        result.goneCount = gone.count
        return result
    }

    /// A value that no path is above: a blob comes after every text.
    static func upperBound(_ path: LogicalPath?) -> SQLiteValue { path.map { .text($0.string) } ?? .blob([]) }

    private static func isUnchanged(_ status: FileStatus, _ row: borrowing Row, _ clock: StampClock) -> Bool {
        let isSame =
            Int64(bitPattern: status.device) == row.int64(1) && Int64(bitPattern: status.inode) == row.int64(2)
            && status.size == row.int64(3) && status.mtimeNanoseconds == row.int64(4)
            && status.ctimeNanoseconds == row.int64(5)
        guard isSame else { return false }
        let window = clock.window(device: status.device, ctime: status.ctimeNanoseconds)
        return status.ctimeNanoseconds <= row.int64(6) - window && row.bool(7)
    }

    /// Forgets names that are gone.
    package func forget(_ paths: [String], root: RootID) throws {
        guard !paths.isEmpty else { return }
        try database.transaction {
            for path in paths { try forget(path, root: root) }
        }
    }

    private func forget(_ path: String, root: RootID) throws {
        try database.run("DELETE FROM file_path WHERE root = ? AND path = ?", .integer(root.rawValue), .text(path))
    }

    /// Records what was read, in one transaction.
    package func record(_ files: [HashedFile], root: RootID) throws {
        guard !files.isEmpty else { return }
        try database.transaction {
            for file in files { try record(file, root: root) }
        }
    }

    /// A file that got its name from this program.
    package struct NamedFile: Sendable {
        package var file: HashedFile
        /// What it was called before; nil for a new file.
        package let old: LogicalPath?

        package init(file: HashedFile, old: LogicalPath? = nil) {
            self.file = file
            self.old = old
        }
    }

    /// Records files that got their names, in one transaction.
    ///
    /// A file that was renamed was not read again: it is as racy as it was.
    package func named(_ files: [NamedFile], root: RootID, clock: StampClock) throws {
        guard !files.isEmpty else { return }
        try database.transaction {
            for named in files {
                guard let old = named.old else {
                    try record(named.file, root: root)
                    continue
                }
                let isSettled = try isSettled(named.file.status, clock)
                try forget(old.string, root: root)
                try record(isSettled ? named.file : named.file.asRacy, root: root)
            }
        }
    }

    /// Whether the row of a file was made long enough after its last change.
    private func isSettled(_ status: FileStatus, _ clock: StampClock) throws -> Bool {
        let row = try database.first(
            "SELECT ctime, hashed_at FROM file WHERE device = ? AND inode = ?",
            [.integer(Int64(bitPattern: status.device)), .integer(Int64(bitPattern: status.inode))]
        ) { (ctime: $0.int64(0), hashedAt: $0.int64(1)) }
        guard let row else { return false }
        return row.ctime <= row.hashedAt - clock.window(device: status.device, ctime: row.ctime)
    }

    private func record(_ file: HashedFile, root: RootID) throws {
        switch file.outcome {
        case .content(let digest, let replay):
            let id = try content(digest, size: file.status.size)
            if let replay { try ReplayRows.store(replay, content: id, in: database) }
            try record(file, content: id, problem: nil)
        case .unreliable(let reason):
            try record(file, content: nil, problem: reason)
        }
        try database.run(
            """
            INSERT OR REPLACE INTO file_path (root, path, file)
            SELECT ?, ?, id FROM file WHERE device = ? AND inode = ?
            """,
            .integer(root.rawValue),
            .text(file.path.string),
            .integer(Int64(bitPattern: file.status.device)),
            .integer(Int64(bitPattern: file.status.inode))
        )
    }

    /// The row of the physical file.
    private func record(_ file: HashedFile, content: Int64?, problem: String?) throws {
        let status = file.status
        try database.run(
            """
            INSERT INTO file (device, inode, size, mtime, ctime, hashed_at, content, problem)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (device, inode) DO UPDATE SET size = excluded.size, mtime = excluded.mtime,
                ctime = excluded.ctime, hashed_at = excluded.hashed_at, content = excluded.content,
                problem = excluded.problem
            """,
            .integer(Int64(bitPattern: status.device)),
            .integer(Int64(bitPattern: status.inode)),
            .integer(status.size),
            .integer(status.mtimeNanoseconds),
            .integer(status.ctimeNanoseconds),
            .integer(file.hashedAt),
            SQLiteValue(content),
            SQLiteValue(problem)
        )
    }

    /// Files anywhere on this machine that were last seen with a content, at most `limit`.
    package func copies(of digest: Digest, limit: Int = 4) throws -> [LocalCopy] {
        try database.all(
            """
            SELECT root.path, file_path.path, file.device, file.inode, file.size, file.mtime, file.ctime
            FROM content JOIN file ON file.content = content.id JOIN file_path ON file_path.file = file.id
            JOIN root ON root.id = file_path.root
            WHERE content.digest = ? LIMIT ?
            """,
            [.blob(digest.bytes), .integer(Int64(limit))]
        ) { row in
            LocalCopy(
                root: row.text(0),
                path: try LogicalPath(row.text(1)),
                status: FileStatus(
                    device: UInt64(bitPattern: row.int64(2)),
                    inode: UInt64(bitPattern: row.int64(3)),
                    size: row.int64(4),
                    mtimeNanoseconds: row.int64(5),
                    ctimeNanoseconds: row.int64(6)
                )
            )
        }
    }
}
