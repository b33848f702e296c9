import ReplayCacheTestSupport
import Testing

@testable import ReplayCache

/// What a newer reader finds in replays that stand at a place already reaches everybody, and once.
struct NewerReaderTests {
    private let scratch: Scratch
    private let depot: Depot
    private var place: Place { depot.place }

    /// A place with three replays under four paths, and a text, put there by a program whose reader found no stages.
    init() async throws {
        scratch = try Scratch()
        depot = try await Depot(.directory, in: scratch)
        let old = try await Laptop("old", in: scratch)
        for (name, seed) in [("a.slp", 1), ("b.slp", 2), ("c/c.slp", 3), ("c/again.slp", 3)] {
            try Tree.write(SampleBytes.replay(seed: UInt64(seed)), to: old.at(name), modifiedAt: 1_700_000_000)
        }
        try old.write("no replay", to: "notes.txt")
        try await old.push(to: place)
        try await age { replay in replay.stageID = nil }
    }

    /// Lets what was said of replays look as an older reader had found it.
    private func age(_ change: (inout ReplayMetadata) -> Void, forgets: Bool = false) async throws {
        var operations: [Operation] = []
        for (key, segment) in try await segments() {
            operations += segment.operations.map { operation in
                guard case .put(var put) = operation else { return operation }
                put.reader = put.reader.map { _ in ReplayReader.version - 1 }
                if var replay = put.replay {
                    change(&replay)
                    put.replay = forgets ? nil : replay
                }
                return .put(put)
            }
            try depot.remove(key)
        }
        try depot.plantSegment(operations, hoursAgo: 1)
    }

    private func segments() async throws -> [(key: String, segment: Segment)] {
        let remote = try depot.remote()
        var found: [(String, Segment)] = []
        for name in try depot.keys("log/") {
            let key = try #require(SegmentKey(name))
            found.append(
                (name, try Segment.decode(try await remote.bytes(of: key.remoteKey, maximum: 1 << 20), key: key))
            )
        }
        return found
    }

    /// A machine that has all files, and takes none of them for one that may still be written to.
    private func laptop(_ name: String) async throws -> Laptop {
        let laptop = try await Laptop(name, in: scratch)
        try await laptop.fetch(from: place)
        try Database(path: Catalog.path(in: laptop.home)).run("UPDATE file SET hashed_at = ctime + 10000000000")
        return laptop
    }

    private func games(known laptop: Laptop) throws -> [[Int64]] {
        let name = try #require(try Tree.files(below: laptop.home + "/places").first { $0.hasSuffix(".sqlite") })
        return try Database(path: "\(laptop.home)/places/\(name)").all("SELECT reader, coalesce(stage, -1) FROM game") {
            [$0.int64(0), $0.int64(1)]
        }
    }

    private let current = Int64(ReplayReader.version)

    @Test
    func aPushTellsThePlaceOnceAndWithoutTheFiles() async throws {
        let mine = try await laptop("mine")
        #expect(Set(try games(known: mine)) == [[current - 1, -1]])
        let before = try depot.keys()
        let push = try await mine.push(to: place)
        #expect(push.replaysUpdated == 3)
        #expect(push.entriesAdded == 0)
        #expect(push.objectsUploaded == 0)
        #expect(push.objectsReused == 0)
        #expect(push.filesInStep == 5)
        #expect(push.conflicts == 0)
        #expect(push.failure == nil)
        #expect(push.requests.put == 1)
        // One segment more, with one line a content.
        #expect(try depot.keys().count == before.count + 1)
        let told = try #require(try await segments().max { $0.key < $1.key }).segment.operations
        #expect(told.count == 3)
        #expect(try games(known: mine) == Array(repeating: [current, 31], count: 3))
        // Nobody has anything to add.
        #expect(try await mine.push(to: place).replaysUpdated == nil)
        #expect(try await mine.push(to: place).requests.total == 1)
        let theirs = try await laptop("theirs")
        #expect(try games(known: theirs) == Array(repeating: [current, 31], count: 3))
        #expect(try await theirs.push(to: place).replaysUpdated == nil)
        #expect(try depot.keys().count == before.count + 1)
    }

