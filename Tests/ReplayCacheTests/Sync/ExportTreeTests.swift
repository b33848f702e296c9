import ReplayCacheTestSupport
import Testing

@testable import ReplayCache

/// `export` into a folder.
struct ExportTreeTests {
    private let scratch: Scratch
    private let laptop: Laptop
    private let pod: Laptop
    private let place: Place

    init() async throws {
        scratch = try Scratch(below: Scratch.memory)
        laptop = try await Laptop("laptop", in: scratch)
        pod = try await Laptop("pod", in: scratch)
        place = try scratch.place()
        for number in 0..<4 { try laptop.write("game \(number)", to: "fox/\(number).txt") }
        try laptop.write("game 0", to: "copies/of-0.txt")
        try laptop.write("", to: "empty.txt")
        try await laptop.push(to: place)
    }

    private var tree: String { scratch.at("tree") }

    private func text(_ path: String) -> String? { Tree.text("\(tree)/\(path)") }

    @Test
    func filesAreAsTheyWerePushedAndNothingIsRemembered() async throws {
        let summary = try await pod.export(from: place, to: .folder(tree))
        #expect(summary.filesPlaced == 6 && summary.filesInStep == 0 && summary.failure == nil)
        #expect(summary.objectsDownloaded == 5)
        #expect(try Tree.files(below: tree) == laptop.files())
        for path in try laptop.files() {
            #expect(try Tree.read("\(tree)/\(path)") == Tree.read(laptop.at(path)))
            let (copy, original) = (try Tree.status("\(tree)/\(path)"), try Tree.status(laptop.at(path)))
            #expect(copy.mtimeNanoseconds == original.mtimeNanoseconds)
        }
        #expect(try await pod.workspace.count(Selection(), in: .local) == 0)
        #expect(try await Catalog(home: pod.home).copies(of: try Digest.of(Array("game 0".utf8))).isEmpty)
    }

    @Test
    func whatIsThereIsPassedOver() async throws {
        try await pod.export(from: place, to: .folder(tree))
        try Tree.setTime(of: "\(tree)/fox/1.txt", to: 1_500_000_000)
        try Tree.remove("\(tree)/fox/2.txt")
        let again = try await pod.export(from: place, to: .folder(tree))
        #expect(again.filesPlaced == 1 && again.filesInStep == 5)
        #expect(again.requests == RequestCounts(get: 1, list: 1))
        #expect(text("fox/2.txt") == "game 2")
    }

    @Test
    func anotherFileIsLeftUnlessTheUserInsists() async throws {
        try Tree.write("mine", to: "\(tree)/fox/1.txt")
        try Tree.write("GAME 2", to: "\(tree)/fox/2.txt", modifiedAt: 1_600_000_000)
        let summary = try await pod.export(from: place, to: .folder(tree))
        #expect(summary.filesPlaced == 4 && summary.filesFailed == 2)
        #expect(summary.failure?.code == .partial)
        #expect(pod.told(.failed).sorted() == ["fox/1.txt", "fox/2.txt"])
        #expect(text("fox/1.txt") == "mine" && text("fox/2.txt") == "GAME 2")
        let forced = try await pod.export(from: place, to: .folder(tree)) { $0.isForced = true }
        #expect(forced.filesPlaced == 2 && forced.filesInStep == 4 && forced.failure == nil)
        #expect(text("fox/1.txt") == "game 1" && text("fox/2.txt") == "game 2")
        #expect(try Tree.files(below: tree) == laptop.files())
    }

    @Test
    func sizeAndTimeAreTakenForTheContentUnlessEverythingIsRead() async throws {
        try await pod.export(from: place, to: .folder(tree))
        try Tree.write("GAME 3", to: "\(tree)/fox/3.txt", modifiedAt: 1_700_000_000)
        #expect(try await pod.export(from: place, to: .folder(tree)).filesInStep == 6)
        let careful = try await pod.export(from: place, to: .folder(tree)) { $0.isParanoid = true }
        #expect(careful.filesFailed == 1 && pod.told(.failed) == ["fox/3.txt"])
    }

    @Test
    func contentOnThisMachineIsNotDownloaded() async throws {
        let summary = try await laptop.export(from: place, to: .folder(tree))
        #expect(summary.filesPlaced == 6 && summary.objectsDownloaded == 0 && summary.requests.get == 0)
        #expect(try Tree.status("\(tree)/fox/1.txt").inode != Tree.status(laptop.at("fox/1.txt")).inode)
    }

