import ReplayCacheTestSupport
import ReplayGenerator
import Synchronization
import Testing

@testable import ReplayCache

/// Repository to repository: what is there afterwards, what it cost, and what is left alone.
struct CopyTests {
    private let scratch: Scratch
    private let mine: Laptop
    private let pod: Laptop

    init() async throws {
        scratch = try Scratch()
        mine = try await Laptop("mine", in: scratch)
        pod = try await Laptop("pod", in: scratch)
    }

    /// Two places of these kinds.
    private func places(_ from: PlaceKind, _ to: PlaceKind) async throws -> (from: Place, to: Place) {
        func place(_ kind: PlaceKind, _ name: String) async throws -> Place {
            kind == .directory ? try scratch.place(name) : try await kind.place(in: scratch)
        }
        return (try await place(from, "from"), try await place(to, "to"))
    }

    @discardableResult
    private func copy(_ from: Place, _ to: Place, _ change: (inout CopyOptions) -> Void = { _ in }) async throws
        -> SyncSummary
    {
        var options = CopyOptions()
        change(&options)
        return try await mine.workspace.copy(from, to: to, options: options)
    }

    /// A few files, some alike, one large, one in a checkpoint only under another name.
    private func fill(_ place: Place) async throws -> [UInt8] {
        let large = SampleBytes.large(40 << 20)
        for number in 0..<12 { try mine.write("game \(number % 10)", to: "\(number % 3)/\(number).slp") }
        try mine.write(String(repeating: "compressible ", count: 5000), to: "text.txt")
        try Tree.write(large, to: mine.at("large.bin"))
        try await mine.push(to: place)
        try Tree.write(large + [1], to: scratch.at("model.pt"))
        var description = CheckpointDescription(run: "fox")
        description.step = 7
        description.metrics = ["loss": 0.5, "nan": .nan]
        description.note = "good"
        _ = try await mine.workspace.pushCheckpoint([scratch.at("model.pt")], to: place, description)
        return large
    }

    @Test
    func aCopyKnowsOfReplaysWhatTheSourceKnows() async throws {
        let (from, to) = try await places(.directory, .directory)
        // Told apart by the seed, and by the match.
        var old = ReplaySpec(version: .init(3, 9), frames: 130, seed: 77)
        old.startedAt = "2022-05-06T07:08:09Z"
        var online = old
        online.version = .init(3, 16)
        online.isOnline = true
        online.matchID = "mode.unranked-2024-05-06T07:08:09.10-0"
        online.gameNumber = 3
        for (name, replay) in [("old.slp", old), ("online.slp", online)] {
            try Tree.write(replay.bytes(), to: mine.at(name), modifiedAt: 1_700_000_000)
        }
        try await mine.push(to: from)
        // By a machine that never read the files.
        _ = try await pod.workspace.copy(from, to: to, options: CopyOptions())
        func state(_ place: Place) async throws -> [[SQLiteValue]] {
            let record = try await pod.workspace.context.catalog.place(place)
            let database = try Database(path: record.path)
            return try database.all("SELECT * FROM replays ORDER BY path") { row in (0..<29).map { row.value($0) } }
                + database.all("SELECT * FROM players ORDER BY sha256, port") { row in (0..<13).map { row.value($0) } }
                + database.all("SELECT reader, start_stocks, seed, game FROM game ORDER BY 2, 3, 4") { row in
                    (0..<4).map { row.value($0) }
                }
        }
        let copied = try await state(to)
        #expect(try await copied == state(from))
        // Of the old one the seed, by which it is known, and of both the stocks.
        let games = copied.filter { $0.count == 4 }
        #expect(games.map { $0[1] } == [.integer(4), .integer(4)])
        #expect(games.count { $0[2] != .null && $0[3] == .null } == 1)
    }

