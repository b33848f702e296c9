internal import SystemPackage

/// Writes the files of a selection into a bucket, each under its path, as other programs lay them out.
struct ExportBucket {
    let export: Export
    let source: Export.Source
    let target: Place

    private var context: SyncContext { export.context }
    private var options: ExportOptions { export.options }

    /// Contents in memory, in bytes.
    private static let memory = AsyncSemaphore(capacity: Int(ExportArchive.maximumBytesInMemory))
    /// Bytes of the longest key (`s3-compat.md` section 3).
    private static let maximumKeyByteCount = 1024

    /// - Returns: What went to the bucket.
    func run(_ summary: inout SyncSummary) async throws -> MeteredRemote.Meter {
        guard case .bucket(let address) = target.kind else { return MeteredRemote.Meter() }
        let bucket = try await open(address, needsWrite: !options.isDryRun)
        var spent = try await refuseRepository(at: address, bucket)
        context.progress.begin("looking", items: source.selected.files)
        let listing = ExportListing(bucket: bucket, store: source.store, isParanoid: options.isParanoid)
        let found = try await listing.run()
        summary.filesInStep += found.filesInStep
        try await check(found.repositories, bucket, &summary)
        if options.isDryRun {
            try await export.tellPlan(source, &summary)
        } else {
            try await write(to: bucket, &summary)
        }
        spent = spent + bucket.meter
        return spent
    }

    private func open(_ address: BucketPlace, needsWrite: Bool) async throws -> PlainBucket {
        try await PlainBucket.open(
            address,
            environment: target.environment,
            home: context.catalog.home,
            settings: context.remoteSettings,
            needsWrite: needsWrite
        )
    }

    /// A prefix that is a repository, or in one, is not for other files: one request for each part of the prefix.
    private func refuseRepository(at address: BucketPlace, _ bucket: PlainBucket) async throws -> MeteredRemote.Meter {
        var spent = MeteredRemote.Meter()
        let components = address.prefix.split(separator: "/").map(String.init)
        for count in 0...components.count {
            var holder = bucket
            if count < components.count {
                let path = ([address.bucket] + components.prefix(count)).joined(separator: "/")
                holder = try await open(try BucketPlace(service: address.service, path: path), needsWrite: false)
            }
            let isRepository = try await holder.holds(Manifest.key.string)
            if count < components.count { spent = spent + holder.meter }
            guard !isRepository else {
                let prefix = components.prefix(count).joined(separator: "/")
                throw ReplayCacheError(
                    .usage,
                    "\(target) is a repository, or in one (\(prefix.isEmpty ? address.bucket : prefix))",
                    hint: "choose another prefix; `replaycache copy` copies from repository to repository",
                    subject: target.canonical
                )
            }
        }
        return spent
    }

    // MARK: What is there

    /// Rows of the plan looked at in one go.
    private static let pageCount = 512

    /// Settles what cannot be written: names, and objects that are others by their size.
    private func check(
        _ repositories: Set<String>,
        _ bucket: PlainBucket,
        _ summary: inout SyncSummary
    ) async throws {
        var last: Int64 = 0
        while true {
            try Task.checkCancellation()
            let items = try await source.store.fetchItems([.place], after: last, limit: Self.pageCount)
            guard let end = items.last?.id else { return }
            last = end
            for item in items {
                if let reason = refusal(of: item, repositories, bucket) {
                    try await export.leave(item, reason, source, &summary)
                } else if let known = item.known, known.size != item.size, !options.isForced {
                    try await export.leave(item, Self.other, source, &summary)
                }
            }
        }
    }

    private static let other = "another object is there; --force replaces it"

    /// Why a file cannot be written there; nil when it can.
    private func refusal(of item: FetchItem, _ repositories: Set<String>, _ bucket: PlainBucket) -> String? {
        if Export.marksARepository(item) { return Export.markReason }
        guard (try? LogicalPath(item.localPath)) != nil else { return "is no path" }
        if bucket.key(item.localPath).utf8.count > Self.maximumKeyByteCount {
            return "is longer than 1,024 bytes with the prefix, the most that a key has"
        }
        if item.size > bucket.maximumPutByteCount {
            return "is larger than \(ByteCount(bucket.maximumPutByteCount)), the most that one PUT takes"
        }
        if !repositories.isEmpty, let inside = repositories.first(where: { item.localPath.hasPrefix($0) }) {
            return "would lie in the repository at \(DisplayText.quoted(inside))"
        }
        return nil
    }

