/// Reads one local file: its digest, and what the replay reader finds.
enum FileReading {
    enum Result: Sendable {
        case content(Digest, ScannedReplay?, FileStatus)
        case changedMeanwhile(FileStatus)
    }

    /// Blocks.
    ///
    /// A file that changes between the first and the last byte is told apart by its status.
    static func read(_ path: LogicalPath, in root: OpenFile, followsLinks: Bool) throws -> Result {
        let file = try open(path, in: root, followsLinks: followsLinks)
        let before = try file.status()
        let (digest, byteCount) = try Digest.of(file)
        let replay = ReplayReader.isReplay(path) ? try ScannedReplay(ReplayReader.read(file)) : nil
        let after = try file.status()
        guard after.isUnchanged(since: before), byteCount == before.size else { return .changedMeanwhile(after) }
        return .content(digest, replay, after)
    }

    /// Blocks.
    ///
    /// Reads only the ends of a replay, for a file whose content is known; nil when it is no longer as `status` says.
    static func readReplay(
        _ path: LogicalPath,
        in root: OpenFile,
        followsLinks: Bool,
        ifStill status: FileStatus
    ) throws -> ScannedReplay? {
        let file = try open(path, in: root, followsLinks: followsLinks)
        guard try file.status().isUnchanged(since: status) else { return nil }
        let replay = try ScannedReplay(ReplayReader.read(file))
        return try file.status().isUnchanged(since: status) ? replay : nil
    }

    private static func open(_ path: LogicalPath, in root: OpenFile, followsLinks: Bool) throws -> OpenFile {
        followsLinks
            ? try OpenFile.reading(root.joined(path.string))
            : try root.parent(of: path, creating: false).reading(String(path.name))
    }
}
