internal import Glibc
import ReplayCacheTestSupport
import Testing

@testable import ReplayCache

/// What `push --delete` and `fetch --delete` remove, and what they never do (`design.md` section 4).
struct DeletionTests {
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

    private func arrange(_ rule: DeletionRule, at place: Place) async throws {
        try mine.write("stays", to: "stays.txt")
        try await mine.push(to: place)
        if rule.startsAgreed {
            try await mine.publish("old", to: place)
            try await theirs.fetch(from: place)
        }
        try await rule.arrange(mine, theirs, place)
    }

    private func entry(at place: Place) async throws -> String? {
        let digest = try await mine.entries(at: place)[SyncRule.path]
        let texts = try ["old", "mine", "theirs"].map { (text: $0, digest: try Digest.of(Array($0.utf8))) }
        return digest.map { digest in texts.first { $0.digest == digest }?.text ?? digest.hex }
    }

    @Test(arguments: DeletionRule.all, PlaceKind.allCases)
    func aPushRemovesWhatTheTableSays(_ rule: DeletionRule, _ kind: PlaceKind) async throws {
        let place = try await kind.place(in: scratch)
        try await arrange(rule, at: place)
        for isAgain in [false, true] {
            let push = try await mine.push(to: place) { $0.deletion = DeletionOptions(maximum: 5) }
            let answer = DeletionRule.Answer(
                text: try await entry(at: place),
                deleted: push.entriesDeleted,
                conflicts: push.conflicts
            )
            var expected = rule.push
            if isAgain { expected.deleted = 0 }
            #expect(answer == expected)
            #expect(mine.text("stays.txt") == "stays")
            #expect(try await mine.entries(at: place)["replays/stays.txt"] != nil)
        }
    }

