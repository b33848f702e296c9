internal import SystemPackage

/// A repository in a directory: a key is a path below it.
///
/// Objects appear by rename after their digest was checked. A commit comes after ``barrier()``, which syncs the whole file
/// system, so that a segment is never durable before the objects that it names.
package struct DirectoryRemote: Remote {
    private let root: OpenFile

    /// Items in a page of a listing, as at S3.
    private static let pageCount = 1000

    /// Opens an existing directory.
    package init(path: String) throws(FileError) { root = try OpenFile.directory(path) }

    package func put(_ key: RemoteKey, _ body: RemoteBody, durability: Durability) async throws {
        try await BlockingPool.shared.run {
            // Two pushers, or two files with a part in common, may put one key at once.
            let path = try key.asPath()
            let placed = try PlacedFile(path, below: root, digest: body.digest, waitsForOthers: true)
            try write(body, to: placed.file, key)
            if durability == .commit { try placed.file.synchronize() }
            try placed.place(over: .any)
            if durability == .commit { try synchronizeFolders(of: path) }
        }
    }

    /// Makes the name of a file durable, and the names of its folders: the first commit makes `log`.
    private func synchronizeFolders(of path: LogicalPath) throws {
        try root.synchronize()
        var directory = root
        for component in path.components.dropLast() {
            directory = try directory.directory(String(component))
            try directory.synchronize()
        }
    }

    private func write(_ body: RemoteBody, to file: OpenFile, _ key: RemoteKey) throws {
        let context = try SHA256Context()
        var offset: Int64 = 0
        try BufferPool.reading.withBuffer { buffer in
            while true {
                try Task.checkCancellation()
                let count = try body.source.read(at: offset, into: &buffer)
                let piece = buffer.span.extracting(0..<count)
                try context.update(piece)
                try file.write(piece, at: offset)
                offset += Int64(count)
                if count < buffer.count { break }
            }
        }
        guard try context.finish() == body.digest else { throw RemoteError(.bodyChanged, key) }
        // The name may have been taken over from a longer write that was cut off.
        try file.truncate(to: offset)
    }

    package func get(
        _ key: RemoteKey,
        maximum: Int64,
        _ begin: @escaping @Sendable () throws -> ByteReceiver
    ) async throws {
        try await BlockingPool.shared.run {
            let file = try open(key)
            let receive = try begin()
            try BufferPool.reading.withBuffer { buffer in
                var offset: Int64 = 0
                while true {
                    try Task.checkCancellation()
                    let count = try file.read(at: offset, into: &buffer)
                    offset += Int64(count)
                    guard offset <= maximum else { throw RemoteError(.tooLarge, key) }
                    if count > 0 { try receive(buffer.span.extracting(0..<count)) }
                    if count < buffer.count { return }
                }
            }
        }
    }

    package func head(_ key: RemoteKey) async throws -> RemoteItem? {
        try await BlockingPool.shared.run {
            do {
                return Self.item(key, try open(key).status())
            } catch is RemoteError {
                return nil
            }
        }
    }

    @discardableResult
    package func list(
        prefix: String,
        after: RemoteKey?,
        _ page: @Sendable ([RemoteItem]) async throws -> Void
    ) async throws -> Timestamp? {
        let collector = PageCollector(pageCount: Self.pageCount)
        // Walk only the folder that the prefix names, not the objects beside it.
        let folder = prefix.lastIndex(of: "/").map { String(prefix[...$0]) } ?? ""
        guard let start = try await open(folder: folder) else { return nil }
        try await DirectoryWalk(root: start, ignoreRules: IgnoreRules()).run { batch in
            // A part of a listing must not pass for the whole.
            if let unreadable = batch.problems.first(where: \.isDirectory) {
                throw ReplayCacheError(
                    .disk,
                    "\(start.joined(unreadable.path)) cannot be read: \(unreadable.reason)",
                    hint: "check its owner and permissions"
                )
            }
            for file in batch.files {
                guard let key = RemoteKey(folder + file.path.string), key.string.hasPrefix(prefix) else { continue }
                if let after, key <= after { continue }
                if let full = collector.add(Self.item(key, file.status)) { try await page(full) }
            }
        }
        try await page(collector.rest)
        return nil
    }

    package func delete(_ keys: [RemoteKey]) async throws {
        try await BlockingPool.shared.run {
            for key in keys {
                try Task.checkCancellation()
                let path = try key.asPath()
                do {
                    try root.parent(of: path, creating: false).remove(String(path.name))
                } catch let error as FileError where error.isNotFound {
                    continue
                }
            }
        }
    }

    /// A listing would not do: it leaves out names that are no keys, such as those with spaces.
    package func foreignName() async throws -> String? {
        try await BlockingPool.shared.run {
            try root.items().map(\.name).sorted().first { !IgnoreRules.alwaysIgnores($0) }
        }
    }

    package var acknowledgesDurably: Bool { false }

    /// Enough to keep the cores busy while others wait for the disk.
    package var parallelism: Int { 2 * Machine.coreCount }

    package var retries: RetryCounts { RetryCounts() }

    package func barrier() async throws -> Timestamp {
        try await BlockingPool.shared.run {
            try root.synchronizeFileSystem()
            // Unique, since two writers may ask at once.
            let name = "\(PlacedFile.temporaryPrefix)clock-\(UInt64.random(in: 0 ... .max))"
            let file = try root.creating(name)
            // Removed before it is looked at: a killed process leaves nothing.
            try root.remove(name)
            return Timestamp(milliseconds: try file.status().mtimeNanoseconds / 1_000_000)
        }
    }

    private func open(_ key: RemoteKey) throws -> OpenFile {
        let path = try key.asPath()
        do {
            let file = try root.parent(of: path, creating: false).reading(String(path.name))
            // A folder is no item, as at S3.
            guard try file.status().kind == .regular else { throw RemoteError(.notFound, key) }
            return file
        } catch let error as FileError where error.isNotFound {
            throw RemoteError(.notFound, key)
        }
    }

    /// The folder that a prefix names, nil when it does not exist.
    private func open(folder: String) async throws -> OpenFile? {
        guard !folder.isEmpty else { return root }
        return try await BlockingPool.shared.run {
            do {
                return try root.parent(of: LogicalPath(folder + "-"), creating: false)
            } catch let error as FileError where error.isNotFound {
                return nil
            }
        }
    }

    private static func item(_ key: RemoteKey, _ status: FileStatus) -> RemoteItem {
        RemoteItem(
            key: key,
            byteCount: status.size,
            modified: Timestamp(milliseconds: status.mtimeNanoseconds / 1_000_000)
        )
    }
}

/// Cuts a stream of items into pages.
private final class PageCollector {
    private let pageCount: Int
    private(set) var rest: [RemoteItem] = []

    init(pageCount: Int) { self.pageCount = pageCount }

    /// Adds an item; returns a page when one is full.
    func add(_ item: RemoteItem) -> [RemoteItem]? {
        rest.append(item)
        guard rest.count == pageCount else { return nil }
        defer { rest.removeAll(keepingCapacity: true) }
        return rest
    }
}
