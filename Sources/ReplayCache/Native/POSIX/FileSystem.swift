internal import CLinux
internal import Glibc

/// What kind of file system a path is on, and what room there is.
package struct FileSystem: Sendable, Equatable {
    /// For people: `ext4`, `NFS`, or its number.
    package let name: String
    /// Whether other machines may have it too, so that SQLite's WAL is unsafe.
    package let isNetwork: Bool
    /// Whether files may share their blocks: Btrfs, XFS, ZFS and bcachefs, where they were set up to.
    package let sharesBlocks: Bool
    /// Free for this user; nil where the file system does not tell.
    package let freeByteCount: Int64?
    /// All bytes that it can hold; nil where it does not tell.
    package let byteCount: Int64?

    /// Looks at an existing file or folder (statfs(2), statvfs(3)).
    package init(of path: String) throws(FileError) {
        var raw = statvfs()
        guard unsafe statvfs(path, &raw) == 0 else { throw FileError.last("look at", path) }
        // Some file systems have no notion of their size.
        let (free, overflows) = UInt64(raw.f_bavail).multipliedReportingOverflow(by: UInt64(raw.f_frsize))
        freeByteCount = raw.f_blocks == 0 ? nil : overflows ? .max : Int64(clamping: free)
        let (all, isTooLarge) = UInt64(raw.f_blocks).multipliedReportingOverflow(by: UInt64(raw.f_frsize))
        byteCount = raw.f_blocks == 0 ? nil : isTooLarge ? .max : Int64(clamping: all)
        let type = Self.type(of: path)
        isNetwork = Self.networkTypes[type] != nil
        sharesBlocks = [0x9123_683E, 0x5846_5342, 0x2FC1_2FC1, 0xCA45_1A4E].contains(type)
        name =
            Self.networkTypes[type] ?? Self.localTypes[type]
            ?? "a file system of type 0x\(String(type, radix: 16))"
    }

    static func type(of path: String) -> UInt64 { UInt64(unsafe replaycache_file_system_type(path)) }

    /// `f_type` of statfs(2); FUSE is sshfs, s3fs, and the volumes of some pods.
    static let networkTypes: [UInt64: String] = [
        0x6969: "NFS", 0x517B: "SMB", 0xFE53_4D42: "SMB", 0xFF53_4D42: "CIFS", 0x00C3_6400: "Ceph",
        0x6573_5546: "FUSE", 0x0102_1997: "9P", 0x0BD0_0BD0: "Lustre", 0x0116_1970: "GFS2",
    ]

    /// Local ones that stamp files with nanoseconds of the kernel's clock: ext4, XFS, Btrfs, tmpfs, and overlayfs, whose
    /// writable layer is one of them.
    static let fineTypes: Set<UInt64> = [0xEF53, 0x5846_5342, 0x9123_683E, 0x0102_1994, 0x794C_7630]

    private static let localTypes: [UInt64: String] = [
        0xEF53: "ext4", 0x5846_5342: "XFS", 0x9123_683E: "Btrfs", 0x0102_1994: "tmpfs", 0x794C_7630: "overlayfs",
        0x2FC1_2FC1: "ZFS", 0xF2F5_2010: "F2FS", 0x4D44: "FAT", 0x2011_BAB0: "exFAT", 0x7366_746E: "NTFS",
        0x5346_544E: "NTFS", 0x8584_58F6: "ramfs",
    ]

    /// Throws why this user may not make files in a folder (access(2)).
    package static func checkWritable(_ path: String) throws(FileError) {
        guard unsafe access(path, W_OK | X_OK) == 0 else { throw FileError.last("write to", path) }
    }
}
