/// Everything that a frame depends on, as one value: a rollback puts an older one back.
struct GameState: Sendable {
    /// A laser or another thing in flight.
    struct Item: Sendable {
        let id: UInt32
        let owner: Int8
        var x: Float
        let y: Float
        let xSpeed: Float
        var expiry: Float = 60
    }

    var fighters: [Fighter]
    var items: [Item] = []
    var random: SeededGenerator
    var melee: MeleeRandom
    private var nextItem: UInt32 = 0
    private let spec: ReplaySpec

    init(spec: ReplaySpec) {
        self.spec = spec
        random = SeededGenerator(seed: spec.seed)
        melee = MeleeRandom(seed: UInt32(truncatingIfNeeded: random.next()))
        fighters = spec.players.flatMap { player in
            CharacterIDs.internalIDs(ofExternal: player.character).enumerated().map { index, id in
                Fighter(port: player.port, isFollower: index == 1, character: id, stocks: player.stocks)
            }
        }
    }

    /// Plays frame number `frame`.
    mutating func advance(to frame: Int) {
        if spec.isOnline { melee.advanceOnline() } else { melee.advance(by: 1 + random.below(6)) }
        for index in fighters.indices {
            fighters[index].advance(frame: frame, random: &random)
        }
        transform(at: frame)
        spendStocks(at: frame)
        // Players who are out send no more events (slp-format.md §4), except on the frame that they lose.
        if frame < spec.lastFrame { fighters.removeAll { $0.stocks == 0 } }
        if spec.hasItems { moveItems() }
    }

    private mutating func transform(at frame: Int) {
        for player in spec.players where player.transformsAfter.map({ frame + 124 == $0 }) ?? false {
            let ids = CharacterIDs.zeldaAndSheik
            for index in fighters.indices where fighters[index].port == player.port {
                fighters[index].character = fighters[index].character == ids[0] ? ids[1] : ids[0]
            }
        }
    }

    /// The losers spend their stocks evenly, the last one on the last frame; the winner keeps half.
    private mutating func spendStocks(at frame: Int) {
        guard let winner = spec.outcome.winnerPort else { return }
        for index in fighters.indices {
            let fighter = fighters[index]
            guard let player = spec.players.first(where: { $0.port == fighter.port }) else { continue }
            let isWinner = fighter.port == winner || player.team != nil && player.team == team(ofPort: winner)
            let total = Int(player.stocks)
            let toSpend = isWinner ? total / 2 : total
            let due = toSpend * (frame + 124) / max(1, spec.frames)
            if total - Int(fighter.stocks) < due { fighters[index].loseStock() }
        }
    }

    private func team(ofPort port: Int) -> UInt8? {
        spec.players.first { $0.port == port }?.team
    }

    private mutating func moveItems() {
        for index in items.indices {
            items[index].x += items[index].xSpeed
            items[index].expiry -= 1
        }
        items.removeAll { $0.expiry <= 0 }
        guard random.below(90) == 0, let owner = fighters.first else { return }
        items.append(
            Item(
                id: nextItem,
                owner: Int8(owner.port - 1),
                x: owner.x,
                y: owner.y + 8,
                xSpeed: owner.facing * 5
            )
        )
        nextItem += 1
    }
}

/// Internal character ids (slp-format.md §8).
enum CharacterIDs {
    private static let byExternal: [UInt8] = [
        2, 3, 1, 24, 4, 5, 6, 17, 0, 18, 16, 8, 9, 12, 10, 15, 13, 14, 19, 7, 22, 20, 21, 26, 23, 25,
    ]

    static let zeldaAndSheik: [UInt8] = [19, 7]
    private static let nana: UInt8 = 11
    private static let iceClimbers = 14

    /// The ids of the leader and of the follower, if there is one.
    static func internalIDs(ofExternal id: Int) -> [UInt8] {
        guard byExternal.indices.contains(id) else { return [0] }
        return id == iceClimbers ? [byExternal[id], nana] : [byExternal[id]]
    }
}
