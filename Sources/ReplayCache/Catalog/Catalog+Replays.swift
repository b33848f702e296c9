/// A replay whose content is known, while what is known of the game comes from an older reader.
struct OutdatedReplay: Sendable {
    let path: LogicalPath
    let status: FileStatus
    /// Row of the content.
    let content: Int64
    /// Version of the reader.
    let reader: Int
}

/// What the reader of this program found in a content.
struct FoundReplay: Sendable {
    /// Row of the content.
    let content: Int64
    let replay: ScannedReplay
}

extension Catalog {
    /// Outdated replays of a root after one, by reader and content, at most `limit`.
    ///
    /// A file that may have changed without a new time stamp is left out: the scan hashes it, and shows it to the reader.
    func outdatedReplays(
        root: RootID,
        clock: StampClock,
        after last: OutdatedReplay?,
        limit: Int
    ) throws -> [OutdatedReplay] {
        try database.all(
            """
            SELECT p.path, f.device, f.inode, f.size, f.mtime, f.ctime, r.content, r.reader
            FROM main.game r JOIN main.file f ON f.content = r.content JOIN main.file_path p ON p.file = f.id
            WHERE r.reader < ? AND (r.reader, r.content) > (?, ?) AND p.root = ? AND f.ctime <= f.hashed_at
                - CASE WHEN f.device = ? AND f.ctime % 1000000000 <> 0 THEN ? ELSE ? END -- as StampClock has it
            ORDER BY r.reader, r.content LIMIT ?
            """,
            [
                .integer(Int64(ReplayReader.version)), .integer(Int64(last?.reader ?? -1)),
                .integer(last?.content ?? 0), .integer(root.rawValue),
                SQLiteValue(clock.fineDevice.map { Int64(bitPattern: $0) }), .integer(StampClock.fineWindow),
                .integer(StampClock.coarseWindow),
                .integer(Int64(limit)),
            ]
        ) { row in
            OutdatedReplay(
                path: try LogicalPath(row.text(0)),
                status: FileStatus(
                    device: UInt64(bitPattern: row.int64(1)),
                    inode: UInt64(bitPattern: row.int64(2)),
                    size: row.int64(3),
                    mtimeNanoseconds: row.int64(4),
                    ctimeNanoseconds: row.int64(5)
                ),
                content: row.int64(6),
                reader: row.int(7)
            )
        }
    }

    /// Records what was found in known contents, in one transaction.
    ///
    /// Ends the proofs that everything is in step: places may know less of these contents.
    func record(_ found: [FoundReplay]) throws {
        guard !found.isEmpty else { return }
        try database.transaction {
            try database.run("DELETE FROM in_step")
            for found in found { try ReplayRows.store(found.replay, content: found.content, in: database) }
        }
    }
}
