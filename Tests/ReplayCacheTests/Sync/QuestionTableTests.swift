import ReplayCacheTestSupport
import ReplayGenerator
import Synchronization
import Testing

@testable import ReplayCache

/// The tables that questions are answered from once two were asked: they change no answer, whatever is merged later, and they
/// are why an answer costs what it does, in instructions of SQLite, which no clock disturbs.
struct QuestionTableTests {
    private let scratch: Scratch

    init() throws { scratch = try Scratch() }

    private func makeStore(_ name: String = "home") async throws -> PlaceStore {
        let home = scratch.at(name)
        let catalog = try Catalog(home: home)
        return try PlaceStore(record: try await catalog.place(scratch.place("remote")), home: home)
    }

    private static let fox = MeleeCharacter(rawValue: 2)
    private static let falco = MeleeCharacter(rawValue: 20)

    // MARK: Answers

    private static let selections: [Selection] = {
        var complete = Selection()
        complete.isComplete = true
        var both = Selection(characters: [fox, falco])
        both.isComplete = true
        return [
            Selection(), Selection(characters: [fox]), Selection(characters: [fox, falco]), complete, both,
            Selection(characters: [fox], paths: ["*1.slp"]), Selection(paths: ["*1.slp"]),
        ]
    }()

    /// A put of one of few contents at one of few paths, read by whichever reader, or the removal of one.
    private static func operation(_ random: inout SeededGenerator) throws -> Operation {
        let path = "replays/\(Int.random(in: 0..<12, using: &random)).slp"
        let content = Int.random(in: 0..<9, using: &random)
        let digest = try MergeTests.digest(content)
        guard Int.random(in: 0..<4, using: &random) > 0 else { return .del(.init(path: path, was: digest)) }
        let reader = Int.random(in: 1...3, using: &random)
        var replay = ReplayMetadata()
        replay.isComplete = Bool.random(using: &random)
        replay.players = (1...2).map { port in
            let character = [2, 20, 9].randomElement(using: &random) ?? 2
            return ReplayPlayer(port: port, characterID: character, type: .human, costume: 0, startStocks: 4)
        }
        // Content 0 is no replay. A put that was what it is is a remark: it has no path.
        return .put(
            .init(
                path: path,
                sha256: digest,
                was: Int.random(in: 0..<6, using: &random) == 0 ? digest : nil,
                size: 10,
                mtime: 0,
                replay: content == 0 ? nil : replay,
                reader: content == 0 ? nil : reader
            )
        )
    }

    @Test(arguments: 1...6)
    func whateverIsMergedLaterCountsAgreeWithRows(_ seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        let store = try await makeStore()
        for step in 0..<60 {
            // Half of them come late, and lose against what is there.
            let moment = Int64(step + Int.random(in: -20...20, using: &random)) * 10
            let operations = try (0..<4).map { _ in try Self.operation(&random) }
            _ = try await store.merge([try MergeTests.segment(moment, writer: step, operations)])
            if step == 20 {
                for _ in 0..<2 { _ = try await store.number(of: Selection(characters: [Self.fox])) }
                #expect(try await store.hasTables())
            }
            for selection in Self.selections {
                let rows = RowSums()
                let read = Query.Answer.rows { rows.add($0.size) }
                _ = try await store.replays(selection, read, limit: .max, notIn: [])
                let said = "\(selection.criteria ?? "everything"), step \(step)"
                #expect(try await store.number(of: selection) == rows.value.replays, "\(said)")
                let pass = GroupingPass(selection: selection, groupings: [[.stage]])
                let overview = try await pass.run(.place(store), Catalog(home: scratch.at("home"))).overview
                #expect(overview.replays == rows.value.replays, "\(said)")
                #expect(overview.bytes == rows.value.bytes, "\(said)")
            }
        }
    }

