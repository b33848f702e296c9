import ReplayCacheTestSupport
import Testing

@testable import ReplayCache

/// A remote that lies: whatever it says, nothing is written outside the destination and nothing wrong gets a name.
struct HostileRemoteTests {
    private let scratch: Scratch
    private let author: Laptop
    private let victim: Laptop
    private let place: Place

    init() async throws {
        scratch = try Scratch()
        author = try await Laptop("author", in: scratch)
        victim = try await Laptop("victim", in: scratch)
        place = try scratch.place()
        try author.write("harmless", to: "harmless.txt")
        try await author.push(to: place)
    }

    /// Puts a segment into the log, as anyone with a key can.
    private func plant(_ operations: [Operation], at hlc: HLC? = nil, damage: ([UInt8]) -> [UInt8] = { $0 }) throws {
        let newest = HLC(milliseconds: Timestamp.now().milliseconds)
        let segment = Segment(repository: "r", writer: newWriterName(), hlc: hlc ?? newest, operations: operations)
        let (key, bytes) = try segment.encoded(number: 0)
        try Tree.write(damage(bytes), to: "\(place.directory)/\(key.remoteKey)")
    }

    private func put(_ path: String, _ digest: Digest, size: Int64) -> Operation {
        .put(.init(path: path, sha256: digest, was: nil, size: size, mtime: 0))
    }

    /// An entry whose object has other bytes than it should.
    private func plantObject(
        _ name: String,
        content: [UInt8],
        size: Int64? = nil,
        form: ObjectKey.Form = .content(.raw),
        stored: [UInt8]?
    ) throws {
        let digest = try Digest.of(content)
        let size = size ?? Int64(content.count)
        let key = ObjectKey(digest: digest, form: form).remoteKey.string
        try plant([
            put("replays/\(name)", digest, size: size),
            .obj(.init(sha256: digest, size: size, key: key, encodedSize: Int64(stored?.count ?? 0))),
        ])
        if let stored { try Tree.write(stored, to: "\(place.directory)/\(key)") }
    }

    private func compressed(_ bytes: [UInt8]) throws -> [UInt8] {
        var frame: [UInt8] = []
        try ZstdCompressor(level: 1, byteCount: Int64(bytes.count)).compress(bytes.span, isLast: true, into: &frame)
        return frame
    }

    private func expectOnlyTheHarmlessFile(_ summary: SyncSummary) throws {
        #expect(summary.failure?.code == .integrity)
        #expect(try victim.files() == ["harmless.txt"])
        #expect(victim.text("harmless.txt") == "harmless")
    }

    // MARK: Paths

    @Test(
        arguments: [
            "../x", "/etc/x", "replays/../../x", "replays/a\0b", "", "replays//x", "replays/./x",
            String(repeating: "x", count: 4000), "replays/" + String(repeating: "y/", count: 2000) + "z",
        ]
    )
    func aPathThatLeadsElsewhereIsRefusedAndReported(_ path: String) async throws {
        let content = Array("planted".utf8)
        let digest = try Digest.of(content)
        let key = ObjectKey(digest: digest, form: .content(.raw)).remoteKey.string
        try Tree.write(content, to: "\(place.directory)/\(key)")
        try plant([.obj(.init(sha256: digest, size: 7, key: key, encodedSize: 7)), put(path, digest, size: 7)])
        let outside = try Tree.files(below: scratch.path).filter { !$0.hasPrefix("victim") }
        let summary = try await victim.fetch(from: place)
        try expectOnlyTheHarmlessFile(summary)
        #expect(victim.told(.warning).count == 1)
        #expect(try Tree.files(below: scratch.path).filter { !$0.hasPrefix("victim") } == outside)
    }

    @Test(arguments: ["link/x.txt", "link", "folder/link/deeper/x.txt"])
    func aPathThroughALinkInTheDestinationIsRefused(_ path: String) async throws {
        try Tree.write("precious", to: scratch.at("outside/x.txt"))
        try Tree.link(victim.at("link"), to: scratch.at("outside"))
        try Tree.write("", to: victim.at("folder/kept"))
        try Tree.link(victim.at("folder/link"), to: scratch.at("outside"))
        try author.write("planted", to: path)
        try await author.push(to: place)
        let summary = try await victim.fetch(from: place)
        #expect(summary.filesFailed == 1)
        #expect(summary.filesPlaced == 1)
        #expect(try Tree.files(below: scratch.at("outside")) == ["x.txt"])
        #expect(Tree.text(scratch.at("outside/x.txt")) == "precious")
        #expect(try victim.files() == ["folder/kept", "harmless.txt"])
    }

    @Test
    func namesThatAScanPassesOverAreNeverPlaced() async throws {
        let temporary = PlacedFile.temporaryPrefix + String(repeating: "0", count: 64)
        let names = [".git/hooks/x", ".replaycacheignore", "\(temporary)-x.part", "a.tmp", "deep/.git"]
        let digest = try Digest.of(Array("harmless".utf8))
        try plant((names + ["fine.txt"]).map { put("replays/\($0)", digest, size: 8) })
        let summary = try await victim.fetch(from: place)
        #expect(summary.filesFailed == names.count)
        #expect(summary.filesPlaced == 2)
        #expect(summary.failure != nil)
        #expect(victim.told(.refused).sorted() == names.map { "replays/\($0)" }.sorted())
        #expect(try victim.files() == ["fine.txt", "harmless.txt"])
        #expect(!Tree.exists(victim.at(".git")))
    }

