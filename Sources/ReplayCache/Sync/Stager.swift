internal import SystemPackage

/// Makes verified temporary files for the paths of one content: from this machine where the content is here already,
/// else from the repository, once.
struct Stager: Sendable {
    let context: SyncContext
    let root: LocalRoot
    let repository: Repository
    /// Whether files of one content are to be one file with several names.
    var links = false
    /// Whether that goes for files in other folders too, which become read-only with it.
    var linksOtherFolders = false

    /// A verified file that waits for its name.
    struct StagedFile: Sendable {
        let item: FetchItem
        let path: LogicalPath
        let placed: PlacedFile
    }

    /// A verified file that was closed until it gets its name.
    struct Parked: Sendable {
        let item: FetchItem
        let file: ParkedFile

        /// Opens it again.
        func reopened() throws -> StagedFile {
            StagedFile(item: item, path: file.path, placed: try PlacedFile(reopening: file))
        }
    }

    struct Failure: Sendable {
        let path: String
        let error: any Error
    }

    struct Outcome: Sendable {
        var files: [StagedFile] = []
        var parked: [Parked] = []
        var failures: [Failure] = []
        var fetched = ObjectReader.Fetched()
        var bytesRaw: Int64 = 0
        /// Files that share their bytes with another one.
        var linked = 0
    }

    /// Contents in flight: enough to decode on all cores while others wait for the remote, and no more than may have
    /// their files open at once.
    var width: Int { min(max(2 * Machine.coreCount + 4, repository.remote.parallelism), 128) }

    /// Makes the files for `items`, which have one content, and closes each when it is verified; stops at a failure.
    func park(_ items: [FetchItem]) async -> Outcome {
        var outcome = Outcome()
        var source: StagedFile?
        for item in items {
            do {
                let file = try await stage(item, like: source, &outcome)
                let parked = try ParkedFile(file.placed, for: file.path, below: root.directory)
                outcome.parked.append(Parked(item: item, file: parked))
                // Open to copy from, though its name is no longer its own.
                source = source ?? file
            } catch {
                outcome.failures.append(Failure(path: item.path, error: error))
                break
            }
        }
        return outcome
    }

    func stage(_ items: [FetchItem]) async -> Outcome {
        var outcome = Outcome()
        for item in items {
            do {
                outcome.files.append(try await stage(item, like: outcome.files.first, &outcome))
            } catch {
                outcome.failures.append(Failure(path: item.path, error: error))
            }
        }
        return outcome
    }

    private func stage(
        _ item: FetchItem,
        like first: StagedFile?,
        _ outcome: inout Outcome
    ) async throws -> StagedFile {
        let path = try LogicalPath(item.localPath)
        if let name = IgnoreRules.neverPlaced(in: path) {
            throw LogicalPathError(
                path: item.path,
                reason: "has the name \(DisplayText.quoted(String(name))), which is never placed"
            )
        }
        if links, let placed = try await link(path, item, to: first, &outcome) {
            context.progress.advance(bytes: item.size)
            return StagedFile(item: item, path: path, placed: placed)
        }
        let placed = try await BlockingPool.shared.run { try makeFile(path, item) }
        if try await BlockingPool.shared.run({ try Self.isComplete(placed.file, item) }) {
            outcome.fetched.objectsReused += 1
            context.progress.advance(bytes: item.size)
        } else if let first {
            try await BlockingPool.shared.run {
                try placed.file.fill(from: first.placed.file, digest: item.digest, size: item.size)
            }
            context.progress.advance(bytes: item.size)
        } else {
            let source = ContentSource(context: context, repository: repository)
            let filled = try await source.fill(placed.file, with: item.digest, size: item.size)
            outcome.fetched.objectsDownloaded += filled.fetched.objectsDownloaded
            outcome.fetched.objectsReused += filled.fetched.objectsReused
            outcome.bytesRaw += filled.bytesRaw
        }
        try await BlockingPool.shared.run {
            try placed.file.setModificationTime(nanoseconds: item.mtime)
        }
        return StagedFile(item: item, path: path, placed: placed)
    }

    private func makeFile(_ path: LogicalPath, _ item: FetchItem) throws -> PlacedFile {
        try refusingObstacles(item) {
            try PlacedFile(
                path,
                below: root.directory,
                digest: item.digest,
                isWorthKeeping: item.size > Recipe.threshold,
                keepsBytes: true
            )
        }
    }

    /// Whether a file that an earlier run left under a temporary name has all its bytes: the digest decides.
    ///
    /// What is incomplete of a small one is thrown away; of a large one the parts are looked at one by one.
    private static func isComplete(_ file: OpenFile, _ item: FetchItem) throws -> Bool {
        let size = try file.status().size
        guard size > 0, item.size <= Recipe.threshold else { return false }
        if size == item.size, try Digest.of(file).digest == item.digest { return true }
        try file.truncate(to: 0)
        return false
    }

    /// Tells of a destination that cannot be reached without following a link.
    func refusingObstacles(_ item: FetchItem, _ body: () throws -> PlacedFile) throws -> PlacedFile {
        do {
            return try body()
        } catch let error as FileError where error.errno == .notDirectory || error.errno == .tooManySymbolicLinkLevels {
            throw LogicalPathError(
                path: item.path,
                reason: "would pass through a symbolic link or a file at \(error.path)"
            )
        }
    }
}
