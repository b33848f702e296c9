internal import Synchronization
internal import SystemPackage

/// The file that an archive is written to; it has its name when the archive is whole.
struct ArchiveFile: Sendable {
    private let folder: OpenFile
    private let name: LogicalPath
    /// What is to be replaced.
    private let known: FileStatus?

    /// Looks at what is there.
    ///
    /// - Throws: ``ReplayCacheError`` with code `conflict` when something is, unless `isForced` and it is a file.
    init(path: String, isForced: Bool) throws {
        let file = FilePath(path).lexicallyNormalized()
        guard let name = file.lastComponent else {
            throw ReplayCacheError(.usage, "\(path) names no file", subject: path)
        }
        let parent = file.removingLastComponent().string
        folder = try OpenFile.directory(parent.isEmpty ? "." : parent)
        self.name = try LogicalPath(name.string)
        known = try? folder.status(of: name.string)
        guard let known else { return }
        guard isForced, known.kind == .regular else {
            throw ReplayCacheError(
                .conflict,
                "\(path) is there already",
                hint: known.kind == .regular
                    ? "remove it, or repeat with --force to replace it" : "choose another name for the archive",
                subject: path
            )
        }
    }

    /// Refuses what the disk has no room for.
    func check(_ bytes: Int64) async throws {
        guard let available = try await DiskSpace(of: folder.path).available(), available < bytes else { return }
        throw ReplayCacheError(
            .disk,
            "the archive would have \(ByteCount(bytes)), and there is room for \(ByteCount(available)) in \(folder.path)",
            hint: "free some space there, select less, or pipe `--to -` elsewhere",
            subject: folder.path
        )
    }

    /// Starts writing, under a temporary name.
    func create() throws -> Opened {
        // The digest only makes the temporary name; what an earlier run left is of no use.
        let mark = try Digest.of(Array("\(folder.path)/\(name)".utf8))
        let placed = try PlacedFile(name, below: folder, digest: mark)
        return Opened(placed: placed, known: known)
    }

    /// An archive that is being written.
    final class Opened: Sendable {
        private let placed: PlacedFile
        private let known: FileStatus?
        private let offset = Mutex<Int64>(0)

        init(placed: PlacedFile, known: FileStatus?) {
            self.placed = placed
            self.known = known
        }

        func append(_ bytes: Span<UInt8>) throws {
            let start = offset.withLock { offset in
                defer { offset += Int64(bytes.count) }
                return offset
            }
            try placed.file.write(bytes, at: start)
        }

        /// Gives the archive its name.
        ///
        /// Blocks.
        func place() throws {
            try placed.file.synchronize()
            try placed.place(over: known.map { .unchanged($0) } ?? .absent)
            try placed.directory.synchronize()
        }
    }
}
