import ReplayCacheTestSupport
import Testing

@testable import ReplayCache

/// Renames, copies and re-filed folders move no bytes (`design.md` section 4, "Moves").
struct MoveTests {
    private let scratch: Scratch
    private let mine: Laptop
    private let theirs: Laptop
    private let place: Place

    init() async throws {
        scratch = try Scratch()
        mine = try await Laptop("mine", in: scratch)
        theirs = try await Laptop("theirs", in: scratch)
        place = try scratch.place()
    }

    @Test
    func aRenamePutsNoObjectAndTheOtherMachineRenamesItsFile() async throws {
        try mine.write("game", to: "old/game.txt")
        try mine.write("other", to: "other.txt")
        try await mine.push(to: place)
        try await theirs.fetch(from: place)
        let inode = try Tree.status(theirs.at("old/game.txt")).inode
        let objects = try Tree.listing(of: "\(place.directory)/objects")

        try Tree.move(mine.at("old/game.txt"), to: mine.at("new/deep/game.txt"))
        let push = try await mine.push(to: place)
        #expect(push.objectsUploaded == 0)
        #expect(push.entriesAdded == 1)
        #expect(push.entriesRemoved == 1)
        #expect(push.requests.put == 1)
        #expect(try Tree.listing(of: "\(place.directory)/objects") == objects)
        #expect(try await mine.entries(at: place).keys.sorted() == ["replays/new/deep/game.txt", "replays/other.txt"])

        let fetch = try await theirs.fetch(from: place)
        #expect(fetch.filesMoved == 1)
        #expect(fetch.objectsDownloaded == 0)
        #expect(fetch.filesPlaced == 0)
        #expect(try theirs.files() == ["new/deep/game.txt", "other.txt"])
        #expect(try Tree.status(theirs.at("new/deep/game.txt")).inode == inode)
        // Both sides are in step now.
        #expect(try await theirs.fetch(from: place).filesMoved == 0)
        #expect(try await theirs.push(to: place).requests.put == 0)
        #expect(try await mine.fetch(from: place).filesPlaced == 0)
    }

    @Test
    func aRefiledFolderIsOneSegment() async throws {
        for number in 0..<30 { try mine.write("game \(number)", to: "inbox/\(number).txt") }
        try await mine.push(to: place)
        try await theirs.fetch(from: place)
        try Tree.move(mine.at("inbox"), to: mine.at("fox/2026"))
        let push = try await mine.push(to: place)
        #expect(push.requests.put == 1)
        #expect(push.entriesRemoved == 30)
        #expect(try await theirs.fetch(from: place).filesMoved == 30)
        #expect(try theirs.files() == mine.files())
    }

    @Test
    func severalFilesOfOneContentAreRenamedEachOnce() async throws {
        for name in ["a/1", "a/2", "a/3", "b"] { try mine.write("game", to: name) }
        try await mine.push(to: place)
        try await theirs.fetch(from: place)
        let inodes = try Set((1...3).map { try Tree.status(theirs.at("a/\($0)")).inode })
        try Tree.move(mine.at("a"), to: mine.at("c"))
        try mine.write("game", to: "c/4")
        try await mine.push(to: place)
        let fetch = try await theirs.fetch(from: place)
        // Three names went and four came.
        #expect(fetch.filesMoved == 3)
        #expect(fetch.filesPlaced == 1)
        #expect(fetch.objectsDownloaded == 0)
        #expect(fetch.deletedElsewhere == 0)
        #expect(try theirs.files() == ["b", "c/1", "c/2", "c/3", "c/4"])
        #expect(try inodes.isSubset(of: (1...4).map { try Tree.status(theirs.at("c/\($0)")).inode }))
        #expect(try await theirs.fetch(from: place).filesInStep == 5)
    }

    @Test
    func aCopySendsNothingAndKeepsTheFirst() async throws {
        try mine.write("game", to: "a.txt")
        try await mine.push(to: place)
        try mine.write("game", to: "b.txt")
        let push = try await mine.push(to: place)
        #expect(push.objectsUploaded == 0)
        #expect(push.entriesRemoved == 0)
        #expect(try await mine.entries(at: place).count == 2)
    }

