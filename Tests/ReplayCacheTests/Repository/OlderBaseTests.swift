import ReplayCacheTestSupport
import Testing

@testable import ReplayCache

/// Bases that earlier versions made lie at places, and the segments that they cover are gone: they are read for ever.
struct OlderBaseTests {
    private let scratch: Scratch
    private let laptop: Laptop

    init() async throws {
        scratch = try Scratch()
        laptop = try await Laptop("laptop", in: scratch)
    }

    @Test
    func aBaseOfTheFirstVersionIsTakenAndGoneOnFrom() async throws {
        let depot = try await Depot(.directory, in: scratch)
        for name in ["one", "two"] {
            try laptop.write(name, to: "\(name).txt")
            try await laptop.push(to: depot.place)
        }
        let store = try await laptop.repository(at: depot.place).store
        try await plant(try await older(store), of: store, at: depot)
        for key in try depot.keys("log/").sorted().dropLast() { try depot.remove(key) }
        let pod = try await Laptop("pod", in: scratch)
        let summary = try await pod.fetch(from: depot.place)
        #expect(!summary.logDamaged)
        #expect(try pod.files() == ["one.txt", "two.txt"])
        let taken = try await pod.repository(at: depot.place).store
        #expect(try await taken.number("PRAGMA user_version") == Schema.baseVersion)
        #expect(try await taken.number("SELECT count(*) FROM datasets") == 0)
    }

    /// The state of a place as a program of the first version wrote it.
    private func older(_ store: PlaceStore) async throws -> String {
        let path = scratch.at("older.sqlite")
        let database = try Database(path: path)
        try Schema.makeBase(in: database, version: Schema.firstBaseVersion)
        try database.execute("PRAGMA user_version = \(Schema.firstBaseVersion)")
        try database.attach(store.record.path, as: "place", .readOnly)
        for table in ["segment", "content", "entry"] {
            try database.execute("INSERT INTO main.\(table) SELECT * FROM place.\(table)")
        }
        try database.execute("INSERT INTO main.repository SELECT * FROM place.repository WHERE key = 'repository'")
        return path
    }

    private func plant(_ path: String, of store: PlaceStore, at depot: Depot) async throws {
        let hlc = try #require(try await store.newestHLC())
        let packed = try OpenFile.directory(scratch.path).creating("older.zst")
        let digest = try BaseFile.compress(try OpenFile.reading(path), into: packed)
        try depot.plant(
            BaseKey(hlc: hlc, check: digest.short).remoteKey.string,
            try Tree.read(scratch.at("older.zst"))
        )
    }
}

extension PlaceStore {
    fileprivate func number(_ sql: String) throws -> Int? { try database.first(sql) { $0.int(0) } }
}
