internal import Synchronization

/// How copies are to be linked.
public struct LinkOptions: Sendable {
    /// Which files.
    public var selection = Selection()
    /// Whether copies may become names of one read-only file where the file system cannot share blocks.
    public var allowsHardLinks = true
    /// Only tell what would be done.
    public var isDryRun = false

    /// All files; hard links where there is no other way.
    public init() {}
}

/// Makes files of one content below a folder take the room of one: `dedup --apply`.
///
/// Nothing rests on the catalog alone: it finds what may be equal, the bytes decide.
struct LinkCopies {
    let context: SyncContext
    let directory: String
    let options: LinkOptions

    func run() async throws -> SyncSummary {
        var summary = SyncSummary(command: "dedup")
        summary.dryRun = options.isDryRun
        let root = try await LocalRoot.open(directory, catalog: context.catalog)
        if !options.isDryRun { try root.claim() }
        let scanned = try await Scan(context: context, root: root).run(into: &summary)
        if !options.isDryRun {
            if !scanned.leftovers.isEmpty {
                // One that a run before left may be a name of a file that is known: without it that is a changed file.
                try await Leftovers.reclaim(scanned.leftovers, in: root, keeping: [])
                summary = SyncSummary(command: summary.command)
                _ = try await Scan(context: context, root: root).run(into: &summary)
            }
            // What is given up is on the disk already; the file that stays may not be.
            try await BlockingPool.shared.run { try root.directory.synchronizeFileSystem() }
        }
        // A connection of its own: temporary tables belong to one.
        let home = context.catalog.home
        let catalog = try await BlockingPool.shared.run { try Catalog(home: home) }
        let selection = try await context.resolved(options.selection, in: catalog)
        try await catalog.interruptible { try await catalog.findCopies(selection, below: root.id) }
        var outcome = LinkedContent()
        var settling = SettlingFiles(context: context, root: root, place: nil)
        do {
            try await linkAll(catalog, root, &settling, &outcome, &summary)
        } catch {
            // What was linked is known, whatever ended the run.
            try await settling.recordAll()
            throw error
        }
        try await settling.finish()
        if outcome.totals.hardLinked > 0 {
            // Each renaming is whole or has not happened, whatever is on the disk; one that is told of is there for good.
            try await BlockingPool.shared.run { try root.directory.synchronizeFileSystem() }
        }
        tell(outcome)
        summary.links = outcome.totals
        return summary
    }

    private func linkAll(
        _ catalog: Catalog,
        _ root: LocalRoot,
        _ settling: inout SettlingFiles,
        _ all: inout LinkedContent,
        _ summary: inout SyncSummary
    ) async throws {
        context.progress.begin("linking")
        let linker = CopyLinker(root: root, options: options, rootDevice: try root.directory.status().device)
        var page: ArraySlice<CopyGroup> = []
        var last: Int64 = 0
        try await forEachConcurrently(
            width: 2 * Machine.coreCount,
            next: {
                if page.isEmpty {
                    page = try await catalog.copyGroups(after: last)[...]
                    last = page.last?.copied.id ?? last
                }
                return page.popFirst()
            },
            work: { group in await Result.catching { try await BlockingPool.shared.run { linker.link(group) } } },
            collect: { result in
                let content = try result.get()
                count(content, &summary)
                all.totals.add(content.totals)
                all.otherNames += content.otherNames
                all.unshared += content.unshared
                try await context.catalog.noteShared(content.shared)
                try await settling.add(content.named)
                if let error = content.error { throw error }
                try Task.checkCancellation()
            }
        )
    }

    private func count(_ content: LinkedContent, _ summary: inout SyncSummary) {
        for link in content.links {
            context.report(
                options.isDryRun
                    ? .wouldLink(path: link.path, to: link.target, link.kind)
                    : .linked(path: link.path, to: link.target, link.kind)
            )
        }
        for left in content.left {
            summary.filesDeferred += 1
            context.report(.deferred(path: left.path, reason: left.reason))
        }
        for failure in content.failures {
            summary.filesFailed += 1
            context.report(.failed(path: failure.path, reason: failure.reason))
        }
        context.progress.advance(items: content.links.count)
    }