    @Test
    func anEntryBelowAnotherEntryFailsAlone() async throws {
        let digest = try Digest.of(Array("harmless".utf8))
        try plant([put("replays/harmless.txt/below", digest, size: 8)])
        let summary = try await victim.fetch(from: place)
        #expect(summary.filesFailed == 1)
        #expect(summary.filesPlaced == 1)
    }

    // MARK: Objects

    @Test
    func anObjectWithOtherBytesIsNotPlaced() async throws {
        try plantObject("bad.txt", content: Array("right".utf8), stored: Array("wrong".utf8))
        try expectOnlyTheHarmlessFile(try await victim.fetch(from: place))
        #expect(victim.told(.failed) == ["replays/bad.txt"])
    }

    @Test
    func anObjectThatIsCutIsNotPlaced() async throws {
        let content = SampleBytes.replay()
        let frame = try compressed(content)
        for (index, stored) in [Array(frame.dropLast(9)), Array(frame.prefix(100)), []].enumerated() {
            let other = content + [UInt8(index)]
            try plantObject("\(index).slp", content: other, form: .content(.zst), stored: stored)
        }
        try plantObject("raw.bin", content: content, stored: Array(content.dropLast()))
        let summary = try await victim.fetch(from: place)
        #expect(summary.filesFailed == 4)
        try expectOnlyTheHarmlessFile(summary)
    }

    @Test
    func aMissingObjectIsNamedAndTheRestPlaced() async throws {
        try plantObject("missing.txt", content: Array("missing".utf8), stored: nil)
        try plant([put("replays/nowhere.txt", try Digest.of([1, 2, 3]), size: 3)])
        let summary = try await victim.fetch(from: place)
        #expect(victim.told(.failed).sorted() == ["replays/missing.txt", "replays/nowhere.txt"])
        try expectOnlyTheHarmlessFile(summary)
    }

    @Test
    func aBombIsStoppedAtThePromisedSize() async throws {
        let bomb = try compressed([UInt8](repeating: 0, count: 64 << 20))
        #expect(bomb.count < 64 << 10)
        try plantObject("bomb.txt", content: Array("small".utf8), form: .content(.zst), stored: bomb)
        try expectOnlyTheHarmlessFile(try await victim.fetch(from: place))
    }

    @Test
    func anObjectThatIsLongerThanItMayBeIsNotReadToItsEnd() async throws {
        let stored = SampleBytes.random(16 << 20, seed: 5)
        try plantObject("long.txt", content: Array("small".utf8), stored: stored)
        let summary = try await victim.fetch(from: place)
        try expectOnlyTheHarmlessFile(summary)
        #expect(summary.bytesDownloaded < 8 << 20)
    }

    @Test(arguments: [1 << 40, 1_000_000_000_000_000_000, Int64.max] as [Int64])
    func sizesThatNoDiskHasReserveNothingAndStopNothing(_ size: Int64) async throws {
        let digest = try Digest.of(Array("huge".utf8))
        let recipe = Recipe(size: size, parts: [])
        try plantObject("huge.bin", content: Array("huge".utf8), size: size, form: .recipe, stored: recipe.encoded())
        let other = try Digest.of(Array("huger".utf8))
        try plant((0..<12).map { put("replays/\($0).bin", $0 == 0 ? digest : other, size: size) })
        let summary = try await victim.fetch(from: place)
        try expectOnlyTheHarmlessFile(summary)
    }

    @Test
    func aRecipeWithPartsOfAnotherFileIsNotPlaced() async throws {
        let content = SampleBytes.large(40 << 20)
        var parts: [Recipe.Part] = []
        for index in 0..<3 {
            // The second part is put twice, the first never.
            let start = max(index, 1) << 24
            let part = Array(content[start..<min(start + 16 << 20, content.count)])
            let digest = try Digest.of(part)
            let key = ObjectKey(digest: digest, form: .content(.zst)).remoteKey.string
            try Tree.write(try compressed(part), to: "\(place.directory)/\(key)")
            parts.append(Recipe.Part(sha256: digest, key: key, encodedSize: 0))
        }
        let recipe = Recipe(size: Int64(content.count), parts: parts)
        try plantObject("large.bin", content: content, form: .recipe, stored: recipe.encoded())
        let summary = try await victim.fetch(from: place)
        #expect(summary.failure?.code == .integrity)
        #expect(!Tree.exists(victim.at("large.bin")))
        #expect(victim.text("harmless.txt") == "harmless")
    }

