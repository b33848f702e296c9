import ReplayCacheTestSupport
import Testing

@testable import ReplayCache

/// What operations claim about a content, and what merging costs.
struct MergeClaimTests {
    private let scratch: Scratch

    init() throws { scratch = try Scratch() }

    private typealias Segments = MergeTests.Segments

    private func makeStore(_ name: String = "home") async throws -> PlaceStore {
        let home = scratch.at(name)
        let catalog = try Catalog(home: home)
        return try PlaceStore(record: try await catalog.place(scratch.place("remote")), home: home)
    }

    // MARK: Sizes

    private static func put(_ path: String, size: Int64) throws -> Operation {
        .put(.init(path: path, sha256: try MergeTests.digest(1), was: nil, size: size, mtime: 0))
    }

    private static func object(size: Int64) throws -> Operation {
        let digest = try MergeTests.digest(1)
        let key = ObjectKey(digest: digest, form: .content(.raw)).remoteKey.string
        return .obj(.init(sha256: digest, size: size, key: key, encodedSize: 1))
    }

    @Test(arguments: [[0, 1, 2], [2, 1, 0], [1, 2, 0], [0, 2, 1]])
    func whoeverStoresAContentTellsItsSize(_ order: [Int]) async throws {
        let segments = [
            try MergeTests.segment(1, [try Self.put("replays/early", size: 99)]),
            try MergeTests.segment(2, [try Self.object(size: 7)]),
            try MergeTests.segment(3, [try Self.put("replays/late", size: 98)]),
        ]
        let store = try await makeStore()
        for index in order { #expect(try await store.merge([segments[index]]).isEmpty) }
        #expect(try await store.object(of: MergeTests.digest(1))?.size == 7)
        // Nobody's entry is lost over it.
        #expect(try await store.entryDigest(at: LogicalPath("replays/early")) == MergeTests.digest(1))
        #expect(try await store.entryDigest(at: LogicalPath("replays/late")) == MergeTests.digest(1))
    }

    @Test
    func aSizeThatAnObjectWasSaidToHaveIsPutRightByTheNextObject() async throws {
        let store = try await makeStore()
        _ = try await store.merge([try MergeTests.segment(2, [try Self.object(size: 7)])])
        _ = try await store.merge([try MergeTests.segment(1, [try Self.object(size: 99)])])
        #expect(try await store.object(of: MergeTests.digest(1))?.size == 7)
    }

    // MARK: Replays

    private static func found(_ version: String, reader: Int?) throws -> [Operation] {
        var replay = ReplayMetadata()
        replay.slippiVersion = version
        let put = Operation.Put(
            path: "replays/a",
            sha256: try MergeTests.digest(1),
            was: nil,
            size: 1,
            mtime: 0,
            replay: replay,
            reader: reader
        )
        return [.put(put)]
    }

    private func version(_ segments: Segments) async throws -> [String] {
        let store = try await makeStore()
        _ = try await store.merge(segments)
        return try await store.dump().filter { $0.hasPrefix("replay ") }.map { String($0.split(separator: " ")[3]) }
    }

    @Test
    func theNewestReaderKnowsBest() async throws {
        let segments = [
            try MergeTests.segment(1, try Self.found("2.0.0", reader: 2)),
            try MergeTests.segment(2, try Self.found("1.0.0", reader: 1)),
        ]
        #expect(try await version(segments) == ["2.0.0"])
    }

    @Test
    func ofOneReaderTheLastWordCounts() async throws {
        let segments = [
            try MergeTests.segment(2, try Self.found("2.0.0", reader: 1)),
            try MergeTests.segment(1, try Self.found("1.0.0", reader: 1)),
        ]
        #expect(try await version(segments) == ["2.0.0"])
    }

    @Test(arguments: [-1, 1000, Int.max, Int.min])
    func aReaderThatThereNeverWillBeIsNotBelieved(_ reader: Int) async throws {
        let segments = [
            try MergeTests.segment(1, try Self.found("6.6.6", reader: reader)),
            try MergeTests.segment(2, try Self.found("1.0.0", reader: 1)),
        ]
        #expect(try await version(segments) == ["1.0.0"])
    }

    // MARK: Row ids

    @Test
    func anotherProcessMayBeginAnewWithoutMixingUpTheOrder() async throws {
        let store = try await makeStore()
        _ = try await store.merge([try MergeTests.segment(5, [try MergeTests.put("replays/a", 1)])])
        let other = try await makeStore()
        try await other.reset()
        let earlier = try MergeTests.segment(1, writer: 2, [try MergeTests.put("replays/a", 2)])
        _ = try await other.merge([earlier])
        _ = try await store.merge([try MergeTests.segment(3, writer: 3, [try MergeTests.put("replays/a", 3)])])
        #expect(try await store.entryDigest(at: LogicalPath("replays/a")) == MergeTests.digest(3))
    }

    // MARK: Work

    enum History: String, CaseIterable {
        case puts, putsAndDeletions, neighboursSwapped, newestFirst, oneSegment

        func segments(count: Int) throws -> MergeTests.Segments {
            let path = "checkpoints/fox/latest.pt"
            let operations = try (0..<count).map { number in
                self == .putsAndDeletions && !number.isMultiple(of: 2)
                    ? try MergeTests.del(path, number - 1)
                    : try MergeTests.put(path, number, was: number == 0 ? nil : number - 1)
            }
            guard self != .oneSegment else { return [try MergeTests.segment(1, operations)] }
            var segments = try operations.enumerated().map { index, operation in
                try MergeTests.segment(Int64(index), [operation])
            }
            if self == .newestFirst { segments.reverse() }
            if self == .neighboursSwapped {
                for index in stride(from: 0, to: count - 1, by: 2) { segments.swapAt(index, index + 1) }
            }
            return segments
        }
    }

    @Test(arguments: History.allCases)
    func aVersionCostsTheSameHoweverManyThereAre(_ history: History) async throws {
        func instructions(_ count: Int) async throws -> Int64 {
            let store = try await makeStore("home-\(count)")
            _ = try await store.merge(try history.segments(count: count))
            return await store.instructions()
        }
        let (few, many) = (try await instructions(100), try await instructions(400))
        #expect(many < 5 * few, "\(few) instructions of SQLite for 100 versions, \(many) for 400")
    }
}

extension PlaceStore {
    fileprivate func instructions() -> Int64 { database.instructionCount }
}
