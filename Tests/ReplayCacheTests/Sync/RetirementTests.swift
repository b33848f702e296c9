import ReplayCacheTestSupport
import Testing

@testable import ReplayCache

/// Which entries a push removes: the old names of files that moved, and no others.
struct RetirementTests {
    private let scratch: Scratch
    private let laptop: Laptop
    private let place: Place

    init() async throws {
        scratch = try Scratch()
        laptop = try await Laptop("laptop", in: scratch)
        place = try scratch.place()
    }

    private var paths: [String] {
        get async throws { try await laptop.entries(at: place).keys.sorted() }
    }

    @Test
    func aFileThatIsIgnoredNowKeepsItsEntryThoughACopyIsPublished() async throws {
        try laptop.write("game", to: "old/f.slp")
        try await laptop.push(to: place)
        try laptop.write("old\n", to: ".replaycacheignore")
        try laptop.write("game", to: "new/g.slp")
        let push = try await laptop.push(to: place)
        #expect(push.entriesRemoved == 0)
        #expect(push.entriesAdded == 1)
        #expect(try await paths == ["replays/new/g.slp", "replays/old/f.slp"])
        #expect(laptop.told(.retired).isEmpty)
    }

    /// What a link leads to, and the path of the file through it.
    @Test(arguments: [("elsewhere", "linked/f.slp"), ("elsewhere/f.slp", "linked")])
    func whatALinkLeadsToKeepsItsEntryWhenLinksAreNoLongerFollowed(_ target: String, _ path: String) async throws {
        try Tree.write("game", to: scratch.at("elsewhere/f.slp"))
        try Tree.link(laptop.at("linked"), to: scratch.at(target))
        try await laptop.push(to: place) { $0.followsLinks = true }
        #expect(try await paths == ["replays/\(path)"])
        try laptop.write("game", to: "copy.slp")
        let push = try await laptop.push(to: place)
        #expect(push.entriesRemoved == 0)
        #expect(try await paths == ["replays/copy.slp", "replays/\(path)"])
    }

    @Test
    func theOldNameOfAFileThatMovedIsRemovedAndTold() async throws {
        try laptop.write("game", to: "old/f.slp")
        try await laptop.push(to: place)
        try Tree.move(laptop.at("old/f.slp"), to: laptop.at("new.slp"))
        let plan = try await laptop.push(to: place) { $0.isDryRun = true }
        #expect(plan.entriesRemoved == 1)
        #expect(laptop.told(.retired) == ["replays/old/f.slp"])
        #expect(try await paths == ["replays/old/f.slp"])
        #expect(try await laptop.push(to: place).entriesRemoved == 1)
        #expect(laptop.told(.retired) == ["replays/old/f.slp", "replays/old/f.slp"])
        #expect(try await paths == ["replays/new.slp"])
    }

    @Test
    func aFileInPlaceOfTheOldFolderIsNotTheOldFile() async throws {
        try laptop.write("game", to: "old/f.slp")
        try await laptop.push(to: place)
        try Tree.move(laptop.at("old/f.slp"), to: laptop.at("new.slp"))
        try Tree.remove(laptop.at("old"))
        try laptop.write("notes", to: "old")
        #expect(try await laptop.push(to: place).entriesRemoved == 1)
        #expect(try await paths == ["replays/new.slp", "replays/old"])
    }

    @Test
    func aDryRunRemovesNothingForAFileThatIsStillThere() async throws {
        try laptop.write("game", to: "old/f.slp")
        try await laptop.push(to: place)
        try laptop.write("old\n", to: ".replaycacheignore")
        try laptop.write("game", to: "new.slp")
        #expect(try await laptop.push(to: place) { $0.isDryRun = true }.entriesRemoved == 0)
        #expect(laptop.told(.retired).isEmpty)
    }

    /// As with a disk below the folder that is not mounted, while one of its files is copied to a new name.
    @Test
    func whereMoreNamesLeftThanAppearedNoEntryGoesUnasked() async throws {
        for index in 1...4 { try laptop.write("same", to: "disk/\(index).slp") }
        for index in 1...40 { try laptop.write("game \(index)", to: "games/\(index).slp") }
        try await laptop.push(to: place)
        let before = try await paths
        try Tree.remove(laptop.at("disk"))
        try laptop.write("same", to: "copy.slp")
        let plan = try await laptop.push(to: place) {
            $0.isDryRun = true
            $0.deletion = DeletionOptions(maximum: 4)
        }
        #expect(plan.entriesRemoved == 0)
        #expect(plan.entriesDeleted == 4)
        let push = try await laptop.push(to: place)
        #expect(push.entriesRemoved == 0)
        #expect(push.filesGone == 4)
        #expect(try await paths == (before + ["replays/copy.slp"]).sorted())
        #expect(laptop.told(.retired).isEmpty)
        // Asked, and by the limit of what is asked.
        let deleting = try await laptop.push(to: place) { $0.deletion = DeletionOptions(maximum: 4) }
        #expect(deleting.entriesDeleted == 4)
    }

    @Test
    func whenAllCopiesMoveAllOldNamesGo() async throws {
        for index in 1...4 { try laptop.write("same", to: "old/\(index).slp") }
        try await laptop.push(to: place)
        try Tree.move(laptop.at("old"), to: laptop.at("new"))
        #expect(try await laptop.push(to: place).entriesRemoved == 4)
        #expect(try await paths == (1...4).map { "replays/new/\($0).slp" })
    }

    /// Patterns that leave out the old name.
    @Test(arguments: [(["new*"], []), ([], ["old/*"])] as [([String], [String])])
    func anOldNameThatThePatternsLeaveOutKeepsItsEntry(_ includes: [String], _ excludes: [String]) async throws {
        try laptop.write("game", to: "old/f.slp")
        try await laptop.push(to: place)
        try Tree.move(laptop.at("old/f.slp"), to: laptop.at("new.slp"))
        for isDryRun in [true, false] {
            let push = try await laptop.push(to: place) {
                $0.includes = includes
                $0.excludes = excludes
                $0.isDryRun = isDryRun
            }
            #expect(push.entriesAdded == 1)
            #expect(push.entriesRemoved == 0)
        }
        #expect(laptop.told(.retired).isEmpty)
        #expect(try await paths == ["replays/new.slp", "replays/old/f.slp"])
    }
}
