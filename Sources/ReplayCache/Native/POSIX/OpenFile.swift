internal import CLinux
internal import Glibc
internal import SystemPackage

/// An open file or directory, closed when the last reference goes.
///
/// Every call names the file relative to an open directory and never follows a symbolic link in the last component, so
/// that nothing outside a root can be reached through names that came from elsewhere.
package final class OpenFile: Sendable {
    package let descriptor: Int32
    /// For messages only.
    package let path: String

    private init(_ descriptor: Int32, _ path: String) {
        self.descriptor = descriptor
        self.path = path
    }

    deinit { close(descriptor) }

    /// Opens a directory by its path; links in the path are followed, since the user named it.
    package static func directory(_ path: String) throws(FileError) -> OpenFile {
        let result = try retryingInterrupts("open folder", path) {
            Int(unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC))
        }
        return OpenFile(Int32(result), path)
    }

    /// Opens a file for reading by its path.
    ///
    /// `O_NONBLOCK` keeps a named pipe that nobody writes to from hanging the program.
    package static func reading(_ path: String) throws(FileError) -> OpenFile {
        let flags = O_RDONLY | O_NONBLOCK | O_CLOEXEC
        let result = try retryingInterrupts("open", path) { Int(unsafe open(path, flags)) }
        return OpenFile(Int32(result), path)
    }

    /// Opens the sub-directory `name`, which must not be a link.
    package func directory(_ name: String) throws(FileError) -> OpenFile {
        try openChild(name, "open folder", O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
    }

    /// Opens the file `name` for reading; it must not be a link unless `followingLinks`.
    ///
    /// `O_NONBLOCK` keeps a named pipe that took the place of a file from hanging the scan.
    package func reading(_ name: String, followingLinks: Bool = false) throws(FileError) -> OpenFile {
        try openChild(name, "open", O_RDONLY | O_NONBLOCK | (followingLinks ? 0 : O_NOFOLLOW))
    }

    /// Opens the existing file `name` for reading and writing.
    package func updating(_ name: String) throws(FileError) -> OpenFile {
        try openChild(name, "open", O_RDWR | O_NOFOLLOW)
    }

    /// Creates the file `name`, which must not exist yet.
    package func creating(_ name: String, mode: UInt32 = 0o644) throws(FileError) -> OpenFile {
        try openChild(name, "create", O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, mode)
    }

    /// Creates a file that has no name, in this directory's file system; it goes with the last reference.
    package func creatingUnnamed() throws(FileError) -> OpenFile {
        // __O_TMPFILE of asm-generic/fcntl.h, which every architecture that Swift is built for has.
        let unnamed = 0o20000000 | O_DIRECTORY
        let descriptor = unsafe openat(descriptor, ".", unnamed | O_RDWR | O_CLOEXEC, 0o600)
        if descriptor >= 0 { return OpenFile(descriptor, joined("a temporary file")) }
        // Some file systems, NFS among them, cannot.
        guard [EOPNOTSUPP, EISDIR, EINVAL, ENOENT].contains(errno) else {
            throw FileError.last("create a temporary file in", path)
        }
        let name = ".replaycache-spool-\(UInt64.random(in: 0 ... .max))"
        let file = try creating(name, mode: 0o600)
        try remove(name)
        return file
    }

    private func openChild(
        _ name: String,
        _ operation: String,
        _ flags: Int32,
        _ mode: mode_t = 0
    ) throws(FileError) -> OpenFile {
        let child = joined(name)
        let result = try retryingInterrupts(operation, child) {
            Int(unsafe openat(descriptor, name, flags | O_CLOEXEC, mode))
        }
        return OpenFile(Int32(result), child)
    }

    // MARK: Reading and writing

    /// Fills `buffer` from `offset` and returns how many bytes there were: fewer only at the end of the file.
    package func read(at offset: Int64, into buffer: inout [UInt8]) throws(FileError) -> Int {
        var filled = 0
        while filled < buffer.count {
            let start = filled
            let count = try retryingInterrupts("read", path) {
                unsafe buffer.withUnsafeMutableBytes { bytes in
                    guard let base = bytes.baseAddress else { return 0 }
                    return unsafe pread(descriptor, base + start, bytes.count - start, off_t(offset) + off_t(start))
                }
            }
            if count == 0 { break }
            filled += count
        }
        return filled
    }

    /// Writes all of `bytes` at `offset`.
    package func write(_ bytes: Span<UInt8>, at offset: Int64) throws(FileError) {
        var written = 0
        while written < bytes.count {
            let start = written
            written += try retryingInterrupts("write", path) {
                unsafe bytes.withUnsafeBytes { buffer in
                    guard let base = buffer.baseAddress else { return 0 }
                    return unsafe pwrite(descriptor, base + start, buffer.count - start, off_t(offset) + off_t(start))
                }
            }
        }
    }

    /// Reserves room for `size` bytes, so that a full disk shows before anything is transferred.
    package func preallocate(_ size: Int64) throws(FileError) {
        guard size > 0 else { return }
        let result = posix_fallocate(descriptor, 0, off_t(size))
        // Network and overlay file systems may not support it; the writes will tell then.
        guard result == 0 || result == EOPNOTSUPP || result == EINVAL else {
            throw FileError("reserve space for", path, Errno(rawValue: result))
        }
    }

    /// Cuts or extends the file to `size` bytes.
    package func truncate(to size: Int64) throws(FileError) {
        _ = try retryingInterrupts("resize", path) { Int(ftruncate(descriptor, off_t(size))) }
    }

    /// Makes this file share the blocks of `source` (ioctl_ficlone(2)); false where the file system cannot.
    package func reflink(from source: OpenFile) -> Bool {
        let ficlone: UInt = 0x4004_9409  // FICLONE in linux/fs.h
        return ioctl(descriptor, ficlone, source.descriptor) == 0
    }

    // MARK: Status, times, durability

    package func status() throws(FileError) -> FileStatus {
        var raw = stat()
        _ = try retryingInterrupts("stat", path) { Int(unsafe fstat(descriptor, &raw)) }
        return FileStatus(raw)
    }

    /// The status of the child `name`, of a link itself rather than its target unless `followingLinks`.
    package func status(of name: String, followingLinks: Bool = false) throws(FileError) -> FileStatus {
        var raw = stat()
        let flags = followingLinks ? 0 : AT_SYMLINK_NOFOLLOW
        _ = try retryingInterrupts("stat", joined(name)) { Int(unsafe fstatat(descriptor, name, &raw, flags)) }
        return FileStatus(raw)
    }

    /// Sets the modification time and leaves the access time.
    package func setModificationTime(nanoseconds: Int64) throws(FileError) {
        let (seconds, rest) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        let adjusted = rest < 0 ? (seconds - 1, rest + 1_000_000_000) : (seconds, rest)
        let times = [
            timespec(tv_sec: 0, tv_nsec: replaycache_utime_omit),
            timespec(tv_sec: Int(adjusted.0), tv_nsec: Int(adjusted.1)),
        ]
        _ = try retryingInterrupts("set the time of", path) { Int(unsafe futimens(descriptor, times)) }
    }

    /// Waits until content and attributes are on the disk.
    package func synchronize() throws(FileError) {
        _ = try retryingInterrupts("sync", path) { Int(fsync(descriptor)) }
    }

    /// Waits until everything written to this file system is on the disk.
    package func synchronizeFileSystem() throws(FileError) {
        _ = try retryingInterrupts("sync", path) { Int(replaycache_syncfs(descriptor)) }
    }

    /// Takes the exclusive lock of this file if it is free; the kernel drops it when the process ends.
    package func tryLock() -> Bool { flock(descriptor, LOCK_EX | LOCK_NB) == 0 }

    /// Waits for the exclusive lock of this file.
    package func lock() throws(FileError) {
        _ = try retryingInterrupts("lock", path) { Int(flock(descriptor, LOCK_EX)) }
    }

    /// Whether `name` still leads to this file.
    ///
    /// To be asked after locking: whoever held the lock may have renamed it.
    package func isStill(_ name: String, in directory: OpenFile) -> Bool {
        guard let mine = try? status(), let named = try? directory.status(of: name) else { return false }
        return mine.inode == named.inode && mine.device == named.device
    }

    // MARK: Names

    /// Creates the sub-directory `name`; it is fine if it is there.
    package func makeDirectory(_ name: String) throws(FileError) {
        guard unsafe mkdirat(descriptor, name, 0o777) != 0, errno != EEXIST else { return }
        throw FileError.last("create folder", joined(name))
    }

    /// Renames the child `name` to `newName` in `directory`.
    ///
    /// With `replacing` false, an existing file there is an error (`Errno.fileExists`), decided by the kernel.
    package func rename(
        _ name: String,
        to newName: String,
        in directory: OpenFile,
        replacing: Bool
    ) throws(FileError) {
        let target = directory.joined(newName)
        if !replacing {
            let renamed = unsafe replaycache_rename_noreplace(descriptor, name, directory.descriptor, newName)
            if renamed == 0 { return }
            // Some file systems know no flags for rename; looking first is the best that is left there.
            guard errno == EINVAL || errno == ENOSYS else { throw FileError.last("rename to", target) }
            if (try? directory.status(of: newName)) != nil { throw FileError("rename to", target, .fileExists) }
        }
        _ = try retryingInterrupts("rename to", target) {
            Int(unsafe renameat(descriptor, name, directory.descriptor, newName))
        }
    }

    /// Gives the child `name` a second name, `newName` in `directory` (linkat(2)); a symbolic link itself, not its target.
    package func link(_ name: String, to newName: String, in directory: OpenFile) throws(FileError) {
        _ = try retryingInterrupts("link to", directory.joined(newName)) {
            Int(unsafe linkat(descriptor, name, directory.descriptor, newName, 0))
        }
    }

    /// How many names the child `name` has.
    package func linkCount(of name: String) throws(FileError) -> Int {
        var raw = stat()
        _ = try retryingInterrupts("stat", joined(name)) {
            Int(unsafe fstatat(descriptor, name, &raw, AT_SYMLINK_NOFOLLOW))
        }
        return Int(raw.st_nlink)
    }

    /// Sets the permissions of this file.
    package func setMode(_ mode: UInt32) throws(FileError) {
        _ = try retryingInterrupts("set the permissions of", path) { Int(fchmod(descriptor, mode)) }
    }

    /// Removes the file `name`; it is fine if it is gone.
    package func remove(_ name: String) throws(FileError) {
        guard unsafe unlinkat(descriptor, name, 0) != 0, errno != ENOENT else { return }
        throw FileError.last("remove", joined(name))
    }

    /// Removes the folder `name` if it is empty; false when something is in it, or it is gone or no folder.
    package func removeEmptyDirectory(_ name: String) throws(FileError) -> Bool {
        guard unsafe unlinkat(descriptor, name, AT_REMOVEDIR) != 0 else { return true }
        guard [ENOTEMPTY, EEXIST, ENOENT, ENOTDIR].contains(errno) else {
            throw FileError.last("remove folder", joined(name))
        }
        return false
    }

    /// The path of the child `name`, for messages.
    package func joined(_ name: String) -> String { path.hasSuffix("/") ? path + name : "\(path)/\(name)" }
}

extension OpenFile: ByteSource {
    /// The size now; 0 when it cannot be read, which the reading call then reports.
    package var byteCount: Int64 { (try? status().size) ?? 0 }
}
