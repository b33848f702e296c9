/// The derivations of slp-format.md §10.
extension ReplayFindings {
    var metadata: ReplayMetadata {
        var metadata = ReplayMetadata()
        noteStart(in: &metadata)
        noteEnd(in: &metadata)
        metadata.startedAt = trailer?.startAt
        metadata.playedOn = trailer?.playedOn
        metadata.consoleNick = trailer?.consoleNick
        metadata.rawLength = Int(container.declaredLength)
        let eventEnd = container.isClosed ? container.eventLimit : walk?.end ?? ReplayContainer.eventStart
        metadata.eventRange = ReplayContainer.eventStart..<eventEnd
        metadata.isComplete = isComplete
        metadata.problem = problem
        return metadata
    }

    private func noteStart(in metadata: inout ReplayMetadata) {
        guard let start else { return }
        metadata.slippiVersion = start.version.description
        metadata.stageID = start.stage.rawValue
        metadata.isTeams = start.isTeams
        metadata.timerSeconds = start.timerSeconds
        metadata.majorScene = start.majorScene
        metadata.isPAL = start.isPAL
        metadata.randomSeed = start.randomSeed
        metadata.matchID = start.matchID
        metadata.gameNumber = start.gameNumber
        metadata.tiebreaker = start.tiebreaker
        metadata.players = start.players.map { player($0, of: start) }
    }

    private func noteEnd(in metadata: inout ReplayMetadata) {
        metadata.lastFrame = (lastFrame?.frame ?? trailer?.lastFrame).map(Int.init)
        metadata.endMethod = end?.method
        metadata.lrasPort = end?.lrasPort
        metadata.placements = end?.placements
        guard let start else { return }
        let result = GameResult.derived(
            from: end,
            contenders: start.players.map { .init(port: $0.port, team: start.isTeams ? $0.team : nil) },
            lastFrame: lastFrame,
            majorScene: start.majorScene
        )
        metadata.winnerPorts = result.winnerPorts
        metadata.winnerRule = result.rule
    }

    private func player(_ player: GameStart.Player, of start: GameStart) -> ReplayPlayer {
        let character = character(of: player, start: start)
        let names = trailer?.players[player.port]
        let type = PlayerType(gameStartType: player.type)
        return ReplayPlayer(
            port: player.port,
            characterID: character.rawValue,
            startCharacterID: character == player.character ? nil : player.character.rawValue,
            characterIDsPlayed: charactersPlayed(by: player, startingAs: character)?.map(\.rawValue),
            type: type,
            costume: player.costume,
            startStocks: player.stocks,
            endStocks: lastFrame?.row(ofPort: player.port).map { Int($0.stocks) },
            team: start.isTeams ? player.team : nil,
            nameTag: player.nameTag,
            displayName: player.displayName ?? names?.netplayName.map(ShiftJIS.folded),
            connectCode: player.connectCode ?? names?.connectCode.map(ShiftJIS.folded),
            slippiUID: player.slippiUID,
            cpuLevel: type == .cpu ? player.cpuLevel : nil
        )
    }

    private func character(of player: GameStart.Player, start: GameStart) -> MeleeCharacter {
        guard start.hidesCharacter(of: player), let first = firstCharacters[player.port],
            let character = MeleeCharacter(internalID: first)
        else { return player.character }
        return character
    }

    private func charactersPlayed(
        by player: GameStart.Player,
        startingAs character: MeleeCharacter
    ) -> [MeleeCharacter]? {
        let recorded = trailer?.players[player.port]?.characters ?? []
        let ids = recorded.isEmpty ? walk?.characters[player.port - 1] ?? [] : recorded
        var characters: [MeleeCharacter] = []
        for case let played? in ids.map(MeleeCharacter.init(internalID:)) where !characters.contains(played) {
            characters.append(played)
        }
        if !characters.isEmpty { return characters }
        // Nobody but Zelda and Sheik changes within a game.
        return walk == nil && !player.canTransform ? [character] : nil
    }

    /// A scan of the tail succeeds only on a closed file whose events end with Game End.
    private var isComplete: Bool {
        guard container.isClosed, end != nil else { return false }
        return walk.map { $0.stop == nil && $0.end == container.eventLimit } ?? true
    }

    private var problem: String? {
        guard let sizes else { return "no table of events at byte \(ReplayContainer.eventStart)" }
        guard sizes.isWellFormed else { return "the table of events is damaged" }
        guard start != nil else { return "the Game Start event is damaged" }
        if let walk, let problem = problem(of: walk) { return problem }
        if container.declaredLength == 0 { return "still being recorded or cut off: no length in the header" }
        if !container.isClosed {
            return "cut short: the header promises \(grouped(container.declaredLength)) bytes of events"
        }
        if end == nil { return "no Game End event" }
        if trailer?.isDamaged == true { return "the metadata after the events is damaged" }
        return nil
    }

    private func problem(of walk: EventWalk) -> String? {
        switch walk.stop {
        case .cutShort(let command):
            let limit = container.isClosed ? "events" : "file"
            return "cut short: event \(hex(command)) runs past the end of the \(limit) at byte \(grouped(walk.end))"
        case .unlisted where !container.isClosed && trailer != nil:
            // The walk of a file without a length ends at its metadata.
            return nil
        case .unlisted(let command):
            return "unknown event \(hex(command)) at byte \(grouped(walk.end))"
        case nil:
            return nil
        }
    }

    private func hex(_ command: UInt8) -> String {
        let digits = String(command, radix: 16, uppercase: true)
        return "0x" + (digits.count == 1 ? "0" : "") + digits
    }

    /// A number with commas between the thousands.
    private func grouped(_ number: some BinaryInteger) -> String {
        var digits = String(number.magnitude)
        var groups: [String] = []
        while digits.count > 3 {
            groups.insert(String(digits.suffix(3)), at: 0)
            digits.removeLast(3)
        }
        return (number < 0 ? "-" : "") + ([digits] + groups).joined(separator: ",")
    }
}
