internal import CLinux
internal import Glibc
internal import SystemPackage

/// What lets several files take the room of one.
extension OpenFile {
    /// How an attempt to share blocks ended.
    package enum BlockSharing: Sendable {
        /// The bytes are equal, and on the disk once.
        case shared
        /// The bytes differ; nothing was changed.
        case differs
        /// The file system cannot do it, or may not for this user; nothing was changed.
        case impossible
    }

    /// Makes the first `byteCount` bytes share the blocks of those of `source` (ioctl_fideduperange(2)).
    ///
    /// The kernel compares both and keeps writers out meanwhile. Nothing else of this file changes: neither its time stamps
    /// nor its owner or names; a write to either file later leaves the other as it is.
    package func shareBlocks(of source: OpenFile, byteCount: Int64) throws -> BlockSharing {
        var offset: Int64 = 0
        while offset < byteCount {
            try Task.checkCancellation()
            // Btrfs takes no more at once, and a cancelled run need not wait for more.
            let length = min(16 << 20, byteCount - offset)
            let shared = replaycache_share_blocks(
                source.descriptor,
                descriptor,
                UInt64(offset),
                UInt64(length)
            )
            switch shared {
            case 1...: offset += shared
            // Less than was asked for at the very end: the file was cut.
            case 0, -2: return .differs
            default:
                let error = FileError.last("share blocks of", path)
                let impossible: [Errno] = [
                    .notSupported, .invalidArgument, .improperLink, .inappropriateIOCTLForDevice, .notPermitted,
                    .permissionDenied, .readOnlyFileSystem, .noFunction,
                ]
                if impossible.contains(error.errno) { return .impossible }
                guard error.errno == .interrupted else { throw error }
            }
        }
        return .shared
    }

    /// Whether somebody has this file open for writing, where the kernel tells: that keeps out a lease for reading (fcntl(2)).
    ///
    /// To be asked of a file that is open for reading alone.
    package func isOpenForWriting() -> Bool {
        // Of linux/fcntl.h. The signal of a lease that is broken would end the process if it were SIGIO, as it is by default.
        let (setSignal, setLease): (Int32, Int32) = (10, 1024)
        guard fcntl(descriptor, setSignal, SIGURG) == 0 else { return false }
        if fcntl(descriptor, setLease, Int32(F_RDLCK)) == 0 {
            _ = fcntl(descriptor, setLease, Int32(F_UNLCK))
            return false
        }
        return errno == EAGAIN
    }

    /// The user and the group that this file belongs to.
    package func owner() throws(FileError) -> [UInt32] {
        var raw = stat()
        _ = try retryingInterrupts("stat", path) { Int(unsafe fstat(descriptor, &raw)) }
        return [raw.st_uid, raw.st_gid]
    }

    /// Whether the first `count` bytes of both are equal.
    ///
    /// Both have as many.
    package static func areEqual(_ left: [UInt8], _ right: [UInt8], count: Int) -> Bool {
        unsafe left.withUnsafeBytes { left in
            unsafe right.withUnsafeBytes { right in
                guard count > 0, let left = left.baseAddress, let right = right.baseAddress else {
                    return count == 0
                }
                // SAFETY: the caller promises so many bytes.
                return unsafe memcmp(left, right, count) == 0
            }
        }
    }
}
