import ReplayCacheTestSupport
import Testing

@testable import ReplayCache

/// What push and fetch do with a path (`design.md` section 4), each row of the table for both, and with `--force`.
struct SyncRulesTests {
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

    private func arrange(_ rule: SyncRule, at place: Place) async throws {
        if rule.startsAgreed {
            try await mine.publish("old", to: place)
            try await theirs.fetch(from: place)
        }
        try await rule.arrange(mine, theirs, place)
    }

    private func answer(_ summary: SyncSummary, at place: Place) async throws -> SyncRule.Answer {
        let digest = try await mine.entries(at: place)[SyncRule.path]
        let texts = try ["old", "mine", "theirs", "same"].map { (text: $0, digest: try Digest.of(Array($0.utf8))) }
        let kept = try mine.files().filter { $0.contains(".replaced-") }
        #expect(kept.count <= 1)
        return SyncRule.Answer(
            local: mine.text(SyncRule.file),
            entry: digest.map { digest in texts.first { $0.digest == digest }?.text ?? digest.hex },
            conflicts: summary.conflicts,
            behind: summary.behind,
            deletedElsewhere: summary.deletedElsewhere,
            changedLocally: summary.changedLocally,
            uploads: summary.objectsUploaded,
            downloads: summary.objectsDownloaded,
            replaced: kept.first.flatMap { mine.text($0) }
        )
    }

    @Test(arguments: SyncRule.all, PlaceKind.allCases)
    func aPushDoesWhatTheTableSays(_ rule: SyncRule, _ kind: PlaceKind) async throws {
        let place = try await kind.place(in: scratch)
        try await arrange(rule, at: place)
        #expect(try await answer(mine.push(to: place), at: place) == rule.push)
        let again = try await mine.push(to: place)
        #expect(again.requests.put == 0)
        var settled = rule.push
        settled.uploads = 0
        #expect(try await answer(again, at: place) == settled)
    }

    @Test(arguments: SyncRule.all, PlaceKind.allCases)
    func aFetchDoesWhatTheTableSays(_ rule: SyncRule, _ kind: PlaceKind) async throws {
        let place = try await kind.place(in: scratch)
        try await arrange(rule, at: place)
        #expect(try await answer(mine.fetch(from: place), at: place) == rule.fetch)
        var settled = rule.fetch
        settled.downloads = 0
        #expect(try await answer(mine.fetch(from: place), at: place) == settled)
    }

    @Test(arguments: SyncRule.all)
    func aForcedPushDecidesForTheLocalSide(_ rule: SyncRule) async throws {
        try await arrange(rule, at: place)
        #expect(try await answer(mine.push(to: place) { $0.isForced = true }, at: place) == rule.forcedPush)
        let again = try await mine.push(to: place) { $0.isForced = true }
        #expect(again.requests.put == 0)
    }

    @Test(arguments: SyncRule.all)
    func aForcedFetchDecidesForTheRemoteSide(_ rule: SyncRule) async throws {
        try await arrange(rule, at: place)
        #expect(try await answer(mine.fetch(from: place) { $0.isForced = true }, at: place) == rule.forcedFetch)
        var settled = rule.forcedFetch
        settled.downloads = 0
        #expect(try await answer(mine.fetch(from: place) { $0.isForced = true }, at: place) == settled)
    }

    @Test(arguments: SyncRule.all)
    func statusTellsWhatPushAndFetchWouldDo(_ rule: SyncRule) async throws {
        try await arrange(rule, at: place)
        let path = try LogicalPath("replays")
        let status = try await mine.workspace.status(mine.folder, at: place, path: path)
        #expect(status.conflicts == rule.push.conflicts)
        #expect(status.behind == rule.push.behind)
        #expect(status.deletedElsewhere == rule.push.deletedElsewhere)
        #expect(status.plan?.pushObjects == rule.push.uploads)
        #expect(status.plan?.fetchObjects == rule.fetch.downloads)
    }

    @Test(arguments: SyncRule.all)
    func aDryRunTouchesNeitherSide(_ rule: SyncRule) async throws {
        try await arrange(rule, at: place)
        let before = try Tree.listing(of: place.directory) + Tree.listing(of: mine.folder)
        let push = try await mine.push(to: place) { $0.isDryRun = true }
        let fetch = try await mine.fetch(from: place) { $0.isDryRun = true }
        #expect(push.objectsUploaded == rule.push.uploads)
        #expect(push.conflicts == rule.push.conflicts)
        #expect(fetch.objectsDownloaded == rule.fetch.downloads)
        #expect(fetch.conflicts == rule.fetch.conflicts)
        #expect(try Tree.listing(of: place.directory) + Tree.listing(of: mine.folder) == before)
    }

