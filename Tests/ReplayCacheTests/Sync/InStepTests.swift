import ReplayCacheTestSupport
import Testing

@testable import ReplayCache

/// What was found in step is not compared again, and whatever could change that makes it be compared again.
struct InStepTests {
    private let scratch: Scratch
    private let mine: Laptop
    private let theirs: Laptop
    private let place: Place

    init() async throws {
        scratch = try Scratch()
        mine = try await Laptop("mine", in: scratch)
        theirs = try await Laptop("theirs", in: scratch)
        place = try scratch.place()
        for name in ["a.txt", "b/c.txt", "d.txt"] { try mine.write(name, to: name) }
        try await mine.push(to: place)
        try await theirs.fetch(from: place)
        for laptop in [mine, theirs] { try settle(laptop) }
        // The first comparison that finds nothing to do is remembered.
        try await mine.push(to: place)
        try await mine.fetch(from: place)
        #expect(try proofs(of: mine) == 2)
    }

    /// Makes the catalog believe that every file was read long after it had changed.
    private func settle(_ laptop: Laptop) throws {
        try Database(path: Catalog.path(in: laptop.home)).run("UPDATE file SET hashed_at = ctime + 10000000000")
    }

    private func proofs(of laptop: Laptop) throws -> Int {
        let database = try Database(path: Catalog.path(in: laptop.home))
        return try database.first("SELECT count(*) FROM in_step WHERE files IS NOT NULL") { $0.int(0) } ?? -1
    }

    @Test
    func whatIsInStepIsCountedWithoutAComparison() async throws {
        let push = try await mine.push(to: place)
        #expect(push.filesInStep == 3)
        #expect(push.requests.total == 1)
        let fetch = try await mine.fetch(from: place)
        #expect(fetch.filesInStep == 3)
        #expect(fetch.requests.total == 1)
        let status = try await mine.workspace.status(mine.folder, at: place, path: try LogicalPath("replays"))
        #expect(status.filesInStep == 3)
        #expect(status.plan?.push?.files == 0)
        #expect(status.plan?.fetch?.files == 0)
        #expect(status.plan?.push?.requests == RequestCounts(list: 1))
        #expect(try proofs(of: mine) == 2)
    }

    @Test
    func aChangedFileIsPublishedAndTheOthersAreInStep() async throws {
        try mine.write("changed", to: "b/c.txt")
        let push = try await mine.push(to: place)
        #expect(push.entriesAdded == 1)
        #expect(push.filesInStep == 2)
        #expect(try proofs(of: mine) == 0)
    }

    @Test
    func aFileThatMovedIsPublishedUnderItsNewName() async throws {
        try Tree.move(mine.at("d.txt"), to: mine.at("b/a.txt"))
        let push = try await mine.push(to: place)
        #expect(push.entriesAdded == 1)
        #expect(push.entriesRemoved == 1)
        #expect(push.objectsUploaded == 0)
    }

    @Test
    func aLocalFileThatIsGoneIsPlacedAgain() async throws {
        try Tree.remove(mine.at("d.txt"))
        #expect(try await mine.fetch(from: place).filesPlaced == 1)
        #expect(mine.text("d.txt") == "d.txt")
    }

    @Test
    func newsOfThePlaceAreCompared() async throws {
        try theirs.write("theirs", to: "a.txt")
        try theirs.write("theirs too", to: "new.txt")
        try await theirs.push(to: place)
        #expect(try await mine.push(to: place).behind == 1)
        let fetch = try await mine.fetch(from: place)
        #expect(fetch.filesPlaced == 2)
        #expect(mine.text("a.txt") == "theirs")
    }

    @Test
    func otherArgumentsAreAnotherQuestion() async throws {
        let push = try await mine.push(to: place) { $0.into = try LogicalPath("replays/again") }
        #expect(push.entriesAdded == 3)
        #expect(try await mine.push(to: place) { $0.includes = ["nothing*"] }.filesInStep == 0)
        #expect(mine.told(.warning).count == 1)
    }

    @Test
    func aChangeThatAnotherFolderNoticedFirstIsPublished() async throws {
        let other = try scratch.folder("other")
        try Tree.hardLink("\(other)/link.txt", to: mine.at("a.txt"))
        _ = try await mine.workspace.scan(other)
        try settle(mine)
        try await mine.push(to: place)
        #expect(try proofs(of: mine) == 1)
        try Tree.overwrite(mine.at("a.txt"), at: 0, with: Array("A".utf8))
        _ = try await mine.workspace.scan(other)
        try settle(mine)
        // The file is as the catalog knows it, but not as the place does.
        let push = try await mine.push(to: place)
        #expect(push.filesHashed == 0)
        #expect(push.entriesAdded == 1)
    }

    @Test
    func aDryRunTellsTheSame() async throws {
        #expect(try await mine.push(to: place) { $0.isDryRun = true }.filesInStep == 3)
        try mine.write("changed", to: "a.txt")
        let push = try await mine.push(to: place) { $0.isDryRun = true }
        #expect(push.entriesAdded == 1)
        #expect(push.filesInStep == 2)
    }
}
