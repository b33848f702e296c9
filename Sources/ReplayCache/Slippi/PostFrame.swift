/// What a catalog needs from a Post-Frame event (slp-format.md §4).
struct PostFrame: Sendable, Equatable {
    /// Bytes of the event, command byte included, that hold the fields below in every version.
    static let fieldsLength = 0x22
    /// Ports 1 to 4, and the two more that Multi-Man modes record.
    static let playerLimit: UInt8 = 6

    let frame: Int32
    let player: Int
    /// Whether this is Nana and not Popo.
    let isFollower: Bool
    let internalCharacter: UInt8
    let percent: Float
    let stocks: UInt8

    /// Reads the event at `offset`, or answers nil when it holds what no game writes.
    init?(in window: ByteWindow, at offset: Int64) {
        guard
            let frame = window.int32(at: offset + 0x1), FrameNumber.isPlausible(frame),
            let player = window.uint8(at: offset + 0x5), player < Self.playerLimit,
            let follower = window.uint8(at: offset + 0x6),
            let character = window.uint8(at: offset + 0x7),
            let percent = window.float32(at: offset + 0x16),
            let stocks = window.uint8(at: offset + 0x21)
        else { return nil }
        self.frame = frame
        self.player = Int(player)
        self.isFollower = follower != 0
        self.internalCharacter = character
        self.percent = percent
        self.stocks = stocks
    }
}

/// Facts about frame numbers.
enum FrameNumber {
    /// The first frame of a game; the timer starts at 0 (slp-format.md §4).
    static let first: Int32 = -123

    /// Whether a game can reach `frame`: damaged files hold anything (slp-format.md §6).
    static func isPlausible(_ frame: Int32) -> Bool {
        frame >= first && frame < 1 << 24
    }

    /// Frames of a game whose last one is `last`, the countdown included; nil for a number that no game reaches.
    static func count(upTo last: Int) -> Int? {
        guard let frame = Int32(exactly: last), isPlausible(frame) else { return nil }
        return last - Int(first) + 1
    }
}

/// The last frame of a game: its number and the last copy of each player's Post-Frame event in it.
struct LastFrame: Sendable, Equatable {
    let frame: Int32
    /// One row per player who was still in the game, followers left out.
    let rows: [PostFrame]

    func row(ofPort port: Int) -> PostFrame? {
        rows.first { $0.player == port - 1 }
    }
}
