import FoundationEssentials
import ReplayCacheTestSupport
import ReplayGenerator
import Testing

@testable import ReplayCache

/// The reader on generated replays.
struct ReplayReaderTests {
    @Test(arguments: SlippiVersion.steps)
    func everyVersionIsReadCompletely(_ version: SlippiVersion) throws {
        let spec = onlineGame(version)
        let metadata = try ReplayReader.read(ByteArraySource(spec.bytes()))
        #expect(metadata.problem == nil)
        #expect(metadata.isComplete)
        #expect(metadata.slippiVersion == version.description)
        #expect(metadata.stageID.map { Stage(rawValue: $0).name } == "Fountain of Dreams")
        #expect(metadata.lastFrame == spec.lastFrame)
        #expect(metadata.players.map(\.character.name) == ["Mewtwo", "Ice Climbers"])
        #expect(metadata.players.map(\.characterIDsPlayed) == [[10], [14]])
        #expect(metadata.players.map(\.displayName) == ["Zhyrri", "かみ ほし"])
        #expect(metadata.players.map(\.connectCode) == ["ZHYR#404", "KAMI#12"])
        #expect(metadata.players.map(\.endStocks) == [2, 0])
        #expect(metadata.winnerPorts == [1])
        #expect(metadata.isPAL == (version >= .init(1, 5) ? true : nil))
        #expect(metadata.majorScene == (version >= .init(3, 7) ? 8 : nil))
        #expect(metadata.players[0].slippiUID == (version >= .init(3, 11) ? "0123456789012345678901234567" : nil))
        #expect(metadata.matchID == (version >= .init(3, 14) ? spec.matchID : nil))
        #expect(metadata.gameNumber == (version >= .init(3, 14) ? 2 : nil))
        #expect(metadata.startedAtMilliseconds == 1_671_519_159_000)
    }

