internal import CLinux
internal import Glibc

/// Waits for many sockets at once, and for whoever calls ``wake()`` (epoll(7), eventfd(2)).
final class EventPoll: Sendable {
    /// A socket that can go on.
    struct Ready {
        let descriptor: Int32
        let reads: Bool
        let writes: Bool
        let fails: Bool
    }

    private let epoll: Int32
    private let event: Int32

    /// Throws when there are no descriptors left.
    init() throws(FileError) {
        epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
        guard epoll >= 0 else { throw FileError.last("wait for", "sockets") }
        event = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
        guard event >= 0, replaycache_epoll_set(epoll, event, 1, 1, 0) == 0 else {
            let error = FileError.last("wait for", "sockets")
            close(epoll)
            if event >= 0 { close(event) }
            throw error
        }
    }

    deinit {
        close(event)
        close(epoll)
    }

    /// Ends a wait, or the next one; from any thread.
    func wake() {
        var one: UInt64 = 1
        // A counter that is full wakes too.
        _ = unsafe write(event, &one, MemoryLayout<UInt64>.size)
    }

    /// Says what a socket is waited for; `isNew` when it was not waited for before.
    func watch(_ descriptor: Int32, reads: Bool, writes: Bool, isNew: Bool) {
        // A descriptor that was closed and opened again is new to the kernel, and the other way about.
        if replaycache_epoll_set(epoll, descriptor, isNew ? 1 : 0, reads ? 1 : 0, writes ? 1 : 0) != 0 {
            _ = replaycache_epoll_set(epoll, descriptor, isNew ? 0 : 1, reads ? 1 : 0, writes ? 1 : 0)
        }
    }

    /// Forgets a socket.
    func unwatch(_ descriptor: Int32) { _ = epoll_ctl(epoll, EPOLL_CTL_DEL, descriptor, nil) }

    /// The sockets that can go on, after at most `milliseconds`; none when woken or interrupted.
    func wait(milliseconds: Int32) -> [Ready] {
        let capacity = 64
        return unsafe withUnsafeTemporaryAllocation(of: replaycache_ready.self, capacity: capacity) { buffer in
            let count = unsafe replaycache_epoll_wait(epoll, buffer.baseAddress, Int32(capacity), milliseconds)
            var ready: [Ready] = []
            for index in 0..<Int(max(0, count)) {
                let item = unsafe buffer[index]
                guard item.descriptor != event else {
                    var count: UInt64 = 0
                    _ = unsafe read(event, &count, MemoryLayout<UInt64>.size)
                    continue
                }
                ready.append(
                    Ready(
                        descriptor: item.descriptor,
                        reads: item.reads != 0,
                        writes: item.writes != 0,
                        fails: item.fails != 0
                    )
                )
            }
            return ready
        }
    }
}
