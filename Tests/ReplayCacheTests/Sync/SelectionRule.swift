@testable import ReplayCache

/// What a selection means, said once more and as plainly as can be: no SQL, one replay at a time.
struct SelectionRule {
    let selection: Selection
    let path: String

    /// Whether a file is meant whose replay is `game`.
    func means(_ game: ReplayMetadata?) -> Bool {
        guard isFulfilled(selection.paths, { Glob.matches($0, path: path) }) else { return false }
        guard let game else { return !selection.isOfReplays }
        return meansWhen(game) && meansHow(game) && meansWho(game)
    }

    private func isFulfilled<Value>(_ criterion: Criterion<Value>, _ test: (Value) -> Bool) -> Bool {
        (criterion.anyOf.isEmpty || criterion.anyOf.contains(where: test)) && !criterion.noneOf.contains(where: test)
    }

    private func meansWhen(_ game: ReplayMetadata) -> Bool {
        let seconds = game.startedAtMilliseconds.map { $0 / 1000 }
        if case .fixed(let since) = selection.since, seconds.map({ $0 * 1000 >= since }) != true { return false }
        if case .fixed(let until) = selection.until, seconds.map({ $0 * 1000 < until }) != true { return false }
        let frames = game.lastFrame.map { Double($0 + 124) }
        if let least = selection.minimumDuration, frames.map({ $0 / 60 >= least.seconds }) != true { return false }
        if let most = selection.maximumDuration, frames.map({ $0 / 60 <= most.seconds }) != true { return false }
        return true
    }

    private func meansHow(_ game: ReplayMetadata) -> Bool {
        func isNumber(_ version: VersionRange) -> Bool {
            let parts = (game.slippiVersion ?? "").split(separator: ".").compactMap { Int64($0) }
            guard parts.count == 3 else { return false }
            return (version.first...version.last).contains(parts[0] << 40 | parts[1] << 20 | parts[2])
        }
        return isFulfilled(selection.stages) { $0.rawValue == game.stageID }
            && isFulfilled(selection.platforms) { $0.lowercased() == game.playedOn?.lowercased() }
            && isFulfilled(selection.versions, isNumber)
            && (!selection.isComplete || game.isComplete)
            && (!selection.isDoubles || game.isTeams == true)
            && (!selection.isLegal || game.stageID.map { Stage(rawValue: $0).isLegal } == true)
            && (selection.humans ?? game.humans) == game.humans
            && selection.minimumStocks.map { least in game.players.allSatisfy { $0.startStocks >= least } } != false
            && (selection.modes.isEmpty
                || selection.modes.contains { game.matchID?.hasPrefix("mode.\($0.rawValue)-") == true })
    }

    private func meansWho(_ game: ReplayMetadata) -> Bool {
        let players = game.players
        func isNamed(_ name: String, _ player: ReplayPlayer) -> Bool {
            [player.connectCode, player.displayName, player.nameTag].contains { $0?.lowercased() == name.lowercased() }
        }
        func plays(_ character: MeleeCharacter, _ player: ReplayPlayer) -> Bool { player.character == character }
        func opponents(_ player: ReplayPlayer) -> [ReplayPlayer] {
            players.filter { other in
                other.port != player.port && !(game.isTeams == true && other.team != nil && other.team == player.team)
            }
        }
        func won(_ winner: Winner) -> Bool {
            players.contains { player in
                guard game.winnerPorts?.contains(player.port) == true else { return false }
                switch winner {
                case .character(let character): return plays(character, player)
                case .player(let name): return isNamed(name, player)
                }
            }
        }
        let isNamedPlayer = !selection.characters.anyOf.isEmpty || !selection.players.anyOf.isEmpty
        func isMeant(_ player: ReplayPlayer) -> Bool {
            let opponents = opponents(player)
            return
                (selection.characters.anyOf.isEmpty || selection.characters.anyOf.contains { plays($0, player) })
                && (selection.players.anyOf.isEmpty || selection.players.anyOf.contains { isNamed($0, player) })
                && (selection.opponents.anyOf.isEmpty
                    || opponents.contains { one in selection.opponents.anyOf.contains { plays($0, one) } })
                && !(isNamedPlayer
                    && opponents.contains { one in selection.opponents.noneOf.contains { plays($0, one) } })
        }
        let meet = { (matchup: Matchup) in
            players.contains { one in
                plays(matchup.first, one) && opponents(one).contains { plays(matchup.second, $0) }
            }
        }
        if isNamedPlayer || !selection.opponents.anyOf.isEmpty, !players.contains(where: isMeant) { return false }
        let isMet = players.contains { player in
            opponents(player).contains { one in selection.opponents.noneOf.contains { plays($0, one) } }
        }
        if !isNamedPlayer, isMet { return false }
        return isFulfilled(selection.matchups, meet) && isFulfilled(selection.winners, won)
            && !players.contains { player in selection.characters.noneOf.contains { plays($0, player) } }
            && !players.contains { player in selection.players.noneOf.contains { isNamed($0, player) } }
    }
}

extension ReplayMetadata {
    fileprivate var humans: Int { players.count { $0.type == .human } }
}