    @Test
    func anotherMachineDownloadsOneOfTwoCopies() async throws {
        try mine.write("game", to: "a.txt")
        try mine.write("game", to: "b/c.txt")
        #expect(try await mine.push(to: place).objectsUploaded == 1)
        let fetch = try await theirs.fetch(from: place)
        #expect(fetch.objectsDownloaded == 1)
        #expect(fetch.filesPlaced == 2)
        #expect(theirs.text("b/c.txt") == "game")
    }

    @Test
    func manyCopiesOfOneContentAreDownloadedOnce() async throws {
        for number in 0..<30 { try mine.write("game", to: "\(number % 3)/\(number).txt") }
        for number in 0..<5 { try mine.write("other", to: "other \(number).txt") }
        try await mine.push(to: place)
        let fetch = try await theirs.fetch(from: place)
        #expect(fetch.objectsDownloaded == 2)
        #expect(fetch.objectsReused == 0)
        #expect(fetch.filesPlaced == 35)
        #expect(try theirs.files() == mine.files())
        #expect(theirs.text("2/29.txt") == "game")
        #expect(try await theirs.fetch(from: place).filesPlaced == 0)
    }

    @Test
    func contentThatIsOnTheMachineAlreadyIsNotDownloaded() async throws {
        try mine.write("game", to: "a.txt")
        try await mine.push(to: place)
        try await theirs.fetch(from: place)
        let second = try scratch.folder("second")
        let summary = try await theirs.workspace.fetch(from: place, into: second)
        #expect(summary.objectsDownloaded == 0)
        #expect(summary.objectsReused == 1)
        #expect(Tree.text("\(second)/a.txt") == "game")
    }

    @Test
    func aFileThatChangedSinceIsNotRenamedAway() async throws {
        try mine.write("game", to: "old.txt")
        try await mine.push(to: place)
        try await theirs.fetch(from: place)
        try Tree.move(mine.at("old.txt"), to: mine.at("new.txt"))
        try await mine.push(to: place)
        try theirs.write("edited", to: "old.txt")
        try await theirs.fetch(from: place)
        #expect(theirs.text("old.txt") == "edited")
        #expect(theirs.text("new.txt") == "game")
    }

    @Test
    func aMoveOntoAnUntrackedFileIsAConflictThatLosesNothing() async throws {
        try mine.write("game", to: "old.txt")
        try await mine.push(to: place)
        try await theirs.fetch(from: place)
        try Tree.move(mine.at("old.txt"), to: mine.at("new.txt"))
        try await mine.push(to: place)
        try theirs.write("untracked", to: "new.txt")
        #expect(try await theirs.fetch(from: place).conflicts == 1)
        #expect(theirs.text("old.txt") == "game")
        #expect(theirs.text("new.txt") == "untracked")
    }

    @Test
    func theModificationTimeTravels() async throws {
        try mine.write("game", to: "a.txt")
        try await mine.push(to: place)
        try await theirs.fetch(from: place)
        #expect(try Tree.status(theirs.at("a.txt")).mtimeNanoseconds == 1_700_000_000_000_000_000)
    }

    // MARK: After a lost catalog

    @Test
    func afterALostCatalogFilesInStepAreAdoptedWithoutMovingBytes() async throws {
        try mine.write("game", to: "a.txt")
        try await mine.push(to: place)
        let again = try await mine.withoutCatalog()
        let push = try await again.push(to: place)
        #expect(push.bytesUploaded == 0)
        #expect(push.conflicts == 0)
        try again.write("changed", to: "a.txt")
        #expect(try await again.push(to: place).entriesAdded == 1)
    }

    @Test
    func afterALostCatalogAnOldVersionIsBehindAndNoConflict() async throws {
        try mine.write("old", to: "a.txt")
        try await mine.push(to: place)
        try await theirs.fetch(from: place)
        try theirs.write("new", to: "a.txt")
        try await theirs.push(to: place)
        let again = try await mine.withoutCatalog()
        let push = try await again.push(to: place)
        #expect(push.behind == 1)
        #expect(push.conflicts == 0)
        let fetch = try await again.fetch(from: place)
        #expect(fetch.conflicts == 0)
        #expect(again.text("a.txt") == "new")
        #expect(try again.files() == ["a.txt"])
    }

