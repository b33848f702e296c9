internal import Glibc
internal import SystemPackage

/// The names in a directory, in one buffer: a folder may have a million, and a text for each would cost more than reading
/// them.
package struct DirectoryNames: Sendable {
    /// What a directory says of a name without a look at the file.
    package enum Kind: UInt8, Sendable { case unknown, regular, directory, symbolicLink, other }

    package struct Name: Sendable {
        fileprivate let offset: Int32
        package let count: Int16
        /// False when it has bytes that are not UTF-8: it cannot be part of a path.
        package let isValidUTF8: Bool
        package var kind: Kind
    }

    /// Each followed by a NUL.
    private var bytes: [UInt8] = []
    package var all: [Name] = []

    /// The text of a name, with U+FFFD for bytes that are not UTF-8.
    package func text(of name: Name) -> String { String(decoding: bytes(of: name), as: UTF8.self) }

    /// The bytes of a name.
    package func bytes(of name: Name) -> ArraySlice<UInt8> {
        bytes[Int(name.offset)..<Int(name.offset) + Int(name.count)]
    }

    /// Sorts by the bytes of the full paths: a folder sorts as its name and a slash, since that is how its files begin.
    package mutating func sort() {
        unsafe bytes.withUnsafeBytes { buffer in
            guard let base = buffer.baseAddress else { return }
            all.sort { left, right in
                let common = Int(min(left.count, right.count))
                // SAFETY: both names lie inside `bytes`.
                let order = unsafe memcmp(base + Int(left.offset), base + Int(right.offset), common)
                if order != 0 { return order < 0 }
                func next(_ name: Name) -> Int {
                    if Int(name.count) > common { return Int(unsafe buffer[Int(name.offset) + common]) }
                    return name.kind == .directory ? Int(UInt8(ascii: "/")) : -1
                }
                return next(left) < next(right)
            }
        }
    }

    /// Calls `body` with the name as the kernel takes it.
    fileprivate func withPointer<Value>(to name: Name, _ body: (UnsafePointer<CChar>) -> Value) -> Value? {
        unsafe bytes.withUnsafeBytes { buffer in
            guard let base = buffer.baseAddress else { return nil }
            // SAFETY: a NUL follows each name in `bytes`.
            return unsafe body((base + Int(name.offset)).assumingMemoryBound(to: CChar.self))
        }
    }

    /// The byte count is bounded by what 32 bits can tell.
    fileprivate mutating func append(_ name: UnsafeBufferPointer<UInt8>, kind: Kind) -> Bool {
        guard let offset = Int32(exactly: bytes.count), let count = Int16(exactly: name.count) else { return false }
        let isASCII = unsafe name.allSatisfy { $0 < 0x80 }
        let isValid = unsafe isASCII || String(validating: name, as: UTF8.self) != nil
        unsafe bytes.append(contentsOf: name)
        bytes.append(0)
        all.append(Name(offset: offset, count: count, isValidUTF8: isValid, kind: kind))
        return true
    }
}

extension OpenFile {
    /// The names in this directory without `.` and `..`, in no order (readdir(3)).
    package func names() throws(FileError) -> DirectoryNames {
        // A descriptor of its own: readdir moves the offset, and closedir closes.
        let copy = unsafe openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard copy >= 0 else { throw FileError.last("read folder", path) }
        guard let stream = unsafe fdopendir(copy) else {
            close(copy)
            throw FileError.last("read folder", path)
        }
        defer { unsafe closedir(stream) }
        var names = DirectoryNames()
        while true {
            errno = 0
            guard let entry = unsafe readdir(stream) else { break }
            let kind: DirectoryNames.Kind =
                switch Int(unsafe entry.pointee.d_type) {
                case Int(DT_UNKNOWN): .unknown
                case Int(DT_REG): .regular
                case Int(DT_DIR): .directory
                case Int(DT_LNK): .symbolicLink
                default: .other
                }
            // SAFETY: d_name is a NUL-terminated array inside the entry, valid until the next readdir.
            let isAdded = unsafe withUnsafePointer(to: &entry.pointee.d_name) { field in
                unsafe field.withMemoryRebound(to: UInt8.self, capacity: 256) { name in
                    let count = unsafe strlen(UnsafeRawPointer(name).assumingMemoryBound(to: CChar.self))
                    let isDot = unsafe name[0] == UInt8(ascii: ".")
                    if unsafe isDot && (count == 1 || count == 2 && name[1] == UInt8(ascii: ".")) { return true }
                    return unsafe names.append(UnsafeBufferPointer(start: name, count: count), kind: kind)
                }
            }
            guard isAdded else { throw FileError("read folder", path, Errno(rawValue: EOVERFLOW)) }
        }
        guard errno == 0 else { throw FileError.last("read folder", path) }
        return names
    }

    /// The status of a child, of a link itself rather than its target unless `followingLinks`.
    package func status(
        of name: DirectoryNames.Name,
        in names: DirectoryNames,
        followingLinks: Bool
    ) throws(FileError) -> FileStatus {
        var raw = stat()
        let flags = followingLinks ? 0 : AT_SYMLINK_NOFOLLOW
        while true {
            let result = unsafe names.withPointer(to: name) { unsafe fstatat(descriptor, $0, &raw, flags) }
            if result == 0 { return FileStatus(raw) }
            guard errno == EINTR else { throw FileError.last("stat", joined(names.text(of: name))) }
        }
    }
}