    @Test
    func aConflictIsNamedAndEndsWithItsOwnCode() async throws {
        try await theirs.publish("theirs", to: place)
        try mine.write("mine", to: SyncRule.file)
        #expect(try await mine.push(to: place).failure?.code == .conflict)
        #expect(mine.told(.conflict) == [SyncRule.path])
        #expect(try await mine.fetch(from: place).failure?.code == .conflict)
        #expect(mine.told(.conflict) == [SyncRule.path, SyncRule.path])
    }

    @Test
    func aConflictDoesNotStopTheOtherFiles() async throws {
        try await theirs.publish("theirs", to: place)
        try mine.write("mine", to: SyncRule.file)
        try mine.write("another", to: "another.txt")
        #expect(try await mine.push(to: place).entriesAdded == 1)
        try theirs.write("third", to: "third.txt")
        try await theirs.push(to: place)
        #expect(try await mine.fetch(from: place).filesPlaced == 1)
        #expect(mine.text("third.txt") == "third")
    }

    @Test
    func theLoserOfAForcedPushStaysInTheHistoryOfThePath() async throws {
        try await theirs.publish("theirs", to: place)
        try mine.write("mine", to: SyncRule.file)
        try await mine.push(to: place) { $0.isForced = true }
        let store = try await mine.repository(at: place).store
        let lost = try Digest.of(Array("theirs".utf8))
        #expect(try await store.history(at: SyncRule.path) == [lost])
        #expect(try await store.object(of: lost) != nil)
    }

    @Test
    func theLoserOfAForcedFetchIsNamedAfterItsContent() async throws {
        try await theirs.publish("theirs", to: place)
        try mine.write("mine", to: SyncRule.file)
        try await mine.fetch(from: place) { $0.isForced = true }
        let mark = try Digest.of(Array("mine".utf8)).hex.prefix(8)
        #expect(try mine.files() == [SyncRule.file, "\(SyncRule.file).replaced-\(mark)"])
    }

    @Test
    func theSameLoserOfTwoForcedFetchesIsKeptOnceAndNeverPublished() async throws {
        try await theirs.publish("theirs", to: place)
        for _ in 0..<2 {
            try mine.write("mine", to: SyncRule.file)
            let summary = try await mine.fetch(from: place) { $0.isForced = true }
            #expect(summary.failure == nil)
            #expect(summary.filesPlaced == 1)
            #expect(mine.text(SyncRule.file) == "theirs")
        }
        let kept = "\(SyncRule.file).replaced-\(try Digest.of(Array("mine".utf8)).short)"
        #expect(try mine.files() == [SyncRule.file, kept])
        #expect(mine.text(kept) == "mine")
        #expect(try await mine.push(to: place).requests.put == 0)
        #expect(try await mine.entries(at: place).keys.sorted() == [SyncRule.path])
    }

    @Test
    func adoptingTheSameContentMakesLaterChangesOneSided() async throws {
        try await theirs.publish("same", to: place)
        try mine.write("same", to: SyncRule.file)
        #expect(try await mine.push(to: place).bytesUploaded == 0)
        try mine.write("mine", to: SyncRule.file)
        #expect(try await mine.push(to: place).entriesAdded == 1)
    }

    @Test
    func aLocalChangeOfADeletedEntryIsAConflictForPushAndForFetch() async throws {
        try await mine.publish("old", to: place)
        try await mine.unpublish("old", at: place)
        try mine.write("mine", to: SyncRule.file)
        #expect(try await mine.push(to: place).conflicts == 1)
        #expect(try await mine.fetch(from: place).conflicts == 1)
        #expect(mine.text(SyncRule.file) == "mine")
    }
}

extension PlaceStore {
    /// The contents in the history of a path, newest first.
    func history(at path: String) throws -> [Digest] {
        try database.all(
            """
            SELECT c.digest FROM main.history h JOIN main.content c ON c.id = h.content
            JOIN main.segment s ON s.id = h.segment WHERE h.path = ? ORDER BY s.hlc DESC, h.line DESC
            """,
            [.text(path)]
        ) { $0.digest(0) }.compactMap { $0 }
    }
}
