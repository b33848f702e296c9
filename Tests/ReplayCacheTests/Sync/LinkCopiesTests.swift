import ReplayCacheTestSupport
import Synchronization
import Testing

@testable import ReplayCache

/// `dedup --apply`: copies take the room of one, and nothing is lost on the way.
///
/// On the file systems that are there; `REPLAYCACHE_TEST_FOLDERS` names more, with colons between, such as one on Btrfs or XFS.
struct LinkCopiesTests {
    private static let folders: [String] =
        ["/tmp", Scratch.memory].compactMap { $0 }
        + (Machine.environment("REPLAYCACHE_TEST_FOLDERS") ?? "").split(separator: ":").map(String.init)

    /// A folder with copies, on a disk.
    private struct Bench {
        let scratch: Scratch
        let laptop: Laptop
        let sharesBlocks: Bool

        init(_ folder: String) async throws {
            scratch = try Scratch(below: folder)
            laptop = try await Laptop("laptop", in: scratch)
            sharesBlocks = try FileSystem(of: scratch.path).sharesBlocks
        }

        static let content = SampleBytes.random(3_000_000, seed: 1)

        func write(_ path: String, _ bytes: [UInt8] = content, modifiedAt: Int64 = 1_700_000_000) throws {
            try Tree.write(bytes, to: laptop.at(path), modifiedAt: modifiedAt)
        }

        func link(_ change: (inout LinkOptions) throws -> Void = { _ in }) async throws -> SyncSummary {
            var options = LinkOptions()
            try change(&options)
            return try await laptop.workspace.linkDuplicates(in: laptop.folder, options: options)
        }

        func inodes(_ paths: String...) throws -> Int {
            Set(try paths.map { try Tree.status(laptop.at($0)).inode }).count
        }

        func waste() async throws -> Int64? {
            try await laptop.workspace.duplicates(in: laptop.folder) { _ in }.bytesWasted
        }

        /// What the catalog knows of files, as groups to be linked.
        func group(_ paths: String...) throws -> CopyGroup {
            CopyGroup(
                copied: CopiedContent(id: 1, content: 1, digest: try Digest.of(Self.content), size: 3_000_000),
                files: try paths.map { path in
                    CopyGroup.File(
                        status: try Tree.status(laptop.at(path)),
                        isShared: false,
                        names: [try LogicalPath(path)]
                    )
                }
            )
        }

        func linker() async throws -> CopyLinker {
            let root = try await LocalRoot.open(laptop.folder, catalog: try Catalog(home: laptop.home))
            return CopyLinker(root: root, options: LinkOptions(), rootDevice: try root.directory.status().device)
        }
    }

