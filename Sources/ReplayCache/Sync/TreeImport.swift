/// The files of a folder as items of an import; archives among them are opened.
struct TreeImport {
    let context: SyncContext
    let root: OpenFile
    let options: ImportOptions
    let `import`: Import

    func run(_ engine: inout ImportEngine) async throws {
        let home = context.catalog.home
        let excluded = home.hasPrefix(root.path + "/") ? String(home.dropFirst(root.path.count + 1)) : nil
        let walk = DirectoryWalk(root: root, ignoreRules: try IgnoreRules(root: root, excluded: excluded))
        var state = engine
        let naming = engine.naming
        defer { engine = state }
        try await walk.run { batch in
            state.passOver(links: batch.skippedLinks)
            for problem in batch.problems {
                state.refuse(problem.path, "cannot be read: \(problem.reason)", isFolder: problem.isDirectory)
            }
            var rest = batch.files[...]
            while !rest.isEmpty, !state.isFull {
                let files = rest.prefix { !isOpened($0.path) }
                rest = rest.dropFirst(files.count)
                var next = files
                try await state.take { next.popFirst().map { item($0, naming) } }
                guard let archive = rest.popFirst(), !state.isFull else { continue }
                try await open(archive, &state)
            }
        }
    }

    private func isOpened(_ path: LogicalPath) -> Bool {
        !options.keepsArchives && Packing.of(path.string).packing != .none
    }

    private func item(_ found: FoundFile, _ naming: ImportNaming) -> ImportItem {
        let name = found.path.string
        switch naming.placement(of: name) {
        case .passedOver: return .passedOver
        case .refused(let reason): return .refused(name: name, reason: reason, isDamage: false)
        case .path(let path):
            let mtime = found.status.mtimeNanoseconds
            var candidate = ImportCandidate(
                name: name,
                path: path,
                mtime: mtime,
                content: .unread { [root] in try await Self.read(found, in: root) }
            )
            candidate.isLive = true
            return .file(candidate)
        }
    }

    /// Hashes a file where it is; it is read again when it is stored.
    private static func read(_ found: FoundFile, in root: OpenFile) async throws -> SpooledContent {
        try Recipe.checkContentSize(found.status.size)
        return try await BlockingPool.shared.run {
            try SourceError.tagging {
                let file = try root.parent(of: found.path, creating: false).reading(String(found.path.name))
                let (digest, byteCount) = try Digest.of(file)
                guard byteCount == found.status.size else { throw ObjectEncodingError.contentChanged }
                return SpooledContent(source: file, digest: digest, byteCount: byteCount)
            }
        }
    }

    private func open(_ found: FoundFile, _ engine: inout ImportEngine) async throws {
        let name = found.path.string
        let file: OpenFile
        do {
            file = try await BlockingPool.shared.run { [root] in
                try root.parent(of: found.path, creating: false).reading(String(found.path.name))
            }
        } catch let error as FileError {
            engine.refuse(name, "cannot be read: \(error.errno)")
            return
        }
        try await `import`.take(
            file,
            name: name,
            prefix: Packing.of(name).opened,
            mtime: found.status.mtimeNanoseconds,
            isNamed: false,
            try `import`.tools(name),
            &engine
        )
    }
}
