/// The Game Start event (slp-format.md §3).
enum GameStartEvent {
    static func bytes(spec: ReplaySpec, layout: EventLayout, seed: UInt32) -> [UInt8]? {
        guard var event = layout.event(Command.gameStart) else { return nil }
        let stockModeWithTimer: UInt8 = 0x32
        event.set(0x1, spec.version.major)
        event.set(0x2, spec.version.minor)
        event.set(0x3, spec.version.revision)
        event.set(0x5, stockModeWithTimer)
        event.set(0xD, UInt8(spec.isTeams ? 1 : 0))
        event.set(0x10, UInt8(bitPattern: -1))
        event.set(0x13, spec.stage)
        event.set(0x15, spec.timerSeconds)
        event.set(0x13D, seed)
        event.set(0x1A1, UInt8(spec.isPAL ? 1 : 0))
        event.set(0x1A4, UInt8(spec.isOnline ? 8 : 2))
        event.set(0x2BD, UInt8(1))
        event.set(0x2BE, Array(spec.matchID.utf8.prefix(50)), capacity: 51)
        event.set(0x2F1, spec.gameNumber)
        event.set(0x2F5, spec.tiebreaker)
        let emptySlot: UInt8 = 3
        for slot in 0..<6 {
            event.set(0x66 + 0x24 * slot, emptySlot)
        }
        for player in spec.players {
            set(player, isOnline: spec.isOnline, in: &event)
        }
        return event.bytes
    }

    private static func set(_ player: ReplaySpec.Player, isOnline: Bool, in event: inout EventBytes) {
        let slot = player.port - 1
        let block = 0x24 * slot
        event.set(0x65 + block, UInt8(player.character))
        event.set(0x66 + block, player.kind.rawValue)
        event.set(0x67 + block, player.stocks)
        event.set(0x68 + block, player.costume)
        event.set(0x6D + block, UInt8(9))
        event.set(0x6E + block, player.team ?? 0)
        event.set(0x74 + block, player.cpuLevel)
        // The fields below exist for the four ports only; Multi-Man modes have players beside them.
        guard slot < 4 else { return }
        event.set(0x141 + 8 * slot, UInt32(1))
        event.set(0x145 + 8 * slot, UInt32(1))
        event.set(0x161 + 0x10 * slot, GameText.shiftJIS(player.nameTag, fullWidth: true), capacity: 0x10)
        guard isOnline else { return }
        event.set(0x1A5 + 0x1F * slot, GameText.shiftJIS(player.displayName), capacity: 0x1F)
        event.set(0x221 + 0xA * slot, GameText.shiftJIS(player.connectCode), capacity: 0xA)
        event.set(0x249 + 0x1D * slot, Array(player.slippiUID.utf8.prefix(28)), capacity: 0x1D)
    }
}
