/// Finding copies, and making them take the room of one.
extension Workspace {
    /// Calls `body` with each group of local files, or recordings of one game, of which one would do; of one folder, scanned
    /// first, if it is given.
    ///
    /// Reads the events of replays that may differ in metadata alone, once.
    ///
    /// - Returns: What the scan found, for a file that could not be read is not compared; and how much there is.
    @discardableResult
    public func duplicates(
        in directory: String? = nil,
        options: DedupOptions = DedupOptions(),
        _ body: @Sendable (DuplicateGroup) throws -> Void
    ) async throws -> SyncSummary {
        try await wrapping("looking for duplicates") {
            let started = ContinuousClock.now
            var summary = try await Dedup(context: context, options: options).local(directory, body)
            summary.seconds = (ContinuousClock.now - started).seconds
            return summary
        }
    }

    /// Calls `body` with each group of entries of a place that have one content or are recordings of one game, and `sharing`
    /// with what the checkpoints there have in common: each run in the order of names, then all together.
    ///
    /// Costs a request for each large file of a checkpoint; without `sharing` none.
    @discardableResult
    public func duplicates(
        at place: Place,
        options: DedupOptions = DedupOptions(),
        sharing: (@Sendable (SharingRow) throws -> Void)? = nil,
        _ body: @Sendable (DuplicateGroup) throws -> Void
    ) async throws -> SyncSummary {
        try await wrapping("looking for duplicates") {
            let started = ContinuousClock.now
            var summary = SyncSummary(command: "dedup")
            let repository = try await context.repository(at: place)
            context.report(repository.warnings, into: &summary)
            let store = repository.store
            var meant = options
            meant.selection = try await Datasets(repository: repository).resolved(options.selection)
            let options = meant
            summary.add(try await store.interruptible { try await store.eachDuplicate(options, body) })
            if let sharing {
                try await Sharing(context: context, repository: repository).run(into: &summary, sharing)
            }
            summary.add(repository.remote.meter)
            summary.seconds = (ContinuousClock.now - started).seconds
            return summary
        }
    }

    /// Makes files of one content below a folder, which is scanned first, take the room of one.
    ///
    /// Both files are compared byte by byte. Where the file system can, they share their blocks, and nothing else about them
    /// changes; elsewhere they become names of one file, which is made read-only, as with `fetch --link`: a tool that edits one of them in place would change all.
    public func linkDuplicates(in directory: String, options: LinkOptions = LinkOptions()) async throws -> SyncSummary {
        try await wrapping("linking duplicates") {
            let started = ContinuousClock.now
            var summary = try await LinkCopies(context: context, directory: directory, options: options).run()
            summary.seconds = (ContinuousClock.now - started).seconds
            return summary
        }
    }
}
