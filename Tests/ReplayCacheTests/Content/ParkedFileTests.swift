import ReplayCacheTestSupport
import SystemPackage
import Testing

@testable import ReplayCache

/// Verified files that are closed until the whole set is there.
struct ParkedFileTests {
    private let scratch: Scratch
    private let root: OpenFile
    private let path: LogicalPath

    init() throws {
        scratch = try Scratch()
        root = try OpenFile.directory(scratch.path)
        path = try LogicalPath("deep/file.pt")
    }

    private func park(isWorthKeeping: Bool = false) throws -> ParkedFile {
        let digest = try Digest.of([1, 2, 3])
        let placed = try PlacedFile(path, below: root, digest: digest, isWorthKeeping: isWorthKeeping)
        let bytes: [UInt8] = [1, 2, 3]
        try placed.file.write(bytes.span, at: 0)
        return try ParkedFile(placed, for: path, below: root)
    }

    private func files() throws -> [String] { try Tree.files(below: scratch.path) }

    @Test
    func aParkedFileIsOpenedAgainAndPlaced() throws {
        let parked = try park()
        #expect(try files().count == 1)
        #expect(try !files().contains(path.string))
        try PlacedFile(reopening: parked).place(over: .absent)
        #expect(try files() == [path.string])
        #expect(try Tree.read(scratch.at(path.string)) == [1, 2, 3])
    }

    @Test
    func whatIsNeverPlacedIsRemovedUnlessItIsWorthKeeping() throws {
        _ = try park()
        #expect(try files().isEmpty)
        do { _ = try PlacedFile(reopening: try park()) }
        #expect(try files().isEmpty)
        _ = try park(isWorthKeeping: true)
        #expect(try files().count == 1)
    }

    @Test
    func aFileThatAnotherRunTookIsNotPlacedAndNotRemoved() throws {
        do {
            let parked = try park()
            let name = try #require(try files().first)
            try Tree.overwrite(scratch.at(name), at: 0, with: [9])
            #expect(try !parked.isThere())
            #expect(throws: FileError.self) { try PlacedFile(reopening: parked) }
            #expect(try files() == [name])
        }
        #expect(try files().count == 1)
    }

    @Test
    func aFileThatIsGoneIsNotPlaced() throws {
        let parked = try park()
        try Tree.remove(scratch.at("deep"))
        #expect(try !parked.isThere())
        #expect(throws: FileError.self) { try PlacedFile(reopening: parked) }
        #expect(try files().isEmpty)
    }

    @Test
    func aFileThatAnotherRunIsWritingIsNotPlaced() throws {
        let parked = try park()
        let name = try #require(try files().first)
        let held = try root.directory("deep").updating(String(try #require(name.split(separator: "/").last)))
        #expect(held.tryLock())
        #expect(throws: FileError.self) { try PlacedFile(reopening: parked) }
    }
}
