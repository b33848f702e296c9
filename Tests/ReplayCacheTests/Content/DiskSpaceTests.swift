import Synchronization
import Testing

@testable import ReplayCache

/// Writing stops before the disk is full.
struct DiskSpaceTests {
    /// A disk of which somebody else may take a part.
    private final class Disk: Sendable {
        let free: Mutex<Int64>
        let total: Int64

        init(free: Int64, total: Int64) {
            self.free = Mutex(free)
            self.total = total
        }

        func take(_ bytes: Int64) { free.withLock { $0 -= bytes } }
    }

    private func space(_ disk: Disk) -> DiskSpace {
        DiskSpace { DiskSpace.Room(free: disk.free.withLock { $0 }, total: disk.total) }
    }

    @Test
    func aReserveStaysFree() async throws {
        let disk = Disk(free: 1_000_000_000, total: 10_000_000_000)
        let space = space(disk)
        #expect(try await space.claim(900_000_000))
        #expect(try await !space.claim(40_000_000))
        #expect(try await space.claim(36_000_000))
        #expect(try await !space.claim(1))
        #expect(try await space.claim(0))
    }

    @Test
    func ofASmallDiskASixteenthStaysFree() async throws {
        let space = space(Disk(free: 1600, total: 1600))
        #expect(try await space.available() == 1500)
        #expect(try await space.claim(1500))
        #expect(try await !space.claim(1))
    }

    @Test
    func whatIsWrittenIsCountedOnce() async throws {
        let disk = Disk(free: 1_000_000_000, total: 1_600_000_000)
        let space = space(disk)
        var written: Int64 = 0
        while try await space.claim(10_000_000) {
            disk.take(10_000_000)
            space.release(10_000_000)
            written += 10_000_000
        }
        #expect(written == 930_000_000)
    }

    @Test
    func whatWasGivenBackMayBeClaimedAgain() async throws {
        let space = space(Disk(free: 1600, total: 1600))
        #expect(try await space.claim(1500))
        #expect(try await !space.claim(1500))
        space.release(1500)
        #expect(try await space.claim(1500))
    }

    @Test
    func othersThatFillTheDiskAreNoticed() async throws {
        let disk = Disk(free: 100_000_000_000, total: 100_000_000_000)
        let space = space(disk)
        #expect(try await space.claim(1000))
        disk.take(99_990_000_000)
        // Within as many claims as may pass between two looks.
        var claims = 0
        while try await space.claim(1000) {
            space.release(1000)
            claims += 1
            guard claims <= 300 else { break }
        }
        #expect(claims <= 300)
    }

    @Test
    func aFileSystemThatTellsNothingIsNoLimit() async throws {
        let space = DiskSpace { nil }
        #expect(try await space.claim(.max / 4))
        #expect(try await space.available() == nil)
    }
}
