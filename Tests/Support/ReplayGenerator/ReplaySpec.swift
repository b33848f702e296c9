/// A replay to be made: the game's settings and outcome, and what is wrong with the file.
///
/// The same spec gives the same bytes. They are valid by slp-format.md for the spec's version.
public struct ReplaySpec: Sendable {
    /// One player.
    public struct Player: Sendable {
        /// Who plays; the raw value is the one of the Game Start event.
        public enum Kind: UInt8, Sendable {
            case human = 0
            case cpu = 1
            case demo = 2
        }

        /// Controller port, 1 to 4; 5 and 6 are the extra players of Multi-Man modes.
        public var port: Int
        /// External character id, 0 to 25.
        public var character: Int
        /// Who plays.
        public var kind: Kind
        /// Costume index.
        public var costume: UInt8 = 0
        /// Stocks at the start.
        public var stocks: UInt8 = 4
        /// 0 red, 1 blue, 2 green; for teams games.
        public var team: UInt8?
        /// The name chosen in the game: up to 7 letters or kana.
        public var nameTag = ""
        /// The online name; in the metadata always, in the Game Start event since 3.9.0 when online.
        public var displayName = ""
        /// The online address, such as `ABCD#123`; stored where the name is.
        public var connectCode = ""
        /// The online account, 28 letters; since 3.11.0.
        public var slippiUID = ""
        /// Level 1 to 9; stored for humans too, as the game does.
        public var cpuLevel: UInt8 = 1
        /// Frames after which Zelda becomes Sheik or the other way round.
        public var transformsAfter: Int?

        /// A player with four stocks and no names.
        public init(port: Int, character: Int, kind: Kind = .human) {
            self.port = port
            self.character = character
            self.kind = kind
        }
    }

    /// How the game ends.
    public struct Outcome: Sendable {
        /// Method of the Game End event: 1 time, 2 game, 7 no contest (slp-format.md §5).
        public var method: UInt8
        /// Port of the player who quits.
        public var lrasPort: Int?
        /// Placements of ports 1 to 4, worked out from the winner when nil.
        public var placements: [Int8]?
        /// The player who keeps stocks to the end; nil when all do.
        public var winnerPort: Int?

        /// An ending; by default player 1 takes the last stock.
        public init(method: UInt8 = 2, lrasPort: Int? = nil, placements: [Int8]? = nil, winnerPort: Int? = 1) {
            self.method = method
            self.lrasPort = lrasPort
            self.placements = placements
            self.winnerPort = winnerPort
        }
    }

    /// What is wrong with a file (slp-format.md §12).
    public enum Damage: Sendable, Equatable {
        case none
        /// Only this share of the bytes is there, from 0 to 1.
        case truncated(Double)
        /// The header has no length and nothing follows the events, as while recording.
        case growing
        /// The header has no length although the metadata is there.
        case noLength
        case noGameEnd
        case twoGameEnds
        /// A closing brace in the place of the metadata.
        case noMetadata
        case trailingBytes(Int)
        /// Events that no known version has; one of them has a size of 0.
        case unknownEvents
        /// Bytes that are no replay at all.
        case garbage(Int)
    }

    /// Decides which events and fields there are.
    public var version: SlippiVersion
    /// External stage id.
    public var stage: UInt16 = 31
    /// One to six players, in the order of their ports.
    public var players: [Player]
    /// Frames of the game, the countdown's 123 included; not counting repetitions by rollback.
    public var frames: Int
    /// Decides everything that happens in the game.
    public var seed: UInt64
    /// Whether it is a teams game.
    public var isTeams = false
    /// Whether it is the European version of the game; since 1.5.0.
    public var isPAL = false
    /// What the game clock starts from.
    public var timerSeconds: UInt32 = 480
    /// Online games have match id and rollbacks, and their random seeds advance in another way.
    public var isOnline = false
    /// Id of the session, up to 50 characters; since 3.14.0.
    public var matchID = ""
    /// Number of the game in the session, from 1; since 3.14.0.
    public var gameNumber: UInt32 = 0
    /// Number of the tiebreaker, 0 for none; since 3.14.0.
    public var tiebreaker: UInt32 = 0
    /// `startAt` of the metadata.
    public var startedAt: String? = "2023-01-01T00:00:00Z"
    /// `playedOn` of the metadata.
    public var playedOn: String? = "dolphin"
    /// `consoleNick` of the metadata.
    public var consoleNick: String?
    /// Whether the metadata holds `lastFrame` and `players`; some consoles leave them out.
    public var metadataHasPlayers = true
    /// How the game ends.
    public var outcome = Outcome()
    /// Frames from one rollback to the next; nil for none.
    public var rollbackInterval: Int?
    /// Whether lasers fly; since 3.0.0.
    public var hasItems = false
    /// Bytes of the gecko list, which files since 3.3.0 have.
    public var geckoListBytes = 0
    /// What is wrong with the file.
    public var damage = Damage.none

    /// A game of two players on ports 1 and 2.
    public init(
        version: SlippiVersion = .init(3, 18),
        players: [Player] = [.init(port: 1, character: 2), .init(port: 2, character: 20)],
        frames: Int = 600,
        seed: UInt64 = 1
    ) {
        self.version = version
        self.players = players
        self.frames = frames
        self.seed = seed
    }

    /// The last frame's number; the first one is -123.
    public var lastFrame: Int { frames - 124 }

    /// The file.
    public func bytes() -> [UInt8] {
        if case .garbage(let count) = damage {
            var random = SeededGenerator(seed: seed)
            return (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        }
        var recorder = ReplayRecorder(spec: self)
        recorder.record()
        return damaged(recorder.file)
    }

    private func damaged(_ file: [UInt8]) -> [UInt8] {
        switch damage {
        case .truncated(let share):
            Array(file.prefix(Int(Double(file.count) * min(max(share, 0), 1))))
        case .trailingBytes(let count):
            file + [UInt8](repeating: 0x0A, count: count)
        default:
            file
        }
    }
}
