/// What a replay file says about its game.
///
/// A damaged or unfinished file gives what could be read; ``problem`` tells what is wrong with it. Absent values are
/// left out of JSON.
public struct ReplayMetadata: Sendable, Equatable, Codable {
    /// Version of the Slippi format, such as `3.14.0`.
    public var slippiVersion: String?
    /// External id of the stage.
    public var stageID: Int?
    /// Whether it is a teams game.
    public var isTeams: Bool?
    /// What the game clock started from.
    public var timerSeconds: Int?
    /// Mode of the game, since 3.7.0: 2 versus, 8 online, others in slp-format.md §3.
    public var majorScene: Int?
    /// Whether it is the European version of the game; since 1.5.0.
    public var isPAL: Bool?
    /// Players in the order of their ports.
    public var players: [ReplayPlayer] = []
    /// `startAt` exactly as the metadata holds it, odd forms and all.
    public var startedAt: String?
    /// The best start time there is, in milliseconds since 1970; a time without zone is taken for UTC.
    public var startedAtMilliseconds: Int64?
    /// Whether the zone of the start time is known; consoles write local time.
    public var startedAtHasZone: Bool?
    /// Where the start time came from.
    public var startedAtSource: StartTimeSource?
    /// The number of the last frame; frame -123 is the first, and the game's clock starts at 0.
    public var lastFrame: Int?
    /// Whether the file was closed properly, all events are whole and the game ended.
    public var isComplete = false
    /// What is wrong with the file, in a short sentence.
    public var problem: String?
    /// How the game ended: 1 time, 2 game, 7 no contest, others in slp-format.md §5.
    public var endMethod: Int?
    /// Port of the player who quit.
    public var lrasPort: Int?
    /// Placements of ports 1 to 4 as stored: 0 is first, -1 not in the game; modes outside versus store junk.
    public var placements: [Int]?
    /// Ports of the winning player or team; nil when unknown.
    public var winnerPorts: [Int]?
    /// How the winner was derived.
    public var winnerRule: WinnerRule?
    /// Id of the online session, such as `mode.ranked-2022-12-20T05:36:47.50-0`.
    public var matchID: String?
    /// Number of the game within the session, from 1; 0 offline.
    public var gameNumber: Int?
    /// Number of the tiebreaker, 0 for none.
    public var tiebreaker: Int?
    /// What recorded the game, such as `dolphin` or `nintendont`.
    public var playedOn: String?
    /// Name of the console that recorded the game.
    public var consoleNick: String?
    /// Seed of the game's random numbers.
    public var randomSeed: UInt32?
    /// Length of the events as the header has it; 0 while the game is being recorded.
    public var rawLength: Int?
    /// Offsets of the events in the file, for hashing them.
    ///
    /// Equal bytes there mean the same recording, whatever differs in metadata or behind it (slp-format.md §11). In a
    /// file without a usable length this ends with the last whole event.
    public var eventRange: Range<Int64>?

    /// The stage.
    public var stage: Stage? { stageID.map(Stage.init(rawValue:)) }

    /// Name of the stage.
    public var stageName: String? { stage?.name }

    /// Length of the game in frames, the countdown included; 60 frames are a second.
    public var durationFrames: Int? { lastFrame.flatMap(FrameNumber.count(upTo:)) }

    /// What kind of game it was: the mode in the match id (`ranked`, `unranked`, `direct`), else `online` or `offline`.
    public var matchKind: String? {
        let prefix = "mode."
        if let matchID, matchID.hasPrefix(prefix) {
            return String(matchID.dropFirst(prefix.count).prefix { $0 != "-" })
        }
        let onlineScene = 8
        return majorScene.map { $0 == onlineScene ? "online" : "offline" }
    }
}
