/// A library of replays as a player's disk holds it: many characters and opponents, some copies, some damage.
///
/// The same spec gives the same tree, byte for byte.
public struct LibrarySpec: Sendable {
    /// Number of replays, copies included.
    public var count: Int
    /// Decides all choices.
    public var seed: UInt64
    /// Lengths of the games in frames, the countdown included.
    public var frames: ClosedRange<Int> = 1_800...14_000
    /// Share of the games in which the library's owner plays Mewtwo, from 0 to 1.
    public var mewtwoShare = 0.1
    /// Share of the replays that are exact copies of another one, in the folder `backup`.
    public var duplicateShare = 0.03
    /// Share of the replays that are cut short, still being recorded or otherwise damaged.
    public var damagedShare = 0.02
    /// Bytes of the gecko list in each replay; real ones have 9 to 60 KB.
    public var geckoListBytes = 24 << 10
    /// Versions to choose from.
    public var versions: [SlippiVersion] = [
        .init(2, 0, 1), .init(3, 7), .init(3, 9), .init(3, 14), .init(3, 16), .init(3, 18),
    ]

    /// A library of games as long as real ones.
    public init(count: Int, seed: UInt64) {
        self.count = count
        self.seed = seed
    }

    /// One replay of a library.
    public struct Member: Sendable {
        /// Path in the library, such as `mewtwo/Game_20230101T031500.slp`.
        public var path: String
        /// Seconds since 1970 at which the game started.
        public var startedAt: Int64
        /// What is in the file.
        public var replay: ReplaySpec
    }

    /// Replay number `index`: each can be made without the ones before it.
    public func member(_ index: Int) -> Member {
        var random = SeededGenerator(seed: seed &+ UInt64(index) &* 0x9E37_79B9)
        // A copy repeats an earlier replay that is not a copy itself; the first one never is.
        if index > 0, random.chance(duplicateShare) {
            var copy = original(Int.random(in: 0..<index, using: &random))
            copy.path = "backup/\(index)_" + (copy.path.split(separator: "/").last.map(String.init) ?? copy.path)
            return copy
        }
        return original(index)
    }

    private func original(_ index: Int) -> Member {
        var random = SeededGenerator(seed: seed ^ (UInt64(index) &+ 1) &* 0xD1B5_4A32_D192_ED03)
        let firstGame: Int64 = 1_672_531_200
        let secondsApart: Int64 = 420
        let startedAt = firstGame + Int64(index) * secondsApart + Int64.random(in: 0..<secondsApart, using: &random)
        var replay = game(startedAt: startedAt, random: &random)
        if random.chance(damagedShare) { replay.damage = damage(&random) }
        let folder = Cast.folders[replay.players[0].character]
        return Member(
            path: "\(folder)/Game_\(UTCTime(startedAt).compact).slp",
            startedAt: startedAt,
            replay: replay
        )
    }

    private func game(startedAt: Int64, random: inout SeededGenerator) -> ReplaySpec {
        var replay = ReplaySpec(
            version: versions.randomElement(using: &random) ?? .init(3, 18),
            frames: Int.random(in: frames, using: &random),
            seed: random.next()
        )
        replay.stage = Cast.legalStages[random.below(6)]
        replay.isOnline = replay.version >= .init(3, 7) && random.chance(0.8)
        replay.players = players(isOnline: replay.isOnline, random: &random)
        replay.startedAt = UTCTime(startedAt).text
        replay.geckoListBytes = geckoListBytes
        replay.hasItems = random.chance(0.4)
        replay.outcome.winnerPort = random.chance(0.5) ? 1 : 2
        if random.chance(0.08) {
            replay.outcome = .init(method: 7, lrasPort: 1 + random.below(2), placements: [0, 1, -1, -1])
        }
        guard replay.isOnline else { return replay }
        let mode = ["ranked", "unranked", "direct"][random.below(3)]
        replay.matchID = "mode.\(mode)-\(UTCTime(startedAt - 300).text.dropLast()).42-0"
        replay.gameNumber = UInt32(1 + random.below(3))
        replay.rollbackInterval = 40 + random.below(400)
        return replay
    }

    /// The library's owner on port 1, and an opponent.
    private func players(isOnline: Bool, random: inout SeededGenerator) -> [ReplaySpec.Player] {
        let owner = random.chance(mewtwoShare) ? Cast.mewtwo : Cast.popular[random.below(UInt32(Cast.popular.count))]
        let opponent = Cast.popular[random.below(UInt32(Cast.popular.count))]
        return [(owner, 0), (opponent, 1 + random.below(400))].enumerated().map { slot, choice in
            let (character, person) = choice
            var player = ReplaySpec.Player(port: slot + 1, character: character)
            player.costume = UInt8(random.below(4))
            if isOnline {
                player.displayName = Cast.name(ofPerson: person)
                player.connectCode = Cast.connectCode(ofPerson: person)
                player.slippiUID = Cast.uid(ofPerson: person)
            } else {
                player.nameTag = String(Cast.name(ofPerson: person).uppercased().prefix(4))
            }
            return player
        }
    }

    private func damage(_ random: inout SeededGenerator) -> ReplaySpec.Damage {
        switch random.below(6) {
        case 0: .growing
        case 1: .noLength
        case 2: .noGameEnd
        case 3: .noMetadata
        case 4: .garbage(64 + random.below(4_000))
        default: .truncated(Double.random(in: 0.1..<0.95, using: &random))
        }
    }
}
