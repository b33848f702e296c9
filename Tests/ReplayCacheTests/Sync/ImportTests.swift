import ReplayCacheTestSupport
import ReplayGenerator
import Testing

@testable import ReplayCache

/// Folders, and what an import does with what is there already.
struct ImportTests {
    let bench: ImportBench

    init() async throws { bench = try await ImportBench() }

    @Test func aFolderIsImportedAsItIsAndLeftSo() async throws {
        let games = try bench.writeGames()
        try Tree.write("notes", to: bench.scratch.at("games/notes.txt"), modifiedAt: 1_600_000_000)
        try Tree.write("litter", to: bench.scratch.at("games/.DS_Store"))
        try Tree.link(bench.scratch.at("games/link.slp"), to: "c.slp")
        let before = try Tree.listing(of: bench.scratch.at("games"))
        let summary = try await bench.take("games", into: "replays/old")
        #expect(summary.failure == nil)
        #expect(summary.entriesAdded == games.count + 1)
        #expect(summary.linksSkipped == 1)
        #expect(try Tree.listing(of: bench.scratch.at("games")) == before)
        // Nothing is kept here: the catalog knows no file and no root.
        #expect(try await bench.laptop.workspace.count(Selection(), in: .local) == 0)

        try await bench.laptop.fetch(from: bench.place) { $0.from = try LogicalPath("replays/old") }
        for name in Array(games.keys) + ["notes.txt"] {
            #expect(try Tree.read(bench.laptop.at(name)) == Tree.read(bench.scratch.at("games/\(name)")))
            let mtime = try Tree.status(bench.laptop.at(name)).mtimeNanoseconds
            #expect(try mtime == Tree.status(bench.scratch.at("games/\(name)")).mtimeNanoseconds)
        }
    }

    @Test(.enabled(if: Program.exist("python3")))
    func archivesInAFolderAreOpenedUnlessTheyAreToBeKept() async throws {
        _ = try bench.writeGames(["a.slp"])
        try await bench.python("os.mkdir('f'); save('f/dump.zip', zipped(games)); save('f/bad.zip', b'bad')")
        let opened = try await bench.take("f", into: "replays/opened")
        #expect(opened.filesFailed == 1)
        #expect(opened.failure?.code == .integrity)
        let kept = try await bench.take("f", into: "replays/kept") { $0.keepsArchives = true }
        #expect(kept.failure == nil)
        let names = try await bench.held().keys.sorted()
        #expect(names == ["kept/bad.zip", "kept/dump.zip", "opened/dump/a.slp"])
    }

    @Test func contentThatIsThereTakesOnlyAnEntry() async throws {
        try bench.laptop.write("one", to: "one.slp")
        try await bench.laptop.push(to: bench.place)
        try Tree.write("one", to: bench.scratch.at("more/again.slp"))
        try Tree.write("two", to: bench.scratch.at("more/two.slp"))
        try Tree.write("two", to: bench.scratch.at("more/zwei.slp"))
        for isDryRun in [true, false] {
            let summary = try await bench.take("more") { $0.isDryRun = isDryRun }
            #expect(summary.entriesAdded == 3)
            #expect(summary.duplicates == 2)
            #expect(summary.objectsUploaded == 1)
            #expect(summary.unreadable == 3)
        }
        #expect(try await bench.held().count == 4)
    }

