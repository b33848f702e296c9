extension ReplayMetadata {
    /// The same without numbers that no replay file can hold: what a remote says of a file may be anything.
    ///
    /// A player whose port, character, costume or stocks are impossible is left out, and so is a second one of a port.
    var withinLimits: ReplayMetadata {
        var result = self
        result.stageID = stageID.within(Limit.short)
        result.timerSeconds = timerSeconds.within(Limit.word)
        result.majorScene = majorScene.within(Limit.byte)
        result.startedAtMilliseconds = startedAtMilliseconds.within(Limit.milliseconds)
        if let lastFrame, FrameNumber.count(upTo: lastFrame) == nil { result.lastFrame = nil }
        result.endMethod = endMethod.within(Limit.byte)
        result.lrasPort = lrasPort.within(Limit.port)
        if let placements, placements.count != 4 || !placements.allSatisfy(Limit.signedByte.contains) {
            result.placements = nil
        }
        if let winnerPorts, winnerPorts.count > 4 || !winnerPorts.allSatisfy(Limit.port.contains) {
            result.winnerPorts = nil
        }
        result.gameNumber = gameNumber.within(Limit.word)
        result.tiebreaker = tiebreaker.within(Limit.word)
        result.rawLength = rawLength.within(Limit.word)
        if let eventRange, eventRange.lowerBound < 0 { result.eventRange = nil }
        var ports: Set<Int> = []
        result.players = players.compactMap(\.withinLimits).filter { ports.insert($0.port).inserted }
        return result
    }
}

extension ReplayPlayer {
    fileprivate var withinLimits: ReplayPlayer? {
        guard Limit.port.contains(port), [characterID, costume, startStocks].allSatisfy(Limit.byte.contains) else {
            return nil
        }
        var result = self
        result.startCharacterID = startCharacterID.within(Limit.byte)
        if let characterIDsPlayed, !characterIDsPlayed.allSatisfy(Limit.byte.contains) {
            result.characterIDsPlayed = nil
        }
        result.endStocks = endStocks.within(Limit.byte)
        result.team = team.within(Limit.byte)
        result.cpuLevel = cpuLevel.within(Limit.byte)
        return result
    }
}

/// What the fields of a replay file have room for (slp-format.md sections 3 to 5).
private enum Limit {
    static let port = 1...4
    static let byte = 0...0xFF
    static let signedByte = -0x80...0x7F
    static let short = 0...0xFFFF
    static let word = 0...0xFFFF_FFFF
    /// The years 0 to 9999, which are all that four digits can say.
    static let milliseconds: ClosedRange<Int64> = -62_167_219_200_000...253_402_300_799_999
}

extension Optional where Wrapped: Comparable {
    /// The value, unless it is outside `range`.
    fileprivate func within(_ range: ClosedRange<Wrapped>) -> Wrapped? { flatMap { range.contains($0) ? $0 : nil } }
}
