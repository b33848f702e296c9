import ReplayCacheTestSupport
import Synchronization
import Testing

@testable import ReplayCache

/// How long a search for duplicates takes where there are few among many.
///
/// `REPLAYCACHE_FIGURES=1000000 swift test -c release --filter DuplicateFigures` prints it for a million replays; the suite
/// looks at a few thousand.
struct DuplicateFigures {
    private let count = Machine.environment("REPLAYCACHE_FIGURES").flatMap { Int($0) } ?? 4000

    @Test
    func fewAmongManyAreFound() async throws {
        let scratch = try Scratch()
        let place = try scratch.place()
        let laptop = try await Laptop("laptop", in: scratch)
        try laptop.write("one", to: "one.txt")
        try await laptop.push(to: place)
        let repository = try await laptop.repository(at: place)
        try await repository.store.fillWithTwins(count: count)
        let rules = Mutex<[DuplicateGroup.Rule: Int]>([:])
        let time = try await ContinuousClock().measure {
            let totals = try await repository.store.eachDuplicate(DedupOptions()) { group in
                rules.withLock { $0[group.rule, default: 0] += 1 }
            }
            #expect(totals.games.recordings == count / 200)
        }
        if count > 4000 { print("\(count) entries: \(time)") }
        // Each two hundredth game has the match of the one before; every second of these is another entry of the same content.
        #expect(rules.withLock { $0 } == [.matchID: count / 200, .content: count / 200 + 1])
    }
}

extension PlaceStore {
    /// Fills in games, of which each two hundredth has the match id of the one before, and lets as many others have two paths.
    fileprivate func fillWithTwins(count: Int) throws {
        try SyntheticPlace.fill(database, count: count)
        try database.transaction {
            try database.run(
                """
                UPDATE main.game AS g SET (match_id, game) = (
                    SELECT o.match_id, o.game FROM main.game o WHERE o.content = g.content - 1)
                WHERE g.content % 200 = 2
                """
            )
            try database.run(
                """
                INSERT INTO main.entry (path, segment, line, content, mtime)
                SELECT 'replays/copies/' || id, 1, 1, id, 0 FROM main.content WHERE id % 200 = 100
                """
            )
        }
    }
}