    // MARK: Writing

    /// What became of a file.
    private enum Deed: Sendable {
        case written
        case same
        case different
    }

    private struct Outcome: Sendable {
        let item: FetchItem
        var filled = ContentSource.Filled()
        var deed: Result<Deed, any Error> = .success(.written)
    }

    private func write(to bucket: PlainBucket, _ summary: inout SyncSummary) async throws {
        export.begin(try await source.store.totalToPlace(), to: "\(target)")
        var counts = summary
        var rows = export.rows(source)
        defer { summary = counts }
        try await forEachConcurrently(
            width: min(max(2 * Machine.coreCount + 4, bucket.parallelism), 128),
            next: { try await rows.next() },
            work: { await write($0, to: bucket) },
            collect: { try take($0, &counts) }
        )
    }

    private func write(_ item: FetchItem, to bucket: PlainBucket) async -> Outcome {
        var outcome = Outcome(item: item)
        let weight = Int(clamping: min(item.size, ExportArchive.maximumBytesInMemory))
        do {
            try await Self.memory.enter(weight)
            defer { Self.memory.leave(weight) }
            let file = try await room(for: item)
            let contents = ContentSource(context: context, repository: source.repository)
            outcome.filled = try await contents.fill(file, with: item.digest, size: item.size)
            if let known = item.known, known.size == item.size {
                if let tag = item.source, try await BlockingPool.shared.run({ try Self.tag(of: file) }) == tag {
                    outcome.deed = .success(.same)
                    return outcome
                }
                guard options.isForced else {
                    outcome.deed = .success(.different)
                    return outcome
                }
            }
            let body = RemoteBody(source: file, byteCount: item.size, digest: item.digest)
            try await bucket.put(try LogicalPath(item.localPath), body, mtime: item.mtime)
        } catch {
            outcome.deed = .failure(error)
        }
        return outcome
    }

    /// A file without a name: in memory, or for a large content on the disk that the catalog is on.
    private func room(for item: FetchItem) async throws -> OpenFile {
        guard item.size > Recipe.threshold else { return try OpenFile.inMemory(item.path) }
        return try await BlockingPool.shared.run { [home = context.catalog.home] in
            let folder = try OpenFile.directory(home)
            let name = "\(PlacedFile.temporaryPrefix)\(newWriterName())\(PlacedFile.temporarySuffix)"
            let file = try folder.creating(name, mode: 0o600)
            try folder.remove(name)
            try file.preallocate(item.size)
            return file
        }
    }

    /// The ETag that an object with these bytes has.
    ///
    /// Blocks.
    private static func tag(of file: OpenFile) throws -> String {
        let digits = Array("0123456789abcdef".utf8)
        let bytes = try MD5.digest(of: file).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
        return String(decoding: bytes, as: UTF8.self)
    }

    private func take(_ outcome: Outcome, _ summary: inout SyncSummary) throws {
        summary.objectsDownloaded += outcome.filled.fetched.objectsDownloaded
        summary.objectsReused += outcome.filled.fetched.objectsReused
        summary.bytesRaw += outcome.filled.bytesRaw
        let path = outcome.item.localPath
        switch outcome.deed {
        case .success(.written):
            summary.filesPlaced += 1
            summary.objectsUploaded += 1
            context.progress.advance(items: 1)
            context.report(.placed(path: path))
        case .success(.same):
            summary.filesInStep += 1
            context.progress.advance(items: 1)
        case .success(.different):
            summary.filesFailed += 1
            context.report(.failed(path: path, reason: Self.other))
        case .failure(let error as ReplayCacheError) where error.code == .integrity:
            summary.filesFailed += 1
            summary.integrityFailed = true
            context.report(.failed(path: path, reason: error.description))
        case .failure(let error as PlainBucketError):
            throw error.classified()
        case .failure(let error):
            throw ReplayCacheError(error, doing: "exporting \(path)", subject: path)
        }
    }
}
