/// Who controlled a player.
public struct PlayerType: RawRepresentable, Hashable, Sendable, Codable {
    /// The type's name as it stands in JSON.
    public let rawValue: String

    /// Wraps a name, known or not.
    public init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// A person, or a program behind a controller.
    public static let human = PlayerType(rawValue: "human")
    /// The game's own opponent.
    public static let cpu = PlayerType(rawValue: "cpu")
    /// A demonstration on the title screen.
    public static let demo = PlayerType(rawValue: "demo")

    init(gameStartType: UInt8) {
        switch gameStartType {
        case 0: self = .human
        case 1: self = .cpu
        case 2: self = .demo
        default: self.init(rawValue: "type \(gameStartType)")
        }
    }
}

/// One player of a replay.
///
/// Texts are folded for search: full-width letters are ASCII (slp-format.md §3). Empty ones are nil.
public struct ReplayPlayer: Sendable, Equatable, Codable {
    /// Controller port, 1 to 4.
    public var port: Int
    /// External id of the character played at the start of the game.
    public var characterID: Int
    /// External id in the Game Start event, where it differs: before 1.6.0 Sheik may be stored as Zelda.
    public var startCharacterID: Int?
    /// External ids of all characters played, the longest played first; nil when the file does not tell.
    public var characterIDsPlayed: [Int]?
    /// Who controlled the player.
    public var type: PlayerType
    /// Costume index; which colour it is depends on the character.
    public var costume: Int
    /// Stocks at the start.
    public var startStocks: Int
    /// Stocks on the last frame; nil for a player who was out by then, or when the file does not tell.
    public var endStocks: Int?
    /// Team in a teams game: 0 red, 1 blue, 2 green.
    public var team: Int?
    /// The name chosen in the game.
    public var nameTag: String?
    /// The online name; anonymised ranked games hold a rank here, such as `Platinum Player`.
    public var displayName: String?
    /// The online address, such as `ABCD#123`.
    public var connectCode: String?
    /// The online account.
    public var slippiUID: String?
    /// Level of a CPU.
    public var cpuLevel: Int?

    /// The character played at the start of the game.
    public var character: MeleeCharacter { MeleeCharacter(rawValue: characterID) }
}