    @Test(arguments: folders)
    func copiesTakeTheRoomOfOneAndTheCatalogKnows(_ folder: String) async throws {
        let bench = try await Bench(folder)
        try bench.write("a/1.bin")
        try bench.write("b/2.bin", modifiedAt: 1_600_000_000)
        try bench.write("b/3.bin")
        try bench.write("other.bin", SampleBytes.random(3_000_000, seed: 2))
        try bench.write("empty-1", [])
        try bench.write("empty-2", [])
        let place = try bench.scratch.place()
        try await bench.laptop.push(to: place)
        let summary = try await bench.link()
        #expect(summary.failure == nil)
        #expect(summary.links?.bytesSaved == 6_000_000)
        #expect(summary.links?.reflinked == (bench.sharesBlocks ? 2 : 0))
        #expect(summary.links?.hardLinked == (bench.sharesBlocks ? 0 : 2))
        #expect(bench.laptop.told(.linked) == ["b/2.bin", "b/3.bin"])
        #expect(try bench.laptop.files() == ["a/1.bin", "b/2.bin", "b/3.bin", "empty-1", "empty-2", "other.bin"])
        for path in ["a/1.bin", "b/2.bin", "b/3.bin"] { #expect(try Tree.read(bench.laptop.at(path)) == Bench.content) }
        #expect(try bench.inodes("a/1.bin", "b/2.bin", "b/3.bin") == (bench.sharesBlocks ? 3 : 1))
        if bench.sharesBlocks {
            let status = try Tree.status(bench.laptop.at("b/2.bin"))
            #expect(status.mtimeNanoseconds == 1_600_000_000 * 1_000_000_000)
            #expect(status.isWritable == true)
        } else {
            #expect(try Tree.mode(of: bench.laptop.at("a/1.bin")) == 0o444)
        }
        #expect(try await bench.laptop.workspace.scan(bench.laptop.folder).filesHashed == 0)
        #expect(try await bench.waste() == 0)
        #expect(try await bench.link().links == LinkTotals())
        #expect(try await bench.laptop.push(to: place).entriesAdded == 0)
    }

    @Test(arguments: folders)
    func aChangeOfOneCopyLeavesTheOthers(_ folder: String) async throws {
        let bench = try await Bench(folder)
        try bench.write("a.bin")
        try bench.write("b.bin")
        _ = try await bench.link()
        if bench.sharesBlocks {
            try Tree.overwrite(bench.laptop.at("b.bin"), at: 5000, with: [1, 2, 3])
            #expect(try Tree.read(bench.laptop.at("a.bin")) == Bench.content)
            #expect(try await bench.waste() == 0)
            // The same bytes again, in blocks of their own.
            try Tree.overwrite(bench.laptop.at("b.bin"), at: 5000, with: Array(Bench.content[5000..<5003]))
            #expect(try await bench.waste() == 3_000_000)
        } else {
            // As an editor does that writes anew.
            try bench.write("new", Array("another".utf8))
            try Tree.remove(bench.laptop.at("b.bin"))
            try Tree.move(bench.laptop.at("new"), to: bench.laptop.at("b.bin"))
            #expect(try Tree.read(bench.laptop.at("a.bin")) == Bench.content)
        }
    }

    @Test(arguments: folders)
    func aDryRunChangesNothing(_ folder: String) async throws {
        let bench = try await Bench(folder)
        for name in ["a", "b", "c"] { try bench.write("\(name).bin") }
        let before = try Tree.listing(of: bench.laptop.folder)
        let summary = try await bench.link { $0.isDryRun = true }
        #expect(summary.links?.bytesSaved == 6_000_000)
        #expect(bench.laptop.told(.wouldLink) == ["b.bin", "c.bin"])
        #expect(try Tree.listing(of: bench.laptop.folder) == before)
        #expect(try await bench.waste() == 6_000_000)
    }

    @Test(arguments: folders)
    func withoutHardLinksOnlyBlocksAreShared(_ folder: String) async throws {
        let bench = try await Bench(folder)
        for name in ["a", "b"] { try bench.write("\(name).bin") }
        for isDryRun in [true, false] {
            let summary = try await bench.link { options in
                options.allowsHardLinks = false
                options.isDryRun = isDryRun
            }
            #expect(summary.links?.hardLinked == 0)
            #expect(summary.links?.reflinked == (bench.sharesBlocks ? 1 : 0))
        }
        #expect(bench.laptop.told(.warning).count == (bench.sharesBlocks ? 0 : 2))
        #expect(try bench.inodes("a.bin", "b.bin") == 2)
    }

    @Test(arguments: folders)
    func onlyWhatIsSelectedIsLinked(_ folder: String) async throws {
        let bench = try await Bench(folder)
        for name in ["fox/a", "fox/b", "falco/a", "falco/b"] { try bench.write("\(name).bin") }
        let summary = try await bench.link { $0.selection = Selection(paths: ["fox/*"]) }
        #expect(summary.links?.bytesSaved == 3_000_000)
        #expect(bench.laptop.told(.linked) == ["fox/b.bin"])
        for name in ["falco/a.bin", "falco/b.bin"] {
            #expect(try Tree.status(bench.laptop.at(name)).isWritable == true)
        }
    }

    // MARK: What the catalog has wrong

    @Test(arguments: folders)
    func bytesThatDifferAreNeverLinked(_ folder: String) async throws {
        let bench = try await Bench(folder)
        try bench.write("a.bin")
        var other = Bench.content
        other[2_999_999] ^= 1
        try bench.write("b.bin", other)
        let before = try Tree.listing(of: bench.laptop.folder)
        let content = try await bench.linker().link(try bench.group("a.bin", "b.bin"))
        #expect(content.error == nil)
        #expect(content.failures.map(\.path) == ["b.bin"])
        #expect(content.links.isEmpty)
        #expect(try Tree.listing(of: bench.laptop.folder) == before)
        #expect(try Tree.read(bench.laptop.at("b.bin")) == other)
    }

    @Test(arguments: folders)
    func whatChangedSinceTheScanIsLeftForALaterRun(_ folder: String) async throws {
        let bench = try await Bench(folder)
        for name in ["a", "b", "c", "d", "e"] { try bench.write("\(name).bin") }
        let group = try bench.group("a.bin", "b.bin", "c.bin", "d.bin", "e.bin")
        try Tree.remove(bench.laptop.at("a.bin"))
        try Tree.setTime(of: bench.laptop.at("b.bin"), to: 1_650_000_000)
        try Tree.remove(bench.laptop.at("c.bin"))
        try Tree.link(bench.laptop.at("c.bin"), to: bench.laptop.at("d.bin"))
        let content = try await bench.linker().link(group)
        #expect(content.error == nil && content.failures.isEmpty)
        #expect(content.left.map(\.path) == ["a.bin", "b.bin", "c.bin"])
        #expect(content.links.map(\.path) == ["e.bin"])
        #expect(try Tree.status(bench.laptop.at("c.bin")).kind == .symbolicLink)
    }

    @Test
    func aFolderThatBecameALinkIsNotFollowed() async throws {
        let bench = try await Bench("/tmp")
        try bench.write("a.bin")
        try bench.write("b/b.bin")
        let group = try bench.group("a.bin", "b/b.bin")
        try Tree.move(bench.laptop.at("b"), to: bench.scratch.at("elsewhere"))
        try Tree.link(bench.laptop.at("b"), to: bench.scratch.at("elsewhere"))
        let content = try await bench.linker().link(group)
        #expect(content.links.isEmpty)
        #expect(content.left.map(\.path) + content.failures.map(\.path) == ["b/b.bin"])
        #expect(try Tree.status(bench.scratch.at("elsewhere/b.bin")).isWritable == true)
    }

    @Test(arguments: [0, 1])
    func aFileThatIsOpenForWritingIsNotReplaced(_ index: Int) async throws {
        let bench = try await Bench("/tmp")
        guard !bench.sharesBlocks else { return }
        for name in ["a", "b"] { try bench.write("\(name).bin") }
        let writer = try OpenFile.directory(bench.laptop.folder).updating(["a.bin", "b.bin"][index])
        let summary = try await bench.link()
        #expect(summary.links == LinkTotals())
        #expect(summary.filesDeferred == 1)
        try writer.write([9].span, at: 0)
        #expect(try Tree.read(bench.laptop.at(["a.bin", "b.bin"][index]))[0] == 9)
        #expect(try Tree.read(bench.laptop.at(["b.bin", "a.bin"][index])) == Bench.content)
        #expect(try bench.laptop.files() == ["a.bin", "b.bin"])
    }

    // MARK: Several names

    @Test
    func allNamesOfACopyAreLinked() async throws {
        let bench = try await Bench("/tmp")
        guard !bench.sharesBlocks else { return }
        for name in ["a", "b"] { try bench.write("\(name).bin") }
        try Tree.hardLink(bench.laptop.at("b-too.bin"), to: bench.laptop.at("b.bin"))
        let summary = try await bench.link()
        #expect(summary.links?.bytesSaved == 3_000_000)
        #expect(try bench.inodes("a.bin", "b.bin", "b-too.bin") == 1)
        #expect(try await bench.laptop.workspace.scan(bench.laptop.folder).filesHashed == 0)
    }

    @Test
    func aCopyWithANameElsewhereIsTheOneThatStays() async throws {
        let bench = try await Bench("/tmp")
        guard !bench.sharesBlocks else { return }
        for name in ["a", "b", "c"] { try bench.write("\(name).bin") }
        try Tree.hardLink(bench.scratch.at("outside-b"), to: bench.laptop.at("b.bin"))
        let kept = try Tree.status(bench.laptop.at("b.bin")).inode
        #expect(try await bench.link().links?.bytesSaved == 6_000_000)
        #expect(try Tree.status(bench.laptop.at("a.bin")).inode == kept)
        #expect(try bench.inodes("a.bin", "b.bin", "c.bin") == 1)
        // Of two such, neither can be freed.
        try bench.write("d.bin")
        try Tree.hardLink(bench.scratch.at("outside-d"), to: bench.laptop.at("d.bin"))
        #expect(try await bench.link().links == LinkTotals())
        #expect(bench.laptop.told(.warning).contains { $0.contains("other names") })
    }

    @Test
    func aRunThatIsCancelledLeavesEveryFile() async throws {
        let bench = try await Bench("/tmp")
        for number in 0..<40 { try bench.write("\(number).bin") }
        _ = try await bench.laptop.workspace.scan(bench.laptop.folder)
        let run = Task { try await bench.link() }
        run.cancel()
        await #expect(throws: (any Error).self) { try await run.value }
        #expect(try bench.laptop.files().filter { !$0.hasPrefix(".") }.count == 40)
        _ = try await bench.link()
        for number in 0..<40 { #expect(try Tree.read(bench.laptop.at("\(number).bin")) == Bench.content) }
        #expect(try bench.laptop.files().count == 40)
    }
}
