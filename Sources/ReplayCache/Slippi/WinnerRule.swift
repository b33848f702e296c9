/// How the winner of a game was derived, or why there is none.
public struct WinnerRule: RawRepresentable, Hashable, Sendable, Codable {
    /// The rule's name as it stands in JSON.
    public let rawValue: String

    /// Wraps a name, known or not.
    public init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// One of two players quit: the other one won.
    public static let quitter = WinnerRule(rawValue: "lras-other-player")
    /// The game was abandoned and nobody can be named.
    public static let noContest = WinnerRule(rawValue: "no-contest")
    /// Time ran out on two players: more stocks, then the lower percent.
    public static let time = WinnerRule(rawValue: "time:stocks-then-percent")
    /// The game's own placements.
    public static let placements = WinnerRule(rawValue: "placements")
    /// One player or team had stocks on the last frame.
    public static let stocks = WinnerRule(rawValue: "stocks")
}

/// The winner of a game by the rules of slp-format.md §10, in their order.
struct GameResult: Equatable {
    /// A player of the Game Start event, reduced to what decides a game.
    struct Contender {
        let port: Int
        let team: Int?
    }

    /// Ports of the winning player or team; nil when nobody can be named.
    let winnerPorts: [Int]?
    /// Nil when no rule applies.
    let rule: WinnerRule?

    static let unknown = GameResult(winnerPorts: nil, rule: nil)

    /// Major scenes of versus games; files before 3.7.0 do not say and count as versus.
    private static let versusScenes = [2, 8]

    static func derived(
        from end: GameEnd?,
        contenders: [Contender],
        lastFrame: LastFrame?,
        majorScene: Int?
    ) -> GameResult {
        guard let end else { return .unknown }
        switch end.method {
        case GameEnd.Method.noContest, GameEnd.Method.unresolved:
            return abandoned(end, contenders)
        case GameEnd.Method.time where contenders.count == 2:
            return timedOut(contenders, lastFrame)
        case GameEnd.Method.time, GameEnd.Method.game, GameEnd.Method.resolved:
            if let result = placed(end, contenders) { return result }
            // In Classic, All-Star and the special modes stocks do not say who won.
            guard end.method != GameEnd.Method.time, versusScenes.contains(majorScene ?? versusScenes[0]) else {
                return .unknown
            }
            return survived(contenders, lastFrame)
        default:
            return .unknown
        }
    }

    /// Rule ①, without placements: those of a No Contest game mean nothing (slp-format.md §5).
    private static func abandoned(_ end: GameEnd, _ contenders: [Contender]) -> GameResult {
        guard contenders.count == 2, let quitter = end.lrasPort, contenders.contains(where: { $0.port == quitter })
        else { return GameResult(winnerPorts: nil, rule: .noContest) }
        return GameResult(winnerPorts: contenders.map(\.port).filter { $0 != quitter }, rule: .quitter)
    }

    /// Rule ②, without placements: those of a timed-out game of two can be wrong (slp-format.md §5).
    private static func timedOut(_ contenders: [Contender], _ lastFrame: LastFrame?) -> GameResult {
        let rows = contenders.compactMap { lastFrame?.row(ofPort: $0.port) }
        guard rows.count == 2 else { return .unknown }
        // A damaged percent decides nothing.
        if rows[0].stocks == rows[1].stocks, rows.contains(where: \.percent.isNaN) { return .unknown }
        func rank(_ row: PostFrame) -> (stocks: Int, percent: Float) {
            (Int(row.stocks), -row.percent.rounded(.towardZero))
        }
        let (first, second) = (rank(rows[0]), rank(rows[1]))
        guard first != second else { return GameResult(winnerPorts: nil, rule: .time) }
        return GameResult(winnerPorts: [contenders[first > second ? 0 : 1].port], rule: .time)
    }

    /// Rule ③; nil where the placements do not name one player or one team of the game.
    private static func placed(_ end: GameEnd, _ contenders: [Contender]) -> GameResult? {
        guard let placements = end.validPlacements else { return nil }
        return result(of: contenders.filter { placements[$0.port - 1] == 0 }, in: contenders, by: .placements)
    }

    /// Rule ④.
    private static func survived(_ contenders: [Contender], _ lastFrame: LastFrame?) -> GameResult {
        let survivors = contenders.filter { (lastFrame?.row(ofPort: $0.port)?.stocks ?? 0) > 0 }
        return result(of: survivors, in: contenders, by: .stocks) ?? .unknown
    }

    /// The side that all of `best` are on wins; nil where they are on several, or nobody is.
    private static func result(of best: [Contender], in contenders: [Contender], by rule: WinnerRule) -> GameResult? {
        guard let first = best.first,
            best.count == 1 || first.team != nil && best.allSatisfy({ $0.team == first.team })
        else { return nil }
        return GameResult(winnerPorts: ports(of: [first], in: contenders), rule: rule)
    }

    /// The winners together with the rest of their teams.
    private static func ports(of winners: [Contender], in contenders: [Contender]) -> [Int] {
        contenders.filter { contender in
            winners.contains { $0.port == contender.port || $0.team != nil && $0.team == contender.team }
        }.map(\.port)
    }
}