    @Test func whatAPathHoldsIsNeverReplaced() async throws {
        try bench.laptop.write("mine", to: "a.slp")
        try bench.laptop.write("gone", to: "b.slp")
        try await bench.laptop.push(to: bench.place)
        var remove = RemoveOptions(paths: [try LogicalPath("replays/b.slp")])
        remove.maximum = 1
        _ = try await bench.laptop.workspace.remove(at: bench.place, options: remove)
        try Tree.write("theirs", to: bench.scratch.at("more/a.slp"))
        try Tree.write("gone", to: bench.scratch.at("more/b.slp"))
        try Tree.write("new", to: bench.scratch.at("more/c.slp"))
        let summary = try await bench.take("more")
        #expect(summary.conflicts == 1)
        #expect(summary.deletedElsewhere == 1)
        #expect(summary.failure?.code == .conflict)
        #expect(
            try await bench.held() == ["a.slp": Digest.of(Array("mine".utf8)), "c.slp": Digest.of(Array("new".utf8))]
        )
        // What was removed and is another content now is new.
        try Tree.write("other", to: bench.scratch.at("more/b.slp"))
        #expect(try await bench.take("more").entriesAdded == 1)
    }

    @Test func theOtherClientsRecordingIsImportedAndNamed() async throws {
        func write(_ name: String, _ match: String, _ game: UInt32, _ seed: UInt64) throws {
            let bytes = ImportBench.recording(match: match, game: game, by: seed)
            try Tree.write(bytes, to: bench.scratch.at(name))
        }
        try write("mine/a.slp", "mode.ranked-2022-12-20T05:36:47.50-0", 1, 1)
        try await bench.take("mine")
        try write("theirs/b.slp", "mode.ranked-2022-12-20T05:36:47.50-0", 1, 2)
        try write("theirs/c.slp", "mode.ranked-2022-12-20T05:36:47.50-0", 2, 3)
        try write("theirs/d.slp", "mode.ranked-2022-12-20T05:36:47.50-0", 2, 4)
        try write("theirs/e.slp", "mode.ranked-2022-12-20T05:36:47.50-0", 3, 5)
        for isDryRun in [true, false] {
            let summary = try await bench.take("theirs") { $0.isDryRun = isDryRun }
            #expect(summary.entriesAdded == 4)
            #expect(summary.duplicates == 0)
            #expect(summary.otherRecordings == 2)
        }
        let pairs = bench.laptop.events.compactMap { event in
            if case .sameGame(let path, let other) = event { "\(path) \(other)" } else { nil }
        }
        // The two of the folder come in any order.
        #expect(pairs.count == 4)
        #expect(pairs.filter { $0 == "replays/b.slp replays/a.slp" }.count == 2)
        #expect(try await bench.take("theirs").otherRecordings == 0)
    }

    @Test func damagedReplaysThatAreWholeAreImportedAndNamed() async throws {
        try Tree.write(ImportBench.game(1, damage: .truncated(0.5)), to: bench.scratch.at("f/cut.slp"), modifiedAt: 1)
        try Tree.write(ImportBench.game(2, damage: .garbage(500)), to: bench.scratch.at("f/junk.slp"), modifiedAt: 1)
        try Tree.write(ImportBench.game(3, damage: .growing), to: bench.scratch.at("f/live.slp"))
        try Tree.write(ImportBench.game(4), to: bench.scratch.at("f/fine.slp"), modifiedAt: 1)
        let summary = try await bench.take("f")
        #expect(summary.failure == nil)
        #expect(summary.unreadable == 2)
        #expect(bench.laptop.told(.unreadable).sorted() == ["replays/cut.slp", "replays/junk.slp"])
        #expect(bench.laptop.told(.deferred) == ["live.slp"])
        #expect(try await bench.held().keys.sorted() == ["cut.slp", "fine.slp", "junk.slp"])
    }

    @Test func largeFilesGoInParts() async throws {
        let large = SampleBytes.large(40 << 20)
        try Tree.write(large, to: bench.scratch.at("f/large.bin"))
        let before = try await bench.take("f")
        #expect(before.bytesRaw == Int64(large.count))
        try await bench.laptop.fetch(from: bench.place)
        #expect(try Tree.read(bench.laptop.at("large.bin")) == large)
    }

    @Test func whatCannotBeToldOfOneFileMakesNothing() async throws {
        try Tree.write("one", to: bench.scratch.at("theirs/one.slp"))
        let changes: [@Sendable (inout Selection) -> Void] = [
            { $0.dataset = "train" }, { $0.sample = Selection.Sample(count: 3) },
            { $0.expression = "no_such_column = 1" },
        ]
        for change in changes {
            let error = await #expect(throws: ReplayCacheError.self) {
                try await bench.take("theirs") { change(&$0.selection) }
            }
            #expect(error?.code == .usage)
            #expect(!Tree.exists(bench.place.directory))
        }
    }

    @Test func oddSourcesAreRefused() async throws {
        try bench.laptop.write("one", to: "one.slp")
        try await bench.laptop.push(to: bench.place)
        try Tree.write("Rar!", to: bench.scratch.at("dump.rar"))
        try Tree.write("BZh9", to: bench.scratch.at("dump.tar.bz2"))
        for source in ["remote", "nowhere", ".", "dump.rar", "dump.tar.bz2"] {
            await #expect(throws: ReplayCacheError.self) { try await bench.take(source) }
        }
        #expect(try await bench.take("dump.rar") { $0.keepsArchives = true }.entriesAdded == 1)
        #expect(throws: ReplayCacheError.self) { try ImportOptions(into: "checkpoints/run") }
        #expect(throws: LogicalPathError.self) { try ImportOptions(into: "../up") }
    }
}
