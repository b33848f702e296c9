internal import Synchronization
internal import SystemPackage

/// A verified temporary file that was closed until it gets its name: a set of files that are named together may be larger
/// than the number of files that a process may open.
///
/// Closing drops the lock. Who parks files has claimed the folder that they are in, and `Leftovers` keeps out of claimed
/// folders; ``PlacedFile/init(reopening:)`` notices whoever does not. Removed when this value goes, as a ``PlacedFile``
/// is.
final class ParkedFile: Sendable {
    let path: LogicalPath
    let temporaryName: String
    let isWorthKeeping: Bool
    private let root: OpenFile
    private let status: FileStatus
    private let isLetGo = Atomic(false)

    /// Parks the file for `path` below `root`, which is verified and not written to any more.
    init(_ placed: PlacedFile, for path: LogicalPath, below root: OpenFile) throws {
        self.path = path
        self.root = root
        temporaryName = placed.temporaryName
        isWorthKeeping = placed.isWorthKeeping
        status = try placed.file.status()
        placed.letGo()
    }

    deinit {
        guard !isLetGo.load(ordering: .relaxed), !isWorthKeeping, (try? isThere()) == true else { return }
        // Best effort, as in `PlacedFile`.
        try? directory().remove(temporaryName)
    }

    /// Whether it is still there, as it was verified.
    func isThere() throws(FileError) -> Bool {
        do {
            return try directory().status(of: temporaryName).isUnchanged(since: status)
        } catch {
            guard error.isNotFound else { throw error }
            return false
        }
    }

    func directory() throws(FileError) -> OpenFile { try root.parent(of: path, creating: false) }

    /// Leaves the temporary file to someone else.
    func letGo() { isLetGo.store(true, ordering: .relaxed) }
}
