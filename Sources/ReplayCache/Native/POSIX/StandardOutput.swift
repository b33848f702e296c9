internal import CLinux
internal import Glibc
internal import SystemPackage

/// Standard output for bytes that a program reads.
///
/// Writing waits for the reader, and ends when the task is cancelled or the reader is gone.
final class StandardOutput: Sendable {
    /// Not blocking; a description of its own, so that nobody who shares the pipe notices.
    ///
    /// Nil for anything but a pipe.
    private let pipe: Int32?

    /// What a pipe holds: enough for the next file to be made while a reader is busy with one.
    private static let pipeByteCount: Int32 = 1 << 20
    /// How soon a cancelled task stops waiting for a reader.
    private static let patience: Int32 = 100

    init() {
        var raw = stat()
        guard unsafe fstat(1, &raw) == 0, raw.st_mode & S_IFMT == S_IFIFO else {
            pipe = nil
            return
        }
        let own = unsafe open("/proc/self/fd/1", O_WRONLY | O_NONBLOCK | O_CLOEXEC)
        pipe = own >= 0 ? own : nil
        if own >= 0 { replaycache_widen_pipe(own, Self.pipeByteCount) }
    }

    deinit {
        if let pipe { close(pipe) }
    }

    /// Writes all of `bytes`.
    ///
    /// Blocks. Throws `Errno.brokenPipe` when nobody reads any more, and `CancellationError`.
    func write(_ bytes: Span<UInt8>) throws {
        var written = 0
        while written < bytes.count {
            try Task.checkCancellation()
            let start = written
            let count = unsafe bytes.withUnsafeBytes { buffer in
                guard let base = buffer.baseAddress else { return 0 }
                return unsafe Glibc.write(pipe ?? 1, base + start, buffer.count - start)
            }
            if count >= 0 {
                written += count
            } else if errno == EAGAIN {
                var wait = pollfd(fd: pipe ?? 1, events: Int16(POLLOUT), revents: 0)
                _ = unsafe poll(&wait, 1, Self.patience)
            } else if errno != EINTR {
                throw FileError.last("write to", "standard output")
            }
        }
    }
}
