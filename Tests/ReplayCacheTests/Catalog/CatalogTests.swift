import ReplayCacheTestSupport
import ReplayGenerator
import Testing

@testable import ReplayCache

/// What the catalog knows of files, and when it reads them again (`design.md` section 4).
struct CatalogTests {
    private let scratch: Scratch
    private let laptop: Laptop

    init() async throws {
        scratch = try Scratch()
        laptop = try await Laptop("laptop", in: scratch)
    }

    private func scan(isParanoid: Bool = false) async throws -> SyncSummary {
        try await laptop.workspace.scan(laptop.folder, isParanoid: isParanoid)
    }

    private func rows(_ sql: String) async throws -> [[SQLCell]] {
        var rows: [[SQLCell]] = []
        try await laptop.workspace.sql(sql, header: { _ in }, { rows.append($0) })
        return rows
    }

    /// Makes the catalog believe that every file was read so long after it had changed.
    private func settle(nanoseconds: Int64 = 10_000_000_000) throws {
        let database = try Database(path: Catalog.path(in: laptop.home))
        try database.run("UPDATE file SET hashed_at = ctime + ?", .integer(nanoseconds))
    }

    // MARK: Opening

    @Test
    func aFullDiskNamesTheFolder() throws {
        let database = try Database(path: scratch.at("full.sqlite"))
        try database.execute("PRAGMA max_page_count = 2; CREATE TABLE first (x)")
        let failure = #expect(throws: SQLiteError.self) { try database.execute("CREATE TABLE second (x)") }
        let error = try #require(failure).classified(doing: "trying")
        #expect(error.code == .disk)
        #expect(error.message == "no space left for the catalog in \(scratch.path) while trying")
        #expect(error.hint?.contains("REPLAYCACHE_HOME") == true)
    }

    @Test
    func aCatalogIsMadeFromNothingForItsOwnerAlone() async throws {
        let home = scratch.at("deep/er/home")
        _ = try Catalog(home: home)
        _ = try Catalog(home: home)
        let mode = try await Program.run("stat", ["-c", "%a", home, "\(home)/places"]).output
        #expect(mode.split(separator: "\n") == ["700", "700"])
    }

