extension Operation {
    /// A list of contents was given a name (`docs/format.md`, "Datasets").
    package struct Dataset: Codable, Sendable, Equatable {
        package var name: String
        /// The content that is the list.
        package var sha256: Digest
        /// Its length in bytes.
        package var size: Int64
        /// Lines in it.
        package var files: Int64
        /// Sum of the lengths of the files that it names.
        package var bytes: Int64
        /// What the files were selected by, for people.
        package var selection: String?
        /// Whether the name is taken away from the list, for good; nil for no.
        package var dropped: Bool?

        package init(
            name: String,
            sha256: Digest,
            size: Int64,
            files: Int64,
            bytes: Int64,
            selection: String? = nil,
            dropped: Bool? = nil
        ) {
            self.name = name
            self.sha256 = sha256
            self.size = size
            self.files = files
            self.bytes = bytes
            self.selection = selection
            self.dropped = dropped
        }
    }
}

extension Operation.Dataset {
    /// The longest list that is read, and so the longest that is written.
    static let maximumListByteCount: Int64 = 1 << 31
    /// A digest, two spaces, a path of one byte and the end of the line.
    static let minimumLineByteCount: Int64 = 68
    /// The same with the longest path, each byte of it escaped, and the mark of that.
    static let maximumLineByteCount = 64 + 2 + 2 * LogicalPath.maximumByteCount + 2
    /// The longest text that tells what was selected.
    static let maximumSelectionByteCount = 4096
    /// Most bytes that all files together are believed to have.
    private static let maximumByteCount: Int64 = 1 << 60

    /// Looks at all that can be told without the list.
    ///
    /// - Throws: `LogicalPathError` or ``SegmentError`` for what breaks a rule.
    func check() throws {
        guard try LogicalPath(name).components.count == 1, !name.contains("@") else {
            throw SegmentError("\(DisplayText.quoted(name)) is not the name of a dataset")
        }
        guard (1...Self.maximumListByteCount).contains(size), (0...Self.maximumByteCount).contains(bytes) else {
            throw SegmentError("a dataset with a list of \(size) bytes that names \(bytes) bytes is implausible")
        }
        guard files > 0, files <= size / Self.minimumLineByteCount,
            size <= files * Int64(Self.maximumLineByteCount)
        else { throw SegmentError("a list of \(size) bytes does not name \(files) files") }
        guard let selection else { return }
        guard selection.utf8.count <= Self.maximumSelectionByteCount, !selection.utf8.contains(0) else {
            throw SegmentError("what a dataset was selected by is too long, or contains a NUL")
        }
    }
}