    @Test
    func afterALostCatalogADeletedEntryIsNotBroughtBack() async throws {
        try mine.write("old", to: SyncRule.file)
        try await mine.push(to: place)
        try await mine.unpublish("old", at: place)
        let again = try await mine.withoutCatalog()
        #expect(try await again.push(to: place).deletedElsewhere == 1)
        #expect(try await again.entries(at: place).isEmpty)
        #expect(again.text(SyncRule.file) == "old")
    }

    @Test
    func afterALostCatalogNothingIsRemovedAsMoved() async throws {
        try mine.write("game", to: "old.txt")
        try await mine.push(to: place)
        let again = try await mine.withoutCatalog()
        try Tree.move(again.at("old.txt"), to: again.at("new.txt"))
        try await again.push(to: place)
        #expect(try await again.entries(at: place).keys.sorted() == ["replays/new.txt", "replays/old.txt"])
    }

    // MARK: Collections

    @Test
    func aPushReachesOnlyBelowItsPath() async throws {
        try mine.write("one", to: "one.txt")
        try await mine.push(to: place)
        try theirs.write("two", to: "two.txt")
        try await theirs.push(to: place) { $0.into = try LogicalPath("replays/fox") }
        #expect(try await mine.entries(at: place).keys.sorted() == ["replays/fox/two.txt", "replays/one.txt"])
        let third = try await Laptop("third", in: scratch)
        try await third.fetch(from: place) { $0.from = try LogicalPath("replays/fox") }
        #expect(try third.files() == ["two.txt"])
    }

    @Test
    func pathsThatOnlyBeginAlikeAreNotFetched() async throws {
        try mine.write("one", to: "one.txt")
        for into in ["replays/fox", "replays/fox-2", "replays/foxes"] {
            try await mine.push(to: place) { $0.into = try LogicalPath(into) }
        }
        try await theirs.fetch(from: place) { $0.from = try LogicalPath("replays/fox") }
        #expect(try theirs.files() == ["one.txt"])
    }

    @Test
    func onlyFilesThatMatchArePushed() async throws {
        for name in ["a.slp", "b.txt", "deep/c.slp", "deep/Thumbs.db", "d.tmp", ".git/config"] {
            try mine.write(name, to: name)
        }
        try await mine.push(to: place) {
            $0.includes = ["*.slp"]
            $0.excludes = ["c*"]
        }
        #expect(try await mine.entries(at: place).keys.sorted() == ["replays/a.slp"])
        try await mine.push(to: place)
        #expect(
            try await mine.entries(at: place).keys.sorted() == ["replays/a.slp", "replays/b.txt", "replays/deep/c.slp"]
        )
    }

    @Test(arguments: ["sub/", "/sub", "/sub/", "sub"])
    func anIgnoredFolderIsPassedOverHoweverItIsSpelled(_ pattern: String) async throws {
        for name in ["sub/a.txt", "sub/deep/b.txt", "subway.txt", "c/d.txt"] { try mine.write(name, to: name) }
        try mine.write("# left out\n\(pattern)\n", to: ".replaycacheignore")
        try await mine.push(to: place)
        #expect(try await mine.entries(at: place).keys.sorted() == ["replays/c/d.txt", "replays/subway.txt"])
    }

    @Test
    func theCatalogIsNotPushedWhenItLiesInTheFolder() async throws {
        let inside = try await Laptop(home: mine.at("state/home"), folder: mine.folder)
        try inside.write("game", to: "a.txt")
        try inside.write("notes", to: "state/b.txt")
        for _ in 0..<2 {
            try await inside.push(to: place)
            #expect(try await inside.entries(at: place).keys.sorted() == ["replays/a.txt", "replays/state/b.txt"])
        }
    }
}
