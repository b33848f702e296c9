import ReplayCacheTestSupport
import Synchronization
import SystemPackage
import Testing

@testable import ReplayCache

/// The order and the odd things of a walk.
struct DirectoryWalkTests {
    private let scratch: Scratch

    init() throws { scratch = try Scratch() }

    private func walk(followsLinks: Bool = false) async throws -> (batches: Int, result: WalkBatch) {
        let root = try OpenFile.directory(scratch.path)
        var result = WalkBatch()
        var batches = 0
        try await DirectoryWalk(root: root, ignoreRules: IgnoreRules(), followsLinks: followsLinks).run { batch in
            batches += 1
            result.files += batch.files
            result.problems += batch.problems
            result.leftovers += batch.leftovers
            result.skippedLinks += batch.skippedLinks
        }
        return (batches, result)
    }

    @Test
    func filesComeInTheByteOrderOfTheirFullPaths() async throws {
        let names = ["a/x", "a-b", "a.b", "a0", "A", "a/-", "b/c/d", "b/c-d", "b/c.d/e", "ä", "日本", "z", "a b", "Z/z"]
        for name in names { try Tree.write(name, to: scratch.at(name)) }
        let found = try await walk().result.files.map(\.path.string)
        #expect(found == names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
    }

    @Test
    func manyFilesComeInSeveralBatchesWithoutGaps() async throws {
        for number in 0..<2500 { try Tree.write([], to: scratch.at("\(number % 7)/\(number)")) }
        let (batches, result) = try await walk()
        #expect(batches > 1)
        #expect(Set(result.files.map(\.path)).count == 2500)
        #expect(zip(result.files, result.files.dropFirst()).allSatisfy { $0.path < $1.path })
    }

    @Test
    func anEmptyFolderIsOneEmptyBatch() async throws {
        let (batches, result) = try await walk()
        #expect(batches == 1)
        #expect(result.files.isEmpty)
    }

    @Test
    func linksAreCountedAndNotFollowedUnlessAsked() async throws {
        try Tree.write("file", to: scratch.at("folder/file"))
        try Tree.link(scratch.at("link"), to: "folder/file")
        try Tree.link(scratch.at("folders"), to: "folder")
        try Tree.link(scratch.at("nowhere"), to: "missing")
        let plain = try await walk().result
        #expect(plain.files.map(\.path.string) == ["folder/file"])
        #expect(plain.skippedLinks == 3)
        let followed = try await walk(followsLinks: true).result
        #expect(followed.files.map(\.path.string) == ["folder/file", "folders/file", "link"])
        #expect(followed.skippedLinks == 0)
    }

    @Test
    func aFolderInsideItselfIsReportedOnceAndNotEntered() async throws {
        try Tree.write("file", to: scratch.at("a/b/file"))
        try Tree.link(scratch.at("a/b/loop"), to: "..")
        try Tree.link(scratch.at("top"), to: ".")
        let result = try await walk(followsLinks: true).result
        #expect(result.files.map(\.path.string) == ["a/b/file"])
        #expect(result.problems.map(\.path).sorted() == ["a/b/loop", "top"])
    }

    @Test
    func aNameThatIsNotUTF8IsReportedAndTheRestFound() async throws {
        try Tree.write("file", to: scratch.at("good"))
        let bytes = Array("\(scratch.path)/bad-".utf8).map { CChar(bitPattern: $0) } + [CChar(bitPattern: 0xFF), 0]
        let file = try FileDescriptor.open(
            FilePath(platformString: bytes),
            .writeOnly,
            options: .create,
            permissions: .ownerReadWrite
        )
        try file.close()
        let result = try await walk().result
        #expect(result.files.map(\.path.string) == ["good"])
        #expect(result.problems.count == 1)
        #expect(result.problems.first?.reason.contains("UTF-8") == true)
        #expect(result.problems.first?.isDirectory == false)
    }

    @Test
    func thisProgramsTemporaryFilesAreLeftoversAndNoFiles() async throws {
        let digest = try Digest.of([1]).hex
        let name = "\(PlacedFile.temporaryPrefix)\(digest)-01234567\(PlacedFile.temporarySuffix)"
        try Tree.write("x", to: scratch.at("a/\(name)"))
        try Tree.write("x", to: scratch.at("a/\(PlacedFile.temporaryPrefix)other"))
        let result = try await walk().result
        #expect(result.files.isEmpty)
        #expect(result.leftovers.map(\.string) == ["a/\(name)"])
    }

    @Test
    func pipesAndSocketsAreNoFiles() async throws {
        try Tree.write("file", to: scratch.at("file"))
        #expect(try await Program.run("mkfifo", [scratch.at("pipe")]).code == 0)
        #expect(try await walk().result.files.map(\.path.string) == ["file"])
    }
}
