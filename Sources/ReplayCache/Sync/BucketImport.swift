/// The files of a bucket in rclone's plain layout as items of an import; the bucket is left as it is.
///
/// A folder `checkpoints` at the top stays one, `replays` and all else go below ``ImportOptions/into``.
struct BucketImport {
    let context: SyncContext
    let place: Place
    let repositoryPlace: Place
    let bucket: PlainBucket
    /// The bucket of the repository; nil for a repository in a directory.
    let target: PlainBucket?
    let options: ImportOptions
    let memory: ImportMemory
    /// Nil where the bytes are to be sent: another server, or `--recode`.
    private let copier: BucketCopier?
    /// What the keys of the repository begin with when it lies inside the source.
    let skippedPrefix: String?

    /// Opens `source`, for an import to `target`.
    ///
    /// - Throws: ``ReplayCacheError`` with code `usage` when it is a repository, or inside of one.
    init(context: SyncContext, source: Place, target: Place, options: ImportOptions) async throws {
        guard case .bucket(let place) = source.kind else {
            throw ReplayCacheError(.usage, "\(source) is not a bucket", subject: source.canonical)
        }
        self.context = context
        self.place = source
        repositoryPlace = target
        self.options = options
        let home = context.catalog.home
        let settings = context.remoteSettings
        bucket = try await PlainBucket.open(place, environment: source.environment, home: home, settings: settings)
        if case .bucket(let place) = target.kind {
            self.target = try await PlainBucket.open(
                place,
                environment: target.environment,
                home: home,
                settings: settings,
                needsWrite: !options.isDryRun
            )
        } else {
            self.target = nil
        }
        copier = self.target.flatMap { [bucket] target in
            guard !options.recodes, target.sharesServer(with: bucket) else { return nil }
            return BucketCopier(target: target, report: context.report)
        }
        skippedPrefix = try Self.overlap(of: bucket, source, with: self.target)
        let whole = try BucketPlace(service: place.service, path: place.bucket)
        memory = try await ImportMemory(catalog: context.catalog, bucket: whole.canonical(source.environment))
        guard try await !bucket.holds(Manifest.key.string) else {
            throw ReplayCacheError(
                .usage,
                "\(source) is a repository, not a bucket of files",
                hint: "`replaycache copy \(source) REMOTE` brings what it holds to another place",
                subject: source.canonical
            )
        }
    }

    /// What is to be skipped of the source because the repository lies in it.
    private static func overlap(of source: PlainBucket, _ place: Place, with target: PlainBucket?) throws -> String? {
        guard let target, source.isSameBucket(as: target) else { return nil }
        let inner = source.connection.prefix
        let outer = target.connection.prefix
        func refusal(_ message: String) -> ReplayCacheError {
            ReplayCacheError(
                .usage,
                message,
                hint: "choose a prefix for the repository beside the files, such as \(place)/replaycache",
                subject: place.canonical
            )
        }
        guard inner != outer else { throw refusal("\(place) is both what is to be imported and the repository") }
        if inner.isEmpty || outer.hasPrefix(inner + "/") { return outer + "/" }
        guard outer.isEmpty || inner.hasPrefix(outer + "/") else { return nil }
        let first = inner.dropFirst(outer.isEmpty ? 0 : outer.count + 1).split(separator: "/").first ?? ""
        guard !["objects", "log", "base", "gc"].contains(first) else {
            throw refusal("\(place) lies inside the repository")
        }
        return nil
    }

    /// Thrown to end a listing early.
    struct Enough: Error {}

    /// Takes everything, page by page.
    func run(_ engine: inout ImportEngine) async throws {
        engine.memory = memory
        let room = BucketObject.Room(folder: try OpenFile.directory(context.catalog.home))
        var state = engine
        defer { engine = state }
        try await eachPage { items in
            let known = try await memory.recall(
                items.compactMap { if case .file(let item, _) = $0 { item } else { nil } }
            )
            var next = items[...]
            try await state.take { next.popFirst().map { importItem($0, known, room) } }
            if state.isFull { throw Enough() }
        }
    }

