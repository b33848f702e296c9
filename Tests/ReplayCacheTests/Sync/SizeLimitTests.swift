import ReplayCacheTestSupport
import Testing

@testable import ReplayCache

/// Nothing is written that is too large for every reader.
struct SizeLimitTests {
    private let scratch: Scratch
    private let laptop: Laptop
    private let place: Place

    init() async throws {
        scratch = try Scratch()
        laptop = try await Laptop("laptop", in: scratch)
        place = try scratch.place()
    }

    /// All segments at the place in the order of their commits.
    private func segments() throws -> [Segment] {
        try Tree.files(below: place.directory).compactMap { name in
            guard let key = SegmentKey(name) else { return nil }
            return try Segment.decode(try Tree.read("\(place.directory)/\(name)"), key: key)
        }
    }

    private static func paths(putBy segment: Segment) -> [String] {
        segment.operations.compactMap { if case .put(let put) = $0 { put.path } else { nil } }
    }

    private static func paths(deletedBy segment: Segment) -> [String] {
        segment.operations.compactMap { if case .del(let del) = $0 { del.path } else { nil } }
    }

    @Test
    func manyFilesOfOneContentTakeSeveralCommitsAndSoDoesMovingThem() async throws {
        let count = 5200
        for number in 0..<count { try Tree.write([], to: laptop.at("old/\(number).slp")) }
        #expect(try await laptop.push(to: place).entriesAdded == count)
        #expect(try segments().map { Self.paths(putBy: $0).count } == [5000, 200])
        // Where the content is must be known no later than that a path has it.
        let first = try #require(try segments().first?.operations.first)
        guard case .obj = first else { return #expect(Bool(false), "\(first)") }

        try Tree.move(laptop.at("old"), to: laptop.at("new"))
        let push = try await laptop.push(to: place)
        #expect(push.objectsUploaded == 0)
        #expect(push.entriesRemoved == count)
        let moves = try segments().dropFirst(2)
        #expect(moves.map { Self.paths(putBy: $0).count } == [5000, 200])
        #expect(moves.map { Self.paths(deletedBy: $0).count } == [5000, 200])
        let entries = try await Laptop("other", in: scratch).entries(at: place).keys
        #expect(entries.count == count)
        #expect(entries.allSatisfy { $0.hasPrefix("replays/new/") })
    }

    @Test
    func longPathsFillACommitSooner() async throws {
        let folder = (0..<12).map { _ in String(repeating: "x", count: 240) }.joined(separator: "/")
        for number in 0..<1500 { try Tree.write([], to: laptop.at("\(folder)/\(number)")) }
        try await laptop.push(to: place)
        let counts = try segments().map { Self.paths(putBy: $0).count }
        #expect(counts.count == 2)
        #expect(counts.reduce(0, +) == 1500)
    }

    @Test
    func whereThingsAreStoredMayBeCommittedAheadOfThem() async throws {
        try await laptop.push(to: place)
        let objects = try (0..<10).map { number -> Operation in
            let digest = try Digest.of([UInt8(number)])
            let key = ObjectKey(digest: digest, form: .content(.raw)).remoteKey.string
            return .obj(.init(sha256: digest, size: 1, key: key, encodedSize: 1))
        }
        let repository = try await laptop.repository(at: place)
        let rest = try await repository.commitAhead(objects, keeping: 3)
        #expect(rest == [objects[9]])
        #expect(
            try segments().map(\.operations) == [Array(objects[0..<3]), Array(objects[3..<6]), Array(objects[6..<9])]
        )
        #expect(try await repository.commitAhead(rest, keeping: 3) == rest)
        #expect(try segments().count == 3)
    }

    @Test
    func aSegmentThatNobodyWouldReadIsNotWritten() throws {
        let line = Operation.unknown(String(repeating: "x", count: 1 << 20))
        func encode(_ count: Int) throws {
            _ = try Segment(
                repository: "r",
                writer: "00000000000000ff",
                hlc: HLC(milliseconds: 1_790_000_000_000),
                operations: Array(repeating: line, count: count)
            ).encoded(number: 0)
        }
        #expect(throws: Never.self) { try encode((Segment.maximumByteCount >> 20) - 1) }
        #expect { try encode((Segment.maximumByteCount >> 20) + 1) } throws: { error in
            (error as? ReplayCacheError)?.message.contains("too many for one commit") == true
        }
    }

    // MARK: Large files

    @Test
    func theLargestContentHasARecipeThatIsRead() throws {
        // A generation and the widest size of a part, to be on the safe side.
        let digest = try Digest.of([])
        let key = ObjectKey(digest: digest, generation: 1_000_000, form: .content(.zst)).remoteKey.string
        let part = Recipe.Part(sha256: digest, key: key, encodedSize: Recipe.partByteCount)
        let one = try Recipe(size: Recipe.maximumContentByteCount, parts: [part]).encoded().count
        let two = try Recipe(size: Recipe.maximumContentByteCount, parts: [part, part]).encoded().count
        let count = Recipe.partCount(forSize: Recipe.maximumContentByteCount)
        #expect(Int64(one + (two - one) * (count - 1)) <= Recipe.maximumByteCount)
    }

    @Test
    func aFileThatIsTooLargeForARepositoryFailsBeforeItIsRead() async throws {
        try laptop.write("game", to: "game.slp")
        try laptop.write("", to: "huge.bin")
        try Tree.truncate(laptop.at("huge.bin"), to: Recipe.maximumContentByteCount + 1)
        let push = try await laptop.push(to: place)
        #expect(push.filesFailed == 1)
        #expect(laptop.told(.failed) == ["huge.bin"])
        #expect(try await laptop.entries(at: place).keys.sorted() == ["replays/game.slp"])

        let description = CheckpointDescription(run: "fox")
        let before = try Tree.listing(of: "\(place.directory)/objects")
        await #expect {
            _ = try await laptop.workspace.pushCheckpoint([laptop.at("huge.bin")], to: place, description)
        } throws: { error in
            (error as? ReplayCacheError)?.message.contains("huge.bin is larger than 4 TiB") == true
        }
        #expect(try Tree.listing(of: "\(place.directory)/objects") == before)
    }
}
