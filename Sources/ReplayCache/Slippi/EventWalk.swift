/// One pass over every event of a replay, in reads of a bounded size.
///
/// The fallback for files that are unfinished, damaged or unusual; a finished file is read from its two ends.
struct EventWalk: Sendable {
    /// Why a walk ended before the end of the events (slp-format.md §2).
    enum Stop: Sendable, Equatable {
        case unlisted(command: UInt8)
        case cutShort(command: UInt8)
    }

    /// Bytes held in memory at a time.
    static let windowBytes = 256 << 10

    /// The end of the last whole event.
    private(set) var end: Int64
    private(set) var stop: Stop?
    /// The first Game End event: a file may hold two (slp-format.md §5).
    private(set) var gameEnd: GameEnd?
    /// Distinct internal characters of each player index, in the order of their first appearance.
    private(set) var characters = [[UInt8]](repeating: [], count: Int(PostFrame.playerLimit))
    private var largestFrame: Int32?
    private var rows = [PostFrame?](repeating: nil, count: Int(PostFrame.playerLimit))
    private let sizes: EventSizes

    /// Walks the events of `source` in `range`, whose end need not be the end of an event.
    init(of source: some ByteSource, range: Range<Int64>, sizes: EventSizes) throws {
        self.sizes = sizes
        end = range.lowerBound
        let readsPostFrames = sizes.hasPostFrames
        var window = ByteWindow(at: range.lowerBound, bytes: [])
        while end < range.upperBound {
            let needed = end..<min(end + Int64(PostFrame.fieldsLength), range.upperBound)
            if !window.contains(needed) {
                window = try source.window(at: end, count: Self.windowBytes)
            }
            // A file that shrank under the reader ends here.
            guard let command = window.uint8(at: end) else { break }
            guard let length = sizes.eventLength(of: command) else {
                stop = .unlisted(command: command)
                break
            }
            guard end + length <= range.upperBound else {
                stop = .cutShort(command: command)
                break
            }
            if command == EventCommand.postFrame, readsPostFrames {
                note(PostFrame(in: window, at: end))
            } else if command == EventCommand.frameStart, let frame = window.int32(at: end + 1) {
                forget(copyOf: frame)
            } else if command == EventCommand.gameEnd, gameEnd == nil {
                gameEnd = GameEnd(in: window, at: end, length: length)
            }
            end += length
        }
    }

    /// The largest frame with its last rows, or nil when no Post-Frame event could be read.
    var lastFrame: LastFrame? {
        largestFrame.map { frame in
            LastFrame(frame: frame, rows: rows.compactMap { $0 }.filter { $0.frame == frame })
        }
    }

    /// A frame that begins again takes the place of its earlier copy, where a player may have been in the game who is not now.
    private mutating func forget(copyOf frame: Int32) {
        guard frame == largestFrame else { return }
        for player in rows.indices where rows[player]?.frame == frame { rows[player] = nil }
    }

    /// Rollbacks record a frame several times, and the last copy counts (slp-format.md §4).
    private mutating func note(_ postFrame: PostFrame?) {
        guard let postFrame else { return }
        largestFrame = max(largestFrame ?? postFrame.frame, postFrame.frame)
        if !characters[postFrame.player].contains(postFrame.internalCharacter) {
            characters[postFrame.player].append(postFrame.internalCharacter)
        }
        guard !postFrame.isFollower else { return }
        if let known = rows[postFrame.player], known.frame > postFrame.frame { return }
        rows[postFrame.player] = postFrame
    }
}
