/// The files that are to become one checkpoint: all of them, or the push ends before anything is sent.
struct CheckpointSet: Sendable {
    struct Member: Sendable {
        /// Within the checkpoint.
        let name: LogicalPath
        /// In the repository.
        let entry: LogicalPath
        /// On this machine.
        let source: String
        let size: Int64
    }

    /// What the set is called when the user does not say.
    let defaultName: String
    let members: [Member]

    /// Finds the files that a user named, one folder or files; links are followed, since trainers link the newest
    /// weights.
    static func find(_ files: [String], run: String) async throws -> CheckpointSet {
        let prefix = try LogicalPath("checkpoints/\(run)")
        if files.count == 1, let folder = try await BlockingPool.shared.run({ try folder(at: files[0]) }) {
            return try await whole(folder, named: files[0], below: prefix)
        }
        let members = try await BlockingPool.shared.run { try files.map { try member(at: $0, below: prefix) } }
        guard Set(members.map(\.name)).count == members.count else {
            throw ReplayCacheError(.usage, "two of the files have the same name", hint: "put them into one folder")
        }
        let first = members.map(\.name).min()?.string ?? ""
        let stem = first.lastIndex(of: ".").map { String(first[..<$0]) } ?? first
        return CheckpointSet(defaultName: name([stem, first, "checkpoint-\(stem)"]), members: members)
    }

    // MARK: Files

    /// Blocks.
    private static func member(at path: String, below prefix: LogicalPath) throws -> Member {
        let status = try OpenFile.reading(path).status()
        guard status.kind != .directory else {
            throw ReplayCacheError(.usage, "\(path) is a folder", hint: "name one folder, or files", subject: path)
        }
        guard status.kind == .regular else { throw notRegular(path) }
        let name = try LogicalPath(path.split(separator: "/").last.map(String.init) ?? path)
        return try member(name, at: path, size: status.size, below: prefix)
    }

    static func notRegular(_ path: String) -> ReplayCacheError {
        ReplayCacheError(
            .usage,
            "\(path) is not a regular file",
            hint: "a checkpoint consists of files, not of pipes, sockets or devices",
            subject: path
        )
    }

    /// What a fetch would not place must not be published.
    private static func member(
        _ name: LogicalPath,
        at source: String,
        size: Int64,
        below prefix: LogicalPath
    ) throws -> Member {
        let entry = try name.below(prefix)
        if let refused = IgnoreRules.neverPlaced(in: entry) {
            throw ReplayCacheError(
                .usage,
                "\(source) cannot be part of a checkpoint: the name \(DisplayText.quoted(String(refused))) is never placed",
                hint: "rename it; such names are for temporary files and for what is no content",
                subject: source
            )
        }
        return Member(name: name, entry: entry, source: source, size: size)
    }

    // MARK: A folder

    /// Blocks.
    private static func folder(at path: String) throws -> OpenFile? {
        guard try OpenFile.reading(path).status().kind == .directory else { return nil }
        return try OpenFile.directory(path)
    }

    private static func whole(
        _ folder: OpenFile,
        named path: String,
        below prefix: LogicalPath
    ) async throws -> CheckpointSet {
        let folderName = try Machine.canonicalPath(path).split(separator: "/").last.map(String.init)
        let prefix = try LogicalPath(prefix.string + (folderName.map { "/\($0)" } ?? ""))
        var members: [Member] = []
        var problem: WalkProblem?
        let walk = DirectoryWalk(root: folder, ignoreRules: IgnoreRules(), followsLinks: true, tellsOmissions: true)
        try await walk.run { batch in
            problem = problem ?? batch.problems.first
            members += try batch.files.map { file in
                let source = folder.joined(file.path.string)
                return try member(file.path, at: source, size: file.status.size, below: prefix)
            }
        }
        if let problem {
            throw ReplayCacheError(
                problem.isOmission ? .usage : .disk,
                "\(folder.joined(problem.path)) cannot be part of a checkpoint",
                hint: "remove or rename it, or name the files to publish; nothing was published",
                subject: problem.path,
                cause: problem.reason
            )
        }
        guard !members.isEmpty else {
            throw ReplayCacheError(.usage, "the folder \(path) holds no files", subject: path)
        }
        let folderNames = folderName.map { [$0, "checkpoint-\($0)"] } ?? []
        return CheckpointSet(defaultName: name(folderNames), members: members)
    }

    /// The first candidate that does not read as another way to choose: `latest.pkl` for a file of that name,
    /// `checkpoint-5000` for a folder `5000`.
    private static func name(_ candidates: [String]) -> String {
        candidates.first(where: CheckpointReference.isName) ?? candidates.first ?? ""
    }
}