    @Test
    func aCatalogOfANewerVersionIsRefusedByName() async throws {
        try await laptop.push(to: scratch.place())
        let home = laptop.home
        let place = try #require(try Tree.files(below: "\(home)/places").first { $0.hasSuffix(".sqlite") })
        try Database(path: "\(home)/places/\(place)").execute("PRAGMA user_version = 98")
        await #expect {
            try await laptop.push(to: scratch.place())
        } throws: { error in
            guard let error = error as? ReplayCacheError else { return false }
            return error.code == .unsupportedFormat && error.message.contains("98")
        }
        try Database(path: Catalog.path(in: home)).execute("PRAGMA user_version = 99")
        await #expect {
            try await Laptop(home: home, folder: laptop.folder)
        } throws: { error in
            guard let error = error as? ReplayCacheError else { return false }
            return error.code == .unsupportedFormat && error.message.contains("99") && error.hint != nil
        }
    }

    @Test
    func aCatalogOfAnOlderVersionIsBroughtUpToDate() async throws {
        let home = try scratch.folder("older")
        let schema = try #require(Tree.text("\(Surroundings.packageRoot())/schema/m0001_catalog.sql"))
        try Database(path: Catalog.path(in: home)).execute("\(schema); PRAGMA user_version = 1")
        let older = try await Laptop(home: home, folder: laptop.folder)
        try laptop.write("one", to: "one.txt")
        #expect(try await older.workspace.scan(laptop.folder).filesHashed == 1)
    }

    @Test
    func aDamagedCatalogSaysWhatToDo() async throws {
        let home = try scratch.folder("damaged")
        try Tree.write("this is not a database, not at all, by no means whatever", to: Catalog.path(in: home))
        await #expect {
            try await Laptop(home: home, folder: laptop.folder)
        } throws: { ($0 as? ReplayCacheError)?.code == .disk && ($0 as? ReplayCacheError)?.hint != nil }
    }

    @Test
    func severalHandlesWriteOneCatalogAtOnce() async throws {
        let home = laptop.home
        try await withThrowingTaskGroup(of: Void.self) { group in
            for worker in 0..<4 {
                group.addTask {
                    let catalog = try Catalog(home: home)
                    let root = try await catalog.root(path: "/root-\(worker)")
                    for number in 0..<50 {
                        let status = FileStatus(
                            device: 1,
                            inode: UInt64(worker * 1000 + number),
                            size: 1,
                            mtimeNanoseconds: 0,
                            ctimeNanoseconds: 0
                        )
                        let file = HashedFile(
                            path: try LogicalPath("\(number)"),
                            status: status,
                            hashedAt: 0,
                            outcome: .content(try Digest.of([UInt8(number)]), nil)
                        )
                        try await catalog.record([file], root: root)
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(
            try await rows("SELECT count(*), count(DISTINCT sha256) FROM files") == [[.integer(200), .integer(50)]]
        )
    }

    // MARK: What is read again

    @Test
    func aFileThatJustChangedIsReadAgainAndASettledOneIsNot() async throws {
        try laptop.write("one", to: "a/one.txt")
        #expect(try await scan().filesHashed == 1)
        let status = try Tree.status(laptop.at("a/one.txt"))
        let window = StampClock(of: try OpenFile.directory(laptop.folder))
            .window(device: status.device, ctime: status.ctimeNanoseconds)
        // The file changed right before it was read: its time stamps prove nothing yet.
        try settle(nanoseconds: window - 1)
        #expect(try await scan().filesHashed == 1)
        try settle(nanoseconds: window)
        let settled = try await scan()
        #expect(settled.filesHashed == 0)
        #expect(settled.filesUnchanged == 1)
        #expect(try await scan(isParanoid: true).filesHashed == 1)
    }

    @Test
    func stampsOfUnknownFinenessSettleAfterTwoSeconds() throws {
        let folder = try OpenFile.directory(laptop.folder)
        let device = try folder.status().device
        let clock = StampClock(of: folder)
        // Another file system may be mounted below, and an old ext4 has whole seconds.
        #expect(clock.window(device: device &+ 1, ctime: 1_700_000_000_000_000_001) == 2_000_000_000)
        #expect(clock.window(device: device, ctime: 1_700_000_000_000_000_000) == 2_000_000_000)
        #expect(StampClock.coarse.window(device: device, ctime: 1_700_000_000_000_000_001) == 2_000_000_000)
        let isFine = FileSystem.fineTypes.contains(FileSystem.type(of: laptop.folder))
        #expect(clock.window(device: device, ctime: 1_700_000_000_000_000_001) == (isFine ? 40_000_000 : 2_000_000_000))
    }

    @Test
    func aRenamedFileIsAsRacyAsItWas() async throws {
        try laptop.write("one", to: "one.txt")
        let folder = try OpenFile.directory(laptop.folder)
        let status = try folder.status(of: "one.txt")
        let catalog = try Catalog(home: laptop.home)
        let root = try await catalog.root(path: laptop.folder)
        let content = HashedFile.Outcome.content(try Digest.of(Array("one".utf8)), nil)
        for (age, isReadAgain) in [(Int64(1), true), (10_000_000_000, false)] {
            let old = try LogicalPath("old")
            let new = try LogicalPath("new")
            let then = status.ctimeNanoseconds + age
            let later = status.ctimeNanoseconds + 20_000_000_000
            try await catalog.record(
                [HashedFile(path: old, status: status, hashedAt: then, outcome: content)],
                root: root
            )
            let renamed = HashedFile(path: new, status: status, hashedAt: later, outcome: content)
            try await catalog.named([.init(file: renamed, old: old)], root: root, clock: StampClock(of: folder))
            let found = try await catalog.reconcile(
                root: root,
                after: nil,
                through: nil,
                found: [FoundFile(path: new, status: status)],
                unreadable: [],
                isParanoid: false
            )
            #expect(found.goneCount == 0)
            #expect(found.unhashed.map(\.path) == (isReadAgain ? [new] : []))
        }
    }

    @Test
    func aChangeThatKeepsSizeAndModificationTimeIsFound() async throws {
        try laptop.write("one", to: "one.txt")
        _ = try await scan()
        try settle()
        try Tree.overwrite(laptop.at("one.txt"), at: 0, with: Array("two".utf8))
        try Tree.setTime(of: laptop.at("one.txt"), to: 1_700_000_000)
        #expect(try await scan().filesHashed == 1)
        let digest = try Digest.of(Array("two".utf8)).hex
        #expect(try await rows("SELECT sha256 FROM files") == [[.text(digest)]])
    }

    @Test
    func aFileThatIsGoneLeavesTheCatalog() async throws {
        for name in ["a", "b/c", "d"] { try laptop.write(name, to: name) }
        _ = try await scan()
        try Tree.remove(laptop.at("b"))
        try Tree.remove(laptop.at("d"))
        _ = try await scan()
        #expect(try await rows("SELECT relative_path FROM files") == [[.text("a")]])
    }

    @Test
    func namesBelowAFolderThatCannotBeReadAreKept() async throws {
        for name in ["a", "b-c", "b/c", "b/d/e", "c"] { try laptop.write(name, to: name) }
        _ = try await scan()
        let catalog = try Catalog(home: laptop.home)
        let root = try await catalog.root(path: laptop.folder)
        _ = try await catalog.reconcile(
            root: root,
            after: nil,
            through: nil,
            found: [],
            unreadable: ["b"],
            isParanoid: false
        )
        #expect(
            try await rows("SELECT relative_path FROM files ORDER BY 1") == [[.text("b/c")], [.text("b/d/e")]]
        )
    }

    @Test(.enabled(if: !Surroundings.isRoot))
    func aFolderThatCannotBeReadDoesNotMakeItsFilesVanish() async throws {
        for name in ["a", "b/c"] { try laptop.write(name, to: name) }
        _ = try await scan()
        try Tree.setMode(of: laptop.at("b"), to: 0)
        defer { try? Tree.setMode(of: laptop.at("b"), to: 0o755) }
        #expect(try await scan().filesFailed == 1)
        #expect(try await rows("SELECT count(*) FROM files") == [[.integer(2)]])
    }

    // MARK: Physical files

    @Test
    func aHardLinkIsTheSameFileAndNoDuplicate() async throws {
        try laptop.write("one", to: "a.txt")
        try Tree.hardLink(laptop.at("b.txt"), to: laptop.at("a.txt"))
        _ = try await scan()
        #expect(try await rows("SELECT relative_path FROM files ORDER BY 1") == [[.text("a.txt")], [.text("b.txt")]])
        #expect(try await rows("SELECT * FROM duplicates").isEmpty)
        try laptop.write("one", to: "c.txt")
        _ = try await scan()
        let digest = try Digest.of(Array("one".utf8)).hex
        #expect(
            try await rows("SELECT sha256, size, copies, wasted FROM duplicates")
                == [[.text(digest), .integer(3), .integer(2), .integer(3)]]
        )
    }

    @Test
    func aFileSeenThroughTwoRootsIsOneFile() async throws {
        try laptop.write("one", to: "fox/a.txt")
        _ = try await scan()
        _ = try await laptop.workspace.scan(laptop.at("fox"))
        #expect(try await rows("SELECT count(*), count(DISTINCT root) FROM files") == [[.integer(2), .integer(2)]])
        #expect(try await rows("SELECT * FROM duplicates").isEmpty)
    }

    // MARK: Replays

    @Test
    func aReplayThatIsBeingRecordedIsDeferredAndAnOldOneCatalogued() async throws {
        let bytes = SampleBytes.replay(damage: .growing)
        // A minute ahead, so that a slow test does not make it old.
        try Tree.write(bytes, to: laptop.at("new.slp"), modifiedAt: Machine.now() / 1_000_000_000 + 60)
        try Tree.write(bytes, to: laptop.at("old.slp"), modifiedAt: 1_700_000_000)
        try Tree.write(bytes, to: laptop.at("new.bin"))
        let place = try scratch.place()
        let summary = try await laptop.push(to: place)
        #expect(summary.filesDeferred == 1)
        #expect(laptop.told(.deferred) == ["new.slp"])
        #expect(summary.failure == nil)
        #expect(try await laptop.entries(at: place).keys.sorted() == ["replays/new.bin", "replays/old.slp"])
        #expect(
            try await rows("SELECT sha256 IS NULL, problem IS NOT NULL FROM files WHERE relative_path = 'new.slp'")
                == [[.integer(1), .integer(1)]]
        )
        // Once it is left alone for a while, it is a replay that was cut off.
        try Tree.setTime(of: laptop.at("new.slp"), to: 1_700_000_000)
        #expect(try await laptop.push(to: place).filesDeferred == 0)
        #expect(try await laptop.entries(at: place).count == 3)
    }

    @Test
    func aRecordingThatStoppedIsReadAgainWhenItIsFinished() async throws {
        let place = try scratch.place()
        // Left alone for so long that it was taken for one that was cut off.
        try Tree.write(SampleBytes.replay(damage: .growing), to: laptop.at("a.slp"), modifiedAt: 1_700_000_000)
        try await laptop.push(to: place)
        let select = "SELECT complete, frames, problem IS NULL FROM local_replays WHERE sha256 = ?"
        func found() async throws -> [[SQLCell]] {
            let digest = try Digest.of(Tree.read(laptop.at("a.slp"))).hex
            return try await rows(select.replacing("?", with: "'\(digest)'"))
        }
        #expect(try await found() == [[.integer(0), .integer(200), .integer(0)]])
        try Tree.write(SampleBytes.replay(), to: laptop.at("a.slp"), modifiedAt: 1_700_000_060)
        let push = try await laptop.push(to: place)
        #expect(push.entriesAdded == 1)
        #expect(push.filesDeferred == 0)
        #expect(try await found() == [[.integer(1), .integer(200), .integer(1)]])
        #expect(try await laptop.entries(at: place) == ["replays/a.slp": Digest.of(SampleBytes.replay())])
    }

    @Test
    func whatAnOlderReaderFoundIsReadAgainWithoutHashing() async throws {
        for number in 0..<3 { try Tree.write(SampleBytes.replay(seed: UInt64(number)), to: laptop.at("\(number).slp")) }
        try laptop.write("not a replay", to: "notes.txt")
        _ = try await scan()
        try settle()
        let found = try await rows("SELECT version, stage_id, sha256 FROM local_replays ORDER BY sha256")
        let database = try Database(path: Catalog.path(in: laptop.home))
        try database.run("UPDATE game SET reader = \(ReplayReader.version - 1), version = 'older', stage = NULL")
        let again = try await scan()
        #expect(again.filesHashed == 0)
        #expect(again.filesUnchanged == 4)
        #expect(try await rows("SELECT version, stage_id, sha256 FROM local_replays ORDER BY sha256") == found)
        let readers = try database.all("SELECT DISTINCT reader FROM replay") { $0.int(0) }
        #expect(readers == [ReplayReader.version])
        // What a newer program found stays.
        try database.run("UPDATE game SET reader = \(ReplayReader.version + 1), version = 'newer'")
        _ = try await scan()
        #expect(try await rows("SELECT DISTINCT version FROM local_replays") == [[.text("newer")]])
    }

    @Test
    func filesThatAreNoReplaysAreCataloguedWithTheirProblem() async throws {
        try laptop.write("not a replay", to: "a.slp")
        try Tree.write(SampleBytes.replay(damage: .truncated(0.5)), to: laptop.at("b.slp"), modifiedAt: 1_700_000_000)
        #expect(try await scan().filesFailed == 0)
        let problems = try await rows("SELECT complete, problem IS NOT NULL FROM local_replays")
        #expect(problems.allSatisfy { $0 == [.integer(0), .integer(1)] })
        #expect(problems.count == 2)
    }
}
