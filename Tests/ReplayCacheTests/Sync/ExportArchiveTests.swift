import ReplayCacheTestSupport
import Synchronization
import Testing

@testable import ReplayCache

/// `export` into a tar archive.
struct ExportArchiveTests {
    private let scratch: Scratch
    private let laptop: Laptop
    private let pod: Laptop
    private let place: Place

    init() async throws {
        scratch = try Scratch(below: Scratch.memory)
        laptop = try await Laptop("laptop", in: scratch)
        pod = try await Laptop("pod", in: scratch)
        place = try scratch.place()
        for number in 0..<3 { try laptop.write("game \(number)", to: "fox/\(number).txt") }
    }

    private var archive: String { scratch.at("out.tar") }

    /// Names of members of a tar archive of small files, by its headers alone.
    private func members(_ bytes: [UInt8]) -> [String] {
        func field(_ start: Int, _ count: Int) -> String {
            String(decoding: bytes[start..<start + count].prefix { $0 != 0 }, as: UTF8.self)
        }
        var names: [String] = []
        var position = 0
        while position + 512 <= bytes.count, bytes[position] != 0 {
            let kind = bytes[position + 156]
            if kind == UInt8(ascii: "0") { names.append(field(position, 100)) }
            let size = Int(field(position + 124, 11).trimmingSpaces, radix: 8) ?? 0
            position += 512 + (size + 511) / 512 * 512
        }
        return names
    }

    @Test
    func membersAreInTheOrderOfTheirPathsAndTheBytesAreTheSameEachTime() async throws {
        try laptop.write("a", to: "fox.txt")
        try laptop.write("b", to: "fox-2/x.txt")
        try await laptop.push(to: place)
        let summary = try await pod.export(from: place, to: .archive(archive))
        #expect(summary.filesPlaced == 5 && summary.failure == nil)
        let bytes = try Tree.read(archive)
        #expect(members(bytes) == ["fox-2/x.txt", "fox.txt", "fox/0.txt", "fox/1.txt", "fox/2.txt"])
        #expect(bytes.count.isMultiple(of: 10_240))
        try await laptop.export(from: place, to: .archive(scratch.at("again.tar")))
        #expect(try Tree.read(scratch.at("again.tar")) == bytes)
    }

    @Test
    func anArchiveThatIsThereIsLeftUnlessTheUserInsists() async throws {
        try await laptop.push(to: place)
        try Tree.write("mine", to: archive)
        let error = await #expect(throws: ReplayCacheError.self) {
            try await pod.export(from: place, to: .archive(archive))
        }
        #expect(error?.code == .conflict)
        #expect(Tree.text(archive) == "mine")
        try await pod.export(from: place, to: .archive(archive)) { $0.isForced = true }
        #expect(members(try Tree.read(archive)).count == 3)
    }

    @Test
    func aDamagedSmallFileIsLeftOut() async throws {
        try await laptop.push(to: place)
        let key = ObjectKey(digest: try Digest.of(Array("game 1".utf8)), form: .content(.raw)).remoteKey.string
        try Tree.write("GAME 1", to: "\(place.directory)/\(key)")
        let summary = try await pod.export(from: place, to: .archive(archive))
        #expect(summary.failure?.code == .integrity)
        #expect(summary.filesPlaced == 2 && pod.told(.failed) == ["replays/fox/1.txt"])
        #expect(members(try Tree.read(archive)) == ["fox/0.txt", "fox/2.txt"])
    }

    @Test
    func aLargeFileComesInPartsFromTheRemoteOrFromThisMachine() async throws {
        let large = SampleBytes.large(Int(Recipe.threshold) + (5 << 20))
        try Tree.write(large, to: laptop.at("large.bin"), modifiedAt: 1_700_000_000)
        try await laptop.push(to: place)
        let summary = try await pod.export(from: place, to: .archive(archive))
        #expect(summary.filesPlaced == 4 && summary.objectsDownloaded == 6)
        let bytes = try Tree.read(archive)
        let start = try #require(bytes.firstRange(of: large.prefix(4096))?.lowerBound)
        #expect(bytes[start...].starts(with: large))
        let local = try await laptop.export(from: place, to: .archive(scratch.at("local.tar")))
        // Its recipe tells the digests of its parts.
        #expect(local.objectsDownloaded == 0 && local.requests.get == 1)
        #expect(try Tree.read(scratch.at("local.tar")) == bytes)
    }

    /// The parts of a large file, with which one is damaged, and whether anything can be written then.
    @Test(arguments: [(0, true), (1, false), (2, false)])
    func aDamagedPartLeavesTheFileOutOrEndsTheArchive(_ index: Int, _ isWritten: Bool) async throws {
        let large = SampleBytes.large(Int(Recipe.threshold) + (5 << 20))
        try Tree.write(large, to: laptop.at("large.bin"))
        try await laptop.push(to: place)
        let part = large.dropFirst(index << 24).prefix(1 << 24)
        let digest = try Digest.of(Array(part)).hex
        for file in try Tree.files(below: place.directory) where file.contains(digest) {
            try Tree.overwrite("\(place.directory)/\(file)", at: 20, with: [1, 2, 3])
        }
        do {
            let summary = try await pod.export(from: place, to: .archive(archive))
            #expect(isWritten && summary.failure?.code == .integrity && summary.filesPlaced == 3)
            #expect(members(try Tree.read(archive)) == ["fox/0.txt", "fox/1.txt", "fox/2.txt"])
        } catch let error as ReplayCacheError {
            #expect(!isWritten && error.code == .integrity)
            #expect(!Tree.exists(archive))
        }
    }

    @Test
    func hostileNamesAreNoMembers() async throws {
        let bench = try await HostileBench()
        let object = try bench.store(Array("planted".utf8))
        for path in ["replays", "replays//x", "replays/../../x", "/x"] {
            try bench.plant([.obj(object), bench.put(path, object)])
        }
        try await bench.victim.export(from: bench.place, to: .archive(bench.scratch.at("out.tar")))
        #expect(members(try Tree.read(bench.scratch.at("out.tar"))) == ["harmless.txt"])
    }

    @Test
    func resultsComeInOrderAndWithinTheWindow() async throws {
        let running = Mutex((now: 0, most: 0))
        var next = 0
        var seen: [Int] = []
        try await forEachInOrder(
            OrderedWindow(width: 5, budget: 20),
            weight: { Int64($0 % 7) },
            next: {
                next += 1
                return next <= 200 ? next : nil
            },
            work: { item in
                running.withLock {
                    $0.now += 1
                    $0.most = max($0.most, $0.now)
                }
                for _ in 0..<(item * 31 % 17) { await Task.yield() }
                running.withLock { $0.now -= 1 }
                return item
            },
            collect: { seen.append($0) }
        )
        #expect(seen == Array(1...200))
        #expect(running.withLock { $0.most } <= 5)
    }
}
