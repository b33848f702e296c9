internal import SystemPackage

/// A regular file that a walk came by.
package struct FoundFile: Sendable {
    /// Relative to the root.
    package let path: LogicalPath
    package let status: FileStatus
}

/// What a walk could not look at.
package struct WalkProblem: Sendable {
    /// Relative to the root, for people.
    package let path: String
    package let reason: String
    /// True when a whole folder is unknown, so that nothing below it may be taken for gone.
    package let isDirectory: Bool
    /// True for what a walk passes over as a rule, and tells only when asked to.
    package var isOmission = false
}

/// A stretch of a walk, in the byte order of paths.
package struct WalkBatch: Sendable {
    package var files: [FoundFile] = []
    package var problems: [WalkProblem] = []
    /// Temporary files of this program, left by a run that was killed or in use by one that is not.
    package var leftovers: [LogicalPath] = []
    package var skippedLinks = 0
}

/// Lists the regular files below a root in the byte order of their paths, the order of the catalog's index, so that both
/// can be merged without holding either in memory.
package struct DirectoryWalk: Sendable {
    package let root: OpenFile
    package let ignoreRules: IgnoreRules
    /// Follow symbolic links to files and folders; a folder inside itself is reported once and not entered.
    package let followsLinks: Bool
    /// Tell what is passed over, litter apart, as problems: for sets of files that are of no use by halves.
    package let tellsOmissions: Bool

    /// Files in a batch: large enough to make a transaction worth it, small enough to hash while the walk goes on.
    private static let batchCount = 2048

    package init(root: OpenFile, ignoreRules: IgnoreRules, followsLinks: Bool = false, tellsOmissions: Bool = false) {
        self.root = root
        self.ignoreRules = ignoreRules
        self.followsLinks = followsLinks
        self.tellsOmissions = tellsOmissions
    }

    private struct Item: Sendable {
        let name: String
        let status: FileStatus
    }

    private struct Level {
        let directory: OpenFile
        let status: FileStatus
        /// Empty at the root, else ends in a slash.
        let prefix: String
        var items: ArraySlice<Item>
    }

    private struct Listing: Sendable {
        let directory: OpenFile
        let status: FileStatus
        var items: [Item] = []
        var notes = WalkBatch()
    }

    /// Walks, handing over batches in order.
    ///
    /// Blocking calls run on the pool. An unreadable root throws; an unreadable folder below it is a problem in its
    /// batch.
    package func run(_ body: (WalkBatch) async throws -> Void) async throws {
        var batch = WalkBatch()
        var levels = [try await list(root, prefix: "", into: &batch)]
        while var level = levels.popLast() {
            guard let item = level.items.popFirst() else { continue }
            levels.append(level)
            let path = level.prefix + item.name
            if item.status.kind == .directory {
                try Task.checkCancellation()
                if let entered = try await enter(item, path, of: level, below: levels, &batch) {
                    levels.append(entered)
                }
            } else {
                add(item, path, to: &batch)
            }
            if batch.files.count >= Self.batchCount {
                try await body(batch)
                batch = WalkBatch()
            }
        }
        try await body(batch)
    }

    private func add(_ item: Item, _ path: String, to batch: inout WalkBatch) {
        do {
            batch.files.append(FoundFile(path: try LogicalPath(path), status: item.status))
        } catch {
            batch.problems.append(WalkProblem(path: path, reason: error.reason, isDirectory: false))
        }
    }

    private func enter(
        _ item: Item,
        _ path: String,
        of level: Level,
        below levels: [Level],
        _ batch: inout WalkBatch
    ) async throws -> Level? {
        if levels.contains(where: { $0.status.inode == item.status.inode && $0.status.device == item.status.device }) {
            batch.problems.append(WalkProblem(path: path, reason: "is a folder inside itself", isDirectory: false))
            return nil
        }
        do {
            let follows = followsLinks
            let directory = try await BlockingPool.shared.run {
                follows
                    ? try OpenFile.directory(level.directory.joined(item.name))
                    : try level.directory.directory(item.name)
            }
            return try await list(directory, prefix: path + "/", into: &batch)
        } catch let error as FileError {
            batch.problems.append(WalkProblem(path: path, reason: "\(error.errno)", isDirectory: true))
            return nil
        }
    }

    private func list(_ directory: OpenFile, prefix: String, into batch: inout WalkBatch) async throws -> Level {
        let listing = try await BlockingPool.shared.run { try list(directory, prefix: prefix) }
        batch.problems += listing.notes.problems
        batch.leftovers += listing.notes.leftovers
        batch.skippedLinks += listing.notes.skippedLinks
        return Level(directory: directory, status: listing.status, prefix: prefix, items: listing.items[...])
    }

    private func list(_ directory: OpenFile, prefix: String) throws -> Listing {
        var listing = Listing(directory: directory, status: try directory.status())
        for item in try directory.items() {
            let path = prefix + item.name
            guard item.isValidUTF8 else {
                listing.notes.problems.append(
                    WalkProblem(path: path, reason: "has a name that is not UTF-8: rename it", isDirectory: false)
                )
                continue
            }
            if PlacedFile.digest(inTemporaryName: item.name) != nil, let leftover = try? LogicalPath(path) {
                listing.notes.leftovers.append(leftover)
            }
            if ignoreRules.ignores(name: item.name, path: path) {
                if !IgnoreRules.isLitter(item.name) { omit(path, "has the name of a temporary file", &listing) }
                continue
            }
            do {
                try consider(item.name, path, in: directory, &listing)
            } catch  where error.errno == .noSuchFileOrDirectory {
                // Gone since the listing, as if the scan had come later; or a link to nowhere.
                omit(path, "is a link that leads nowhere, or was just removed", &listing)
            } catch {
                listing.notes.problems.append(WalkProblem(path: path, reason: "\(error.errno)", isDirectory: false))
            }
        }
        listing.items.sort(by: Self.precedes)
        return listing
    }

    private func omit(_ path: String, _ reason: String, _ listing: inout Listing) {
        guard tellsOmissions else { return }
        let problem = WalkProblem(path: path, reason: reason, isDirectory: false, isOmission: true)
        listing.notes.problems.append(problem)
    }

    private func consider(
        _ name: String,
        _ path: String,
        in directory: OpenFile,
        _ listing: inout Listing
    ) throws(FileError) {
        let status = try directory.status(of: name, followingLinks: followsLinks)
        switch status.kind {
        case .regular, .directory: listing.items.append(Item(name: name, status: status))
        case .symbolicLink: listing.notes.skippedLinks += 1
        case .other: omit(path, "is not a regular file", &listing)
        }
    }

    /// Byte order of the full paths: a folder sorts as its name and a slash, since that is how its files begin.
    private static func precedes(_ left: Item, _ right: Item) -> Bool {
        func key(_ item: Item) -> String { item.status.kind == .directory ? item.name + "/" : item.name }
        return key(left).utf8.lexicographicallyPrecedes(key(right).utf8)
    }
}
