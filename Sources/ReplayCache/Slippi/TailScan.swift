/// The end of a finished game, read backwards from the last bytes of its events.
///
/// Events have no length field, so a step back is a guess that is then checked: the byte must be a listed command whose
/// size leads exactly here, and its frame number must fit the frames around it. Where two guesses hold, or none, the
/// scan is inconclusive and the caller walks the whole file.
struct TailScan: Sendable {
    /// The first Game End event.
    let gameEnd: GameEnd
    /// Nil when the game has no frames that can be read.
    private(set) var lastFrame: LastFrame?

    /// Rollback goes back at most 7 frames, so a frame this far behind the largest one is final.
    private static let rollbackReach: Int32 = 8
    /// How far apart neighbouring events can be in frame numbers.
    private static let neighbourReach: Int32 = 16

    /// Scans the events that end at `end`, or answers nil when the tail alone does not settle how the game ended.
    ///
    /// `knownLastFrame` is the metadata's: with it one frame is enough, without it the scan goes back until no rollback
    /// can hide a larger frame number.
    init?(in window: ByteWindow, end: Int64, sizes: EventSizes, knownLastFrame: Int32?) {
        guard let length = sizes.eventLength(of: EventCommand.gameEnd), length > 1 else { return nil }
        var position = end - length
        guard window.uint8(at: position) == EventCommand.gameEnd,
            var gameEnd = GameEnd(in: window, at: position, length: length)
        else { return nil }
        guard sizes.hasPostFrames else {
            self.gameEnd = gameEnd
            return
        }
        var steps = BackwardSteps(window: window, sizes: sizes, reference: knownLastFrame)
        if steps.previous(before: position) == nil, window.uint8(at: position - length) == EventCommand.gameEnd,
            let first = GameEnd(in: window, at: position - length, length: length)
        {
            position -= length
            gameEnd = first
        }
        self.gameEnd = gameEnd
        guard let lastFrame = Self.lastFrame(before: position, steps: &steps, known: knownLastFrame) else { return nil }
        self.lastFrame = lastFrame
    }

    private static func lastFrame(before end: Int64, steps: inout BackwardSteps, known: Int32?) -> LastFrame? {
        var position = end
        var largest: Int32?
        var rows: [PostFrame] = []
        var isWhole = false
        while let event = steps.previous(before: position) {
            position = event.offset
            steps.reference = event.frame
            if let largest, largest != known, largest - rollbackReach >= event.frame {
                return known == nil ? LastFrame(frame: largest, rows: rows) : nil
            }
            if let largest, largest == known, event.command == EventCommand.postFrame, event.frame != largest {
                return LastFrame(frame: largest, rows: rows)
            }
            if event.command == EventCommand.postFrame, event.frame >= largest ?? event.frame,
                let row = PostFrame(in: steps.window, at: event.offset)
            {
                if event.frame != largest { (rows, isWhole) = ([], false) }
                largest = event.frame
                // Going backwards the first copy met is the last one written.
                if !isWhole, !row.isFollower, !rows.contains(where: { $0.player == row.player }) { rows.append(row) }
            }
            if event.command == EventCommand.frameStart, let frame = largest, event.frame == frame {
                if frame == known { return LastFrame(frame: frame, rows: rows) }
                isWhole = true
            }
        }
        return nil
    }

    /// Finds the event that ends where another begins.
    private struct BackwardSteps {
        struct Event {
            let command: UInt8
            let offset: Int64
            let frame: Int32
        }

        let window: ByteWindow
        /// A frame number near which the next event must be.
        var reference: Int32?
        private let candidates: [(command: UInt8, length: Int64)]

        init(window: ByteWindow, sizes: EventSizes, reference: Int32?) {
            self.window = window
            self.reference = reference
            candidates = sizes.framedCommands.compactMap { command in
                sizes.eventLength(of: command).map { (command, $0) }
            }
        }

        /// The one event that can end at `end`, or nil when there is none or more than one.
        func previous(before end: Int64) -> Event? {
            var found: Event?
            for (command, length) in candidates {
                let offset = end - length
                guard window.uint8(at: offset) == command,
                    let frame = window.int32(at: offset + 1), fits(frame),
                    hasPlayer(command, at: offset)
                else { continue }
                guard found == nil else { return nil }
                found = Event(command: command, offset: offset, frame: frame)
            }
            return found
        }

        private func fits(_ frame: Int32) -> Bool {
            guard FrameNumber.isPlausible(frame) else { return false }
            guard let reference else { return true }
            // Both are plausible, so the difference cannot overflow.
            return abs(frame - reference) <= neighbourReach
        }

        private func hasPlayer(_ command: UInt8, at offset: Int64) -> Bool {
            guard command == EventCommand.preFrame || command == EventCommand.postFrame else { return true }
            guard let player = window.uint8(at: offset + 5), let follower = window.uint8(at: offset + 6) else {
                return false
            }
            return player < PostFrame.playerLimit && follower <= 1
        }
    }
}
