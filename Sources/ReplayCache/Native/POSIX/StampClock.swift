internal import CLinux
internal import Glibc

/// How far the time stamps of files can be relied on: within this time after a change another one may leave the same stamps
/// (`docs/decisions/0006`).
package struct StampClock: Sendable, Equatable {
    /// The device whose files have fine stamps; nil when no file is known to.
    let fineDevice: UInt64?

    /// For stamps of unknown fineness: the coarsest clock of a file system is that of FAT, two seconds.
    package static let coarseWindow: Int64 = 2_000_000_000
    /// The kernel's own clock goes on once a tick, every 10 ms or more often.
    package static let longestTick: Int64 = 10_000_000
    /// For stamps from that clock.
    package static let fineWindow: Int64 = 4 * longestTick

    package static let coarse = StampClock(fineDevice: nil)

    private init(fineDevice: UInt64?) { self.fineDevice = fineDevice }

    /// The clock of the file system that a folder is on; files of others that are mounted below it are taken for coarse.
    package init(of folder: OpenFile) {
        let isFine = FileSystem.fineTypes.contains(FileSystem.type(of: folder.path))
        fineDevice = isFine ? try? folder.status().device : nil
    }

    /// How long after its last change a file may change without a trace, nanoseconds.
    ///
    /// A stamp of whole seconds may be from an ext4 whose inodes have no room for more.
    package func window(device: UInt64, ctime: Int64) -> Int64 {
        device == fineDevice && ctime % 1_000_000_000 != 0 ? Self.fineWindow : Self.coarseWindow
    }

    /// The clock that stamps are taken from on this machine, nanoseconds since 1970 UTC: a change from now on cannot get an
    /// earlier one.
    package static func now() -> Int64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME_COARSE, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
