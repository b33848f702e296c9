/// One dataset: a list of files that was given a name, as `dataset list` prints it (`schema/dataset.schema.json`).
public struct DatasetRow: Sendable, Equatable, Encodable {
    /// Version of this form.
    public let v = 1
    /// Always `dataset`.
    public let event = "dataset"
    /// What it is called.
    public var name: String
    /// Digest of the list, which is what the dataset is.
    public var sha256: Digest
    /// Files in it.
    public var files: Int
    /// Sum of their lengths in bytes.
    public var bytes: Int64
    /// What the files were selected by, for people; nil when that was not said.
    public var selection: String?
    /// When it was frozen, by the clock of the place; RFC 3339.
    public var committedAt: String
    /// The machine that froze it.
    public var host: String
    /// Whether the name alone means this list: false for one that was frozen when another had the name already.
    public var isCurrent: Bool
    /// Length of the list in bytes.
    let listSize: Int64
    /// The same as ``committedAt``.
    let committedMilliseconds: Int64

    private enum CodingKeys: String, CodingKey {
        case v, event, name, sha256, files, bytes, selection, committedAt, host, isCurrent
    }

    /// What means this list for ever, whoever has the name: `NAME@SHA256`.
    public var reference: String { "\(name)@\(sha256.hex)" }

    /// The same with as few digits as people tell lists apart by.
    public var shortReference: String { "\(name)@\(sha256.short)" }
}

/// One file of a dataset, or of a comparison of two (`schema/datasetFile.schema.json`).
public struct DatasetFileRow: Sendable, Equatable, Encodable {
    /// Which of two datasets has a content that the other one has under no path.
    public enum Change: String, Sendable, Encodable {
        /// Only the second.
        case added
        /// Only the first.
        case removed
    }

    /// Version of this form.
    public let v = 1
    /// Always `datasetFile`.
    public let event = "datasetFile"
    /// For a comparison: what is different.
    public var change: Change?
    /// Path in the repository.
    public var path: String
    /// Digest of the content.
    public var sha256: Digest
    /// Its length in bytes; nil where that is not known.
    public var size: Int64?

    private enum CodingKeys: String, CodingKey { case v, event, change, path, sha256, size }
}

/// How two datasets differ by their contents: the end of `dataset diff`.
public struct DatasetDifference: Sendable, Equatable, Encodable {
    /// Files whose content only the second has.
    public var filesAdded = 0
    /// Their lengths in bytes together.
    public var bytesAdded: Int64 = 0
    /// Files whose content only the first has.
    public var filesRemoved = 0
    /// Their lengths in bytes together.
    public var bytesRemoved: Int64 = 0
    /// Files of the second whose content the first has too, wherever it was.
    public var filesKept = 0

    /// Whether both have the same contents.
    public var isEmpty: Bool { filesAdded == 0 && filesRemoved == 0 }
}
