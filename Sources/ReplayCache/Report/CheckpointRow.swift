/// One published checkpoint, as `checkpoint log` prints it.
public struct CheckpointRow: Sendable, Equatable, Encodable {
    /// One file of a checkpoint.
    public struct File: Sendable, Equatable, Encodable {
        /// Path within the checkpoint.
        public var name: String
        /// Digest of its content.
        public var sha256: Digest
        /// Its length in bytes.
        public var size: Int64
    }

    /// Version of this form.
    public let v = 1
    /// Always `checkpoint`.
    public let event = "checkpoint"
    /// Digest of run, name, step and file list.
    public var identity: Digest
    /// The training run.
    public var run: String
    /// What the set of files is called, such as `latest`.
    public var name: String
    /// Training step, nil when none was given.
    public var step: Int64?
    /// When it was published, by the clock of the place; RFC 3339.
    public var committedAt: String
    /// The machine that published it.
    public var host: String
    /// Metrics by name.
    ///
    /// Numbers that JSON does not have are text.
    package var metrics: [String: Metric]
    /// Sum of the lengths of the files in bytes.
    public var size: Int64
    /// The files.
    public var files: [File]
    /// Identity of the checkpoint that this one continues.
    public var parent: Digest?
    /// Revision of the training code.
    public var gitRevision: String?
    /// The dataset that it was trained on: its name, an `@` and the digest of its list.
    public var dataset: String?
    /// A remark.
    public var note: String?
    /// The same as ``committedAt``.
    let committedMilliseconds: Int64

    private enum CodingKeys: String, CodingKey {
        case v, event, identity, run, name, step, committedAt, host, metrics, size, files, parent, gitRevision, dataset,
            note
    }
}

extension CheckpointRow {
    /// The dataset with as many digits as people tell lists apart by.
    public var shortDataset: String? {
        guard let dataset, let at = dataset.lastIndex(of: "@") else { return dataset }
        return String(dataset[...at] + dataset[dataset.index(after: at)...].prefix(8))
    }

    /// The metrics as text, by name.
    public var metricTexts: [(name: String, value: String)] {
        metrics.sorted { $0.key < $1.key }.map { (name: $0.key, value: "\($0.value.value)") }
    }
}
