import COpenSSL
import Testing

@testable import ReplayCache

/// The reader against answers that other readers gave for published replays.
@Suite(.disabled(if: SharedReplays.files.isEmpty, "the shared replays are not on this machine"))
struct SharedReplayTests {
    @Test(arguments: SharedReplays.files)
    func settingsAreAsOtherReadersHaveThem(_ file: ReplayManifest.File) throws {
        let metadata = try read(file)
        let expected = file.expected
        #expect(metadata.slippiVersion == expected.version)
        #expect(metadata.stageID == expected.stage?.id)
        if let name = expected.stage?.name { #expect(metadata.stageID.map { Stage(rawValue: $0).name } == name) }
        #expect(metadata.isTeams == expected.is_teams)
        #expect(metadata.timerSeconds == expected.timer_seconds)
        #expect(metadata.majorScene == expected.major_scene)
        #expect(metadata.isPAL == expected.is_pal)
        #expect(metadata.matchID == expected.match?.id)
        #expect(metadata.gameNumber == expected.match?.game)
        #expect(metadata.tiebreaker == expected.match?.tiebreaker)
        #expect((metadata.randomSeed != nil) == expected.parseable)
    }

    @Test(arguments: SharedReplays.files)
    func playersAreAsOtherReadersHaveThem(_ file: ReplayManifest.File) throws {
        let metadata = try read(file)
        let players = file.expected.players ?? []
        #expect(metadata.players.map(\.port) == players.map(\.port))
        for (player, expected) in zip(metadata.players, players) {
            #expect(player.character.name == expected.starts_as)
            #expect((player.startCharacterID ?? player.characterID) == expected.character.id)
            #expect(MeleeCharacter(rawValue: expected.character.id).name == expected.character.name)
            #expect(player.type.rawValue == expected.type)
            #expect(player.costume == expected.costume)
            #expect(player.startStocks == expected.stocks)
            #expect(player.team == expected.team)
            #expect(player.nameTag == nonEmpty(expected.name_tag))
            #expect(player.displayName == expected.netplay_name)
            #expect(player.connectCode == expected.code)
            #expect(player.slippiUID == nonEmpty(expected.slippi_uid))
            #expect(player.cpuLevel == expected.cpu_level)
            if let characters = expected.metadata_characters {
                let played = Set(characters.keys.compactMap(UInt8.init).compactMap(MeleeCharacter.init(internalID:)))
                #expect(Set(player.characterIDsPlayed ?? []) == Set(played.map(\.rawValue)))
            }
        }
    }

    @Test(arguments: SharedReplays.files)
    func metadataIsAsOtherReadersHaveIt(_ file: ReplayManifest.File) throws {
        let metadata = try read(file)
        let expected = file.expected
        #expect(metadata.startedAt == expected.start_at)
        #expect(metadata.playedOn == expected.played_on)
        #expect(metadata.consoleNick == expected.console_nick)
        guard let seconds = expected.start_at_seconds else { return }
        #expect(metadata.startedAtSource == .metadata)
        #expect(metadata.startedAtHasZone == expected.start_at_has_zone)
        #expect(metadata.startedAtMilliseconds == StartTime(metadata: seconds)?.millisecondsSince1970)
    }

    @Test(arguments: SharedReplays.files)
    func endOfTheGameIsAsOtherReadersHaveIt(_ file: ReplayManifest.File) throws {
        let metadata = try read(file)
        let expected = file.expected
        #expect(metadata.isComplete == expected.complete)
        #expect(metadata.rawLength == expected.raw_length)
        #expect((metadata.endMethod != nil) == expected.has_game_end)
        #expect(metadata.endMethod == expected.end?.method)
        #expect(metadata.lrasPort == expected.end?.lras_port)
        #expect(metadata.placements == expected.end?.placements_raw)
        #expect(metadata.winnerPorts == expected.winner_ports)
        #expect(metadata.winnerRule?.rawValue == expected.winner_rule)
        #expect((metadata.problem != nil) == !expected.complete)
        // The frame number of the one file with a damaged table is -776,529,985.
        if expected.parseable {
            #expect(metadata.lastFrame == expected.max_frame)
            #expect(metadata.lastFrame.map { $0 + 124 } == expected.duration_frames)
        } else {
            #expect(metadata.lastFrame == nil)
        }
    }

    @Test(arguments: SharedReplays.files)
    func eventsHashToTheirKnownDigest(_ file: ReplayManifest.File) throws {
        let bytes = try SharedReplays.bytes(of: file.file)
        let metadata = try ReplayReader.read(ByteArraySource(bytes))
        let digest = metadata.eventRange.map { sha256(bytes[Int($0.lowerBound)..<Int($0.upperBound)]) }
        #expect(digest == file.raw_sha256)
    }

    @Test(arguments: SharedReplays.files.filter(\.expected.complete))
    func twoReadsFindWhatAWholeWalkFinds(_ file: ReplayManifest.File) throws {
        let source = ByteArraySource(try SharedReplays.bytes(of: file.file))
        let found = try #require(try ReplayFindings(of: source))
        let sizes = try #require(found.sizes)
        let walk = try EventWalk(
            of: source,
            range: ReplayContainer.eventStart..<found.container.eventLimit,
            sizes: sizes
        )
        #expect(found.end == walk.gameEnd)
        #expect(found.lastFrame?.frame == walk.lastFrame?.frame)
        #expect(found.lastFrame?.rows.sorted { $0.player < $1.player } == walk.lastFrame?.rows)
    }

    private func read(_ file: ReplayManifest.File) throws -> ReplayMetadata {
        try ReplayReader.read(ByteArraySource(try SharedReplays.bytes(of: file.file)))
    }

    private func nonEmpty(_ text: String?) -> String? {
        text.flatMap { $0.isEmpty ? nil : $0 }
    }
}

/// A digest by OpenSSL, in hex.
private func sha256(_ bytes: ArraySlice<UInt8>) -> String {
    var digest = [UInt8](repeating: 0, count: 32)
    let succeeded = unsafe bytes.withUnsafeBytes { input in
        unsafe EVP_Digest(input.baseAddress, input.count, &digest, nil, EVP_sha256(), nil)
    }
    guard succeeded == 1 else { return "" }
    return digest.map { byte in
        let digits = String(byte, radix: 16)
        return digits.count == 1 ? "0" + digits : digits
    }.joined()
}
