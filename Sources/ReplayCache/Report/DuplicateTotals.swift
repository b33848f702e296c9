/// How much there is of what a search for copies found.
struct DuplicateTotals: Sendable {
    /// Contents that more than one file, or entry, holds.
    var groups = 0
    /// Files, or entries, beyond the first of each.
    var copies = 0
    /// Bytes that those files take.
    var bytesWasted: Int64 = 0
    /// Of these, bytes that links would free.
    var bytesLinkable: Int64 = 0
    /// Games of which there are several recordings.
    var games = RecordingTotals()
    /// Recordings that differ in metadata alone.
    var events = RecordingTotals()

    /// Groups of all rules.
    var groupCount: Int { groups + games.groups + events.groups }

    mutating func add(_ group: DuplicateGroup) {
        switch group.rule {
        case .content:
            groups += 1
            copies += group.paths.count - 1
            bytesWasted += group.bytesWasted
            bytesLinkable += group.bytesLinkable ?? 0
        case .events: events.add(group)
        case .matchID, .startTime: games.add(group)
        }
    }
}

/// How many recordings there are of which one would do.
public struct RecordingTotals: Sendable, Equatable, Encodable {
    /// Games.
    public var groups = 0
    /// Recordings beyond the first of each.
    public var recordings = 0
    /// Bytes that those take.
    public var bytes: Int64 = 0

    mutating func add(_ group: DuplicateGroup) {
        groups += 1
        recordings += group.paths.count - 1
        bytes += group.bytesWasted
    }
}

/// What linking copies did, or in a dry run would do.
public struct LinkTotals: Sendable, Equatable, Encodable {
    /// Files that share their blocks with another one now.
    public var reflinked = 0
    /// Files that became names of another one.
    public var hardLinked = 0
    /// Bytes that they took and do no more.
    public var bytesSaved: Int64 = 0

    mutating func add(_ kind: LinkKind, bytes: Int64) {
        switch kind {
        case .reflink: reflinked += 1
        case .hardLink: hardLinked += 1
        }
        bytesSaved += bytes
    }
}
