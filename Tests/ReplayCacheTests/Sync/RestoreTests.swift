import ReplayCacheTestSupport
import Testing

@testable import ReplayCache

/// What `rm` removes and what `restore` brings back.
struct RestoreTests {
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

    @discardableResult
    private func restore(_ text: String, _ change: (inout RestoreOptions) -> Void = { _ in }) async throws
        -> SyncSummary
    {
        let named = try PathAtMoment(text)
        var options = RestoreOptions(path: named.path)
        options.moment = named.moment
        change(&options)
        return try await mine.workspace.restore(at: place, options: options)
    }

    @discardableResult
    private func remove(_ paths: [String], _ change: (inout RemoveOptions) -> Void = { _ in }) async throws
        -> SyncSummary
    {
        var options = RemoveOptions(paths: try paths.map { try LogicalPath($0) })
        change(&options)
        return try await mine.workspace.remove(at: place, options: options)
    }

    private func refusal(_ body: () async throws -> SyncSummary) async -> ReplayCacheError? {
        do {
            _ = try await body()
            return nil
        } catch {
            return error as? ReplayCacheError
        }
    }

    private func publish(_ count: Int) async throws {
        for number in 0..<count { try mine.write("game \(number)", to: "\(number % 3)/\(number).slp") }
        try await mine.push(to: place)
    }

    /// The moment of the newest commit, as a user would write it.
    private func now() async throws -> String {
        let newest = try #require(try await mine.repository(at: place).store.newestHLC())
        return Timestamp(milliseconds: newest.milliseconds).rfc3339
    }

    // MARK: rm

    @Test
    func whatIsNamedGoesAndComesBackByteForByte() async throws {
        try await publish(20)
        let before = try await mine.entries(at: place)
        let removed = try await remove(["replays/0/0.slp", "replays/1/1.slp"])
        #expect(removed.entriesDeleted == 2)
        #expect(mine.told(.removed) == ["replays/0/0.slp", "replays/1/1.slp"])
        #expect(try await mine.entries(at: place).count == 18)
        #expect(removed.undo?.hasPrefix("replaycache restore -r replays \(place) --deleted-since 2") == true)
        let since = try #require(removed.undo?.split(separator: " ").last.flatMap { Moment($0) })
        let restored = try await restore("replays") {
            $0.isRecursive = true
            $0.deletedSince = since
        }
        #expect(restored.entriesRestored == 2)
        #expect(restored.objectsUploaded == 0)
        #expect(try await mine.entries(at: place) == before)
        try await theirs.fetch(from: place)
        #expect(try theirs.files() == mine.files())
        for file in try mine.files() { #expect(theirs.text(file) == mine.text(file)) }
        #expect(try Tree.status(theirs.at("0/0.slp")).mtimeNanoseconds == 1_700_000_000_000_000_000)
        // Nothing is left to push or fetch on either side.
        #expect(try await mine.push(to: place).entriesAdded == 0)
        #expect(try await mine.fetch(from: place).filesPlaced == 0)
    }

    @Test
    func aFolderGoesOnlyWithTheFlagAndWithinTheGuard() async throws {
        try await publish(20)
        #expect(await refusal { try await remove(["replays/0"]) }?.hint?.contains("-r") == true)
        let refused = await refusal { try await remove(["replays/0"]) { $0.isRecursive = true } }
        #expect(refused?.code == .quota)
        #expect(refused?.message.contains("7 of the 20 entries") == true)
        let plan = try await remove(["replays/0"]) {
            $0.isRecursive = true
            $0.isDryRun = true
        }
        #expect(plan.failure?.code == .quota)
        #expect(mine.told(.wouldRemove).count == 7)
        #expect(try await mine.entries(at: place).count == 20)
        let removed = try await remove(["replays/0"]) {
            $0.isRecursive = true
            $0.maximum = 7
        }
        #expect(removed.entriesDeleted == 7)
        #expect(try await mine.entries(at: place).keys.filter { $0.hasPrefix("replays/0/") } == [])
    }

    @Test(arguments: [["replays/none.slp"], ["replays/0/0.slp", "replays/none"], ["replays"], []])
    func whatIsNotThereEndsBeforeAnythingGoes(_ paths: [String]) async throws {
        try await publish(20)
        #expect(await refusal { try await remove(paths) }?.code == .usage)
        #expect(try await mine.entries(at: place).count == 20)
    }

    @Test
    func aSelectionNamesReplaysAndNothingElse() async throws {
        try await publish(20)
        try Tree.write("weights", to: scratch.at("5.slp"))
        _ = try await mine.workspace.pushCheckpoint([scratch.at("5.slp")], to: place, CheckpointDescription(run: "r"))
        let removed = try await remove([]) { $0.selection = Selection(paths: ["5.slp", "17.slp"]) }
        #expect(removed.entriesDeleted == 2)
        #expect(try await mine.entries(at: place).keys.contains("checkpoints/r/5.slp"))
        #expect(
            try await remove(["replays/0"]) {
                $0.isRecursive = true
                $0.selection = Selection(paths: ["*.slp"], limit: 1)
            }.entriesDeleted == 1
        )
        #expect(try await mine.entries(at: place)["replays/0/0.slp"] == nil)
        #expect(try await remove(["checkpoints/r/5.slp"]).entriesDeleted == 1)
    }

