/// Temporary files that runs before left in a folder.
enum Leftovers {
    /// Removes those that no process is using, except the ones for contents in `kept`, which will be continued.
    static func reclaim(_ paths: [LogicalPath], in root: LocalRoot, keeping kept: Set<Digest>) async throws {
        guard !paths.isEmpty else { return }
        try await BlockingPool.shared.run {
            guard !isInClaimedFolder(root) else { return }
            for path in paths {
                guard let digest = PlacedFile.digest(inTemporaryName: path.name), !kept.contains(digest) else {
                    continue
                }
                guard let directory = try unclaimedParent(of: path, in: root.directory) else { continue }
                let name = String(path.name)
                // A link made read-only (`fetch --link`) opens for reading alone.
                guard let file = (try? directory.updating(name)) ?? (try? directory.reading(name)), file.tryLock(),
                    file.isStill(name, in: directory)
                else { continue }
                try directory.remove(name)
            }
        }
    }

    /// Whether another run has claimed a folder that `root` is in: it may have closed files of a large set there.
    private static func isInClaimedFolder(_ root: LocalRoot) -> Bool {
        var prefix = ""
        for component in root.path.split(separator: "/").dropLast() {
            prefix += "/\(component)"
            // One that cannot be opened to read cannot have been claimed with these rights either.
            if let folder = try? OpenFile.directory(prefix), !folder.tryLock() { return true }
        }
        return false
    }

    /// The folder of a leftover; nil where another run has claimed it, or one on the way there.
    private static func unclaimedParent(of path: LogicalPath, in root: OpenFile) throws(FileError) -> OpenFile? {
        var directory = root
        for component in path.components.dropLast() {
            directory = try directory.directory(String(component))
            guard directory.tryLock() else { return nil }
        }
        return directory
    }
}
