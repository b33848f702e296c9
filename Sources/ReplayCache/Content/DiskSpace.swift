internal import Synchronization

/// The room on a disk that files are being written to: asked before each file, so that writing stops before the disk is
/// full.
///
/// A full disk hurts more than this program: logs, databases and trainers stop too. So a reserve stays free.
final class DiskSpace: Sendable {
    /// What a file system says of itself.
    struct Room: Sendable {
        /// Bytes that are free for this user.
        var free: Int64
        /// Bytes that there are in all.
        var total: Int64
    }

    fileprivate struct State {
        /// What was free when it was last looked; nil where the file system does not tell.
        var free: Int64?
        /// Claimed and not given back: may be on the disk already, or not.
        var claimed: Int64 = 0
        /// What may have been written since the last look.
        var sinceLook: Int64 = 0
        var claimsSinceLook = Int.max
        var reserve: Int64 = 0
    }

    private let state = Mutex(State())
    private let look: @Sendable () throws -> Room?

    /// The most that stays free; of a small disk a sixteenth.
    static let maximumReserve: Int64 = 64_000_000

    /// After so many bytes, or claims, others may have filled the disk meanwhile.
    fileprivate static let bytesBetweenLooks: Int64 = 64_000_000
    fileprivate static let claimsBetweenLooks = 256

    /// Asks `look`, which may block.
    init(look: @escaping @Sendable () throws -> Room?) { self.look = look }

    /// The disk that the folder `path` is on.
    convenience init(of path: String) {
        self.init {
            let system = try FileSystem(of: path)
            guard let free = system.freeByteCount else { return nil }
            return Room(free: free, total: system.byteCount ?? free)
        }
    }

    /// Claims room for a file of `bytes`; false when it would not leave the reserve.
    func claim(_ bytes: Int64) async throws -> Bool {
        if state.withLock({ $0.needsLook(for: bytes) }) { try await lookAgain() }
        return state.withLock { state in
            guard state.fits(bytes) else { return false }
            state.claimed += bytes
            state.sinceLook += bytes
            state.claimsSinceLook += 1
            return true
        }
    }

    /// Gives back what was claimed for a file: it is written, and the disk tells, or it is not going to be.
    func release(_ bytes: Int64) { state.withLock { $0.claimed -= bytes } }

    /// Bytes that may be written at present; nil where the file system does not tell.
    func available() async throws -> Int64? {
        try await lookAgain()
        return state.withLock { state in state.free.map { max(0, $0 - state.sinceLook - state.reserve) } }
    }

    private func lookAgain() async throws {
        let room = try await BlockingPool.shared.run { [look] in try look() }
        state.withLock { state in
            state.free = room?.free
            state.reserve = min(Self.maximumReserve, (room?.total ?? 0) / 16)
            state.sinceLook = state.claimed
            state.claimsSinceLook = 0
        }
    }
}

extension DiskSpace.State {
    fileprivate func fits(_ bytes: Int64) -> Bool {
        guard let free else { return true }
        return free - sinceLook - reserve >= bytes
    }

    fileprivate func needsLook(for bytes: Int64) -> Bool {
        if claimsSinceLook >= DiskSpace.claimsBetweenLooks || sinceLook - claimed >= DiskSpace.bytesBetweenLooks {
            return true
        }
        return !fits(bytes)
    }
}
