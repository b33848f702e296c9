import FoundationEssentials
package import ReplayCache

/// Files and folders as the tests make and look at them.
package enum Tree {
    /// Writes a file and its folders; an existing one is replaced by a new file.
    ///
    /// `modifiedAt` is in seconds since 1970.
    package static func write(_ bytes: [UInt8], to path: String, modifiedAt: Int64? = nil) throws {
        let url = URL(filePath: path)
        try Machine.makeDirectories(url.deletingLastPathComponent().path)
        try Data(bytes).write(to: url)
        if let modifiedAt { try setTime(of: path, to: modifiedAt) }
    }

    /// Writes a file of text.
    package static func write(_ text: String, to path: String, modifiedAt: Int64? = nil) throws {
        try write(Array(text.utf8), to: path, modifiedAt: modifiedAt)
    }

    /// Sets the modification time in seconds since 1970.
    package static func setTime(of path: String, to seconds: Int64) throws {
        let (folder, name) = split(path)
        try OpenFile.directory(folder).updating(name).setModificationTime(nanoseconds: seconds * 1_000_000_000)
    }

    /// The bytes of a file.
    package static func read(_ path: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(filePath: path))) }

    /// The text of a file, nil when there is none.
    package static func text(_ path: String) -> String? {
        (try? read(path)).map { String(decoding: $0, as: UTF8.self) }
    }

    /// Changes bytes in place, so that the file stays the same file.
    package static func overwrite(_ path: String, at offset: Int64, with bytes: [UInt8]) throws {
        let (folder, name) = split(path)
        try OpenFile.directory(folder).updating(name).write(bytes.span, at: offset)
    }

    /// Cuts a file.
    package static func truncate(_ path: String, to size: Int64) throws {
        let (folder, name) = split(path)
        try OpenFile.directory(folder).updating(name).truncate(to: size)
    }

    /// Removes a file or a folder with everything in it.
    package static func remove(_ path: String) throws { try FileManager.default.removeItem(atPath: path) }

    /// Renames.
    package static func move(_ path: String, to other: String) throws {
        try Machine.makeDirectories(split(other).folder)
        try FileManager.default.moveItem(atPath: path, toPath: other)
    }

    /// Makes a symbolic link.
    package static func link(_ path: String, to target: String) throws {
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: target)
    }

    /// Gives a file a second name.
    package static func hardLink(_ path: String, to existing: String) throws {
        try FileManager.default.linkItem(atPath: existing, toPath: path)
    }

    /// Sets the permissions.
    package static func setMode(of path: String, to mode: Int) throws {
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
    }

    /// The permissions.
    package static func mode(of path: String) throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        return attributes[.posixPermissions] as? Int ?? 0
    }

    /// The status of a file or folder itself.
    package static func status(_ path: String) throws -> FileStatus {
        let (folder, name) = split(path)
        return try OpenFile.directory(folder).status(of: name)
    }

    /// Whether anything is there.
    package static func exists(_ path: String) -> Bool { (try? status(path)) != nil }

    /// The paths of all regular files below a folder, hidden ones too, sorted.
    package static func files(below path: String) throws -> [String] {
        try items(below: path).filter { $0.status.kind == .regular }.map(\.path)
    }

    /// Every item below a folder and the folder itself, with kind, inode, size and modification time: equal listings mean
    /// that nothing was written there.
    package static func listing(of path: String) throws -> [String] {
        let (folder, name) = split(path)
        let own = (path: ".", status: try OpenFile.directory(folder).status(of: name))
        return ([own] + (try items(below: path))).map { item in
            "\(item.path) \(item.status.kind) \(item.status.inode) \(item.status.size) \(item.status.mtimeNanoseconds)"
        }
    }

    private static func items(below path: String) throws -> [(path: String, status: FileStatus)] {
        var result: [(path: String, status: FileStatus)] = []
        for name in try FileManager.default.subpathsOfDirectory(atPath: path).sorted() {
            result.append((name, try status("\(path)/\(name)")))
        }
        return result
    }

    private static func split(_ path: String) -> (folder: String, name: String) {
        let url = URL(filePath: path)
        return (url.deletingLastPathComponent().path, url.lastPathComponent)
    }
}