    @Test
    func linksAreMadeToLocalFilesAndReadOnly() async throws {
        let summary = try await laptop.export(from: place, to: .folder(tree)) { $0.links = true }
        #expect(summary.filesLinked == 5 && summary.requests.get == 0)
        #expect(try Tree.status("\(tree)/fox/1.txt").inode == Tree.status(laptop.at("fox/1.txt")).inode)
        #expect(try Tree.mode(of: laptop.at("fox/1.txt")) == 0o444)
        #expect(try await laptop.export(from: place, to: .folder(tree)) { $0.links = true }.filesInStep == 6)
        // The folder that they are in is as it was, but for the rights.
        #expect(try await laptop.push(to: place).entriesAdded == 0)
    }

    @Test
    func selectionAndShareAndFolderDecideWhatIsWritten() async throws {
        try await pod.export(from: place, to: .folder(scratch.at("some"))) { $0.selection.paths = ["fox/*"] }
        #expect(try Tree.files(below: scratch.at("some")) == (0..<4).map { "fox/\($0).txt" })
        try await pod.export(from: place, to: .folder(scratch.at("below"))) { $0.from = try LogicalPath("replays/fox") }
        #expect(try Tree.files(below: scratch.at("below")) == (0..<4).map { "\($0).txt" })
        var shares: [String] = []
        for index in 1...3 {
            let share = scratch.at("share-\(index)")
            try await pod.export(from: place, to: .folder(share)) { $0.shard = try Shard(index, of: 3) }
            shares += try Tree.files(below: share)
        }
        #expect(shares.sorted() == (try laptop.files()))
    }

    @Test
    func aDryRunWritesNothing() async throws {
        let summary = try await pod.export(from: place, to: .folder(tree)) { $0.isDryRun = true }
        #expect(summary.filesPlaced == 6 && summary.objectsDownloaded == 5)
        #expect(!Tree.exists(tree))
    }

    @Test
    func aDamagedObjectIsNamedAndTheOthersAreWritten() async throws {
        let digest = try Digest.of(Array("game 2".utf8))
        let key = ObjectKey(digest: digest, form: .content(.raw)).remoteKey.string
        try Tree.write("GAME 2", to: "\(place.directory)/\(key)")
        let summary = try await pod.export(from: place, to: .folder(tree))
        #expect(summary.failure?.code == .integrity)
        #expect(pod.told(.failed) == ["replays/fox/2.txt"])
        #expect(summary.filesPlaced == 5 && text("fox/2.txt") == nil)
    }

    @Test
    func aRepositoryIsNoDestination() async throws {
        let other = try Place(scratch.at("other"))
        try await laptop.push(to: other)
        for path in [place.directory, "\(place.directory)/plain", other.directory, "\(other.directory)/deep/plain"] {
            let before = try Tree.files(below: scratch.path)
            await #expect(throws: ReplayCacheError.self) { try await pod.export(from: place, to: .folder(path)) }
            #expect(
                try Tree.files(below: scratch.path).filter { !$0.hasPrefix("pod-home") }
                    == before.filter { !$0.hasPrefix("pod-home") }
            )
        }
    }

    @Test(arguments: [
        "replays/.git/config", "replays/replaycache.json", "replays/fox/replaycache.json", "replays/link/x.txt",
        "replays/x.replaced-01234567", "replays/folder",
    ])
    func hostileNamesAreRefused(_ path: String) async throws {
        let bench = try await HostileBench()
        let object = try bench.store(Array("planted".utf8))
        try bench.plant([.obj(object), bench.put(path, object)])
        try Tree.link(bench.victim.at("link"), to: bench.scratch.at("etc"))
        _ = try bench.scratch.folder("outer/inner/victim/folder")
        let summary = try await bench.victim.export(from: bench.place, to: .folder(bench.victim.folder))
        #expect(summary.filesPlaced == 1 && summary.filesFailed == 1)
        #expect(try bench.victim.files() == ["harmless.txt"])
        try bench.expectSurroundingsUntouched()
    }

    @Test
    func whatAnInterruptedRunLeftIsContinuedOrRemoved() async throws {
        _ = try scratch.folder("tree")
        try leave("ga", of: "game 1", for: "fox/1.txt")
        try leave("what is not wanted any more", of: "gone", for: "fox/9.txt")
        #expect(try Tree.files(below: tree).count == 2)
        try await pod.export(from: place, to: .folder(tree))
        #expect(try Tree.files(below: tree) == laptop.files())
    }

    /// Leaves a temporary file as a run that was killed does.
    private func leave(_ bytes: String, of content: String, for path: String) throws {
        let begun = try PlacedFile(
            try LogicalPath(path),
            below: try OpenFile.directory(tree),
            digest: try Digest.of(Array(content.utf8)),
            isWorthKeeping: true
        )
        try begun.file.write(Array(bytes.utf8).span, at: 0)
    }
}
