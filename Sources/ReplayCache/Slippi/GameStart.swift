/// The Game Start event: what was played, where and by whom (slp-format.md §3).
struct GameStart: Sendable {
    struct Version: Sendable, Comparable, CustomStringConvertible {
        let major: UInt8
        let minor: UInt8
        let revision: UInt8

        var description: String { "\(major).\(minor).\(revision)" }

        static func < (left: Version, right: Version) -> Bool {
            (left.major, left.minor, left.revision) < (right.major, right.minor, right.revision)
        }
    }

    struct Player: Sendable {
        let port: Int
        let character: MeleeCharacter
        let type: UInt8
        let stocks: Int
        let costume: Int
        let team: Int
        let cpuLevel: Int
        let nameTag: String?
        let displayName: String?
        let connectCode: String?
        let slippiUID: String?
    }

    let version: Version
    let isTeams: Bool
    let stage: Stage
    let timerSeconds: Int
    let randomSeed: UInt32
    let players: [Player]
    let isPAL: Bool?
    let majorScene: Int?
    let matchID: String?
    let gameNumber: Int?
    let tiebreaker: Int?

    /// Slots of the game info block that are controller ports; two more exist and are not.
    private static let portCount = 4
    private static let emptySlot: UInt8 = 3

    /// Reads the 0x36 event at `offset`, or answers nil when it is not there or too short for version 0.1.0.
    init?(in window: ByteWindow, at offset: Int64, sizes: EventSizes) {
        guard window.uint8(at: offset) == EventCommand.gameStart,
            let length = sizes.eventLength(of: EventCommand.gameStart)
        else { return nil }
        let fields = Fields(window: window, start: offset, length: length)
        guard
            let major = fields.uint8(0x1), let minor = fields.uint8(0x2), let revision = fields.uint8(0x3),
            let isTeams = fields.uint8(0xD), let stage = fields.uint16(0x13), let timer = fields.uint32(0x15),
            let seed = fields.uint32(0x13D)
        else { return nil }
        version = Version(major: major, minor: minor, revision: revision)
        self.isTeams = isTeams != 0
        self.stage = Stage(rawValue: Int(stage))
        timerSeconds = Int(timer)
        randomSeed = seed
        players = (0..<Self.portCount).compactMap { Self.player(in: fields, slot: Int64($0)) }
        isPAL = fields.uint8(0x1A1).map { $0 != 0 }
        majorScene = fields.uint8(0x1A4).map(Int.init)
        matchID = fields.text(0x2BE, length: 51)
        gameNumber = fields.uint32(0x2F1).map(Int.init)
        tiebreaker = fields.uint32(0x2F5).map(Int.init)
    }

    private static func player(in fields: Fields, slot: Int64) -> Player? {
        let block = 0x24 * slot
        guard
            let character = fields.uint8(0x65 + block), let type = fields.uint8(0x66 + block),
            let stocks = fields.uint8(0x67 + block), let costume = fields.uint8(0x68 + block),
            let team = fields.uint8(0x6E + block), let cpuLevel = fields.uint8(0x74 + block),
            type != emptySlot
        else { return nil }
        return Player(
            port: Int(slot) + 1,
            character: MeleeCharacter(rawValue: Int(character)),
            type: type,
            stocks: Int(stocks),
            costume: Int(costume),
            team: Int(team),
            cpuLevel: Int(cpuLevel),
            nameTag: fields.text(0x161 + 0x10 * slot, length: 0x10),
            displayName: fields.text(0x1A5 + 0x1F * slot, length: 0x1F),
            connectCode: fields.text(0x221 + 0xA * slot, length: 0xA),
            slippiUID: fields.text(0x249 + 0x1D * slot, length: 0x1D)
        )
    }
}

/// The fields of one event: a field exists when it fits in the event as the file's table sizes it (slp-format.md §3).
private struct Fields {
    let window: ByteWindow
    let start: Int64
    let length: Int64

    func uint8(_ offset: Int64) -> UInt8? {
        fits(offset, 1) ? window.uint8(at: start + offset) : nil
    }

    func uint16(_ offset: Int64) -> UInt16? {
        fits(offset, 2) ? window.uint16(at: start + offset) : nil
    }

    func uint32(_ offset: Int64) -> UInt32? {
        fits(offset, 4) ? window.uint32(at: start + offset) : nil
    }

    /// Shift-JIS text up to the first NUL, folded for search; nil when the field does not exist or is empty.
    func text(_ offset: Int64, length: Int64) -> String? {
        let range = start + offset..<start + offset + length
        guard fits(offset, length), window.contains(range) else { return nil }
        let text = ShiftJIS.foldedText(window.bytes(in: range))
        return text.isEmpty ? nil : text
    }

    private func fits(_ offset: Int64, _ count: Int64) -> Bool {
        offset + count <= length
    }
}
