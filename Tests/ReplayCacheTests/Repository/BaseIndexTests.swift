import ReplayCacheTestSupport
import Synchronization
import Testing

@testable import ReplayCache

/// The indexes that a base does not carry, and what is answered with and without them.
struct BaseIndexTests {
    private let scratch: Scratch

    init() throws { scratch = try Scratch() }

    /// The state that a fresh machine has after taking a base of 2,000 replays.
    private func taken() async throws -> PlaceStore {
        let place = try scratch.place()
        let laptop = try await Laptop("laptop", in: scratch)
        try laptop.write("one", to: "one.txt")
        try await laptop.push(to: place)
        let repository = try await laptop.repository(at: place)
        try await repository.store.fill(count: 2000)
        try await repository.compact()
        let home = scratch.at("pod")
        let remote = MeteredRemote(try await RemoteOpening(place: place, home: home, settings: RemoteSettings()).open())
        let reader = BaseReader(place: place, remote: remote, catalog: try Catalog(home: home))
        return try #require(try await reader.take(BaseReader.list(remote).bases).store)
    }

    @Test
    func whatIsPlannedFromIsThereAtOnceAndTheRestWithTheSecondQuestion() async throws {
        let store = try await taken()
        #expect(try await store.indexes() == ["checkpoint_run", "content_digest", "entry_content"])
        let fox = Selection(characters: try Selection.characters(named: ["fox"]))
        for selection in [Selection(paths: ["*"]), fox, Selection(paths: ["*"])] {
            _ = try await store.replays(selection, .count, limit: .max, notIn: [])
        }
        #expect(try await store.hasCharacterTable() == false)
        _ = try await store.replays(fox, .count, limit: .max, notIn: [])
        #expect(try await store.hasCharacterTable())
    }

    @Test
    func countingAgreesWithTheRows() async throws {
        let store = try await taken()
        let characters = try Selection.characters(named: ["fox", "mewtwo"])
        for selection in [
            Selection(), Selection(characters: characters), Selection(paths: ["*1.slp"]),
            Selection(characters: characters, paths: ["*1.slp"]), Selection(characters: characters, limit: 3),
        ] {
            let rows = RowCount()
            let limit = selection.limit ?? .max
            let read = Query.Answer.rows { _ in rows.add() }
            _ = try await store.replays(selection, read, limit: limit, notIn: [])
            let count = try await store.replays(selection, .count, limit: limit, notIn: [])
            #expect(count == rows.value)
            #expect(count > 0)
        }
    }
}

private final class RowCount: Sendable {
    private let count = Mutex(0)

    var value: Int { count.withLock { $0 } }

    func add() { count.withLock { $0 += 1 } }
}

extension PlaceStore {
    fileprivate func hasCharacterTable() throws -> Bool { try database.hasCharacterTable() }

    fileprivate func fill(count: Int) throws {
        try database.execute("DELETE FROM entry; DELETE FROM segment; DELETE FROM content; DELETE FROM sqlite_sequence")
        try SyntheticPlace.fill(database, count: count)
    }

    fileprivate func indexes() throws -> [String] {
        try database.all(
            "SELECT name FROM main.sqlite_schema WHERE type = 'index' AND name NOT LIKE 'sqlite_%' ORDER BY name"
        ) { $0.text(0) }
    }
}
