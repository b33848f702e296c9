/// The metadata behind the events (slp-format.md §1 and §6).
enum MetadataElement {
    /// The element for a game in which each internal character was played for the frames in `rows`, by port.
    static func bytes(spec: ReplaySpec, rows: [Int: [UInt8: Int]]) -> [UInt8] {
        var element = key("metadata") + [UInt8(ascii: "{")]
        if let startedAt = spec.startedAt { element += key("startAt") + string(startedAt) }
        if spec.metadataHasPlayers {
            element += key("lastFrame") + integer(spec.lastFrame)
            element += key("players")
            element += object(
                spec.players.map { (String($0.port - 1), players($0, spec: spec, rows: rows[$0.port] ?? [:])) }
            )
        }
        if let playedOn = spec.playedOn { element += key("playedOn") + string(playedOn) }
        if let nick = spec.consoleNick { element += key("consoleNick") + string(nick) }
        return element + [UInt8(ascii: "}")]
    }

    private static func players(_ player: ReplaySpec.Player, spec: ReplaySpec, rows: [UInt8: Int]) -> [UInt8] {
        let names = [("netplay", player.displayName), ("code", player.connectCode)].filter { !$0.1.isEmpty }
        let characters = rows.sorted { $0.key < $1.key }.map { (String($0.key), integer($0.value)) }
        return object([
            ("characters", object(characters)),
            ("names", object(names.map { ($0.0, string($0.1)) })),
        ])
    }

    private static func object(_ members: [(name: String, value: [UInt8])]) -> [UInt8] {
        [UInt8(ascii: "{")] + members.flatMap { key($0.name) + $0.value } + [UInt8(ascii: "}")]
    }

    private static func key(_ name: String) -> [UInt8] {
        [UInt8(ascii: "U"), UInt8(clamping: name.utf8.count)] + Array(name.utf8.prefix(255))
    }

    private static func string(_ text: String) -> [UInt8] {
        [UInt8(ascii: "S")] + key(text)
    }

    private static func integer(_ value: Int) -> [UInt8] {
        let bits = UInt32(bitPattern: Int32(clamping: value))
        return [UInt8(ascii: "l")] + [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: bits >> $0) }
    }
}
