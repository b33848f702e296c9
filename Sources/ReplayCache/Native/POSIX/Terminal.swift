internal import Glibc

/// The standard streams.
package enum StandardStream {
    /// Writes all of `bytes` to a descriptor; returns why that was not possible.
    package static func write(_ bytes: [UInt8], to descriptor: Int32) -> FileError? {
        var start = 0
        while start < bytes.count {
            let offset = start
            let count = unsafe bytes.withUnsafeBytes { buffer in
                guard let base = buffer.baseAddress else { return 0 }
                return unsafe Glibc.write(descriptor, base + offset, buffer.count - offset)
            }
            if count < 0 {
                if errno == EINTR { continue }
                return FileError.last("write to", descriptor == 1 ? "standard output" : "standard error")
            }
            start += count
        }
        return nil
    }

    /// The width of the terminal behind a descriptor; 80 when it is none.
    package static func width(of descriptor: Int32) -> Int {
        var size = winsize()
        guard unsafe ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }
}
