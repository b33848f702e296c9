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

    package init(root: OpenFile, ignoreRules: IgnoreRules, followsLinks: Bool = false, tellsOmissions: Bool = false) {
        self.root = root
        self.ignoreRules = ignoreRules
        self.followsLinks = followsLinks
        self.tellsOmissions = tellsOmissions
    }

    /// Walks, handing over batches in order; one is made on the pool while another is in the hands of `body`.
    ///
    /// An unreadable root throws; an unreadable folder below it is a problem in its batch.
    ///
    /// Left alone by the optimiser, as ``forEachConcurrently(width:next:work:collect:)`` is.
    @_optimize(none)
    package func run(_ body: (WalkBatch) async throws -> Void) async throws {
        let start = self
        try await withThrowingTaskGroup(of: Walker.Step.self) { group in
            group.addTask { try await BlockingPool.shared.run { try Walker(start).step() } }
            while let step = try await group.next() {
                if let walker = step.next {
                    group.addTask { try await BlockingPool.shared.run { try walker.step() } }
                }
                try await body(step.batch)
            }
        }
    }
}

/// Where a walk stands.
private struct Walker: Sendable {
    /// Files in a batch: large enough to make a transaction worth it, small enough to hash while the walk goes on.
    private static let batchCount = 2048

    /// A batch, and the walker that makes the one after it.
    struct Step: Sendable {
        let batch: WalkBatch
        let next: Walker?
    }

    private struct Level {
        let directory: OpenFile
        let status: FileStatus
        /// Empty at the root, else ends in a slash.
        let prefix: String
        var names: DirectoryNames
        var position = 0
    }

    private let walk: DirectoryWalk
    private var levels: [Level] = []
    private var batch = WalkBatch()

    /// Blocks.
    init(_ walk: DirectoryWalk) throws {
        self.walk = walk
        levels.append(try list(walk.root, status: try walk.root.status(), prefix: ""))
    }

    /// Blocks.
    func step() throws -> Step {
        var walker = self
        let isAtEnd = try walker.fill()
        let batch = walker.batch
        walker.batch = WalkBatch()
        return Step(batch: batch, next: isAtEnd ? nil : walker)
    }

    /// Walks until the batch is full; true at the end of the walk.
    private mutating func fill() throws -> Bool {
        batch.files.reserveCapacity(Self.batchCount)
        while let level = levels.last {
            guard level.position < level.names.all.count else {
                levels.removeLast()
                continue
            }
            levels[levels.count - 1].position += 1
            let name = level.names.all[level.position]
            if name.kind == .directory {
                try Task.checkCancellation()
                try enter(name, of: level)
            } else {
                take(name, of: level)
                // Only ever after a file, so that what is told of a folder comes with the stretch that holds its names.
                if batch.files.count >= Self.batchCount { return false }
            }
        }
        return true
    }

    private mutating func take(_ name: DirectoryNames.Name, of level: Level) {
        do {
            let follows = walk.followsLinks
            let status = try level.directory.status(of: name, in: level.names, followingLinks: follows)
            switch status.kind {
            case .regular:
                let path = try LogicalPath(below: level.prefix, name: level.names.text(of: name))
                batch.files.append(FoundFile(path: path, status: status))
            case .symbolicLink: batch.skippedLinks += 1
            // It was a file when the folder was listed, a moment ago.
            case .directory, .other: omit(level.prefix + level.names.text(of: name), "is not a regular file")
            }
        } catch let error as LogicalPathError {
            batch.problems.append(WalkProblem(path: error.path, reason: error.reason, isDirectory: false))
        } catch let error as FileError {
            report(error, level.prefix + level.names.text(of: name))
        } catch {
            let path = level.prefix + level.names.text(of: name)
            batch.problems.append(WalkProblem(path: path, reason: "\(error)", isDirectory: false))
        }
    }

