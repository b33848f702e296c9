/// Temporary files that runs before left in a folder.
enum Leftovers {
    /// Removes those that no process is using, except the ones for contents in `kept`, which will be continued.
    static func reclaim(_ paths: [LogicalPath], in root: LocalRoot, keeping kept: Set<Digest>) async throws {
        guard !paths.isEmpty else { return }
        try await BlockingPool.shared.run {
            for path in paths {
                guard let digest = PlacedFile.digest(inTemporaryName: path.name), !kept.contains(digest) else {
                    continue
                }
                let directory = try root.directory.parent(of: path, creating: false)
                guard let file = try? directory.updating(String(path.name)), file.tryLock(),
                    file.isStill(String(path.name), in: directory)
                else { continue }
                try directory.remove(String(path.name))
            }
        }
    }
}