    @Test
    func pathsAndTheirHistoryStayAsTheyAre() async throws {
        let mine = try await laptop("mine")
        let entries = try await mine.entries(at: place)
        try await mine.push(to: place)
        for laptop in [mine, try await laptop("theirs")] {
            #expect(try await laptop.entries(at: place) == entries)
            for path in entries.keys {
                let history = try await laptop.workspace.history(of: try LogicalPath(path), at: place)
                #expect(history.versions.count == 1)
            }
            let folder = try LogicalPath("replays")
            #expect(try await laptop.workspace.status(laptop.folder, at: place, path: folder).changesLost == 0)
            #expect(try await laptop.fetch(from: place).filesInStep == 5)
        }
    }

    @Test
    func whoeverComesSecondHasNothingToTell() async throws {
        let mine = try await laptop("mine")
        let theirs = try await laptop("theirs")
        #expect(try await mine.push(to: place).replaysUpdated == 3)
        #expect(try await theirs.push(to: place).replaysUpdated == nil)
    }

    @Test
    func aReplayOfWhichNothingWasToldIsTold() async throws {
        try await age({ _ in }, forgets: true)
        let mine = try await laptop("mine")
        #expect(try games(known: mine).isEmpty)
        #expect(try await mine.push(to: place).replaysUpdated == 3)
        #expect(try games(known: mine).count == 3)
    }

    @Test
    func onlyWhatThePatternsChooseIsTold() async throws {
        let mine = try await laptop("mine")
        #expect(try await mine.push(to: place) { $0.includes = ["c/*"] }.replaysUpdated == 1)
        #expect(try await mine.push(to: place) { $0.excludes = ["a.slp"] }.replaysUpdated == 1)
        #expect(try await mine.push(to: place).replaysUpdated == 1)
    }

    @Test
    func lookingTellsNothingAndPromisesNoFiles() async throws {
        let mine = try await laptop("mine")
        let keys = try depot.keys()
        let plan = try await mine.push(to: place) { $0.isDryRun = true }
        #expect(plan.entriesAdded == 0)
        #expect(plan.filesInStep == 5)
        let status = try await mine.workspace.status(mine.folder, at: place, path: try LogicalPath("replays"))
        #expect(status.filesInStep == 5)
        #expect(status.plan?.push?.files == 0)
        #expect(try depot.keys() == keys)
        // The forecast counts the commit, and no look before was taken for a proof that there is nothing to do.
        #expect(try await mine.push(to: place).requests == status.plan?.push?.requests)
        #expect(try games(known: mine).allSatisfy { $0[0] == current })
    }

    @Test
    func aProofOfAnOlderProgramProvesNothing() async throws {
        let mine = try await laptop("mine")
        try await mine.push(to: place)
        try await mine.push(to: place)
        let catalog = try Database(path: Catalog.path(in: mine.home))
        func proofs() throws -> Int? { try catalog.first("SELECT count(*) FROM in_step WHERE files > 0") { $0.int(0) } }
        #expect(try proofs() == 1)
        // As the older program left both databases.
        try catalog.run("UPDATE game SET reader = reader - 1")
        try catalog.run("UPDATE in_step SET scope = replace(scope, '1 \(current)', '1 \(current - 1)')")
        let name = try #require(try Tree.files(below: mine.home + "/places").first { $0.hasSuffix(".sqlite") })
        try Database(path: "\(mine.home)/places/\(name)").run("UPDATE game SET reader = reader - 1, stage = NULL")
        #expect(try await mine.push(to: place).replaysUpdated == 3)
    }

    @Test
    func whatIsReadLateIsToldByTheNextPush() async throws {
        let mine = try await laptop("mine")
        try await mine.push(to: place)
        try await mine.push(to: place)
        let catalog = try Database(path: Catalog.path(in: mine.home))
        // A file that could not be read when the others were.
        try catalog.run("UPDATE game SET reader = reader - 1 WHERE content = (SELECT min(content) FROM game)")
        let name = try #require(try Tree.files(below: mine.home + "/places").first { $0.hasSuffix(".sqlite") })
        try Database(path: "\(mine.home)/places/\(name)").run("UPDATE game SET reader = reader - 1, stage = NULL")
        _ = try await mine.workspace.scan(mine.folder)
        #expect(try await mine.push(to: place).replaysUpdated == 3)
    }

    @Test
    func aRecordingThatIsPublishedMeanwhileIsToldWithIt() async throws {
        let mine = try await laptop("mine")
        try Tree.write(SampleBytes.replay(seed: 9), to: mine.at("new.slp"), modifiedAt: 1_700_000_000)
        let push = try await mine.push(to: place)
        #expect(push.entriesAdded == 1)
        #expect(push.replaysUpdated == 3)
        #expect(try depot.keys("log/").count == 2)
    }
}
