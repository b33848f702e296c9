import ReplayCacheTestSupport
import SystemPackage
import Testing

@testable import ReplayCache

/// `fetch --link`: one file with several names, which nobody writes through.
struct LinkedFetchTests {
    private let scratch: Scratch
    private let laptop: Laptop
    private let place: Place

    init() async throws {
        scratch = try Scratch()
        laptop = try await Laptop("laptop", in: scratch)
        place = try scratch.place()
        for number in 0..<7 { try laptop.write("the same", to: "copies/\(number).txt") }
        try laptop.write("single", to: "single.txt")
        try await laptop.push(to: place)
    }

    private func inodes(_ laptop: Laptop, _ names: [String]) throws -> Set<UInt64> {
        Set(try names.map { try Tree.status(laptop.at($0)).inode })
    }

    private func mode(_ path: String) throws -> Int { try Tree.mode(of: path) }

    private static let copies = (0..<7).map { "copies/\($0).txt" }

    @Test
    func pathsOfOneContentBecomeNamesOfOneFile() async throws {
        let pod = try await Laptop("pod", in: scratch)
        let summary = try await pod.fetch(from: place) { $0.links = true }
        #expect(summary.filesPlaced == 8)
        #expect(summary.filesLinked == 6)
        #expect(summary.objectsDownloaded == 2)
        #expect(try inodes(pod, Self.copies).count == 1)
        for name in Self.copies { #expect(try mode(pod.at(name)) == 0o444) }
        #expect(try mode(pod.at("single.txt")) & 0o200 != 0)
        #expect(try pod.files() == (try laptop.files()))
        // Nothing more to do.
        let again = try await pod.fetch(from: place) { $0.links = true }
        #expect(again.filesPlaced == 0 && again.filesInStep == 8)
    }

    @Test
    func withoutTheOptionEveryPathHasAFileOfItsOwn() async throws {
        let pod = try await Laptop("pod", in: scratch)
        let summary = try await pod.fetch(from: place)
        #expect(summary.filesLinked == 0)
        #expect(try inodes(pod, Self.copies).count == 7)
    }

    @Test
    func contentInAnotherFolderIsCopiedAndNothingChangesThere() async throws {
        let other = try await Laptop(home: laptop.home, folder: try scratch.folder("other"))
        let before = try Tree.status(laptop.at("single.txt"))
        let summary = try await other.fetch(from: place) { $0.links = true }
        #expect(summary.objectsDownloaded == 0)
        #expect(summary.requests.get == 0)
        #expect(summary.filesLinked == 5)
        #expect(try Tree.status(other.at("single.txt")).inode != before.inode)
        #expect(try Tree.status(laptop.at("single.txt")) == before)
        // The catalog knows that the other names are as they were.
        #expect(try await other.workspace.scan(laptop.folder).filesSeen == 8)
        #expect(try await laptop.push(to: place).entriesAdded == 0)
    }

    @Test
    func aNewVersionReplacesOneNameAndLeavesTheOthers() async throws {
        let pod = try await Laptop("pod", in: scratch)
        try await pod.fetch(from: place) { $0.links = true }
        try laptop.write("another", to: "copies/3.txt")
        try await laptop.push(to: place)
        for links in [true, false] {
            let summary = try await pod.fetch(from: place) { $0.links = links }
            #expect(summary.filesPlaced == (links ? 1 : 0))
        }
        #expect(pod.text("copies/3.txt") == "another")
        for name in Self.copies where name != "copies/3.txt" { #expect(pod.text(name) == "the same") }
    }

    @Test
    func aFileThatChangedSinceItWasSeenIsNotLinked() async throws {
        let other = try await Laptop(home: laptop.home, folder: try scratch.folder("other"))
        try Tree.overwrite(laptop.at("single.txt"), at: 0, with: Array("SINGLE".utf8))
        let summary = try await other.fetch(from: place) { $0.links = true }
        #expect(other.text("single.txt") == "single")
        #expect(laptop.text("single.txt") == "SINGLE")
        #expect(summary.objectsDownloaded == 1)
        #expect(try Tree.status(other.at("single.txt")).inode != Tree.status(laptop.at("single.txt")).inode)
        // Nor is it made read-only, and no temporary name is left.
        #expect(try mode(laptop.at("single.txt")) & 0o200 != 0)
        #expect(try Tree.files(below: other.folder).allSatisfy { !$0.contains(PlacedFile.temporaryPrefix) })
    }

    @Test
    func aLinkThatACrashLeftIsNeverWrittenThrough() async throws {
        let pod = try await Laptop("pod", in: scratch)
        let path = try LogicalPath("single.txt")
        let digest = try Digest.of(Array("single".utf8))
        try Tree.write("precious", to: scratch.at("precious.txt"))
        let root = try OpenFile.directory(pod.folder)
        // The name that a fetch will use for its temporary file leads to somebody's file.
        let name: String
        do {
            name = try PlacedFile(path, below: root, digest: digest).temporaryName
        }
        try Tree.hardLink(pod.at(name), to: scratch.at("precious.txt"))
        _ = try PlacedFile(path, below: root, digest: digest)
        #expect(Tree.text(scratch.at("precious.txt")) == "precious")

        try Tree.hardLink(pod.at(name), to: scratch.at("precious.txt"))
        try await pod.fetch(from: place)
        #expect(pod.text("single.txt") == "single")
        #expect(Tree.text(scratch.at("precious.txt")) == "precious")
    }

    @Test
    func anotherFileSystemIsCopiedTo() throws {
        let root = try OpenFile.directory(try scratch.folder("root"))
        // /proc is a file system of its own on every Linux machine.
        let folder = try OpenFile.directory("/proc/self")
        let digest = try Digest.of([1])
        #expect {
            try PlacedFile(linking: "status", in: folder, as: try LogicalPath("a.txt"), below: root, digest: digest)
        } throws: { error in
            (error as? FileError)?.errno == .improperLink
        }
        #expect(try Tree.files(below: scratch.at("root")).isEmpty)
    }
}