    @Test
    func aPathThatIsAlsoAFolderGoesAlone() async throws {
        try await mine.publish("one", to: place)
        let digest = try Digest.of(Array("one".utf8))
        let puts = ["replays/a", "replays/a/b", "replays/a/c"].map { path in
            ReplayCache.Operation.put(.init(path: path, sha256: digest, was: nil, size: 3, mtime: 0))
        }
        try await mine.commit(puts, to: place)
        #expect(try await remove(["replays/a"]).entriesDeleted == 1)
        #expect(try await mine.entries(at: place).count == 3)
    }

    @Test
    func whatWasRemovedIsNotPublishedAgainByWhoHasIt() async throws {
        try await publish(20)
        try await theirs.fetch(from: place)
        try await remove(["replays/0/0.slp"])
        #expect(try await theirs.push(to: place).deletedElsewhere == 1)
        #expect(try await theirs.fetch(from: place) { $0.deletion = DeletionOptions(maximum: nil) }.filesDeleted == 1)
        #expect(theirs.text("0/0.slp") == nil)
        try await restore("replays/0/0.slp")
        try await theirs.fetch(from: place)
        #expect(theirs.text("0/0.slp") == "game 0")
    }

    @Test
    func manyEntriesGoAndComeBackInCommitsOfBoundedSize() async throws {
        try await mine.publish("one", to: place)
        let digest = try Digest.of(Array("one".utf8))
        let puts = (0..<10_001).map { number in
            ReplayCache.Operation.put(
                .init(path: "replays/many/\(number)", sha256: digest, was: nil, size: 3, mtime: 7)
            )
        }
        try await mine.commit(puts, to: place)
        let removed = try await remove(["replays/many"]) {
            $0.isRecursive = true
            $0.maximum = 10_001
        }
        #expect(removed.entriesDeleted == 10_001)
        #expect(removed.requests.put == 3)
        #expect(try await mine.entries(at: place).keys.sorted() == [SyncRule.path])
        let restored = try await restore("replays/many") { $0.isRecursive = true }
        #expect(restored.entriesRestored == 10_001)
        #expect(restored.requests.put == 3)
        #expect(try await mine.entries(at: place).count == 10_002)
    }

    // MARK: restore

    @Test(arguments: PlaceKind.allCases)
    func aPushThatRemovedAHundredFilesIsUndone(_ kind: PlaceKind) async throws {
        let place = try await kind.place(in: scratch)
        for number in 0..<120 { try mine.write("game \(number)", to: "\(number % 3)/\(number).slp") }
        try await mine.push(to: place)
        let before = try await mine.entries(at: place)
        try await theirs.fetch(from: place)
        try await mine.workspace.remove(at: place, options: RemoveOptions(paths: [LogicalPath("replays/2/119.slp")]))
            .expectUndo()
        for number in 0..<100 { try Tree.remove(mine.at("\(number % 3)/\(number).slp")) }
        let push = try await mine.push(to: place) { $0.deletion = DeletionOptions(maximum: 100) }
        #expect(push.entriesDeleted == 100)
        let words = try #require(push.undo).split(separator: " ").map(String.init)
        #expect(words.prefix(3) == ["replaycache", "restore", "-r"])
        var options = RestoreOptions(path: try LogicalPath(words[3]))
        options.isRecursive = true
        options.deletedSince = Moment(words[words.count - 1])
        let restored = try await theirs.workspace.restore(at: place, options: options)
        #expect(restored.entriesRestored == 100)
        #expect(try await mine.entries(at: place).count == 119)
        #expect(try await mine.entries(at: place).allSatisfy { before[$0.key] == $0.value })
        // They come back to where they were removed from.
        #expect(try await mine.fetch(from: place).filesPlaced == 100)
        #expect(mine.text("0/99.slp") == "game 99")
    }

