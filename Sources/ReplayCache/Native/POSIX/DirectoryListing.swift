internal import Glibc
internal import SystemPackage

/// One name in a directory.
package struct DirectoryItem: Sendable {
    /// The name, with U+FFFD for bytes that are not UTF-8.
    package let name: String
    /// False when the name had such bytes: it cannot be opened by `name`.
    package let isValidUTF8: Bool
}

extension OpenFile {
    /// The names in this directory without `.` and `..`, in no order (readdir(3)).
    package func items() throws(FileError) -> [DirectoryItem] {
        // A descriptor of its own: readdir moves the offset, and closedir closes.
        let copy = unsafe openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard copy >= 0 else { throw FileError.last("read folder", path) }
        guard let stream = unsafe fdopendir(copy) else {
            close(copy)
            throw FileError.last("read folder", path)
        }
        defer { unsafe closedir(stream) }
        var items: [DirectoryItem] = []
        while true {
            errno = 0
            guard let entry = unsafe readdir(stream) else { break }
            // SAFETY: d_name is a NUL-terminated array inside the entry, valid until the next readdir.
            let item = unsafe withUnsafePointer(to: &entry.pointee.d_name) { field in
                unsafe field.withMemoryRebound(to: CChar.self, capacity: 256) { name in
                    if let valid = unsafe String(validatingCString: name) {
                        return DirectoryItem(name: valid, isValidUTF8: true)
                    }
                    return DirectoryItem(name: unsafe String(cString: name), isValidUTF8: false)
                }
            }
            if item.name != "." && item.name != ".." { items.append(item) }
        }
        guard errno == 0 else { throw FileError.last("read folder", path) }
        return items
    }
}

extension OpenFile {
    /// Opens the directory that will hold `path`, creating what is missing, without following a link on the way.
    ///
    /// One `openat(O_NOFOLLOW)` a component rather than one `openat2(RESOLVE_BENEATH)`: `..` cannot occur in a
    /// ``LogicalPath``, and sandboxes that pods run in do not all have `openat2`.
    package func parent(of path: LogicalPath, creating: Bool) throws(FileError) -> OpenFile {
        var directory = self
        for component in path.components.dropLast() {
            let name = String(component)
            do {
                directory = try directory.directory(name)
            } catch  where error.errno == .noSuchFileOrDirectory && creating {
                try directory.makeDirectory(name)
                directory = try directory.directory(name)
            }
        }
        return directory
    }

    /// Whether nothing at all has this path; false also when that cannot be told.
    ///
    /// A link on the way, or at the end, is something, wherever it leads.
    package func isVacant(_ path: LogicalPath) -> Bool {
        var directory = self
        do {
            for component in path.components.dropLast() {
                let name = String(component)
                switch try directory.status(of: name).kind {
                case .directory: directory = try directory.directory(name)
                case .symbolicLink: return false
                case .regular, .other: return true
                }
            }
            _ = try directory.status(of: String(path.name))
            return false
        } catch {
            return error.errno == .noSuchFileOrDirectory
        }
    }
}
