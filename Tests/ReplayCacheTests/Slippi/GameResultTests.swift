import Testing

@testable import ReplayCache

/// The winner rules of slp-format.md §10, row by row.
struct GameResultTests {
    struct Case: CustomTestStringConvertible {
        let testDescription: String
        var method: UInt8? = 2
        var lras: Int8 = -1
        var placements: [Int8]?
        var teams: [Int?] = [nil, nil]
        /// Stocks and percent on the last frame by port; nil for a player who is out.
        var rows: [(stocks: UInt8, percent: Float)?] = []
        var scene: Int? = 8
        let winners: [Int]?
        let rule: WinnerRule?
    }

    static let cases = [
        Case(
            testDescription: "quit by 1",
            method: 7,
            lras: 0,
            placements: [0, 1, -1, -1],
            winners: [2],
            rule: .quitter
        ),
        Case(testDescription: "nobody quit", method: 7, placements: [0, 1, -1, -1], winners: nil, rule: .noContest),
        Case(testDescription: "quit by a stranger", method: 7, lras: 3, winners: nil, rule: .noContest),
        Case(testDescription: "unresolved", method: 0, rows: [(4, 0), (1, 9)], winners: nil, rule: .noContest),
        Case(
            testDescription: "quit among four",
            method: 7,
            lras: 1,
            teams: [nil, nil, nil, nil],
            winners: nil,
            rule: .noContest
        ),
        Case(testDescription: "time, stocks", method: 1, rows: [(2, 90), (1, 0)], winners: [1], rule: .time),
        Case(testDescription: "time, percent", method: 1, rows: [(2, 90), (2, 89)], winners: [2], rule: .time),
        Case(testDescription: "time, truncated", method: 1, rows: [(2, 90.9), (2, 90.1)], winners: nil, rule: .time),
        Case(
            testDescription: "time, placements lie",
            method: 1,
            placements: [1, 0, -1, -1],
            rows: [(2, 9), (1, 0)],
            winners: [1],
            rule: .time
        ),
        Case(testDescription: "time, no percent", method: 1, rows: [(2, .nan), (2, 9)], winners: nil, rule: nil),
        Case(testDescription: "time, stocks alone", method: 1, rows: [(2, .nan), (1, 9)], winners: [1], rule: .time),
        Case(testDescription: "time, no frames", method: 1, winners: nil, rule: nil),
        Case(
            testDescription: "placed",
            placements: [1, 0, -1, -1],
            rows: [(4, 0), (0, 0)],
            winners: [2],
            rule: .placements
        ),
        Case(
            testDescription: "team of the first",
            method: 3,
            placements: [1, 2, -1, 0],
            teams: [1, 2, nil, 2],
            winners: [2, 4],
            rule: .placements
        ),
        Case(
            testDescription: "junk",
            placements: [17, 16, -1, -1],
            rows: [(0, 0), (1, 0)],
            winners: [2],
            rule: .stocks
        ),
        Case(
            testDescription: "no first",
            placements: [1, 2, -1, -1],
            rows: [(1, 0), nil],
            winners: [1],
            rule: .stocks
        ),
        Case(
            testDescription: "two firsts",
            placements: [0, 0, -1, -1],
            rows: [(0, 0), (1, 0)],
            winners: [2],
            rule: .stocks
        ),
        Case(
            testDescription: "nothing but firsts",
            method: 3,
            placements: [0, 0, 0, 0],
            teams: [0, 1, 0, 1],
            rows: [nil, (1, 0), nil, nil],
            winners: [2, 4],
            rule: .stocks
        ),
        Case(
            testDescription: "a whole team first",
            method: 3,
            placements: [0, 2, 0, 3],
            teams: [0, 1, 0, 1],
            winners: [1, 3],
            rule: .placements
        ),
        Case(
            testDescription: "a stranger is first",
            placements: [-1, 1, 0, -1],
            rows: [(2, 0), (0, 0)],
            winners: [1],
            rule: .stocks
        ),
        Case(
            testDescription: "four alone, one left",
            placements: [1, 2, 0, 3],
            teams: [nil, nil, nil, nil],
            winners: [3],
            rule: .placements
        ),
        Case(
            testDescription: "time among three",
            method: 1,
            teams: [nil, nil, nil],
            rows: [(2, 0), (0, 0), (0, 0)],
            winners: nil,
            rule: nil
        ),
        Case(testDescription: "both alive", rows: [(1, 0), (1, 0)], winners: nil, rule: nil),
        Case(testDescription: "both dead", rows: [(0, 0), (0, 0)], winners: nil, rule: nil),
        Case(
            testDescription: "team with an eliminated player",
            method: 3,
            teams: [1, 1, 0, 0],
            rows: [nil, (1, 0), (0, 9), nil],
            winners: [1, 2],
            rule: .stocks
        ),
        Case(testDescription: "single player", rows: [(1, 0), (0, 0)], scene: 5, winners: nil, rule: nil),
        Case(testDescription: "scene unknown", rows: [(1, 0), (0, 0)], scene: nil, winners: [1], rule: .stocks),
        Case(testDescription: "other method", method: 9, placements: [0, 1, -1, -1], winners: nil, rule: nil),
        Case(testDescription: "no Game End", method: nil, rows: [(1, 0), (0, 0)], winners: nil, rule: nil),
    ]

    @Test(arguments: cases)
    func winnerFollowsTheRules(_ game: Case) {
        let contenders = game.teams.enumerated().compactMap { index, team in
            game.teams.count == 4 && team == nil && game.teams.contains { $0 != nil }
                ? nil : GameResult.Contender(port: index + 1, team: team)
        }
        let result = GameResult.derived(
            from: gameEnd(of: game),
            contenders: contenders,
            lastFrame: LastFrame(frame: 100, rows: rows(of: game)),
            majorScene: game.scene
        )
        #expect(result == GameResult(winnerPorts: game.winners, rule: game.rule))
    }

    private func gameEnd(of game: Case) -> GameEnd? {
        guard let method = game.method else { return nil }
        let bytes = [0x39, method, UInt8(bitPattern: game.lras)] + (game.placements ?? []).map(UInt8.init(bitPattern:))
        return GameEnd(in: ByteWindow(at: 0, bytes: bytes), at: 0, length: Int64(bytes.count))
    }

    private func rows(of game: Case) -> [PostFrame] {
        game.rows.enumerated().compactMap { index, row in
            guard let row else { return nil }
            var bytes = [UInt8](repeating: 0, count: PostFrame.fieldsLength)
            bytes[5] = UInt8(index)
            for byte in 0..<4 {
                bytes[0x16 + byte] = UInt8(truncatingIfNeeded: row.percent.bitPattern >> UInt32(24 - 8 * byte))
            }
            bytes[0x21] = row.stocks
            return PostFrame(in: ByteWindow(at: 0, bytes: bytes), at: 0)
        }
    }
}