    @Test
    func aFileThatStandsBecomesWhatItWasBefore() async throws {
        try await mine.publish("one", to: place)
        try await mine.publish("two", to: place)
        try await theirs.fetch(from: place)
        #expect(try await restore(SyncRule.path).entriesRestored == 1)
        #expect(mine.told(.restored) == [SyncRule.path])
        let fetch = try await theirs.fetch(from: place)
        #expect(fetch.conflicts == 0)
        #expect(theirs.text(SyncRule.file) == "one")
        // Once more: it is undone.
        try await restore(SyncRule.path)
        try await theirs.fetch(from: place)
        #expect(theirs.text(SyncRule.file) == "two")
    }

    @Test
    func aMomentNamesTheVersionOfThen() async throws {
        try await mine.publish("one", to: place)
        let first = try await now()
        try await mine.publish("two", to: place)
        try await mine.publish("three", to: place)
        try await restore("\(SyncRule.path)@\(first)")
        try await theirs.fetch(from: place)
        #expect(theirs.text(SyncRule.file) == "one")
        let error = await refusal { try await restore("\(SyncRule.path)@2001-01-01") }
        #expect(error?.code == .usage)
        #expect(error?.message.contains("held nothing at 2001-01-01T00:00:00Z") == true)
        #expect(try await restore("\(SyncRule.path)@\(first)").entriesRestored == 0)
    }

    @Test
    func aFolderBecomesWhatItWasAndKeepsWhatCameSince() async throws {
        try await publish(6)
        let then = try await now()
        try mine.write("changed", to: "0/0.slp")
        try mine.write("new", to: "0/new.slp")
        try Tree.remove(mine.at("0/3.slp"))
        try mine.write("changed", to: "1/1.slp")
        try await mine.push(to: place) { $0.deletion = DeletionOptions(maximum: 1) }
        let plan = try await restore("replays/0@\(then)") {
            $0.isRecursive = true
            $0.isDryRun = true
        }
        #expect(plan.entriesRestored == 2)
        #expect(plan.requests.put == 0)
        #expect(try await restore("replays/0@\(then)") { $0.isRecursive = true }.entriesRestored == 2)
        try await theirs.fetch(from: place)
        #expect(theirs.text("0/0.slp") == "game 0")
        #expect(theirs.text("0/3.slp") == "game 3")
        #expect(theirs.text("0/new.slp") == "new")
        #expect(theirs.text("1/1.slp") == "changed")
        #expect(try await restore("replays/0@\(then)") { $0.isRecursive = true }.requests.put == 0)
    }

    @Test
    func theLoserOfAConcurrentChangeCanBeBroughtBack() async throws {
        try await mine.publish("old", to: place)
        try await mine.publish("mine", to: place)
        let before = try await now()
        try await theirs.publishUnaware("theirs", insteadOf: "old", to: place)
        try await restore("\(SyncRule.path)@\(before)")
        let third = try await Laptop("third", in: scratch)
        try await third.fetch(from: place)
        #expect(third.text(SyncRule.file) == "mine")
        #expect(try await mine.repository(at: place).store.recentLosers(below: LogicalPath("replays")) == [])
    }

