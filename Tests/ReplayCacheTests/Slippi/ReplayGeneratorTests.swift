import FoundationEssentials
import ReplayGenerator
import Testing

@testable import ReplayCache

/// What the tests and benchmarks expect of generated libraries.
struct ReplayGeneratorTests {
    @Test
    func theSameSeedGivesTheSameLibraryAndAnotherSeedAnother() {
        let library = LibrarySpec(count: 10, seed: 4)
        #expect(library.member(3).path == library.member(3).path)
        #expect(library.member(3).replay.bytes() == library.member(3).replay.bytes())
        #expect(library.member(3).replay.bytes() != LibrarySpec(count: 10, seed: 5).member(3).replay.bytes())
    }

    @Test
    func aLibraryHoldsManyCharactersSomeCopiesAndSomeDamage() {
        let library = LibrarySpec(count: 2000, seed: 1)
        let members = (0..<2000).map(library.member)
        #expect(Set(members.map(\.path)).count == 2000)
        #expect(Set(members.map { $0.path.split(separator: "/")[0] }).count > 20)
        #expect((20...120).contains(members.count { $0.path.hasPrefix("backup/") }))
        #expect((10...100).contains(members.count { $0.replay.damage != .none }))
        #expect((100...400).contains(members.count { $0.replay.players[0].character == 10 }))
    }

    @Test
    func writtenReplaysCarryTheStartOfTheirGame() async throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "replay-generator-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: directory) }
        var library = LibrarySpec(count: 8, seed: 2)
        library.frames = 30...40
        library.damagedShare = 0
        #expect(try await library.write(to: directory).files == 8)
        for index in 0..<8 {
            let member = library.member(index)
            let file = directory.appending(path: member.path)
            let bytes = Array(try Data(contentsOf: file))
            let modified = try FileManager.default.attributesOfItem(atPath: file.path)[.modificationDate] as? Date
            let metadata = try ReplayReader.read(ByteArraySource(bytes))
            #expect(bytes == member.replay.bytes())
            #expect(modified?.timeIntervalSince1970 == Double(member.startedAt))
            #expect(metadata.startedAtMilliseconds == member.startedAt * 1000)
            #expect(metadata.isComplete)
        }
    }
}
