internal import Glibc

/// Facts about this machine and its clocks.
package enum Machine {
    /// Processors this process may use.
    package static let coreCount: Int = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))

    /// The name of this host, for people; "unknown" when it has none.
    package static var hostName: String {
        var buffer = [CChar](repeating: 0, count: 256)
        guard unsafe gethostname(&buffer, buffer.count - 1) == 0 else { return "unknown" }
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// The value of an environment variable, nil when unset or empty.
    package static func environment(_ name: String) -> String? {
        guard let value = unsafe getenv(name) else { return nil }
        let text = unsafe String(cString: value)
        return text.isEmpty ? nil : text
    }

    /// Whether all arguments of this process are UTF-8.
    package static let hasReadableArguments: Bool = {
        let pointers = unsafe UnsafeBufferPointer(start: CommandLine.unsafeArgv, count: Int(CommandLine.argc))
        return unsafe pointers.allSatisfy { unsafe $0.map { unsafe String(validatingCString: $0) != nil } ?? true }
    }()

    /// Lets this process open as many files as it is allowed to: batches of files are held open until they are placed.
    package static func raiseOpenFileLimit() {
        var limit = rlimit()
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        guard unsafe getrlimit(resource, &limit) == 0 else { return }
        limit.rlim_cur = min(limit.rlim_max, 65_536)
        // Failing leaves the limit as it was, which is enough for the batches there are.
        _ = unsafe setrlimit(resource, &limit)
    }

    /// Occupies the descriptors of standard streams that are closed: the next file to be opened would get the number, and
    /// what is printed would go into it.
    ///
    /// Reading from the first and writing to the others fails as it did.
    package static func occupyStandardStreams() {
        for stream: Int32 in 0...2 where fcntl(stream, F_GETFD) == -1 {
            // The lowest free number, which is this one.
            _ = unsafe open("/dev/null", stream == 0 ? O_WRONLY : O_RDONLY)
        }
    }

    /// Whether the file descriptor is a terminal.
    package static func isTerminal(_ descriptor: Int32) -> Bool { isatty(descriptor) == 1 }

    /// Wall clock, nanoseconds since 1970 UTC.
    package static func now() -> Int64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    /// Nanoseconds since the machine was started, sleep included; no one can set this clock.
    package static func sinceBoot() -> Int64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_BOOTTIME, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    /// The canonical absolute path of an existing file or directory (realpath(3)).
    package static func canonicalPath(_ path: String) throws(FileError) -> String {
        guard let resolved = unsafe realpath(path, nil) else { throw FileError.last("find", path) }
        defer { unsafe free(resolved) }
        return unsafe String(cString: resolved)
    }

    /// Creates a directory and its parents; fine if they are there.
    package static func makeDirectories(_ path: String, mode: UInt32 = 0o777) throws(FileError) {
        var prefix = path.hasPrefix("/") ? "/" : ""
        for component in path.split(separator: "/") {
            prefix += prefix.isEmpty || prefix.hasSuffix("/") ? String(component) : "/\(component)"
            guard unsafe mkdir(prefix, mode) != 0, errno != EEXIST else { continue }
            let failure = FileError.last("create folder", prefix)
            // EROFS and EACCES also come for parents that exist.
            var raw = stat()
            guard unsafe stat(prefix, &raw) != 0 else { continue }
            throw failure
        }
    }

    /// Whether `path` is on a network file system, where SQLite's WAL is unsafe (sqlite.org/wal.html).
    package static func isNetworkFileSystem(_ path: String) -> Bool {
        FileSystem.networkTypes[FileSystem.type(of: path)] != nil
    }
}
