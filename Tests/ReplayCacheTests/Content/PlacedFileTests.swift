import ReplayCacheTestSupport
import Testing

@testable import ReplayCache

/// Files on their way to a name: there is no moment at which half of one has it.
struct PlacedFileTests {
    private let scratch: Scratch
    private let root: OpenFile
    private let path: LogicalPath
    private let digest: Digest

    init() throws {
        scratch = try Scratch()
        root = try OpenFile.directory(scratch.path)
        path = try LogicalPath("deep/er/file.slp")
        digest = try Digest.of([1, 2, 3])
    }

    private func make(isWorthKeeping: Bool = false) throws -> PlacedFile {
        let placed = try PlacedFile(path, below: root, digest: digest, isWorthKeeping: isWorthKeeping)
        let bytes: [UInt8] = [1, 2, 3]
        try placed.file.write(bytes.span, at: 0)
        return placed
    }

    private func files() throws -> [String] { try Tree.files(below: scratch.path) }

    @Test
    func aFileHasItsNameOnlyOnceItIsPlaced() throws {
        let placed = try make()
        let temporary = try #require(try files().first)
        #expect(!temporary.hasSuffix(".slp"))
        #expect(PlacedFile.digest(inTemporaryName: temporary.dropFirst("deep/er/".count)) == digest)
        try placed.place(over: .absent)
        #expect(try files() == ["deep/er/file.slp"])
        #expect(try Tree.read(scratch.at("deep/er/file.slp")) == [1, 2, 3])
    }

    @Test
    func aFileThatAppearedInTheWayIsLeftAlone() throws {
        do {
            let placed = try make()
            try Tree.write("mine", to: scratch.at(path.string))
            #expect(throws: FileError.self) { try placed.place(over: .absent) }
        }
        #expect(Tree.text(scratch.at(path.string)) == "mine")
        #expect(try files() == [path.string])
    }

    @Test
    func onlyTheFileThatWasSeenIsReplaced() throws {
        try Tree.write("seen", to: scratch.at(path.string), modifiedAt: 1_000)
        let seen = try Tree.status(scratch.at(path.string))
        try Tree.write("newer", to: scratch.at(path.string), modifiedAt: 2_000)
        #expect(throws: FileError.self) { try make().place(over: .unchanged(seen)) }
        #expect(Tree.text(scratch.at(path.string)) == "newer")
        let now = try Tree.status(scratch.at(path.string))
        try make().place(over: .unchanged(now))
        #expect(try Tree.read(scratch.at(path.string)) == [1, 2, 3])
        #expect(try files() == [path.string])
    }

    @Test
    func aFileThatWasSeenAndIsGoneIsNotBroughtBack() throws {
        try Tree.write("seen", to: scratch.at(path.string))
        let seen = try Tree.status(scratch.at(path.string))
        try Tree.remove(scratch.at(path.string))
        #expect(throws: FileError.self) { try make().place(over: .unchanged(seen)) }
        #expect(try files().isEmpty)
    }

    @Test
    func whatIsNeverPlacedIsRemovedUnlessItIsWorthKeeping() throws {
        _ = try make()
        #expect(try files().isEmpty)
        _ = try make(isWorthKeeping: true)
        #expect(try files().count == 1)
        _ = try PlacedFile(LogicalPath("other"), below: root, digest: digest, isWorthKeeping: true)
        #expect(try files().count == 1)
    }

    @Test
    func aFileThatAnEarlierRunLeftIsTakenOver() throws {
        _ = try make(isWorthKeeping: true)
        let inode = try Tree.status(scratch.at(files()[0])).inode
        let placed = try PlacedFile(path, below: root, digest: digest, isWorthKeeping: true)
        #expect(try placed.file.status().inode == inode)
        #expect(try placed.file.status().size == 3)
        try placed.place(over: .absent)
        #expect(try files() == [path.string])
    }

    @Test
    func aFileInUseIsNotTakenOver() throws {
        let placed = try make()
        #expect(throws: FileError.self) { try PlacedFile(path, below: root, digest: digest) }
        try placed.place(over: .absent)
        #expect(try files() == [path.string])
    }

    @Test
    func filesOfOtherNamesAndContentsAreIndependent() throws {
        let first = try make()
        let second = try PlacedFile(LogicalPath("deep/er/file2.slp"), below: root, digest: digest)
        let third = try PlacedFile(path, below: root, digest: try Digest.of([4]))
        #expect(try files().count == 3)
        try first.place(over: .absent)
        try second.place(over: .absent)
        try third.place(over: .any)
        #expect(try files() == [path.string, "deep/er/file2.slp"])
    }

    @Test
    func linksOnTheWayAreNotFollowed() throws {
        try Tree.write("", to: scratch.at("outside/kept"))
        try Tree.link(scratch.at("deep"), to: scratch.at("outside"))
        #expect(throws: FileError.self) { try make() }
        #expect(try Tree.files(below: scratch.at("outside")) == ["kept"])
    }

    @Test
    func aLinkInPlaceOfTheFileIsReplacedAndNotWrittenThrough() throws {
        try Tree.write("outside", to: scratch.at("outside"))
        _ = try scratch.folder("deep/er")
        try Tree.link(scratch.at(path.string), to: scratch.at("outside"))
        #expect(throws: FileError.self) { try make().place(over: .absent) }
        try make().place(over: .any)
        #expect(Tree.text(scratch.at("outside")) == "outside")
        #expect(try Tree.status(scratch.at(path.string)).kind == .regular)
    }
}
