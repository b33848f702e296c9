internal import Synchronization
internal import SystemPackage

/// A file on its way to its final name: the only way in which this program creates one.
///
/// Write to ``file`` under a temporary name in the destination's own directory, verify the digest of what was written,
/// make it durable (``OpenFile/synchronize()`` for one, ``OpenFile/synchronizeFileSystem()`` for a batch), then
/// ``place(over:)``. A file that is never placed is removed when this value goes, unless it is worth resuming; after a
/// crash its lock is free and the next run takes it over or removes it.
package final class PlacedFile: Sendable {
    /// What the destination must look like when the file is placed.
    package enum Destination: Sendable {
        /// Nothing may be there; an existing file is an error.
        case absent
        /// Exactly this file, unchanged, may be replaced.
        case unchanged(FileStatus)
        /// Whatever is there is replaced: for directories that belong to this program alone.
        case any
    }

    package static let temporaryPrefix = ".replaycache-"
    package static let temporarySuffix = ".part"

    package let file: OpenFile
    package let directory: OpenFile
    package let name: String
    let temporaryName: String
    let isWorthKeeping: Bool
    /// Whether the temporary name is no longer this value's to remove: the file has its final name, or is parked.
    private let isLetGo = Atomic(false)

    /// Creates the temporary file for `path` below `root`, making its directories, or takes over one that an earlier
    /// run left there for the same content and name.
    ///
    /// With `isWorthKeeping`, an unplaced file stays for the next run; with `keepsBytes`, what an earlier run left in it is
    /// there for the caller to look at. Where another writer has the same file in hand,
    /// this throws `Errno.resourceTemporarilyUnavailable`, or waits for it with `waitsForOthers`.
    package init(
        _ path: LogicalPath,
        below root: OpenFile,
        digest: Digest,
        isWorthKeeping: Bool = false,
        keepsBytes: Bool = false,
        waitsForOthers: Bool = false
    ) throws {
        directory = try root.parent(of: path, creating: true)
        name = String(path.name)
        self.isWorthKeeping = isWorthKeeping
        temporaryName = try Self.temporaryName(for: path, digest)
        file = try Self.open(temporaryName, in: directory, waitsForOthers: waitsForOthers)
        if !isWorthKeeping && !keepsBytes { try file.truncate(to: 0) }
    }

    /// Makes the temporary file for `path` another name of the file `source` in `folder`: no second copy of its bytes.
    ///
    /// What is under that name is to be verified after this, through ``file``, which is open for reading alone. Not
    /// locked, since the names would share the lock: only for folders that are claimed.
    ///
    /// Throws `Errno.improperLink` for another file system, and whatever else keeps files from having several names.
    init(
        linking source: String,
        in folder: OpenFile,
        as path: LogicalPath,
        below root: OpenFile,
        digest: Digest
    ) throws {
        directory = try root.parent(of: path, creating: true)
        name = String(path.name)
        isWorthKeeping = false
        temporaryName = try Self.temporaryName(for: path, digest)
        try directory.remove(temporaryName)
        try folder.link(source, to: temporaryName, in: directory)
        do {
            file = try directory.reading(temporaryName)
        } catch {
            try? directory.remove(temporaryName)
            throw error
        }
    }

    private static func temporaryName(for path: LogicalPath, _ digest: Digest) throws -> String {
        let mark = try Digest.of(Array(path.name.utf8)).short
        return "\(temporaryPrefix)\(digest.hex)-\(mark)\(temporarySuffix)"
    }

    /// Opens and locks a parked file again.
    ///
    /// Throws `Errno.resourceTemporarilyUnavailable` when another run has taken it.
    init(reopening parked: ParkedFile) throws {
        let opened = try parked.directory().updating(parked.temporaryName)
        guard opened.tryLock(), try parked.isThere() else {
            throw FileError("reopen", opened.path, .resourceTemporarilyUnavailable)
        }
        directory = try parked.directory()
        name = String(parked.path.name)
        isWorthKeeping = parked.isWorthKeeping
        temporaryName = parked.temporaryName
        file = opened
        parked.letGo()
    }

    /// Opens and locks the temporary file.
    ///
    /// Throws `Errno.resourceTemporarilyUnavailable`, unless it may wait, when another process is writing the same content
    /// to the same place, or has just given it its name.
    private static func open(_ name: String, in directory: OpenFile, waitsForOthers: Bool) throws -> OpenFile {
        var file = try create(name, in: directory)
        if waitsForOthers {
            try file.lock()
            while !file.isStill(name, in: directory) {
                file = try create(name, in: directory)
                try file.lock()
            }
        } else if !file.tryLock() || !file.isStill(name, in: directory) {
            throw FileError("lock", file.path, .resourceTemporarilyUnavailable)
        }
        return file
    }

    /// Creates the file, or opens the one that is there; another writer may take it away between the two.
    private static func create(_ name: String, in directory: OpenFile) throws -> OpenFile {
        while true {
            do {
                return try directory.creating(name)
            } catch {
                guard error.errno == .fileExists else { throw error }
            }
            do {
                // A link that a crash left is a name of somebody's file: writing to it would change that.
                if try directory.linkCount(of: name) > 1 {
                    try directory.remove(name)
                    continue
                }
                return try directory.updating(name)
            } catch {
                // A link made read-only, whose other names are gone.
                if error.errno == .permissionDenied {
                    try directory.remove(name)
                } else {
                    guard error.errno == .noSuchFileOrDirectory else { throw error }
                }
            }
        }
    }

    deinit {
        // An empty file holds nothing to resume from.
        guard !isLetGo.load(ordering: .relaxed), !(isWorthKeeping && file.byteCount > 0) else { return }
        // Best effort: what cannot be removed now is reclaimed by the next scan.
        try? directory.remove(temporaryName)
    }

    /// Gives the file its final name.
    ///
    /// Content must be verified and durable by now; make the directory durable after.
    ///
    /// Throws `Errno.fileExists` when the destination is not as promised, and leaves it alone.
    package func place(over destination: Destination) throws(FileError) {
        switch destination {
        case .absent:
            try directory.rename(temporaryName, to: name, in: directory, replacing: false)
        case .unchanged(let known):
            guard try directory.status(of: name).isUnchanged(since: known) else {
                throw FileError("replace", directory.joined(name), .fileExists)
            }
            try directory.rename(temporaryName, to: name, in: directory, replacing: true)
        case .any:
            try directory.rename(temporaryName, to: name, in: directory, replacing: true)
        }
        letGo()
    }

    /// Leaves the temporary file to someone else.
    func letGo() { isLetGo.store(true, ordering: .relaxed) }

    /// The digest in a temporary name, nil for other names.
    package static func digest(inTemporaryName name: some StringProtocol) -> Digest? {
        guard name.hasPrefix(temporaryPrefix), name.hasSuffix(temporarySuffix) else { return nil }
        return Digest(hex: name.dropFirst(temporaryPrefix.count).prefix(2 * Digest.byteCount))
    }
}
