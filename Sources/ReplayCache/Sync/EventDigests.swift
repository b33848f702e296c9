/// Finds local recordings of the same events under different metadata: reads the events of those that could be, once.
///
/// Tools write into replays in place, such as names of the programs that played. Nothing of the events changes by that, not
/// even their length, so that few files need to be read (slp-format.md section 11).
struct EventDigests {
    let context: SyncContext
    let catalog: Catalog

    /// Recordings looked up at once, and stored in one transaction.
    private static let pageCount = 256

    /// A recording whose events were never read.
    fileprivate struct Unread: Sendable {
        let content: Int64
        /// Where the events end in the file.
        let end: Int64
        let copy: LocalCopy
    }

    private struct Answer: Sendable {
        let content: Int64
        /// Nil for a file that changed, or cannot be read: then only what the catalog knows of it counts.
        let digest: Digest?
    }

    /// Completes `temp.dedup_recording`.
    func run() async throws {
        var last: Int64 = 0
        while true {
            let page = try await catalog.unreadEvents(after: last, limit: Self.pageCount)
            guard let end = page.last?.content else { break }
            last = end
            var rest = page[...]
            var answers: [Answer] = []
            try await forEachConcurrently(
                width: 2 * Machine.coreCount,
                next: { rest.popFirst() },
                work: { file in await Result.catching { try await BlockingPool.shared.run { try Self.read(file) } } },
                collect: { answers.append(try $0.get()) }
            )
            let found = answers.compactMap { answer in answer.digest.map { (answer.content, $0) } }
            try await catalog.noteEvents(found)
            context.progress.advance(items: answers.count)
        }
        try await catalog.takeEvents()
    }

    /// Blocks.
    ///
    /// Throws when cancelled, and only then.
    private static func read(_ unread: Unread) throws -> Answer {
        do {
            let copy = unread.copy
            // Links are followed, since a scan may have followed them; the status tells whether this is the file.
            let file = try OpenFile.directory(copy.root).reading(copy.path.string, followingLinks: true)
            guard try file.status().isUnchanged(since: copy.status), unread.end <= copy.status.size else {
                return Answer(content: unread.content, digest: nil)
            }
            let events = FileSlice(file: file, range: ReplayContainer.eventStart..<unread.end)
            let digest = try Digest.of(events).digest
            let isUnchanged = try file.status().isUnchanged(since: copy.status)
            return Answer(content: unread.content, digest: isUnchanged ? digest : nil)
        } catch is FileError {
            return Answer(content: unread.content, digest: nil)
        }
    }
}

extension Catalog {
    /// Recordings in `temp.dedup_recording` that another one there may have the events of, and whose events were never
    /// read: after a content, in the order of these.
    fileprivate func unreadEvents(after content: Int64, limit: Int) throws -> [EventDigests.Unread] {
        try database.all(
            """
            SELECT d.content, d.events_end, root.path, p.path, f.device, f.inode, f.size, f.mtime, f.ctime
            FROM temp.dedup_recording d
            JOIN main.file f ON f.id = (SELECT min(f2.id) FROM main.file f2 WHERE f2.content = d.content
                AND EXISTS (SELECT 1 FROM main.file_path p2 WHERE p2.file = f2.id))
            JOIN main.file_path p ON p.file = f.id JOIN main.root ON root.id = p.root
            WHERE d.content > ?1 AND d.events_end > \(ReplayContainer.eventStart)
            AND EXISTS (SELECT 1 FROM temp.dedup_recording o
                WHERE o.cluster = d.cluster AND o.events_end = d.events_end AND o.content <> d.content)
            AND NOT EXISTS (SELECT 1 FROM main.event_digest k WHERE k.content = d.content)
            GROUP BY d.content ORDER BY d.content LIMIT ?2
            """,
            [.integer(content), .integer(Int64(limit))]
        ) { row in
            EventDigests.Unread(
                content: row.int64(0),
                end: row.int64(1),
                copy: LocalCopy(
                    root: row.text(2),
                    path: try LogicalPath(row.text(3)),
                    status: FileStatus(
                        device: UInt64(bitPattern: row.int64(4)),
                        inode: UInt64(bitPattern: row.int64(5)),
                        size: row.int64(6),
                        mtimeNanoseconds: row.int64(7),
                        ctimeNanoseconds: row.int64(8)
                    )
                )
            )
        }
    }

    /// Remembers what events hash to.
    fileprivate func noteEvents(_ found: [(content: Int64, digest: Digest)]) throws {
        guard !found.isEmpty else { return }
        try database.transaction {
            for (content, digest) in found {
                try database.run(
                    "INSERT OR REPLACE INTO main.event_digest (content, digest) VALUES (?, ?)",
                    .integer(content),
                    .blob(digest.bytes)
                )
            }
        }
    }

    /// Puts what is known of events beside the recordings.
    fileprivate func takeEvents() throws {
        try database.execute(
            """
            UPDATE temp.dedup_recording SET events = (
                SELECT k.digest FROM main.event_digest k WHERE k.content = dedup_recording.content)
            """
        )
    }
}