    private mutating func report(_ error: FileError, _ path: String) {
        if error.errno == .noSuchFileOrDirectory {
            // Gone since the listing, as if the scan had come later; or a link to nowhere.
            omit(path, "is a link that leads nowhere, or was just removed")
        } else {
            batch.problems.append(WalkProblem(path: path, reason: "\(error.errno)", isDirectory: false))
        }
    }

    private mutating func omit(_ path: String, _ reason: String) {
        guard walk.tellsOmissions else { return }
        batch.problems.append(WalkProblem(path: path, reason: reason, isDirectory: false, isOmission: true))
    }

    private mutating func enter(_ name: DirectoryNames.Name, of level: Level) throws {
        let text = level.names.text(of: name)
        let path = level.prefix + text
        do {
            let directory =
                walk.followsLinks
                ? try OpenFile.directory(level.directory.joined(text)) : try level.directory.directory(text)
            let status = try directory.status()
            guard !levels.contains(where: { $0.status.inode == status.inode && $0.status.device == status.device })
            else {
                let reason = "is a folder inside itself"
                batch.problems.append(WalkProblem(path: path, reason: reason, isDirectory: false))
                return
            }
            levels.append(try list(directory, status: status, prefix: path + "/"))
        } catch {
            batch.problems.append(WalkProblem(path: path, reason: "\(error.errno)", isDirectory: true))
        }
    }

    /// The names in a folder that are to be looked at, in order.
    private mutating func list(_ directory: OpenFile, status: FileStatus, prefix: String) throws(FileError) -> Level {
        var names = try directory.names()
        var kept: [DirectoryNames.Name] = []
        kept.reserveCapacity(names.all.count)
        for name in names.all {
            if let name = consider(name, in: names, of: directory, prefix) { kept.append(name) }
        }
        names.all = kept
        names.sort()
        return Level(directory: directory, status: status, prefix: prefix, names: names)
    }

    /// The name with the kind that it is walked as; nil when it is passed over.
    private mutating func consider(
        _ name: DirectoryNames.Name,
        in names: DirectoryNames,
        of directory: OpenFile,
        _ prefix: String
    ) -> DirectoryNames.Name? {
        guard name.isValidUTF8 else {
            let reason = "has a name that is not UTF-8: rename it"
            let path = prefix + names.text(of: name)
            // What is in such a folder is as unknown as what is in one that cannot be read.
            let isDirectory = name.kind == .directory
            batch.problems.append(WalkProblem(path: path, reason: reason, isDirectory: isDirectory))
            return nil
        }
        if walk.ignoreRules.hasOwnPatterns || !IgnoreRules.isOrdinary(names.bytes(of: name)) {
            guard !passesOver(names.text(of: name), prefix) else { return nil }
        }
        var name = name
        if name.kind == .symbolicLink && !walk.followsLinks {
            batch.skippedLinks += 1
            return nil
        }
        if name.kind == .unknown || name.kind == .symbolicLink {
            do {
                let kind = try directory.status(of: name, in: names, followingLinks: walk.followsLinks).kind
                switch kind {
                case .regular: name.kind = .regular
                case .directory: name.kind = .directory
                case .other: name.kind = .other
                case .symbolicLink:
                    batch.skippedLinks += 1
                    return nil
                }
            } catch {
                report(error, prefix + names.text(of: name))
                return nil
            }
        }
        if name.kind == .other {
            omit(prefix + names.text(of: name), "is not a regular file")
            return nil
        }
        return name
    }

    private mutating func passesOver(_ name: String, _ prefix: String) -> Bool {
        let path = prefix + name
        if PlacedFile.digest(inTemporaryName: name) != nil, let leftover = try? LogicalPath(path) {
            batch.leftovers.append(leftover)
        }
        guard walk.ignoreRules.ignores(name: name, path: path) else { return false }
        if !IgnoreRules.isLitter(name) { omit(path, "has the name of a temporary file") }
        return true
    }
}
