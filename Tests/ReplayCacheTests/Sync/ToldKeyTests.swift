import ReplayCacheTestSupport
import Testing

@testable import ReplayCache

/// Which commits tell the key of a content that is stored already.
struct ToldKeyTests {
    private let scratch: Scratch
    private let laptop: Laptop
    private let place: Place

    init() async throws {
        scratch = try Scratch()
        laptop = try await Laptop("laptop", in: scratch)
        place = try scratch.place()
    }

    /// The keys that the newest segment tells.
    private func keysTold() throws -> [String] {
        let log = scratch.at("remote/log")
        let name = try #require(try Tree.files(below: log).last)
        let key = try #require(SegmentKey("log/\(name)"))
        return try Segment.decode(try Tree.read("\(log)/\(name)"), key: key).operations.compactMap { operation in
            guard case .obj(let object) = operation else { return nil }
            return object.key
        }
    }

    @Test
    func whereNothingWasCondemnedWhatIsKnownIsNotToldAgain() async throws {
        try laptop.write("game", to: "a.slp")
        try await laptop.push(to: place)
        try laptop.write("game", to: "b.slp")
        try await laptop.push(to: place)
        #expect(try keysTold().isEmpty)
    }

    /// Else a commit that tells the condemned key, decided on before it was condemned, could have the last word.
    @Test
    func theKeyOfAContentThatWasCondemnedOnceIsToldWithEachNewPath() async throws {
        try laptop.write("game", to: "a.slp")
        try await laptop.push(to: place)
        let digest = try Digest.of(Array("game".utf8))
        let store = try await laptop.repository(at: place).store
        let first = try #require(try await store.object(of: digest)).key
        let catalog = try Catalog(home: laptop.home)
        try await catalog.condemn(first, place: store.record.id)

        try laptop.write("game", to: "b.slp")
        #expect(try await laptop.push(to: place).objectsUploaded == 1)
        let second = ObjectKey(digest: digest, generation: 1, form: first.form)
        #expect(try keysTold() == [second.remoteKey.string])

        try laptop.write("game", to: "c.slp")
        #expect(try await laptop.push(to: place).objectsUploaded == 0)
        #expect(try keysTold() == [second.remoteKey.string])
    }
}

extension Catalog {
    /// As if it had been read on a list.
    fileprivate func condemn(_ key: ObjectKey, place: Int64) throws {
        try database.run(
            "INSERT INTO condemned (place, digest, key, generation) VALUES (?, ?, ?, ?)",
            .integer(place),
            .blob(key.digest.bytes),
            .text(key.remoteKey.string),
            .integer(Int64(key.generation))
        )
    }
}
