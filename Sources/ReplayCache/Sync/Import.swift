/// Brings the files of a folder or of an archive into a repository, and leaves the source as it is.
struct Import {
    let context: SyncContext
    let source: String
    let place: Place
    let options: ImportOptions
    /// A bucket to read instead of the folder or file that `source` names.
    var bucket: Place?

    /// Memory for contents that were read and are not stored yet.
    static let budgetByteCount = 64 << 20

    func run() async throws -> SyncSummary {
        let started = ContinuousClock.now
        // Before anything is made at the place.
        _ = try ImportSelection(options.selection)
        if let bucket { return try await run(from: bucket, started) }
        let origin = try await BlockingPool.shared.run { [source] in try ImportOrigin(source) }
        try refuseUnknownPacking(of: origin)
        if case .folder = origin.kind { try LocalRoot.refuseOverlap(of: origin.path, with: place) }
        let (repository, store) = try await openTarget()
        var engine = try await ImportEngine(
            context: context,
            target: .init(repository: repository, store: store),
            options: options
        )
        if let repository {
            if repository.isNew { context.report(.created(place: "\(place)")) }
            engine.report(repository.warnings)
        }
        context.report(.started(command: "import", place: "\(place)", root: origin.path, files: nil, bytes: nil))
        let clock = repository.map { TransferClock($0) }
        switch origin.kind {
        case .folder(let folder):
            let tree = TreeImport(context: context, root: folder, options: options, tools: try tools(for: origin.name))
            try await tree.run(&engine)
        case .file(let file, let status): try await take(file, status, named: origin.name, &engine)
        }
        return try await end(engine, repository, clock, started)
    }

    private func run(from source: Place, _ started: ContinuousClock.Instant) async throws -> SyncSummary {
        let origin = try await BucketImport(context: context, source: source, target: place, options: options)
        let (repository, store) = try await openTarget()
        if options.isDryRun { return try await origin.plan(store, isNew: repository == nil, started) }
        var engine = try await ImportEngine(
            context: context,
            target: .init(repository: repository, store: store),
            options: options
        )
        if let repository {
            if repository.isNew { context.report(.created(place: "\(place)")) }
            engine.report(repository.warnings)
        }
        context.report(.started(command: "import", place: "\(place)", root: "\(source)", files: nil, bytes: nil))
        try await origin.run(&engine)
        var summary = try await end(engine, repository, repository.map { TransferClock($0) }, started)
        for meter in origin.meters { summary.addSource(meter) }
        return summary
    }

    private func end(
        _ engine: ImportEngine,
        _ repository: Repository?,
        _ clock: TransferClock?,
        _ started: ContinuousClock.Instant
    ) async throws -> SyncSummary {
        var engine = engine
        try await engine.finish()
        if let repository, !options.isDryRun {
            try await clock?.record(.up, in: context)
            await engine.compact(repository)
        }
        var summary = engine.summary
        if let repository { summary.add(repository.remote.meter) }
        summary.seconds = (ContinuousClock.now - started).seconds
        return summary
    }

    /// Takes what is in one archive, or one file.
    private func take(
        _ file: OpenFile,
        _ status: FileStatus,
        named name: String,
        _ engine: inout ImportEngine
    ) async throws {
        let tools = try tools(for: name)
        let (packing, opened) = Packing.of(name, isNamed: true)
        do {
            var archive = try await BlockingPool.shared.run {
                try ArchiveImport(
                    file,
                    name: name,
                    prefix: packing.hasMembers ? "" : opened,
                    mtime: status.mtimeNanoseconds,
                    isNamed: true,
                    tools
                )
            }
            try await engine.take { try await archive.next() }
        } catch let refusal as ImportRefusal {
            engine.refuse(name, refusal.reason, isDamage: refusal.isDamage)
        }
    }

    /// A file that the user points at and that is packed in a way that is not opened is not meant as a file.
    private func refuseUnknownPacking(of origin: ImportOrigin) throws {
        guard case .file = origin.kind, !options.keepsArchives else { return }
        let name = origin.name.lowercased()
        let endings = [".rar", ".bz2", ".tbz", ".tbz2", ".tar.lz4", ".tar.lzma", ".cab", ".iso"]
        guard let ending = endings.first(where: name.hasSuffix) else { return }
        throw ReplayCacheError(
            .usage,
            "\(DisplayText.quoted(source)) is packed as \(ending), which is not opened",
            hint: "unpack it and import the folder, or take it as a file with --keep-archives",
            subject: source
        )
    }

    private func tools(for name: String) throws -> ArchiveTools {
        ArchiveTools(
            name,
            options,
            budget: AsyncSemaphore(capacity: Self.budgetByteCount),
            folder: try OpenFile.directory(context.catalog.home)
        )
    }

    /// The repository, which is made in an empty or absent place; for a dry run, what is known of a place that has none.
    private func openTarget() async throws -> (Repository?, PlaceStore) {
        guard options.isDryRun else {
            let repository = try await context.writableRepository(at: place)
            return (repository, repository.store)
        }
        do {
            let repository = try await context.repository(at: place)
            return (repository, repository.store)
        } catch let error as ReplayCacheError where error.code == .notFound {
            let opening = RemoteOpening(place: place, home: context.catalog.home, settings: context.remoteSettings)
            if let remote = try await opening.existing(needsWrite: false) {
                try await Repository.refuseForeign(place, remote)
            }
            return (nil, try await PlaceStore.open(try await context.catalog.place(place), home: context.catalog.home))
        }
    }
}

/// What an import is to read.
struct ImportOrigin: Sendable {
    enum Kind: Sendable {
        case folder(OpenFile)
        case file(OpenFile, FileStatus)
    }

    /// Canonical.
    let path: String
    let kind: Kind

    /// The last component.
    var name: String { path.split(separator: "/").last.map(String.init) ?? path }

    /// Opens what is at `path`.
    ///
    /// Blocks.
    init(_ path: String) throws {
        do {
            self.path = try Machine.canonicalPath(path)
        } catch {
            guard error.isNotFound else { throw error }
            let hint =
                path == "-" || path.hasPrefix("/dev/")
                ? "name a file: a zip or a 7z is read from its end, which a pipe does not have" : "check the path"
            throw ReplayCacheError(.usage, "\(path) does not exist", hint: hint, subject: path)
        }
        let file = try OpenFile.reading(self.path)
        let status = try file.status()
        switch status.kind {
        case .directory:
            let folder = try OpenFile.directory(self.path)
            guard (try? folder.status(of: Manifest.key.string)) == nil else {
                throw ReplayCacheError(
                    .usage,
                    "\(path) is a repository, not a folder of files",
                    hint: "`replaycache copy \(path) REMOTE` brings what it holds to another place",
                    subject: path
                )
            }
            kind = .folder(folder)
        case .regular: kind = .file(file, status)
        default: throw ReplayCacheError(.usage, "\(path) is neither a folder nor a file", subject: path)
        }
    }
}

extension Packing {
    /// Whether what is opened has names of its own.
    var hasMembers: Bool { self == .archive || self == .tar }
}
