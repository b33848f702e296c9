internal import Glibc
package import SystemPackage

/// A failed system call: which, on what, why.
package struct FileError: Error, Sendable, Equatable, CustomStringConvertible {
    package let operation: String
    package let path: String
    package let errno: Errno

    package init(_ operation: String, _ path: String, _ errno: Errno) {
        self.operation = operation
        self.path = path
        self.errno = errno
    }

    package var description: String { "\(operation) \(path): \(errno)" }

    package var isNotFound: Bool { errno == .noSuchFileOrDirectory || errno == .notDirectory }

    func classified(subject: String?) -> ReplayCacheError {
        let hint: String? =
            switch errno {
            case .noSpace, .diskQuotaExceeded: "free some space there, then run the same command again to continue"
            case .permissionDenied, .notPermitted: "check the owner and the permissions of the file or its folder"
            case .readOnlyFileSystem: "the file system is mounted read-only; choose another place"
            case .tooManyOpenFiles: "raise the limit of open files (ulimit -n)"
            case .tooManySymbolicLinkLevels: "a symbolic link stands in the way; replace it by a real folder"
            default: nil
            }
        var error = ReplayCacheError(
            errno == .brokenPipe ? .outputClosed : .disk,
            "cannot \(operation) \(path)",
            hint: hint,
            subject: subject ?? path,
            cause: "\(errno)"
        )
        if [.permissionDenied, .notPermitted, .readOnlyFileSystem].contains(errno) { error.circumstance = .denied }
        return error
    }

    /// The error of the call that just failed on this thread.
    static func last(_ operation: String, _ path: String) -> FileError {
        FileError(operation, path, Errno(rawValue: Glibc.errno))
    }
}

/// Calls `body` until it is not interrupted by a signal; throws what `errno` says when it fails.
func retryingInterrupts(_ operation: String, _ path: String, _ body: () -> Int) throws(FileError) -> Int {
    while true {
        let result = body()
        if result >= 0 { return result }
        guard errno == EINTR else { throw FileError.last(operation, path) }
    }
}