    private func tell(_ all: LinkedContent) {
        if all.unshared > 0 {
            context.report(
                .warning(
                    "\(Decimals.grouped(all.unshared)) copies are on a file system that cannot share blocks; --apply link "
                        + "makes them names of one file"
                )
            )
        }
        if all.otherNames > 0 {
            context.report(
                .warning(
                    "\(Decimals.grouped(all.otherNames)) copies have other names than those that were looked at; linking "
                        + "them would free nothing"
                )
            )
        }
        if all.totals.hardLinked > 0, !options.isDryRun {
            context.report(
                .warning(
                    "what was linked is read-only now, since a change of one name would change all; to edit such a file, "
                        + "copy it first"
                )
            )
        }
    }
}

/// Files of one content on one device.
struct CopyGroup: Sendable {
    struct File: Sendable {
        let status: FileStatus
        /// Whether it shares its blocks with others already.
        let isShared: Bool
        /// Below the folder, in order; never empty.
        var names: [LogicalPath]
    }

    let copied: CopiedContent
    let files: [File]
}

extension LinkTotals {
    mutating func add(_ other: LinkTotals) {
        reflinked += other.reflinked
        hardLinked += other.hardLinked
        bytesSaved += other.bytesSaved
    }
}

extension Catalog {
    fileprivate func findCopies(_ selection: Selection, below root: RootID) throws {
        let source = DuplicateSource.local(root)
        try source.makeNames(selection, in: database)
        try source.makeCopies(limit: selection.limit, in: database)
    }

    /// The files of copied contents after one, apart by device.
    fileprivate func copyGroups(after id: Int64) throws -> [CopyGroup] {
        var last = id
        while true {
            let page = try database.copiedContents(after: last, limit: 64)
            guard let end = page.last else { return [] }
            last = end.id
            let groups = try page.flatMap(copyGroups)
            // Copies on different devices make no group.
            if !groups.isEmpty { return groups }
        }
    }

    private func copyGroups(of copied: CopiedContent) throws -> [CopyGroup] {
        var files: [UInt64: [CopyGroup.File]] = [:]
        try database.query(
            """
            SELECT n.name, f.device, f.inode, f.size, f.mtime, f.ctime, n.room LIKE 'shared%'
            FROM temp.dedup_name n JOIN main.file f ON f.id = n.file WHERE n.content = ? ORDER BY n.file, n.name
            """,
            [.integer(copied.content)]
        ) { (row: borrowing Row) throws in
            let status = FileStatus(
                device: UInt64(bitPattern: row.int64(1)),
                inode: UInt64(bitPattern: row.int64(2)),
                size: row.int64(3),
                mtimeNanoseconds: row.int64(4),
                ctimeNanoseconds: row.int64(5)
            )
            let name = try LogicalPath(row.text(0))
            let known = files[status.device]?.count ?? 0
            if known > 0, files[status.device]?[known - 1].status == status {
                files[status.device]?[known - 1].names.append(name)
            } else {
                let file = CopyGroup.File(status: status, isShared: row.bool(6), names: [name])
                files[status.device, default: []].append(file)
            }
        }
        return files.sorted { $0.key < $1.key }.filter { $0.value.count > 1 }.map { _, files in
            CopyGroup(copied: copied, files: files.sorted { $0.names[0] < $1.names[0] })
        }
    }

    /// Remembers which files share their blocks with others.
    fileprivate func noteShared(_ files: [FileStatus]) throws {
        guard !files.isEmpty else { return }
        try database.transaction {
            for file in files {
                try database.run(
                    "INSERT OR REPLACE INTO main.shared_file (device, inode, ctime) VALUES (?, ?, ?)",
                    .integer(Int64(bitPattern: file.device)),
                    .integer(Int64(bitPattern: file.inode)),
                    .integer(file.ctimeNanoseconds)
                )
            }
        }
    }
}
