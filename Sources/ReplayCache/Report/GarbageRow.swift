/// An object that nothing refers to, as `gc --dry-run` prints it (`schema/garbage.schema.json`).
public struct GarbageRow: Sendable, Equatable, Encodable {
    /// What a run would do with an object.
    public enum Action: String, Sendable, Encodable {
        /// Remove it: it was condemned a day ago or earlier.
        case remove
        /// Condemn it, for a run a day later.
        case condemn
        /// Wait: it was condemned less than a day ago.
        case wait
    }

    /// Version of this form.
    public let v = 1
    /// Always `garbage`.
    public let event = "garbage"
    /// What would be done.
    public var action: Action
    /// Key of the object.
    public var key: String
    /// Stored bytes.
    public var bytes: Int64
    /// The last path that referred to it; nil when that is not known, as of parts of large files.
    public var path: String?

    init(action: Action, key: String, bytes: Int64, path: String?) {
        self.action = action
        self.key = key
        self.bytes = bytes
        self.path = path
    }

    private enum Key: String, CodingKey { case v, event, action, key, bytes, path }

    /// Writes every field: an unknown path is null.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(v, forKey: .v)
        try container.encode(event, forKey: .event)
        try container.encode(action, forKey: .action)
        try container.encode(key, forKey: .key)
        try container.encode(bytes, forKey: .bytes)
        try container.encode(path, forKey: .path)
    }
}

/// What a collector did, or would do.
public struct GarbageTotals: Sendable, Equatable, Encodable {
    /// Objects condemned by this run.
    public var condemned = 0
    /// Objects removed by this run.
    public var removed = 0
    /// Stored bytes of those that were removed.
    public var bytesFreed: Int64 = 0
    /// Stored bytes of objects that are condemned and still there.
    public var bytesWaiting: Int64 = 0
}