    @Test(arguments: SlippiVersion.steps)
    func everyKindOfDamageIsNamedInEveryVersion(_ version: SlippiVersion) throws {
        for (damage, expectation) in Self.damages {
            var spec = onlineGame(version)
            spec.damage = damage
            let metadata = try ReplayReader.read(ByteArraySource(spec.bytes()))
            #expect(metadata.problem?.contains(expectation.problem ?? "") ?? (expectation.problem == nil), "\(damage)")
            #expect(metadata.isComplete == (expectation.problem == nil), "\(damage)")
            #expect((metadata.endMethod != nil) == expectation.hasEnd, "\(damage)")
            guard damage != .garbage(5000) else { continue }
            #expect(metadata.players.count == 2, "\(damage)")
            if damage != .truncated(0.6) { #expect(metadata.lastFrame == spec.lastFrame, "\(damage)") }
        }
    }

    private static let damages: [(ReplaySpec.Damage, (problem: String?, hasEnd: Bool))] = [
        (.truncated(0.6), ("cut short", false)),
        (.growing, ("no length in the header", false)),
        (.noLength, ("no length in the header", true)),
        (.noGameEnd, ("no Game End event", false)),
        (.twoGameEnds, (nil, true)),
        (.noMetadata, (nil, true)),
        (.trailingBytes(3), (nil, true)),
        (.trailingBytes(40_000), (nil, true)),
        (.unknownEvents, (nil, true)),
        (.garbage(5000), ("not a Slippi replay", false)),
    ]

    @Test(arguments: [SlippiVersion(2, 0), .init(3, 7), .init(3, 14), .init(3, 18)])
    func aFinishedReplayCostsTwoSmallReads(_ version: SlippiVersion) throws {
        var spec = onlineGame(version)
        spec.frames = 6000
        for damage in [ReplaySpec.Damage.none, .noMetadata, .trailingBytes(2), .twoGameEnds] {
            spec.damage = damage
            let source = InstrumentedSource(spec.bytes())
            #expect(try ReplayReader.read(source).isComplete)
            #expect(source.readCount == 2)
            #expect(source.bytesRead == ReplayReader.headBytes + ReplayReader.tailBytes)
        }
    }

    @Test
    func anUnfinishedReplayIsWalkedOnceInBoundedReads() throws {
        var spec = onlineGame(.init(3, 18))
        spec.frames = 6000
        spec.damage = .growing
        let bytes = spec.bytes()
        let source = InstrumentedSource(bytes)
        _ = try ReplayReader.read(source)
        #expect(source.largestRead <= EventWalk.windowBytes)
        #expect(source.bytesRead < bytes.count + bytes.count / 50 + ReplayReader.headBytes)
    }

    @Test(arguments: [SlippiVersion(0, 1), .init(1, 4), .init(3, 18)])
    func twoReadsAndAWalkAgree(_ version: SlippiVersion) throws {
        var spec = onlineGame(version)
        spec.rollbackInterval = 7
        let source = ByteArraySource(spec.bytes())
        let findings = try #require(try ReplayFindings(of: source))
        #expect(findings.walk == nil)
        let sizes = try #require(findings.sizes)
        let walk = try EventWalk(of: source, range: 15..<findings.container.eventLimit, sizes: sizes)
        #expect(findings.lastFrame?.frame == walk.lastFrame?.frame)
        #expect(findings.lastFrame?.rows.sorted { $0.player < $1.player } == walk.lastFrame?.rows)
    }

    /// Multi-Man modes record two players beside the four ports (slp-format.md §4).
    @Test(arguments: [ReplaySpec.Damage.none, .noLength])
    func sixPlayersAreReadAsTheFourThatHavePorts(_ damage: ReplaySpec.Damage) throws {
        var spec = ReplaySpec(version: .init(3, 14), frames: 300)
        spec.players = (1...6).map { .init(port: $0, character: 4) }
        spec.damage = damage
        let metadata = try ReplayReader.read(ByteArraySource(spec.bytes()))
        #expect(metadata.players.map(\.port) == [1, 2, 3, 4])
        #expect(metadata.players.map(\.startStocks) == [4, 4, 4, 4])
        #expect(metadata.lastFrame == spec.lastFrame)
        #expect(metadata.winnerPorts == [1])
    }

    @Test
    func jsonHasCamelCaseKeysLeavesOutNilAndRoundTrips() throws {
        let metadata = try ReplayReader.read(ByteArraySource(ReplaySpec(version: .init(2, 0), frames: 200).bytes()))
        let json = try JSONEncoder().encode(metadata)
        let text = String(decoding: json, as: UTF8.self)
        #expect(text.contains("\"slippiVersion\":\"2.0.0\""))
        #expect(text.contains("\"winnerRule\":\"stocks\""))
        #expect(!text.contains("majorScene") && !text.contains("null"))
        #expect(try JSONDecoder().decode(ReplayMetadata.self, from: json) == metadata)
    }

    @Test
    func rollbackRepeatsFramesWithoutMakingTheGameLonger() throws {
        var spec = onlineGame(.init(3, 14))
        let plain = spec.bytes().count
        spec.rollbackInterval = 5
        let bytes = spec.bytes()
        #expect(bytes.count > plain * 3 / 2)
        #expect(try ReplayReader.read(ByteArraySource(bytes)).lastFrame == spec.frames - 124)
    }

    /// The last copy of a frame counts, also for who is in it (slp-format.md section 4).
    @Test(arguments: [ReplaySpec.Damage.none, .noMetadata, .noLength])
    func whoIsGoneFromTheLastCopyOfAFrameIsOut(_ damage: ReplaySpec.Damage) throws {
        var spec = ReplaySpec(version: .init(3, 14), frames: 300)
        spec.outcome.winnerPort = nil
        let parts = try SlpzSample.Parts(spec.bytes())
        let last = spec.lastFrame
        func frame(_ event: [UInt8]) -> Int { event[1..<5].reduce(0) { $0 << 8 | Int($1) } }
        let copy = parts.events.filter { (0x37...0x3C).contains($0[0]) && $0[0] != 0x39 && frame($0) == last }
        let withoutSecond = copy.filter { !(0x37...0x38).contains($0[0]) || $0[5] == 0 }
        #expect(copy.count == withoutSecond.count + 2)
        let events = parts.events.dropLast() + withoutSecond + [parts.events[parts.events.count - 1]]
        let raw = parts.table + parts.start + events.flatMap(\.self)
        let length = damage == .noLength ? 0 : raw.count
        let rest = damage == .noMetadata ? [UInt8(ascii: "}")] : parts.rest
        let file =
            Array("{U\u{3}raw[$U#l".utf8) + [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: length >> $0) } + raw
            + rest
        let metadata = try ReplayReader.read(ByteArraySource(file))
        #expect(metadata.isComplete == (damage != .noLength))
        #expect(metadata.lastFrame == last)
        #expect(metadata.players.map(\.endStocks) == [4, nil])
    }

    @Test(arguments: [0, 1, 10, 14, 15, 16, 40, 300])
    func aReplayCutNearItsHeadIsReadAsFarAsItGoes(_ length: Int) throws {
        let bytes = Array(onlineGame(.init(3, 14)).bytes().prefix(length))
        let metadata = try ReplayReader.read(ByteArraySource(bytes))
        #expect(metadata.problem != nil)
        #expect(metadata.players.isEmpty)
        #expect(!metadata.isComplete)
    }

    @Test
    func aReplayThatGrowsGivesMoreFramesEachTime() throws {
        var spec = onlineGame(.init(3, 18))
        spec.damage = .growing
        let bytes = spec.bytes()
        let frames = try [0.3, 0.6, 1].map { share in
            let part = Array(bytes.prefix(Int(Double(bytes.count) * share)))
            let metadata = try ReplayReader.read(ByteArraySource(part))
            #expect(!metadata.isComplete)
            #expect(metadata.eventRange.map { $0.upperBound <= part.count } == true)
            return try #require(metadata.lastFrame)
        }
        #expect(frames[0] < frames[1] && frames[1] < frames[2])
        #expect(frames[2] == spec.lastFrame)
    }

