import ReplayCacheTestSupport
import Testing

@testable import ReplayCache

/// What a fetch does where something stands that its scan passes over.
struct ObstacleTests {
    private let scratch: Scratch
    private let mine: Laptop
    private let theirs: Laptop
    private let place: Place

    init() async throws {
        scratch = try Scratch()
        mine = try await Laptop("mine", in: scratch)
        theirs = try await Laptop("theirs", in: scratch)
        place = try scratch.place()
        try theirs.write("game", to: "fox/game.txt")
        try await theirs.push(to: place)
    }

    private func ignoreText() throws { try mine.write("*.txt\n", to: ".replaycacheignore") }

    private var reasons: [String] {
        mine.events.compactMap { if case .failed(_, let reason) = $0 { reason } else { nil } }
    }

    @Test
    func aFileThatIsIgnoredOnceItWasFetchedIsThere() async throws {
        try ignoreText()
        #expect(try await mine.fetch(from: place).objectsDownloaded == 1)
        let before = try Tree.listing(of: mine.folder)
        for _ in 0..<2 {
            let summary = try await mine.fetch(from: place)
            #expect(summary.failure == nil)
            #expect(summary.objectsDownloaded == 0)
            #expect(summary.filesInStep == 1)
        }
        #expect(try Tree.listing(of: mine.folder) == before)
        let status = try await mine.workspace.status(mine.folder, at: place, path: LogicalPath("replays"))
        #expect(status.plan?.fetchFiles == 0)
    }

    @Test
    func anIgnoredFileThatChangedSinceIsALocalChange() async throws {
        try await mine.fetch(from: place)
        try ignoreText()
        try mine.write("longer game", to: "fox/game.txt")
        let summary = try await mine.fetch(from: place)
        #expect(summary.failure == nil)
        #expect(summary.changedLocally == 1)
        #expect(summary.objectsDownloaded == 0)
        #expect(mine.text("fox/game.txt") == "longer game")
    }

    @Test
    func anIgnoredFileOfTheSameContentIsAdopted() async throws {
        try ignoreText()
        try mine.write("game", to: "fox/game.txt")
        for _ in 0..<2 {
            let summary = try await mine.fetch(from: place)
            #expect(summary.failure == nil)
            #expect(summary.objectsDownloaded == 0)
            #expect(summary.filesInStep == 1)
        }
    }

    @Test(arguments: ["gone", "something longer"])
    func anIgnoredFileOfAnotherContentIsNamedAndNothingDownloaded(_ text: String) async throws {
        try ignoreText()
        try mine.write(text, to: "fox/game.txt")
        for isForced in [false, true] {
            let summary = try await mine.fetch(from: place) { $0.isForced = isForced }
            #expect(summary.failure?.code == .partial)
            #expect(summary.objectsDownloaded == 0)
            #expect(summary.filesInStep == 0)
        }
        #expect(mine.told(.failed) == ["replays/fox/game.txt", "replays/fox/game.txt"])
        #expect(reasons.allSatisfy { $0 == "a file that the scan passed over is in the way; it was left alone" })
        #expect(mine.text("fox/game.txt") == text)
    }

    /// What may stand where a file belongs.
    enum Obstacle: String, CaseIterable, Sendable {
        case link, linkToNowhere, folder

        func make(at path: String, in scratch: Scratch) throws {
            switch self {
            case .link:
                try Tree.write("elsewhere", to: scratch.at("elsewhere"))
                try Tree.link(path, to: scratch.at("elsewhere"))
            case .linkToNowhere: try Tree.link(path, to: scratch.at("nowhere"))
            case .folder: try Tree.write("inside", to: "\(path)/inside.txt")
            }
        }
    }

    @Test(arguments: Obstacle.allCases, [false, true])
    func whatIsNoFileIsNamedAndNothingDownloaded(_ obstacle: Obstacle, wasFetched: Bool) async throws {
        _ = try scratch.folder("mine/fox")
        if wasFetched {
            try await mine.fetch(from: place)
            try Tree.remove(mine.at("fox/game.txt"))
        }
        try obstacle.make(at: mine.at("fox/game.txt"), in: scratch)
        let before = try Tree.listing(of: mine.folder)
        for isDryRun in [true, false, false] {
            let summary = try await mine.fetch(from: place) { $0.isDryRun = isDryRun }
            #expect(summary.failure?.code == .partial)
            #expect(summary.objectsDownloaded == 0)
            #expect(summary.filesPlaced == 0)
        }
        let thing = obstacle == .folder ? "a folder" : "a symbolic link"
        #expect(reasons == Array(repeating: "\(thing) is in the way; it was left alone", count: 3))
        #expect(try Tree.listing(of: mine.folder) == before)
    }

    @Test
    func linksThatWerePushedAreInStep() async throws {
        try Tree.write("linked", to: scratch.at("elsewhere/a.txt"))
        try Tree.link(mine.at("a.txt"), to: scratch.at("elsewhere/a.txt"))
        try Tree.link(mine.at("folder"), to: scratch.at("elsewhere"))
        #expect(try await mine.push(to: place) { $0.followsLinks = true }.entriesAdded == 2)
        let summary = try await mine.fetch(from: place)
        #expect(summary.failure == nil)
        #expect(summary.filesInStep == 2)
        #expect(summary.filesPlaced == 1)
        #expect(try Tree.status(mine.at("a.txt")).kind == .symbolicLink)
    }

    @Test
    func filesReachedThroughLinksAreVerified() async throws {
        try Tree.write("linked", to: scratch.at("elsewhere/a.txt"), modifiedAt: 1_700_000_000)
        try Tree.link(mine.at("a.txt"), to: scratch.at("elsewhere/a.txt"))
        try Tree.link(mine.at("folder"), to: scratch.at("elsewhere"))
        try await mine.push(to: place) { $0.followsLinks = true }
        let summary = try await mine.workspace.verify(mine.folder)
        #expect(summary.failure == nil)
        #expect(summary.filesInStep == 2)
        // The link leads to another file now.
        try Tree.write("another", to: scratch.at("elsewhere/b.txt"))
        try Tree.remove(mine.at("a.txt"))
        try Tree.link(mine.at("a.txt"), to: scratch.at("elsewhere/b.txt"))
        let changed = try await mine.workspace.verify(mine.folder)
        #expect(changed.filesInStep == 1)
        #expect(changed.filesDeferred == 1)
    }
}
