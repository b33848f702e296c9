import ReplayCacheTestSupport
import Testing

@testable import ReplayCache

/// A place that forgets what was put there before a commit could name it, as after a loss of power.
struct LostObjectTests {
    private let scratch: Scratch
    private let laptop: Laptop
    private let place: Place

    init() async throws {
        scratch = try Scratch()
        laptop = try await Laptop("laptop", in: scratch)
        place = try scratch.place()
        try await Laptop("empty", in: scratch).push(to: place)
    }

    /// What may become of an object.
    enum Loss: String, CaseIterable, Sendable {
        case removed, cut, emptied, otherBytes

        func happen(to object: String) throws {
            var bytes = try Tree.read(object)
            try Tree.remove(object)
            switch self {
            case .removed: return
            case .cut: bytes.removeLast()
            case .emptied: bytes = []
            case .otherBytes: bytes = bytes.map { $0 ^ 0x55 }
            }
            try Tree.write(bytes, to: object)
        }
    }

    /// Puts the objects and fails to commit: a file is in place of the log.
    private func pushWithoutCommit() async throws {
        try Tree.write("in the way", to: "\(place.directory)/log")
        await #expect(throws: ReplayCacheError.self) { try await laptop.push(to: place) }
        try Tree.remove("\(place.directory)/log")
    }

    private func object(of content: [UInt8]) throws -> String {
        let digest = try Digest.of(content).hex
        let name = try #require(try Tree.files(below: place.directory).first { $0.contains(digest) })
        return "\(place.directory)/\(name)"
    }

    @Test(arguments: Loss.allCases)
    func objectsThatThePlaceLostBeforeTheCommitArePutAgain(_ loss: Loss) async throws {
        for number in 0..<6 { try laptop.write("file \(number)", to: "\(number).txt") }
        try Tree.write(SampleBytes.replay(), to: laptop.at("game.slp"))
        try await pushWithoutCommit()
        for number in 0..<3 { try loss.happen(to: object(of: Array("file \(number)".utf8))) }
        try loss.happen(to: object(of: SampleBytes.replay()))
        let resumed = try await laptop.push(to: place)
        #expect(resumed.entriesAdded == 7)
        #expect(resumed.objectsUploaded == 4)
        #expect(resumed.objectsReused == 3)
        let fresh = try await Laptop("fresh", in: scratch)
        let fetch = try await fresh.fetch(from: place)
        #expect(fetch.filesPlaced == 7)
        #expect(fetch.failure == nil)
        for number in 0..<6 { #expect(fresh.text("\(number).txt") == "file \(number)") }
        #expect(try Tree.read(fresh.at("game.slp")) == SampleBytes.replay())
    }

    @Test(arguments: Loss.allCases)
    func aPartThatThePlaceLostBeforeTheCommitIsPutAgain(_ loss: Loss) async throws {
        let bytes = SampleBytes.large(40 << 20)
        try Tree.write(bytes, to: laptop.at("large.bin"))
        try await pushWithoutCommit()
        try loss.happen(to: object(of: Array(bytes[16 << 20..<32 << 20])))
        // The part, the recipe, which is made anew from verified parts, and the segment.
        #expect(try await laptop.push(to: place).requests.put == 3)
        let fresh = try await Laptop("fresh", in: scratch)
        #expect(try await fresh.fetch(from: place).filesPlaced == 1)
        #expect(try Tree.read(fresh.at("large.bin")) == bytes)
    }
}