    @Test
    func aFileThatShrinksWhileBeingReadIsReportedAndNotTrusted() throws {
        let bytes = onlineGame(.init(3, 14)).bytes()
        let source = InstrumentedSource(Array(bytes.prefix(bytes.count / 2)), claiming: Int64(bytes.count))
        let metadata = try ReplayReader.read(source)
        #expect(!metadata.isComplete)
        #expect(metadata.problem != nil)
    }

    @Test
    func aTinyFileThatClaimsTwoGigabytesIsReadInSmallPieces() throws {
        var bytes = Array(onlineGame(.init(3, 14)).bytes().prefix(900))
        bytes.replaceSubrange(11..<15, with: [0x7F, 0xFF, 0xFF, 0xFF])
        let source = InstrumentedSource(bytes)
        #expect(try ReplayReader.read(source).problem?.contains("cut short") == true)
        #expect(source.largestRead <= bytes.count)
    }

    @Test
    func aLastFrameThatNoGameReachesIsIgnored() throws {
        var spec = onlineGame(.init(3, 14))
        spec.damage = .none
        var bytes = spec.bytes()
        let key = Array("lastFramel".utf8)
        let start = try #require(bytes.indices.dropLast(key.count).last { bytes[$0...].starts(with: key) })
        bytes.replaceSubrange(start + key.count..<start + key.count + 4, with: [0xD1, 0xB7, 0x17, 0x3F])
        #expect(try ReplayReader.read(ByteArraySource(bytes)).lastFrame == spec.lastFrame)
        // One that a game could reach but this one did not is settled by a walk.
        bytes.replaceSubrange(start + key.count..<start + key.count + 4, with: [0, 0, 0x7F, 0])
        #expect(try ReplayReader.read(ByteArraySource(bytes)).lastFrame == spec.lastFrame)
    }

    /// Before 1.6.0 the Game Start event may call Sheik Zelda (slp-format.md §10).
    @Test(arguments: [(SlippiVersion(1, 5), 19), (SlippiVersion(1, 6), 18)])
    func sheikStoredAsZeldaIsFoundInOldReplays(_ version: SlippiVersion, _ character: Int) throws {
        var spec = ReplaySpec(version: version, frames: 300)
        spec.players[1].character = 18
        spec.players[1].transformsAfter = 1
        for metadataHasPlayers in [true, false] {
            spec.metadataHasPlayers = metadataHasPlayers
            let player = try ReplayReader.read(ByteArraySource(spec.bytes())).players[1]
            #expect(player.characterID == character)
            #expect(player.startCharacterID == (character == 18 ? nil : 18))
            #expect(player.characterIDsPlayed == [19])
        }
    }

    @Test
    func aTransformationIsTwoCharactersPlayedLongestFirst() throws {
        var spec = ReplaySpec(version: .init(3, 14), frames: 500)
        spec.players[0].character = 18
        spec.players[0].transformsAfter = 100
        for metadataHasPlayers in [true, false] {
            spec.metadataHasPlayers = metadataHasPlayers
            let player = try ReplayReader.read(ByteArraySource(spec.bytes())).players[0]
            #expect(player.characterID == 18)
            #expect(Set(player.characterIDsPlayed ?? []) == [18, 19])
            if metadataHasPlayers { #expect(player.characterIDsPlayed == [19, 18]) }
        }
    }

    @Test
    func theMatchIDStandsInForAMissingStartTime() throws {
        var spec = onlineGame(.init(3, 14))
        spec.startedAt = nil
        let session = try ReplayReader.read(ByteArraySource(spec.bytes()))
        #expect(session.startedAtSource == .matchID)
        #expect(session.startedAtMilliseconds == 1_671_519_159_180)
        spec.matchID = ""
        let unknown = try ReplayReader.read(ByteArraySource(spec.bytes()))
        #expect(unknown.startedAtSource == nil)
        #expect(unknown.startedAtMilliseconds == nil)
    }

    /// A ranked game of Mewtwo against Ice Climbers, with rollbacks, items and a gecko list.
    private func onlineGame(_ version: SlippiVersion) -> ReplaySpec {
        var spec = ReplaySpec(version: version, frames: 700, seed: 7)
        spec.stage = 2
        spec.players = [.init(port: 1, character: 10), .init(port: 2, character: 14)]
        spec.players[0].displayName = "Zhyrri"
        spec.players[0].connectCode = "ZHYR#404"
        spec.players[0].slippiUID = "0123456789012345678901234567"
        spec.players[1].displayName = "かみ ほし"
        spec.players[1].connectCode = "KAMI#12"
        spec.isOnline = true
        spec.isPAL = true
        spec.matchID = "mode.ranked-2022-12-20T06:52:39.18-0"
        spec.gameNumber = 2
        spec.startedAt = "2022-12-20T06:52:39Z"
        spec.rollbackInterval = version >= .init(3, 7) ? 50 : nil
        spec.hasItems = true
        spec.geckoListBytes = 9000
        return spec
    }
}