    @Test(arguments: [(PlaceKind.directory, PlaceKind.bucket), (.bucket, .directory), (.bucket, .bucket)])
    func everythingArrivesAndASecondCopySendsNothing(_ kinds: (PlaceKind, PlaceKind)) async throws {
        let (from, to) = try await places(kinds.0, kinds.1)
        let large = try await fill(from)
        let plan = try await copy(from, to) { $0.isDryRun = true }
        #expect(plan.entriesAdded == 15)
        #expect(plan.checkpointsCopied == 1)
        #expect(plan.requests.put == 0)
        let first = try await copy(from, to)
        #expect(first.failure == nil)
        #expect(first.entriesAdded == 15)
        #expect(first.checkpointsCopied == 1)
        let source = try await mine.repository(at: from)
        let target = try await mine.repository(at: to)
        #expect(source.id != target.id)
        #expect(try await mine.entries(at: to) == mine.entries(at: from))
        // As they are stored: the same keys with the same lengths, nothing encoded anew.
        let stored = { (store: PlaceStore) in
            try await store.allObjects().map(\.remoteKey.string).sorted()
        }
        #expect(try await stored(target.store) == stored(source.store))

        let again = try await copy(from, to)
        #expect(again.objectsUploaded + again.entriesAdded == 0)
        #expect(again.checkpointsCopied == 0)
        #expect(again.requests.put == 0)
        #expect(again.requests.get == 0)
        #expect(again.requests.list == 2)
        #expect(again.filesInStep == 15)

        // A pod that knows only the target.
        try await pod.fetch(from: to)
        #expect(try pod.files() == mine.files())
        #expect(try Tree.read(pod.at("large.bin")) == large)
        #expect(pod.text("0/9.slp") == "game 9")
        #expect(try Tree.status(pod.at("0/9.slp")).mtimeNanoseconds == 1_700_000_000_000_000_000)
        let (_, checkpoint) = try await pod.workspace.fetchCheckpoint(
            CheckpointReference("fox@latest"),
            from: to,
            into: scratch.at("restored")
        )
        #expect(checkpoint.metricTexts.map(\.value) == ["0.5", "nan"])
        #expect(checkpoint.step == 7)
        #expect(checkpoint.note == "good")
        #expect(try Tree.read(scratch.at("restored/model.pt")) == large + [1])
    }

    @Test
    func eachPlaceHasSettingsOfItsOwn() async throws {
        let from = try await TestServer.shared(.quirks(.b2)).makeBucket()
        let to = try await TestServer.shared(.quirks(.r2)).makeBucket()
        #expect(from.variables() != to.variables())
        for number in 0..<5 { try mine.write("game \(number)", to: "\(number).slp") }
        try await mine.push(to: from.place())
        #expect(try await copy(from.place(), to.place()).entriesAdded == 5)
        try await pod.fetch(from: to.place())
        #expect(try pod.files() == mine.files())
    }

    @Test
    func onlyWhatIsNewIsCopiedNextTime() async throws {
        let (from, to) = try await places(.directory, .directory)
        for number in 0..<20 { try mine.write("game \(number)", to: "\(number).slp") }
        try await mine.push(to: from)
        try await copy(from, to)
        try mine.write("changed", to: "1.slp")
        try mine.write("game 2", to: "copy of 2.slp")
        try await mine.push(to: from)
        let summary = try await copy(from, to)
        #expect(summary.entriesAdded == 2)
        #expect(summary.objectsUploaded == 1)
        // One object and one segment.
        #expect(summary.requests.put == 2)
        #expect(try await mine.entries(at: to) == mine.entries(at: from))
        #expect(try await mine.workspace.history(of: LogicalPath("replays/1.slp"), at: to).versions.count == 2)
    }

    @Test
    func whatTheReaderFoundComesAlong() async throws {
        let sandbox = try CommandLineSandbox()
        try await sandbox.writeLibrary(count: 8)
        let (from, to) = try await places(.directory, .directory)
        _ = try await mine.workspace.push(sandbox("slp"), to: from)
        // The pod has never read the files.
        _ = try await pod.workspace.copy(from, to: to)
        let published = try await pod.workspace.query(Selection(), in: .place(from))
        let copied = try await pod.workspace.query(Selection(), in: .place(to))
        #expect(copied == published)
        #expect(copied.count == 8)
        #expect(copied.contains { !$0.players.isEmpty })
    }

    // MARK: What differs at the target

    private struct Left: Equatable {
        var text: String?
        var added = 0
        var conflicts = 0
        var behind = 0
        var deletedElsewhere = 0
    }

    private func outcome(_ from: Place, _ to: Place) async throws -> Left {
        let summary = try await copy(from, to)
        let digest = try await mine.entries(at: to)[SyncRule.path]
        let texts = try ["old", "mine", "theirs", "newer"].map { (text: $0, digest: try Digest.of(Array($0.utf8))) }
        return Left(
            text: digest.map { digest in texts.first { $0.digest == digest }?.text ?? digest.hex },
            added: summary.entriesAdded,
            conflicts: summary.conflicts,
            behind: summary.behind,
            deletedElsewhere: summary.deletedElsewhere
        )
    }