    @Test(arguments: DeletionRule.all, PlaceKind.allCases)
    func aFetchRemovesWhatTheTableSays(_ rule: DeletionRule, _ kind: PlaceKind) async throws {
        let place = try await kind.place(in: scratch)
        try await arrange(rule, at: place)
        let before = try await entry(at: place)
        for isAgain in [false, true] {
            let fetch = try await mine.fetch(from: place) { $0.deletion = DeletionOptions(maximum: 5) }
            let answer = DeletionRule.Answer(
                text: mine.text(SyncRule.file),
                deleted: fetch.filesDeleted,
                conflicts: fetch.conflicts
            )
            var expected = rule.fetch
            if isAgain { expected.deleted = 0 }
            // A file behind a link, or under an ignored name, is not placed again.
            if answer.text != nil || !rule.name.contains("ignored now, and gone") { #expect(answer == expected) }
            #expect(mine.text("stays.txt") == "stays")
            #expect(try await entry(at: place) == before)
        }
    }

    @Test(arguments: DeletionRule.all)
    func withoutTheFlagNothingIsRemoved(_ rule: DeletionRule) async throws {
        try await arrange(rule, at: place)
        let (before, text) = (try await entry(at: place), mine.text(SyncRule.file))
        let push = try await mine.push(to: place)
        #expect(push.entriesDeleted == 0)
        #expect(try await entry(at: place) == before)
        #expect(push.filesGone == (rule.name.hasPrefix("the file is gone") ? 1 : 0))
        let fetch = try await mine.fetch(from: place)
        #expect(fetch.filesDeleted == 0)
        if let text, before == nil { #expect(mine.text(SyncRule.file) == text) }
    }

    @Test(arguments: DeletionRule.all)
    func aDryRunNamesWhatWouldGoAndTouchesNeitherSide(_ rule: DeletionRule) async throws {
        try await arrange(rule, at: place)
        let before = try Tree.listing(of: place.directory) + Tree.listing(of: mine.folder)
        let push = try await mine.push(to: place) {
            $0.deletion = DeletionOptions(maximum: 5)
            $0.isDryRun = true
        }
        #expect(push.entriesDeleted == rule.push.deleted)
        #expect(mine.told(.wouldRemove) == [String](repeating: SyncRule.path, count: rule.push.deleted))
        let fetch = try await mine.fetch(from: place) {
            $0.deletion = DeletionOptions(maximum: 5)
            $0.isDryRun = true
        }
        #expect(fetch.filesDeleted == rule.fetch.deleted)
        #expect(mine.told(.wouldRemove).count == rule.push.deleted + rule.fetch.deleted)
        #expect(mine.told(.removed) == [])
        #expect(try Tree.listing(of: place.directory) + Tree.listing(of: mine.folder) == before)
    }

    // MARK: The guard

    @Test(arguments: [
        (1, 1, true), (9, 1, true), (9, 2, false), (10, 1, true), (10, 2, false), (19, 1, true), (19, 2, false),
        (20, 2, true), (20, 3, false), (100, 10, true), (100, 11, false), (1_000_000, 100_000, true),
        (1_000_000, 100_001, false),
    ])
    func aTenthMayGoAndAlwaysOne(_ total: Int, _ count: Int, _ isAllowed: Bool) {
        let refusal = DeletionGuard().refusal(of: count, outOf: total, "entries", "here")
        #expect((refusal == nil) == isAllowed)
        #expect(refusal?.hint.contains("--max-delete \(count)") != false)
        #expect(DeletionGuard(maximum: count).refusal(of: count, outOf: total, "entries", "here") == nil)
        #expect(DeletionGuard(maximum: count - 1).refusal(of: count, outOf: total, "entries", "here")?.count == count)
    }

    private func publish(_ count: Int) async throws {
        for number in 0..<count { try mine.write("game \(number)", to: "\(number % 3)/\(number).slp") }
        try await mine.push(to: place)
    }

    @Test
    func aPushThatWouldRemoveMoreThanATenthPublishesAndRemovesNothing() async throws {
        try await publish(20)
        for number in 0..<3 { try Tree.remove(mine.at("\(number)/\(number).slp")) }
        // What is published now does not make room for removals.
        for number in 0..<20 { try mine.write("new \(number)", to: "new/\(number).slp") }
        for isDryRun in [true, false] {
            let push = try await mine.push(to: place) {
                $0.deletion = DeletionOptions(maximum: nil)
                $0.isDryRun = isDryRun
            }
            #expect(push.entriesDeleted == 0)
            #expect(push.removalsRefused?.count == 3)
            #expect(push.failure?.code == .quota)
            #expect(push.failure?.message.contains("3 of the 20 entries") == true)
            #expect(push.failure?.hint?.contains("--max-delete 3") == true)
        }
        #expect(try await mine.entries(at: place).count == 40)
        #expect(mine.told(.removed) == [])
        let push = try await mine.push(to: place) { $0.deletion = DeletionOptions(maximum: 3) }
        #expect(push.entriesDeleted == 3)
        #expect(push.failure == nil)
        #expect(mine.told(.removed) == (0..<3).map { "replays/\($0)/\($0).slp" })
        #expect(try await mine.entries(at: place).count == 37)
    }

    @Test
    func aTenthGoesUnasked() async throws {
        try await publish(20)
        for number in 0..<2 { try Tree.remove(mine.at("\(number)/\(number).slp")) }
        #expect(try await mine.push(to: place) { $0.deletion = DeletionOptions(maximum: nil) }.entriesDeleted == 2)
    }

    @Test
    func anEmptyFolderRemovesNothingWhateverIsAllowed() async throws {
        try await publish(3)
        try Tree.remove(mine.folder)
        _ = try scratch.folder("mine")
        let push = try await mine.push(to: place) { $0.deletion = DeletionOptions(maximum: 100) }
        #expect(push.entriesDeleted == 0)
        #expect(push.failure?.code == .quota)
        #expect(push.failure?.message.contains("holds no files") == true)
        #expect(try await mine.entries(at: place).count == 3)
    }

    @Test(.enabled(if: !Surroundings.isRoot))
    func aFolderThatCannotBeReadKeepsEverything() async throws {
        try await publish(6)
        try Tree.remove(mine.at("0/0.slp"))
        try Tree.setMode(of: mine.at("1"), to: 0)
        defer { try? Tree.setMode(of: mine.at("1"), to: 0o755) }
        let push = try await mine.push(to: place) { $0.deletion = DeletionOptions(maximum: 100) }
        #expect(push.entriesDeleted == 0)
        #expect(push.foldersFailed == 1)
        #expect(push.removalsRefused?.count == 1)
        #expect(try await mine.entries(at: place).count == 6)
    }

    /// What is in it has no path that could be told from the ones that are gone.
    @Test
    func aFolderWhoseNameIsNotUTF8KeepsEverything() async throws {
        try await publish(6)
        let name = Array(mine.at("bad-").utf8).map { CChar(bitPattern: $0) } + [CChar(bitPattern: 0xFF), 0]
        let renamed = unsafe rename(mine.at("0"), name)
        try #require(renamed == 0)
        let push = try await mine.push(to: place) { $0.deletion = DeletionOptions(maximum: 100) }
        #expect(push.entriesDeleted == 0)
        #expect(push.foldersFailed == 1)
        #expect(push.filesGone > 0)
        #expect(push.removalsRefused?.count == push.filesGone)
        #expect(try await mine.entries(at: place).count == 6)
    }

    @Test
    func aFetchThatWouldRemoveMoreThanATenthRemovesNothing() async throws {
        try await publish(20)
        try await theirs.fetch(from: place)
        for number in 0..<3 { try Tree.remove(mine.at("\(number)/\(number).slp")) }
        try mine.write("new", to: "new.slp")
        try await mine.push(to: place) { $0.deletion = DeletionOptions(maximum: 3) }
        let fetch = try await theirs.fetch(from: place) { $0.deletion = DeletionOptions(maximum: nil) }
        #expect(fetch.filesDeleted == 0)
        #expect(fetch.filesPlaced == 1)
        #expect(fetch.failure?.code == .quota)
        #expect(try theirs.files().count == 21)
        let again = try await theirs.fetch(from: place) { $0.deletion = DeletionOptions(maximum: 3) }
        #expect(again.filesDeleted == 3)
        #expect(again.failure == nil)
        #expect(try theirs.files() == mine.files())
    }

    // MARK: Whose

    @Test
    func nobodyRemovesWhatSomebodyElsePublished() async throws {
        try await publish(5)
        try theirs.write("theirs", to: "theirs.slp")
        for _ in 0..<2 {
            let push = try await theirs.push(to: place) { $0.deletion = DeletionOptions(maximum: 100) }
            #expect(push.entriesDeleted == 0)
            #expect(push.failure == nil)
        }
        #expect(try await mine.entries(at: place).count == 6)
    }

    @Test
    func afterALostCatalogNothingIsRemovedAndThatIsSaid() async throws {
        try await publish(5)
        let again = try await mine.withoutCatalog()
        try Tree.remove(again.at("0/0.slp"))
        let push = try await again.push(to: place) { $0.deletion = DeletionOptions(maximum: 100) }
        #expect(push.entriesDeleted == 0)
        #expect(again.told(.warning).contains { $0.contains("nothing is removed") })
        #expect(try await again.entries(at: place).count == 5)
        // What stands was adopted: from now on it is known what goes.
        try Tree.remove(again.at("1/1.slp"))
        #expect(try await again.push(to: place) { $0.deletion = DeletionOptions(maximum: nil) }.entriesDeleted == 1)
        #expect(try await again.entries(at: place).keys.contains("replays/0/0.slp"))
    }

    @Test
    func afterALostCatalogAFetchRemovesNothingAndSaysSo() async throws {
        try await publish(5)
        try await theirs.fetch(from: place)
        try Tree.remove(mine.at("0/0.slp"))
        try await mine.push(to: place) { $0.deletion = DeletionOptions(maximum: nil) }
        let again = try await theirs.withoutCatalog()
        let fetch = try await again.fetch(from: place) { $0.deletion = DeletionOptions(maximum: 100) }
        #expect(fetch.filesDeleted == 0)
        #expect(again.told(.warning).contains { $0.contains("nothing is removed") })
        #expect(try again.files().count == 5)
    }

    @Test
    func onlyWhatIsBelowThePathGoes() async throws {
        try mine.write("one", to: "one.slp")
        try mine.write("two", to: "two.slp")
        for into in ["replays/fox", "replays/fox-2"] {
            try await mine.push(to: place) { $0.into = try LogicalPath(into) }
        }
        try Tree.remove(mine.at("two.slp"))
        let push = try await mine.push(to: place) {
            $0.into = try LogicalPath("replays/fox")
            $0.deletion = DeletionOptions(maximum: nil)
        }
        #expect(push.entriesDeleted == 1)
        #expect(
            try await mine.entries(at: place).keys.sorted()
                == ["replays/fox-2/one.slp", "replays/fox-2/two.slp", "replays/fox/one.slp"]
        )
    }

    /// The path that the folder stood for before, and the one that it is pushed to then.
    @Test(arguments: [("replays/fox", "replays"), ("replays", "replays/fox")])
    func whatStandsForAnEntryUnderAnotherPathIsNotGone(_ before: String, _ after: String) async throws {
        for path in ["one.slp", "fox/two.slp", "three.slp"] { try mine.write(path, to: path) }
        try await mine.push(to: place) { $0.into = try LogicalPath(before) }
        let entries = try await mine.entries(at: place)
        for isAgain in [false, true] {
            let push = try await mine.push(to: place) {
                $0.into = try LogicalPath(after)
                $0.deletion = DeletionOptions(maximum: 100)
            }
            #expect(push.entriesDeleted == 0)
            #expect(push.entriesRemoved == 0)
            #expect(push.entriesAdded == (isAgain ? 0 : 3))
        }
        #expect(try await mine.entries(at: place).filter { entries[$0.key] != nil } == entries)
        // Gone for both.
        try Tree.remove(mine.at("one.slp"))
        for into in [before, after] {
            let push = try await mine.push(to: place) {
                $0.into = try LogicalPath(into)
                $0.deletion = DeletionOptions(maximum: 100)
            }
            #expect(push.entriesDeleted > 0 || into == after)
        }
        #expect(try await mine.entries(at: place).keys.filter { $0.hasSuffix("one.slp") } == [])
    }

    @Test
    func whatIsExcludedOrNotIncludedKeepsItsEntry() async throws {
        try mine.write("one", to: "one.slp")
        try mine.write("two", to: "two.txt")
        try mine.write("three", to: "three.slp")
        try await mine.push(to: place)
        try Tree.remove(mine.at("one.slp"))
        try Tree.remove(mine.at("two.txt"))
        let excluding = try await mine.push(to: place) {
            $0.excludes = ["*.slp"]
            $0.includes = ["*.slp", "*.md"]
            $0.deletion = DeletionOptions(maximum: 5)
        }
        #expect(excluding.entriesDeleted == 0)
        let including = try await mine.push(to: place) {
            $0.includes = ["*.txt", "three.slp"]
            $0.deletion = DeletionOptions(maximum: 5)
        }
        #expect(including.entriesDeleted == 1)
        #expect(try await mine.entries(at: place).keys.sorted() == ["replays/one.slp", "replays/three.slp"])
    }

    @Test
    func aPushOfReplaysNeverTouchesCheckpoints() async throws {
        try await publish(3)
        try Tree.write("weights", to: scratch.at("model.pt"))
        _ = try await mine.workspace.pushCheckpoint(
            [scratch.at("model.pt")],
            to: place,
            CheckpointDescription(run: "r")
        )
        try Tree.remove(mine.at("0/0.slp"))
        try await mine.push(to: place) { $0.deletion = DeletionOptions(maximum: 100) }
        #expect(try await mine.entries(at: place).keys.contains("checkpoints/r/model.pt"))
    }

    @Test
    func aFileThatMovedIsNotCountedAsGone() async throws {
        try await publish(10)
        try Tree.move(mine.at("0/0.slp"), to: mine.at("moved.slp"))
        try Tree.remove(mine.at("1/1.slp"))
        for isDryRun in [true, false] {
            let push = try await mine.push(to: place) {
                $0.deletion = DeletionOptions(maximum: nil)
                $0.isDryRun = isDryRun
            }
            #expect(push.failure == nil)
            #expect(push.entriesRemoved == 1)
            #expect(push.entriesDeleted == 1)
        }
        #expect(mine.told(.wouldRemove) == ["replays/1/1.slp"])
        #expect(try await mine.entries(at: place).count == 9)
    }

    @Test
    func aCopyThatStaysDoesNotKeepTheEntryOfTheOneThatWent() async throws {
        try mine.write("game", to: "a.slp")
        try mine.write("game", to: "b.slp")
        try await mine.push(to: place)
        try Tree.remove(mine.at("a.slp"))
        for isDryRun in [true, false] {
            let push = try await mine.push(to: place) {
                $0.deletion = DeletionOptions(maximum: nil)
                $0.isDryRun = isDryRun
            }
            #expect(push.entriesDeleted == 1)
        }
        #expect(try await mine.entries(at: place).keys.sorted() == ["replays/b.slp"])
    }

    // MARK: Locally

    @Test
    func foldersGoThatBecameEmptyAndNoOthers() async throws {
        for path in ["a/deep/er/one.slp", "b/two.slp", "b/three.slp", "c/four.slp"] { try mine.write(path, to: path) }
        try await mine.push(to: place)
        try await theirs.fetch(from: place)
        _ = try scratch.folder("theirs/empty/before")
        try theirs.write("notes", to: "c/notes.tmp")
        for path in ["a/deep/er/one.slp", "b/two.slp", "c/four.slp"] { try Tree.remove(mine.at(path)) }
        try await mine.push(to: place) { $0.deletion = DeletionOptions(maximum: 3) }
        #expect(try await theirs.fetch(from: place) { $0.deletion = DeletionOptions(maximum: 3) }.filesDeleted == 3)
        #expect(!Tree.exists(theirs.at("a")))
        #expect(Tree.exists(theirs.at("empty/before")))
        #expect(try theirs.files() == ["b/three.slp", "c/notes.tmp"])
        // Told once: nothing is agreed on any more.
        #expect(try await theirs.fetch(from: place).deletedElsewhere == 0)
    }

    @Test
    func aFileThatChangesBeforeItGoesIsLeft() async throws {
        try mine.write("old", to: SyncRule.file)
        try mine.write("both", to: "conflict.txt")
        try await mine.push(to: place)
        try await theirs.fetch(from: place)
        try Tree.remove(mine.at(SyncRule.file))
        try mine.write("mine", to: "conflict.txt")
        try await mine.push(to: place) { $0.deletion = DeletionOptions(maximum: 1) }
        try theirs.write("theirs", to: "conflict.txt")
        // Conflicts are told between the plan and the removal.
        let file = theirs.at(SyncRule.file)
        let workspace = try await Workspace.open(home: theirs.home) { event in
            if case .conflict = event { try? Tree.write("edited", to: file) }
        }
        var options = try FetchOptions()
        options.deletion = DeletionOptions(maximum: 5)
        let fetch = try await workspace.fetch(from: place, into: theirs.folder, options: options)
        #expect(fetch.filesDeleted == 0)
        #expect(fetch.filesDeferred == 1)
        #expect(theirs.text(SyncRule.file) == "edited")
    }

    @Test
    func aFetchOfASelectionRemovesOnlyWhatItMeans() async throws {
        for path in ["fox/one.slp", "falco/two.slp"] { try mine.write(path, to: path) }
        try mine.write("stays", to: "stays.slp")
        try await mine.push(to: place)
        try await theirs.fetch(from: place)
        for path in ["fox/one.slp", "falco/two.slp"] { try Tree.remove(mine.at(path)) }
        try await mine.push(to: place) { $0.deletion = DeletionOptions(maximum: 2) }
        let fetch = try await theirs.fetch(from: place) {
            $0.selection = Selection(paths: ["fox/*"])
            $0.deletion = DeletionOptions(maximum: 5)
        }
        #expect(fetch.filesDeleted == 1)
        #expect(fetch.deletedElsewhere == 1)
        #expect(try theirs.files() == ["falco/two.slp", "stays.slp"])
    }
}