    @Test
    func aPlaceThatIsForgottenForgetsTheTables() async throws {
        let store = try await makeStore()
        _ = try await store.merge([try MergeTests.segment(1, [Self.plainPut("replays/a.slp", 1)])])
        for _ in 0..<2 { _ = try await store.number(of: Selection(characters: [Self.fox])) }
        try await store.reset()
        #expect(try await store.hasTables() == false)
        _ = try await store.merge([try MergeTests.segment(2, [Self.plainPut("replays/b.slp", 1)])])
        #expect(try await store.number(of: Selection()) == 1)
    }

    private static func plainPut(_ path: String, _ content: Int) throws -> Operation {
        .put(
            .init(
                path: path,
                sha256: try MergeTests.digest(content),
                was: nil,
                size: 1,
                mtime: 0,
                replay: ReplayMetadata(),
                reader: 1
            )
        )
    }

    // MARK: Work

    private static let gameCount = 4000

    private func filled() async throws -> PlaceStore {
        let store = try await makeStore()
        try await store.fill(Self.gameCount)
        for _ in 0..<2 { _ = try await store.number(of: Selection(characters: [Self.fox])) }
        return store
    }

    @Test
    func aCountByCharacterLooksAtTheGamesOfTheCharacterAlone() async throws {
        let store = try await filled()
        let before = await store.instructions()
        let count = try await store.number(of: Selection(characters: [Self.fox]))
        #expect(count > 0)
        // A look at every game would be several instructions each.
        #expect(await store.instructions() - before < Int64(2 * Self.gameCount))
    }

    /// Instructions a game that a count may take: a step to the next path, its game, and what is done with each
    /// column.
    @Test(arguments: [("complete", 9), ("many", 100)])
    func aCountLooksAtEachGameOnce(_ flags: String, _ limit: Int) async throws {
        let store = try await filled()
        var selection = Selection()
        selection.isComplete = true
        if flags == "many" {
            selection.isLegal = true
            selection.humans = 2
            selection.minimumDuration = .seconds(60)
            selection.platforms = ["dolphin"]
            selection.modes = [.unranked]
        }
        let before = await store.instructions()
        #expect(try await store.number(of: selection) > 0)
        let spent = await store.instructions() - before
        #expect(spent < Int64(limit * Self.gameCount), "\(spent) for \(Self.gameCount) games")
    }

    @Test
    func theFirstRowComesAtOnceHoweverManyThereAre() async throws {
        func spent(_ count: Int) async throws -> Int64 {
            let store = try await makeStore("home-\(count)")
            try await store.fill(count)
            let before = await store.instructions()
            _ = try await store.replays(Selection(), .rows { _ in }, limit: 1, notIn: [])
            return await store.instructions() - before
        }
        let (few, many) = (try await spent(500), try await spent(4000))
        #expect(many < 2 * few + 500, "\(few) instructions of 500 games, \(many) of 4000")
    }

    @Test(arguments: GroupField.allCases)
    func groupsReadTheirColumnsAlone(_ field: GroupField) async throws {
        let store = try await filled()
        let before = await store.instructions()
        let pass = GroupingPass(selection: Selection(), groupings: [[field]])
        let result = try await pass.run(.place(store), Catalog(home: scratch.at("home")))
        #expect(result.overview.replays == Self.gameCount)
        let spent = await store.instructions() - before
        #expect(spent < Int64(60 * Self.gameCount), "\(spent) for \(Self.gameCount) games")
    }
}

private final class RowSums: Sendable {
    private let sums = Mutex((replays: 0, bytes: Int64(0)))

    var value: (replays: Int, bytes: Int64) { sums.withLock { $0 } }

    func add(_ bytes: Int64) { sums.withLock { $0 = ($0.replays + 1, $0.bytes + bytes) } }
}

extension PlaceStore {
    fileprivate func number(of selection: Selection) throws -> Int {
        try replays(selection, .count, limit: .max, notIn: [])
    }

    fileprivate func hasTables() throws -> Bool { try database.hasCharacterTable() }

    fileprivate func fill(_ count: Int) throws { try SyntheticPlace.fill(database, count: count) }

    fileprivate func instructions() -> Int64 { database.instructionCount }
}