    @Test
    func aPathThatNeverCameFromTheSourceIsAConflict() async throws {
        let (from, to) = try await places(.directory, .directory)
        try await mine.publish("mine", to: from)
        try await pod.publish("theirs", to: to)
        try mine.write("another", to: "another.txt")
        try await mine.push(to: from)
        #expect(try await outcome(from, to) == Left(text: "theirs", added: 1, conflicts: 1))
        #expect(mine.told(.conflict) == [SyncRule.path])
        #expect(try await copy(from, to).failure?.code == .conflict)
        // As the hint says.
        _ = try await mine.workspace.remove(at: to, options: RemoveOptions(paths: [LogicalPath(SyncRule.path)]))
        #expect(try await outcome(from, to) == Left(text: "mine", added: 1))
    }

    @Test
    func aTargetThatIsBehindIsBroughtUpToDate() async throws {
        let (from, to) = try await places(.directory, .directory)
        try await mine.publish("old", to: from)
        // It came there by another way.
        try await pod.publish("old", to: to)
        try await mine.publish("mine", to: from)
        #expect(try await outcome(from, to) == Left(text: "mine", added: 1))
    }

    @Test
    func aTargetThatHasMovedOnIsLeft() async throws {
        let (from, to) = try await places(.directory, .directory)
        try await mine.publish("old", to: from)
        try await copy(from, to)
        try await pod.fetch(from: to)
        try await pod.publish("newer", to: to)
        #expect(try await outcome(from, to) == Left(text: "newer", behind: 1))
        // Both went on: nobody followed the other.
        try await mine.publish("mine", to: from)
        #expect(try await outcome(from, to) == Left(text: "newer", conflicts: 1))
    }

    @Test
    func whatTheTargetDeletedIsNotBroughtBack() async throws {
        let (from, to) = try await places(.directory, .directory)
        try await mine.publish("old", to: from)
        try await copy(from, to)
        _ = try await mine.workspace.remove(at: to, options: RemoveOptions(paths: [LogicalPath(SyncRule.path)]))
        #expect(try await outcome(from, to) == Left(text: nil, deletedElsewhere: 1))
        try await mine.publish("mine", to: from)
        #expect(try await outcome(from, to) == Left(text: "mine", added: 1))
    }

    // MARK: What the source deleted

    @Test
    func whatTheSourceDeletedGoesOnlyWhenAskedAndWithinTheGuard() async throws {
        let (from, to) = try await places(.directory, .directory)
        for number in 0..<20 { try mine.write("game \(number)", to: "\(number).slp") }
        try await mine.push(to: from)
        try await copy(from, to)
        try await pod.publish("theirs", to: to)
        var options = RemoveOptions(paths: try (0..<3).map { try LogicalPath("replays/\($0).slp") })
        options.maximum = 3
        _ = try await mine.workspace.remove(at: from, options: options)
        #expect(try await copy(from, to).filesGone == 3)
        #expect(try await mine.entries(at: to).count == 21)
        let refused = try await copy(from, to) { $0.deletion = DeletionOptions(maximum: nil) }
        #expect(refused.failure?.code == .quota)
        #expect(try await mine.entries(at: to).count == 21)
        let removed = try await copy(from, to) { $0.deletion = DeletionOptions(maximum: 3) }
        #expect(removed.entriesDeleted == 3)
        #expect(try await mine.entries(at: to).count == 18)
        #expect(try await mine.entries(at: to)[SyncRule.path] != nil)
        #expect(try await copy(from, to) { $0.deletion = DeletionOptions(maximum: 3) }.requests.put == 0)
        // Undone at the source, it comes back.
        _ = try await mine.workspace.restore(at: from, options: RestoreOptions(path: LogicalPath("replays/0.slp")))
        #expect(try await copy(from, to).entriesAdded == 1)
        #expect(try await mine.entries(at: to)["replays/0.slp"] != nil)
    }

    @Test
    func anEmptySourceRemovesNothing() async throws {
        let (from, to) = try await places(.directory, .directory)
        try await mine.publish("old", to: from)
        try await copy(from, to)
        try await mine.unpublish("old", at: from)
        let summary = try await copy(from, to) { $0.deletion = DeletionOptions(maximum: 10) }
        #expect(summary.failure?.code == .quota)
        #expect(try await mine.entries(at: to).count == 1)
    }

    // MARK: Trouble

