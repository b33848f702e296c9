/// Files, or recordings of one game, of which one would do: a line of `dedup --json` (`schema/duplicate.schema.json`).
public struct DuplicateGroup: Sendable, Equatable, Encodable {
    /// What the members of a group have in common.
    public enum Rule: String, Sendable, Encodable, CaseIterable {
        /// All their bytes.
        case content
        /// The bytes of their events: only the metadata differ, such as names that were stamped in.
        case events
        /// Match id, game number and tiebreaker: the clients of both players recorded the game.
        case matchID = "matchId"
        /// Without a match id: start time, stage, characters and the seed of the game's random numbers.
        case startTime
    }

    /// Version of this form.
    public let v = 1
    /// Always `duplicate`.
    public let event = "duplicate"
    /// What the members have in common.
    public var rule: Rule
    /// The content; of several recordings that of the one to keep.
    public var sha256: Digest
    /// Its length in bytes.
    public var size: Int64
    /// Where it is: paths of local files, or of entries; of several recordings one path each.
    ///
    /// The one to keep comes first.
    public var paths: [String]
    /// Bytes that the others take: on the disk where files are, as stored at a place.
    public var bytesWasted: Int64
    /// For local files of one content: the link that would free them.
    public var link: LinkKind?
    /// The bytes that it would free: those of files on the same file system.
    public var bytesLinkable: Int64?
    /// For recordings of one game: each content, in the order of `paths`.
    public var recordings: [Recording]?
}

/// How files of the same content can take the room of one.
public enum LinkKind: String, Sendable, Encodable, CaseIterable {
    /// They share their blocks until one of them is written to (Btrfs, XFS, ZFS).
    case reflink
    /// They become names of one file.
    case hardLink
}

/// One of several recordings of the same game.
public struct Recording: Sendable, Equatable, Encodable {
    /// Where it is; the first of its paths.
    public var path: String
    /// The content.
    public var sha256: Digest
    /// Its length in bytes.
    public var size: Int64
    /// Length of the game, countdown included; 60 are a second.
    public var frames: Int?
    /// Whether the recording is whole and the game ended.
    public var complete: Bool
    /// What is known beside the game itself: `startedAt`, `playedOn`, `displayNames`, `connectCodes`, `nameTags`.
    public var metadata: [String]

    /// What it takes.
    var storedBytes: Int64 = 0
    /// How much metadata it has.
    var metadataCount = 0

    private enum CodingKeys: CodingKey { case path, sha256, size, frames, complete, metadata }
}

/// Which of several recordings is the one to keep; the other criteria decide where one leaves it open.
public enum RecordingPreference: String, Sendable, CaseIterable {
    /// The one with the most frames.
    case longest
    /// One that is whole.
    case complete
    /// The one that knows most names and times.
    case metadata

    /// Whether `left` is to be kept rather than `right`.
    func prefers(_ left: Recording, to right: Recording) -> Bool {
        let criteria: [RecordingPreference] = [self] + [.complete, .longest, .metadata].filter { $0 != self }
        for criterion in criteria {
            let (mine, others) = (criterion.rank(left), criterion.rank(right))
            if mine != others { return mine > others }
        }
        return left.path.utf8.lexicographicallyPrecedes(right.path.utf8)
    }

    private func rank(_ recording: Recording) -> Int {
        switch self {
        case .longest: recording.frames ?? 0
        case .complete: recording.complete ? 1 : 0
        case .metadata: recording.metadataCount
        }
    }
}

/// What checkpoints share: a line of `dedup --remote --json` (`schema/sharing.schema.json`).
public struct SharingRow: Sendable, Equatable, Encodable {
    /// Version of this form.
    public let v = 1
    /// Always `sharing`.
    public let event = "sharing"
    /// The run; nil for all of them together.
    public var run: String?
    /// Checkpoints of it.
    public var checkpoints: Int
    /// Files of these.
    public var files: Int
    /// Their sizes added up, bytes.
    public var bytes: Int64
    /// What is stored for them: each file and each part once.
    public var bytesStored: Int64
    /// What would be stored if nothing were shared.
    public var bytesWithoutSharing: Int64
}
