/// Writes the files of a selection into a folder.
///
/// The folder does not become a root. What is there with the size and time of an entry is taken for it, else its bytes are
/// compared; a file that differs is named and left, unless the user insists.
struct ExportTree {
    let export: Export
    let source: Export.Source
    let path: String

    private var options: ExportOptions { export.options }
    private var context: SyncContext { export.context }

    func run(_ summary: inout SyncSummary) async throws {
        try LocalRoot.refuseOverlap(of: path, with: export.place)
        try Export.refuseRepository(at: path)
        if !options.isDryRun { try Machine.makeDirectories(path) }
        guard let root = try openDestination() else { return try await export.tellPlan(source, &summary) }
        try root.refuseOverlap(with: export.place)
        if !options.isDryRun { try root.claim() }
        context.progress.begin("looking", items: source.selected.files)
        try await check(root, &summary)
        if options.isDryRun { return try await export.tellPlan(source, &summary) }
        try await write(root, &summary)
    }

    private func openDestination() throws -> LocalRoot? {
        if options.isDryRun && (try? OpenFile.directory(path)) == nil { return nil }
        let directory = try OpenFile.directory(path)
        // No row of the catalog has this id.
        return LocalRoot(id: RootID(rawValue: -1), directory: directory, path: try Machine.canonicalPath(path))
    }

    // MARK: What is there

    /// Rows of the plan looked at in one go.
    private static let pageCount = 512

    /// What stands where a file is to go.
    private enum Finding: Sendable {
        case same
        case different(FileStatus)
        case obstacle(String)
        case refused
    }

    /// Settles in the plan what is there already: one system call a file.
    private func check(_ root: LocalRoot, _ summary: inout SyncSummary) async throws {
        var last: Int64 = 0
        while true {
            let items = try await source.store.fetchItems([.place], after: last, limit: Self.pageCount)
            guard let end = items.last?.id else { return }
            last = end
            let findings = try await BlockingPool.shared.run { [isParanoid = options.isParanoid] in
                try items.map { try Self.look(at: $0, in: root.directory, isParanoid: isParanoid) }
            }
            for (item, finding) in zip(items, findings) {
                guard let finding else { continue }
                try await settle(item, finding, &summary)
            }
        }
    }

    private func settle(_ item: FetchItem, _ finding: Finding, _ summary: inout SyncSummary) async throws {
        switch finding {
        case .same:
            summary.filesInStep += 1
            try await source.store.setAction(nil, of: item.id)
        case .different(let known) where options.isForced:
            try await source.store.setReplaced(known, in: item.id)
        case .different:
            try await export.leave(item, "another file is there; --force replaces it", source, &summary)
        case .refused:
            try await export.leave(item, Export.markReason, source, &summary)
        case .obstacle(let thing):
            try await export.leave(item, "\(thing) is in the way; it was left alone", source, &summary)
        }
    }

    /// Blocks.
    ///
    /// Nil when the destination is free, or cannot be looked at: then the attempt to write there tells why.
    private static func look(at item: FetchItem, in root: OpenFile, isParanoid: Bool) throws -> Finding? {
        try Task.checkCancellation()
        if Export.marksARepository(item) { return .refused }
        // The path comes from a remote, and the ones that are no paths are refused later. Links to folders are followed
        // here, since nothing is written.
        guard let path = try? LogicalPath(item.localPath), let status = try? root.status(of: path.string) else {
            return nil
        }
        switch status.kind {
        case .regular: break
        case .directory: return .obstacle("a folder")
        case .symbolicLink: return .obstacle("a symbolic link")
        case .other: return .obstacle("something that is no file")
        }
        guard status.size == item.size else { return .different(status) }
        if status.mtimeNanoseconds == item.mtime && !isParanoid { return .same }
        // One that cannot be read is taken for another.
        guard let file = try? root.parent(of: path, creating: false).reading(String(path.name)) else {
            return .different(status)
        }
        return try Digest.of(file).digest == item.digest ? .same : .different(status)
    }

    // MARK: Writing

    private func write(_ root: LocalRoot, _ summary: inout SyncSummary) async throws {
        let total = try await source.store.totalToPlace()
        export.begin(total, to: root.path)
        try await reclaim(root)
        var stager = Stager(context: context, root: root, repository: source.repository, links: options.links)
        stager.linksOtherFolders = options.links
        var placement = FilePlacement(
            context: context,
            stager: stager,
            placer: Placer(context: context, exportingTo: root),
            action: "exporting"
        )
        let disk = DiskSpace(of: root.path)
        var room = FetchRoom(disk: disk, repository: source.repository, begun: [], links: options.links)
        try await placement.place({ export.rows(source) }, &room, &summary)
        try await room.conclude(&summary)
    }

    /// Removes the temporary files of an interrupted run that this one does not continue.
    private func reclaim(_ root: LocalRoot) async throws {
        let walk = DirectoryWalk(root: root.directory, ignoreRules: IgnoreRules())
        let store = source.store
        try await walk.run { batch in
            guard !batch.leftovers.isEmpty else { return }
            let digests = batch.leftovers.compactMap { PlacedFile.digest(inTemporaryName: $0.name) }
            let wanted = try await store.contentsInFetchPlan(digests)
            try await Leftovers.reclaim(batch.leftovers, in: root, keeping: Set(wanted.keys))
        }
    }
}