    /// What a listing tells of, as far as it is to be imported.
    enum Listed: Sendable {
        case file(PlainItem, LogicalPath)
        case refused(String, reason: String)
    }

    /// Calls `body` with each page of the listing.
    func eachPage(_ body: ([Listed]) async throws -> Void) async throws {
        let naming = BucketNaming(options, prefix: bucket.connection.prefix)
        do {
            try await bucket.list { items in
                var listed: [Listed] = []
                for item in items where !isSkipped(item) {
                    switch naming.placement(of: item) {
                    case .passedOver: continue
                    case .refused(let reason): listed.append(.refused(item.name, reason: reason))
                    case .path(let path):
                        try refuseRepository(item)
                        listed.append(.file(item, path))
                    }
                }
                try await body(listed)
            }
        } catch is Enough {}
    }

    private func isSkipped(_ item: PlainItem) -> Bool {
        if item.isFolderMarker { return true }
        return skippedPrefix.map { item.key.utf8.starts(with: $0.utf8) } ?? false
    }

    /// Objects of a repository somewhere in the source are no files of anybody's.
    private func refuseRepository(_ item: PlainItem) throws {
        let parts = item.name.split(separator: "/")
        func ends(_ count: Int) -> String? {
            parts.count > count ? parts.suffix(count).joined(separator: "/") : nil
        }
        // A listing comes by them in this order, a thousand at a time: bases, objects, segments.
        let isObject = ends(3).map { ObjectKey($0) != nil } ?? false
        let isOfLog = ends(2).map { BaseKey($0) != nil || SegmentKey($0) != nil } ?? false
        guard isObject || isOfLog else { return }
        let folder = parts.dropLast(isObject ? 3 : 2).joined(separator: "/")
        throw ReplayCacheError(
            .usage,
            "\(DisplayText.escaped(folder)) in \(place) is a repository, not a folder of files",
            hint: "`replaycache copy` brings it to another place; to import what is beside it, add "
                + "--exclude '\(DisplayText.escaped(folder))/**'",
            subject: item.key
        )
    }

    private func importItem(
        _ listed: Listed,
        _ known: [String: ImportedObject],
        _ room: BucketObject.Room
    ) -> ImportItem {
        switch listed {
        case .refused(let name, let reason): return .refused(name: name, reason: reason, isDamage: false)
        case .file(let item, let path):
            guard item.byteCount <= options.limits.maximum(for: path) else {
                let reason = "has \(ByteCount(item.byteCount)), more than is taken for one file"
                return .refused(name: item.name, reason: reason, isDamage: false)
            }
            let object = BucketObject(
                item: item,
                bucket: bucket,
                copier: copier,
                // Text is compared by what it looks like, keys are bytes.
                known: known[item.key].flatMap { $0.item.key.utf8.elementsEqual(item.key.utf8) ? $0 : nil },
                room: room
            )
            return .file(
                ImportCandidate(
                    name: item.name,
                    path: path,
                    mtime: item.modified.nanoseconds,
                    content: .inBucket(object)
                )
            )
        }
    }

    /// Whether the server may copy.
    var canCopy: Bool { copier != nil }

    /// Requests and bytes of the source, and of copies.
    var meters: [MeteredRemote.Meter] { [bucket.meter] + (target.map { [$0.meter] } ?? []) }
}

/// Where the objects of a bucket go in a repository.
struct BucketNaming: Sendable {
    private let naming: ImportNaming

    /// `prefix` is that of the source: one that ends in `checkpoints` stands for that collection.
    init(_ options: ImportOptions, prefix: String) {
        var options = options
        if prefix.split(separator: "/").last == "checkpoints", options.into.string == "replays",
            let checkpoints = try? LogicalPath("checkpoints")
        {
            options.into = checkpoints
        }
        var naming = ImportNaming(options)
        naming.keepsCollections = true
        self.naming = naming
    }

    func placement(of item: PlainItem) -> ImportNaming.Placement {
        do {
            // Other than in a folder or an archive, `a//b` and `./a` are names of their own.
            _ = try item.path()
        } catch {
            return .refused(error.reason)
        }
        return naming.placement(of: item.name)
    }
}
