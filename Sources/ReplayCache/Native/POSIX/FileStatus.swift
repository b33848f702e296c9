internal import Glibc

/// What `stat` says of a file (stat(2)).
package struct FileStatus: Sendable, Equatable {
    package enum Kind: Sendable { case regular, directory, symbolicLink, other }

    package var kind: Kind
    package var device: UInt64
    package var inode: UInt64
    package var size: Int64
    /// Last change of the content, nanoseconds since 1970 UTC.
    ///
    /// Programs can set it.
    package var mtimeNanoseconds: Int64
    /// Last change of content or attributes, nanoseconds since 1970 UTC.
    ///
    /// Programs cannot set it.
    package var ctimeNanoseconds: Int64
    /// Whether anybody may write to it by its mode; nil for a status that the catalog remembers.
    package var isWritable: Bool?

    /// Whether this is the same file with, as far as the kernel can tell, the same content as `other`.
    package func isUnchanged(since other: FileStatus) -> Bool {
        var here = self
        // Not what the file holds, and not remembered.
        here.isWritable = other.isWritable
        return here == other
    }

    init(_ raw: stat) {
        switch raw.st_mode & S_IFMT {
        case S_IFREG: kind = .regular
        case S_IFDIR: kind = .directory
        case S_IFLNK: kind = .symbolicLink
        default: kind = .other
        }
        device = UInt64(raw.st_dev)
        inode = UInt64(raw.st_ino)
        size = Int64(raw.st_size)
        isWritable = raw.st_mode & (S_IWUSR | S_IWGRP | S_IWOTH) != 0
        mtimeNanoseconds = Int64(raw.st_mtim.tv_sec) &* 1_000_000_000 &+ Int64(raw.st_mtim.tv_nsec)
        ctimeNanoseconds = Int64(raw.st_ctim.tv_sec) &* 1_000_000_000 &+ Int64(raw.st_ctim.tv_nsec)
    }
}

extension FileStatus {
    /// The status of a regular file, as the catalog remembers it.
    package init(device: UInt64, inode: UInt64, size: Int64, mtimeNanoseconds: Int64, ctimeNanoseconds: Int64) {
        kind = .regular
        self.device = device
        self.inode = inode
        self.size = size
        self.mtimeNanoseconds = mtimeNanoseconds
        self.ctimeNanoseconds = ctimeNanoseconds
    }
}