    @Test(arguments: ["replays/fox", "replays/none"])
    func whatCannotBeRestoredIsNamed(_ path: String) async throws {
        try await mine.publish("old", to: place)
        #expect(await refusal { try await restore(path) }?.code == .usage)
        #expect(
            await refusal { try await restore(SyncRule.path) }?.message.contains("never held anything else") == true
        )
    }

    // MARK: Contents that are about to go

    @Test(arguments: PlaceKind.allCases)
    func aCondemnedContentIsStoredUnderItsNextKeyFirst(_ kind: PlaceKind) async throws {
        let place = try await kind.place(in: scratch)
        let large = SampleBytes.large(40 << 20)
        try Tree.write(large, to: mine.at("large.bin"))
        try await mine.publish("small", to: place)
        let entries = try await mine.entries(at: place)
        for path in ["replays/large.bin", SyncRule.path] {
            var options = RemoveOptions(paths: [try LogicalPath(path)])
            options.maximum = 1
            _ = try await mine.workspace.remove(at: place, options: options)
        }
        let repository = try await mine.repository(at: place)
        let condemned = try await repository.store.allObjects()
        try await Catalog(home: mine.home).condemn(condemned, place: repository.store.record.id)
        var options = RestoreOptions(path: try LogicalPath("replays"))
        options.isRecursive = true
        let restored = try await mine.workspace.restore(at: place, options: options)
        #expect(restored.entriesRestored == 2)
        #expect(restored.failure == nil)
        #expect(try await mine.entries(at: place) == entries)
        // What is named now is none of the old keys, which may go.
        let named = try await repository.store.allObjects()
        #expect(Set(named).isDisjoint(with: condemned))
        #expect(named.allSatisfy { $0.generation == 1 })
        try await repository.remote.delete(condemned.map(\.remoteKey))
        try await theirs.fetch(from: place)
        #expect(try Tree.read(theirs.at("large.bin")) == large)
        #expect(theirs.text(SyncRule.file) == "small")
    }

    @Test
    func aContentThatIsGoneIsNamedAndTheOthersComeBack() async throws {
        try await mine.publish("small", to: place)
        try mine.write("other", to: "other.txt")
        try await mine.push(to: place)
        try await remove([SyncRule.path])
        try await remove(["replays/other.txt"])
        let repository = try await mine.repository(at: place)
        let key = try #require(try await repository.store.object(of: try Digest.of(Array("small".utf8)))?.key)
        try await Catalog(home: mine.home).condemn([key], place: repository.store.record.id)
        try await repository.remote.delete([key.remoteKey])
        let restored = try await restore("replays") { $0.isRecursive = true }
        #expect(restored.filesFailed == 1)
        #expect(restored.entriesRestored == 1)
        #expect(mine.told(.failed) == [SyncRule.path])
        #expect(try await mine.entries(at: place).keys.sorted() == ["replays/other.txt"])
    }

    /// A version may be gone though its path was written to lately: what counts is when the next one came.
    @Test
    func aVersionWhoseObjectWasRemovedIsNotRestoredHoweverYoungItsPathIs() async throws {
        let old = try await OldRepository(.directory, in: scratch)
        let bytes = Array("first".utf8)
        let digest = try Digest.of(bytes)
        let size = Int64(bytes.count)
        let key = ObjectKey(digest: digest, form: .content(.raw)).remoteKey.string
        try old.commit(
            daysAgo: 100,
            [
                .obj(.init(sha256: digest, size: size, key: key, encodedSize: size)),
                .put(.init(path: "replays/x", sha256: digest, was: nil, size: size, mtime: 0)),
            ]
        )
        for day in [50, 5] { _ = try old.commit(daysAgo: Double(day), path: "x", content: day) }
        var options = RestoreOptions(path: try LogicalPath("replays/x"))
        options.moment = Moment("60d")
        let restored = try await mine.workspace.restore(at: old.depot.place, options: options)
        #expect(restored.entriesRestored == 0)
        #expect(restored.filesFailed == 1)
        #expect(try await mine.entries(at: old.depot.place)["replays/x"] == MergeTests.digest(5))
    }
}

extension SyncSummary {
    fileprivate func expectUndo() { #expect(undo != nil) }
}

extension PlaceStore {
    /// The key of every content that is stored.
    func allObjects() throws -> [ObjectKey] {
        let digests = try database.all("SELECT digest FROM main.content WHERE encoding IS NOT NULL") { $0.digest(0) }
        return try digests.compactMap { $0 }.compactMap { try object(of: $0)?.key }
    }
}

extension Catalog {
    /// Believes that a collector has condemned these keys.
    func condemn(_ keys: [ObjectKey], place: Int64) throws {
        for key in keys {
            try database.run(
                "INSERT INTO condemned (place, digest, key, generation) VALUES (?, ?, ?, ?)",
                .integer(place),
                .blob(key.digest.bytes),
                .text(key.remoteKey.string),
                .integer(Int64(key.generation))
            )
        }
    }
}
