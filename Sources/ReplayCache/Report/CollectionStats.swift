/// The overview of a collection: `stats --json` is this (`schema/stats.schema.json`).
public struct CollectionStats: Sendable, Equatable, Encodable {
    /// Replays, or files, that have something in common.
    public struct Share: Sendable, Equatable, Encodable {
        /// What; nil where it is not known.
        public var name: String?
        /// How many replays.
        public var replays: Int

        private enum Key: String, CodingKey { case name, replays }

        /// Writes every field: what is unknown is null, not absent.
        public func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: Key.self)
            try container.encode(name, forKey: .name)
            try container.encode(replays, forKey: .replays)
        }
    }

    /// Version of this form.
    public private(set) var v = 1
    /// Always `stats`.
    public private(set) var event = "stats"
    /// Paths that hold replays.
    public var replays: Int
    /// Files that are none; nil where only some replays were asked for.
    public var otherFiles: Int?
    /// The sum of their sizes.
    public var otherBytes: Int64?
    /// The sum of the sizes of the replays.
    public var bytes: Int64
    /// What remotes store for them, each content once; 0 for local files.
    public var bytesStored: Int64
    /// What is stored of, before compression; 0 for local files.
    public var bytesOfContents: Int64
    /// Hours played.
    public var hours: Double
    /// When the first game began, RFC 3339.
    public var firstStartedAt: String?
    /// When the last game began, RFC 3339.
    public var lastStartedAt: String?
    /// Replays whose content stands at another path too, but for one of each.
    public var copies: Int
    /// The sum of their sizes.
    public var bytesCopied: Int64
    /// Replays of which something is missing: the end of the game, or of the recording.
    public var incomplete: Int
    /// Why replays could not be read whole, the most frequent first.
    public var problems: [Share]
    /// In how many replays each character is played, the most frequent first.
    public var characters: [Share]
    /// Replays on each stage, the most frequent first.
    public var stages: [Share]
    /// Replays of each version, the most frequent first.
    public var versions: [Share]
    /// Replays from each kind of machine, the most frequent first.
    public var platforms: [Share]
}