    @Test
    func anObjectThatIsHealedIsFetchedNextTime() async throws {
        let content = Array("right".utf8)
        try plantObject("bad.txt", content: content, stored: Array("wrong".utf8))
        _ = try await victim.fetch(from: place)
        try Tree.write(
            content,
            to: "\(place.directory)/\(ObjectKey(digest: Digest.of(content), form: .content(.raw)).remoteKey)"
        )
        let summary = try await victim.fetch(from: place)
        #expect(summary.filesPlaced == 1)
        #expect(summary.failure == nil)
        #expect(victim.text("bad.txt") == "right")
    }

    // MARK: Segments

    @Test
    func aSegmentOfAFastClockIsSetAsideAndReported() async throws {
        let ahead = HLC(milliseconds: Timestamp.now().milliseconds + 301_000 + 60_000)
        let digest = try Digest.of(Array("harmless".utf8))
        try plant([put("replays/future.txt", digest, size: 8)], at: ahead)
        let summary = try await victim.fetch(from: place)
        #expect(try victim.files() == ["harmless.txt"])
        #expect(victim.told(.warning).count == 1)
        #expect(victim.told(.warning).first?.contains("clock") == true)
        #expect(!summary.integrityFailed && !summary.logDamaged)
        // It moves nobody's clock: what is committed afterwards is not from the future.
        try author.write("later", to: "later.txt")
        try await author.push(to: place)
        #expect(try await victim.fetch(from: place).filesPlaced == 1)
    }

    @Test
    func nothingIsCommittedAheadOfTheClockOfThePlace() async throws {
        let now = Timestamp.now().milliseconds
        let digest = try Digest.of(Array("harmless".utf8))
        let log = "\(place.directory)/log"
        let known = try Tree.files(below: log)
        try plant([put("replays/future.txt", digest, size: 8)], at: HLC(milliseconds: now + 3_600_000))
        // Stored by a clock that was ahead too, so that it is taken for good.
        let planted = try #require(try Tree.files(below: log).first { !known.contains($0) })
        try Tree.setTime(of: "\(log)/\(planted)", to: now / 1000 + 3600)
        #expect(try await victim.fetch(from: place).filesPlaced == 2)
        let before = try Tree.files(below: log)
        for laptop in [author, victim] {
            try laptop.write("later", to: "later.txt")
            await #expect {
                try await laptop.push(to: place)
            } throws: { ($0 as? ReplayCacheError)?.code == .configuration }
        }
        #expect(try Tree.files(below: log) == before)
    }

    @Test
    func aDamagedSegmentIsSetAsideAndTheOthersRead() async throws {
        let digest = try Digest.of(Array("harmless".utf8))
        try plant([put("replays/damaged.txt", digest, size: 8)]) { $0.dropLast(20) + [1, 2, 3] }
        try plant([put("replays/cut.txt", digest, size: 8)]) { Array($0.prefix(10)) }
        try plant([put("replays/garbage.txt", digest, size: 8)]) { _ in Array("not a segment".utf8) }
        try plant([put("replays/empty.txt", digest, size: 8)]) { _ in [] }
        try author.write("after", to: "after.txt")
        try await author.push(to: place)
        let summary = try await victim.fetch(from: place)
        #expect(summary.failure?.code == .integrity)
        #expect(victim.told(.warning).count == 4)
        #expect(try victim.files() == ["after.txt", "harmless.txt"])
    }

    @Test
    func aSegmentThatIsRepairedIsReadNextTime() async throws {
        let digest = try Digest.of(Array("harmless".utf8))
        var whole: [UInt8] = []
        try plant([put("replays/b.txt", digest, size: 8)]) {
            whole = $0
            return Array($0.prefix(10))
        }
        _ = try await victim.fetch(from: place)
        let log = "\(place.directory)/log"
        let name = try #require(try Tree.files(below: log).first { try Tree.status("\(log)/\($0)").size == 10 })
        try Tree.write(whole, to: "\(log)/\(name)")
        #expect(try await victim.fetch(from: place).filesPlaced == 1)
        #expect(victim.text("b.txt") == "harmless")
    }

    @Test
    func otherThingsInTheLogAreReadOver() async throws {
        try Tree.write("hello", to: "\(place.directory)/log/README")
        try Tree.write("hello", to: "\(place.directory)/log/a file with spaces")
        let summary = try await victim.fetch(from: place)
        #expect(summary.failure == nil)
        #expect(summary.filesPlaced == 1)
    }

    @Test
    func aCheckpointFromTheEndOfTimeIsFetchedLikeAnother() async throws {
        let digest = try Digest.of(Array("harmless".utf8))
        // The last second that fits into 64 bits of nanoseconds, and a clock that is a little ahead.
        let hlc = HLC(milliseconds: 9_223_372_036_000 + 200_000)
        try plant(
            [.ckpt(.init(run: "fox", name: "n", step: 1, files: [.init(name: "f", sha256: digest, size: 8)]))],
            at: hlc
        )
        let log = "\(place.directory)/log"
        let name = try #require(try Tree.files(below: log).last)
        try Tree.setTime(of: "\(log)/\(name)", to: 9_223_372_036)
        _ = try await victim.workspace.fetchCheckpoint(CheckpointReference("fox"), from: place, into: victim.folder)
        #expect(victim.text("f") == "harmless")
    }
}