    @Test
    func aDamagedObjectIsNamedAndNotCopied() async throws {
        let (from, to) = try await places(.directory, .directory)
        try await mine.publish("old", to: from)
        try mine.write("good", to: "good.txt")
        try await mine.push(to: from)
        let key = try await mine.repository(at: from).store.object(of: try Digest.of(Array("old".utf8)))?.key.remoteKey
        try Tree.write("odd", to: "\(from.directory)/\(try #require(key))")
        let summary = try await copy(from, to)
        #expect(summary.failure?.code == .integrity)
        #expect(summary.filesFailed == 1)
        #expect(mine.told(.failed) == [SyncRule.path])
        #expect(try await mine.entries(at: to).keys.sorted() == ["replays/good.txt"])
        #expect(!Tree.exists("\(to.directory)/\(try #require(key))"))
    }

    @Test
    func aPlaceIsNotCopiedIntoItself() async throws {
        let (from, _) = try await places(.directory, .directory)
        try await mine.publish("old", to: from)
        for target in [from, try Place("\(from.directory)/inside")] {
            await #expect {
                _ = try await copy(from, target)
            } throws: { ($0 as? ReplayCacheError)?.code == .usage }
        }
    }

    @Test(arguments: [(PlaceKind.directory, PlaceKind.directory), (.bucket, .bucket)])
    func aCopyThatStopsAnywhereIsContinued(_ kinds: (PlaceKind, PlaceKind)) async throws {
        let (from, to) = try await places(kinds.0, kinds.1)
        _ = try await fill(from)
        let counter = RequestCounter()
        var runs = 0
        var limit = 1
        while true {
            runs += 1
            counter.begin(limit)
            var context = SyncContext(catalog: try Catalog(home: mine.home))
            context.remoteSettings.wrap = { StoppingRemote(base: $0, counter: counter) }
            do {
                let copy = Copy(context: context, source: from, target: to, options: CopyOptions())
                let summary = try await copy.run()
                #expect(summary.failure == nil)
                break
            } catch let error as ReplayCacheError {
                #expect(error.code == .unavailable)
                limit += 3
            }
        }
        #expect(runs > 3)
        #expect(try await mine.entries(at: to) == mine.entries(at: from))
        #expect(try await mine.repository(at: to).store.checkpoints(run: "fox").count == 1)
        // What is there is not sent again; recipes are made anew from the parts.
        #expect(counter.sentAgain.filter { !$0.hasSuffix(".recipe") } == [])
        try await pod.fetch(from: to)
        #expect(try pod.files() == mine.files())
    }
}

/// Counts requests of several remotes and lets only so many through.
private final class RequestCounter: Sendable {
    private struct State {
        var left = 0
        var sent: Set<String> = []
        var sentAgain: [String] = []
    }

    private let state = Mutex(State())

    /// Keys that were put although they were there.
    var sentAgain: [String] { state.withLock { $0.sentAgain } }

    func begin(_ limit: Int) { state.withLock { $0.left = limit } }

    func count() throws {
        try state.withLock { state in
            guard state.left > 0 else { throw ReplayCacheError(.unavailable, "the plug was pulled") }
            state.left -= 1
        }
    }

    func hasPut(_ key: RemoteKey) {
        state.withLock { state in
            if !state.sent.insert(key.string).inserted { state.sentAgain.append(key.string) }
        }
    }
}

/// A remote that answers a number of requests and then no more, as if the program had been killed.
private struct StoppingRemote: Remote {
    let base: any Remote
    let counter: RequestCounter

    func put(_ key: RemoteKey, _ body: RemoteBody, durability: Durability) async throws {
        try counter.count()
        try await base.put(key, body, durability: durability)
        counter.hasPut(key)
    }

    func get(_ key: RemoteKey, maximum: Int64, _ begin: @escaping @Sendable () throws -> ByteReceiver) async throws {
        try counter.count()
        try await base.get(key, maximum: maximum, begin)
    }

    func head(_ key: RemoteKey) async throws -> RemoteItem? {
        try counter.count()
        return try await base.head(key)
    }

    func list(
        prefix: String,
        after: RemoteKey?,
        _ page: @Sendable ([RemoteItem]) async throws -> Void
    ) async throws -> Timestamp? {
        try counter.count()
        return try await base.list(prefix: prefix, after: after, page)
    }

    func delete(_ keys: [RemoteKey]) async throws {
        try counter.count()
        try await base.delete(keys)
    }

    func foreignName() async throws -> String? { try await base.foreignName() }

    func barrier() async throws -> Timestamp { try await base.barrier() }

    var acknowledgesDurably: Bool { base.acknowledgesDurably }

    var parallelism: Int { base.parallelism }

    var retries: RetryCounts { base.retries }
}
