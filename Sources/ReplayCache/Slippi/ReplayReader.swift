/// Reads what a replay says about its game, without trusting a byte of it.
///
/// A finished file costs two reads, one at each end. Anything unfinished, damaged or unusual is walked once, in reads of
/// ``EventWalk/windowBytes``. Nothing that a file contains makes the reader throw or trap, and no length in it decides
/// how much memory is used.
package enum ReplayReader {
    /// Rises when the same file would be read differently, or when more of what was read is kept, so that stored metadata
    /// can be told to be out of date.
    ///
    /// 2: places keep seed and stocks at the start (`schema/base_4.sql`).
    package static let version = 2

    /// Bytes of the first read: the largest head seen is 814, and the first frame of an old file follows it.
    static let headBytes = 2 << 10
    /// Bytes of the second read: metadata (up to 400 seen) and some frames before it.
    static let tailBytes = 16 << 10

    /// Whether a file is to be shown to the reader, by its name.
    package static func isReplay(_ path: LogicalPath) -> Bool { path.name.lowercased().hasSuffix(".slp") }

    /// Reads one replay.
    ///
    /// - Parameter source: The file; it may be anything at all.
    /// - Returns: What could be read, however little.
    /// - Throws: Only what `source` throws.
    package static func read(_ source: some ByteSource) throws -> ReplayMetadata {
        var metadata = try ReplayFindings(of: source)?.metadata ?? notAReplay
        metadata.noteStartTime()
        return metadata
    }

    private static var notAReplay: ReplayMetadata {
        var metadata = ReplayMetadata()
        metadata.problem = "not a Slippi replay"
        return metadata
    }
}

extension ReplayMetadata {
    /// Takes the start time from the best source there is (slp-format.md §10).
    fileprivate mutating func noteStartTime() {
        let sources: [(StartTimeSource, StartTime?)] = [
            (.metadata, startedAt.flatMap(StartTime.init(metadata:))),
            (.matchID, matchID.flatMap(StartTime.init(matchID:))),
        ]
        for case (let source, let time?) in sources {
            startedAtMilliseconds = time.millisecondsSince1970
            startedAtHasZone = time.hasZone
            startedAtSource = source
            return
        }
    }
}
