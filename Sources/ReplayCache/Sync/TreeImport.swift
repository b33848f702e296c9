/// The files of a folder as items of an import; archives among them are opened.
struct TreeImport {
    let context: SyncContext
    let root: OpenFile
    let options: ImportOptions
    let tools: ArchiveTools

    func run(_ engine: inout ImportEngine) async throws {
        let home = context.catalog.home
        let excluded = home.hasPrefix(root.path + "/") ? String(home.dropFirst(root.path.count + 1)) : nil
        let walk = DirectoryWalk(root: root, ignoreRules: try IgnoreRules(root: root, excluded: excluded))
        var state = engine
        defer { engine = state }
        try await walk.run { batch in
            state.passOver(links: batch.skippedLinks)
            for problem in batch.problems {
                state.refuse(problem.path, "cannot be read: \(problem.reason)", isFolder: problem.isDirectory)
            }
            var stretch = Stretch(tree: self, rest: batch.files[...])
            try await state.take { try await stretch.next() }
        }
    }

    /// A stretch of the walk, and the archive in it that is being read.
    private struct Stretch {
        let tree: TreeImport
        var rest: ArraySlice<FoundFile>
        var archive: ArchiveImport?

        mutating func next() async throws -> ImportItem? {
            while true {
                if var current = archive {
                    let item = try await current.next()
                    archive = item == nil ? nil : current
                    if let item { return item }
                }
                guard let found = rest.popFirst() else { return nil }
                guard tree.packing(of: found).hasMembers else { return tree.item(found) }
                do {
                    archive = try await tree.open(found)
                } catch let refusal as ImportRefusal {
                    return .refused(name: found.path.string, reason: refusal.reason, isDamage: refusal.isDamage)
                }
            }
        }
    }

    private func packing(of found: FoundFile) -> Packing {
        options.keepsArchives ? .none : Packing.of(found.path.string).packing
    }

    /// What becomes of a file that is not an archive of several.
    private func item(_ found: FoundFile) -> ImportItem {
        let isPacked = packing(of: found) != .none
        let name = isPacked ? Packing.of(found.path.string).opened : found.path.string
        switch tools.naming.placement(of: name) {
        case .passedOver: return .passedOver
        case .refused(let reason): return .refused(name: name, reason: reason, isDamage: false)
        case .path(let path):
            var candidate = ImportCandidate(
                name: found.path.string,
                path: path,
                mtime: found.status.mtimeNanoseconds,
                content: .unread { try await isPacked ? unpack(found, for: path) : read(found) }
            )
            candidate.isLive = !isPacked
            return .file(candidate)
        }
    }

    private func file(_ found: FoundFile) throws -> OpenFile {
        try SourceError.tagging {
            try root.parent(of: found.path, creating: false).reading(String(found.path.name))
        }
    }

    /// Hashes a file where it is; it is read again when it is stored.
    private func read(_ found: FoundFile) async throws -> SpooledContent {
        try Recipe.checkContentSize(found.status.size)
        return try await BlockingPool.shared.run {
            let file = try file(found)
            let (digest, byteCount) = try SourceError.tagging { try Digest.of(file) }
            guard byteCount == found.status.size else { throw ObjectEncodingError.contentChanged }
            return SpooledContent(source: file, digest: digest, byteCount: byteCount)
        }
    }

    /// Unpacks a file that holds one other.
    private func unpack(_ found: FoundFile, for path: LogicalPath) async throws -> SpooledContent {
        let tools = ArchiveTools(found.path.string, options, budget: tools.budget, folder: tools.folder)
        // Two slpz are decoded at once: each takes as much memory as its header says.
        let room = packing(of: found) == .slpz ? Import.budgetByteCount / 2 : Spool.memoryByteCount
        try await tools.budget.enter(room)
        do {
            var content = try await BlockingPool.shared.run {
                try ArchiveImport.unpack(try file(found), name: found.path.string, for: path, tools)
            }
            let weight = min(content.memoryByteCount, room)
            tools.budget.leave(room - weight)
            content.lease = SpoolLease(weight, of: tools.budget)
            return content
        } catch {
            tools.budget.leave(room)
            throw error
        }
    }

    private func open(_ found: FoundFile) async throws -> ArchiveImport {
        let name = found.path.string
        let tools = ArchiveTools(name, options, budget: tools.budget, folder: tools.folder)
        do {
            return try await BlockingPool.shared.run {
                try ArchiveImport(
                    try file(found),
                    name: name,
                    prefix: Packing.of(name).opened,
                    mtime: found.status.mtimeNanoseconds,
                    isNamed: false,
                    tools
                )
            }
        } catch let error as SourceError {
            throw ImportRefusal(reason: "cannot be read: \(error.cause.errno)")
        }
    }
}
