import ReplayCacheTestSupport
import Testing

@testable import ReplayCache

/// What a run that stops in the middle leaves for the next one.
struct InterruptionTests {
    private let scratch: Scratch
    private let laptop: Laptop
    private let place: Place

    init() async throws {
        scratch = try Scratch()
        laptop = try await Laptop("laptop", in: scratch)
        place = try scratch.place()
    }

    @Test
    func aPushThatCouldNotCommitSendsNoObjectAgain() async throws {
        for number in 0..<20 { try laptop.write("file \(number)", to: "\(number).txt") }
        // A file in place of the log: objects can be put, the segment cannot.
        try await Laptop("empty", in: scratch).push(to: place)
        try Tree.write("in the way", to: "\(place.directory)/log")
        await #expect(throws: ReplayCacheError.self) { try await laptop.push(to: place) }
        let objects = try Tree.listing(of: "\(place.directory)/objects")
        #expect(objects.count > 20)
        try Tree.remove("\(place.directory)/log")
        let resumed = try await laptop.push(to: place)
        #expect(resumed.entriesAdded == 20)
        #expect(resumed.objectsUploaded == 0)
        #expect(resumed.objectsReused == 20)
        #expect(resumed.requests.put == 1)
        #expect(try Tree.listing(of: "\(place.directory)/objects") == objects)
        let other = try await Laptop("other", in: scratch)
        #expect(try await other.fetch(from: place).filesPlaced == 20)
    }

    @Test
    func partsOfALargeFileAreNotSentAgain() async throws {
        try await Laptop("empty", in: scratch).push(to: place)
        try Tree.write(SampleBytes.large(40 << 20), to: laptop.at("large.bin"))
        try Tree.write("in the way", to: "\(place.directory)/log")
        await #expect(throws: ReplayCacheError.self) { try await laptop.push(to: place) }
        try Tree.remove("\(place.directory)/log")
        // The recipe, which is made anew from verified parts, and the segment.
        #expect(try await laptop.push(to: place).requests.put == 2)
        let other = try await Laptop("other", in: scratch)
        try await other.fetch(from: place)
        #expect(try Tree.read(other.at("large.bin")) == SampleBytes.large(40 << 20))
    }

    @Test(arguments: [false, true])
    func aFolderThatGoesAwayDuringAPushCostsItsFilesAlone(followsLinks: Bool) async throws {
        let other = try await Laptop("other", in: scratch)
        try other.write("theirs", to: "conflict.txt")
        try await other.push(to: place)
        try laptop.write("mine", to: "conflict.txt")
        for number in 0..<5 { try laptop.write("file \(number)", to: "gone/\(number).txt") }
        try laptop.write("stays", to: "stays.txt")
        // Conflicts are told between the scan and the moving.
        let gone = laptop.at("gone")
        let workspace = try await Workspace.open(home: laptop.home) { event in
            if case .conflict = event { try? Tree.remove(gone) }
        }
        var options = try PushOptions()
        options.followsLinks = followsLinks
        let push = try await workspace.push(laptop.folder, to: place, options: options)
        #expect(!Tree.exists(gone))
        #expect(push.filesFailed == 5)
        #expect(push.entriesAdded == 1)
        #expect(try await laptop.entries(at: place).keys.sorted() == ["replays/conflict.txt", "replays/stays.txt"])
    }

    @Test
    func objectsOfAnotherRepositoryAreNotTakenForSent() async throws {
        try await Laptop("empty", in: scratch).push(to: place)
        try laptop.write("one", to: "one.txt")
        try Tree.write("in the way", to: "\(place.directory)/log")
        await #expect(throws: ReplayCacheError.self) { try await laptop.push(to: place) }
        try Tree.remove(place.directory)
        #expect(try await laptop.push(to: place) { $0.insistsOnNew = true }.objectsUploaded == 1)
    }

    @Test
    func aCancelledPushAndFetchSaySoAndAreContinued() async throws {
        try laptop.write("one", to: "one.txt")
        let (laptop, place) = (laptop, place)
        func cancelled(_ body: @escaping @Sendable () async throws -> SyncSummary) async -> ReplayCacheError? {
            let task = Task {
                while !Task.isCancelled { await Task.yield() }
                return try await body()
            }
            task.cancel()
            guard case .failure(let error) = await task.result else { return nil }
            return error as? ReplayCacheError
        }
        #expect(await cancelled { try await laptop.push(to: place) }?.code == .cancelled)
        #expect(try await laptop.push(to: place).entriesAdded == 1)
        try Tree.remove(laptop.at("one.txt"))
        #expect(await cancelled { try await laptop.fetch(from: place) }?.code == .cancelled)
        #expect(try await laptop.fetch(from: place).filesPlaced == 1)
    }

    @Test
    func aLargeFetchKeepsThePartsThatAnEarlierRunVerified() async throws {
        let bytes = SampleBytes.large(72 << 20)
        try Tree.write(bytes, to: laptop.at("large.bin"))
        try await laptop.push(to: place)
        let other = try await Laptop("other", in: scratch)
        // Parts 0 and 2 of five are there, the others are holes.
        var leftover = [UInt8](repeating: 0, count: bytes.count)
        for part in [0, 2] {
            let range = part << 24..<(part + 1) << 24
            leftover.replaceSubrange(range, with: bytes[range])
        }
        let mark = try Digest.of(Array("large.bin".utf8)).short
        let name = "\(PlacedFile.temporaryPrefix)\(try Digest.of(bytes).hex)-\(mark)\(PlacedFile.temporarySuffix)"
        try Tree.write(leftover, to: other.at(name))
        let summary = try await other.fetch(from: place)
        #expect(summary.objectsDownloaded == 3)
        #expect(summary.objectsReused == 2)
        // Manifest and segment, the recipe, three parts.
        #expect(summary.requests.get == 6)
        #expect(try other.files() == ["large.bin"])
        #expect(try Tree.read(other.at("large.bin")) == bytes)
    }

    @Test
    func temporaryFilesThatNobodyNeedsAreRemoved() async throws {
        try laptop.write("one", to: "one.txt")
        try await laptop.push(to: place)
        let other = try await Laptop("other", in: scratch)
        let digest = try Digest.of(Array("gone".utf8)).hex
        for folder in ["", "deep/er/"] {
            let name = "\(folder)\(PlacedFile.temporaryPrefix)\(digest)-01234567\(PlacedFile.temporarySuffix)"
            try Tree.write("left", to: other.at(name))
        }
        try await other.fetch(from: place)
        #expect(try other.files() == ["one.txt"])
    }

    @Test
    func aFolderThatAnotherFetchWritesToIsBusy() async throws {
        try laptop.write("one", to: "one.txt")
        try await laptop.push(to: place)
        let other = try await Laptop("other", in: scratch)
        // What the other fetch is writing.
        let digest = try Digest.of(Array("two".utf8)).hex
        try Tree.write("tw", to: other.at("\(PlacedFile.temporaryPrefix)\(digest)-01234567.part"))
        let before = try Tree.listing(of: other.folder)
        do {
            let held = try OpenFile.directory(other.folder)
            #expect(held.tryLock())
            await #expect {
                try await other.fetch(from: place)
            } throws: { ($0 as? ReplayCacheError)?.code == .busy }
            #expect(try Tree.listing(of: other.folder) == before)
            // Still held.
            #expect(held.tryLock())
        }
        #expect(try await other.fetch(from: place).filesPlaced == 1)
        #expect(try other.files() == ["one.txt"])
    }
}
