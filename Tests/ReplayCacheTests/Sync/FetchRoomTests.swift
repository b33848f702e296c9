import ReplayCacheTestSupport
import Testing

@testable import ReplayCache

/// A folder that may not grow beyond a size, and a disk that must not become full.
struct FetchRoomTests {
    private let scratch: Scratch
    private let laptop: Laptop
    private let pod: Laptop
    private let place: Place

    init() async throws {
        scratch = try Scratch()
        laptop = try await Laptop("laptop", in: scratch)
        pod = try await Laptop("pod", in: scratch)
        place = try scratch.place()
        for number in 0..<20 {
            try Tree.write(SampleBytes.random(1000 + number * 10, seed: UInt64(number)), to: laptop.at("\(number).bin"))
        }
        try await laptop.push(to: place)
    }

    private func size(of pod: Laptop) throws -> Int64 {
        try pod.files().reduce(0) { $0 + (try Tree.status(pod.at($1)).size) }
    }

    private func failure(_ summary: SyncSummary) throws -> ReplayCacheError { try #require(summary.failure) }

    @Test
    func theFolderStaysBelowTheLimitAndTheRestIsCounted() async throws {
        let whole = try size(of: laptop)
        let summary = try await pod.fetch(from: place) { $0.maximumBytes = 10_000 }
        #expect(try size(of: pod) <= 10_000)
        #expect(try size(of: pod) > 9000 - 1000)
        let left = try #require(summary.left)
        #expect(left.reason == .maxDisk)
        #expect(left.files == 20 - summary.filesPlaced)
        #expect(left.bytes == whole - (try size(of: pod)))
        #expect(left.bytesMissing == whole - 10_000)
        #expect(summary.filesInStep == 0)
        #expect(try failure(summary).code == .quota)
        // As much as the message says is missing, and everything fits.
        let rest = try await pod.fetch(from: place) { $0.maximumBytes = 10_000 + left.bytesMissing }
        #expect(rest.left == nil && rest.failure == nil)
        #expect(try pod.files() == (try laptop.files()))
    }

    @Test
    func theSameFilesAreChosenEveryTime() async throws {
        let other = try await Laptop("other", in: scratch)
        for pod in [pod, other] { try await pod.fetch(from: place) { $0.maximumBytes = 7777 } }
        #expect(try pod.files() == (try other.files()))
        let before = try Tree.listing(of: pod.folder)
        let again = try await pod.fetch(from: place) { $0.maximumBytes = 7777 }
        #expect(again.filesPlaced == 0)
        #expect(again.requests == RequestCounts(list: 1))
        #expect(try Tree.listing(of: pod.folder) == before)
    }

    @Test
    func whatIsReplacedMakesRoom() async throws {
        try await pod.fetch(from: place)
        let size = try size(of: pod)
        try Tree.write(SampleBytes.random(1005, seed: 99), to: laptop.at("19.bin"))
        try Tree.write(SampleBytes.random(500, seed: 98), to: laptop.at("new.bin"))
        try await laptop.push(to: place)
        let summary = try await pod.fetch(from: place) { $0.maximumBytes = size }
        // 19.bin has shrunk by 185 bytes; the new file does not fit into that.
        #expect(summary.filesPlaced == 1)
        #expect(summary.left?.files == 1 && summary.left?.bytesMissing == 315)
        #expect(try Tree.status(pod.at("19.bin")).size == 1005)
    }

    @Test
    func aFolderThatIsTooLargeAlreadyGetsNothing() async throws {
        try Tree.write(SampleBytes.random(5000, seed: 7), to: pod.at("mine.bin"))
        let summary = try await pod.fetch(from: place) { $0.maximumBytes = 4000 }
        #expect(summary.filesPlaced == 0)
        #expect(summary.left?.files == 20)
        #expect(try pod.files() == ["mine.bin"])
    }

    @Test
    func aDryRunSaysWhatWouldBeLeft() async throws {
        let dry = try await pod.fetch(from: place) {
            $0.maximumBytes = 10_000
            $0.isDryRun = true
        }
        #expect(try failure(dry).message.contains("would be left"))
        let summary = try await pod.fetch(from: place) { $0.maximumBytes = 10_000 }
        #expect(dry.left == summary.left)
        #expect(dry.filesPlaced == summary.filesPlaced)
        #expect(dry.plan?.fetch?.requests == summary.requests)
        #expect(dry.plan?.fetch?.bytesEncoded == summary.bytesDownloaded)
    }

    @Test
    func copiesOfOneContentCountEach() async throws {
        for name in ["a", "b", "c", "d", "e", "f"] { try laptop.write("the same", to: "copies/\(name).txt") }
        try await laptop.push(to: place)
        try await pod.fetch(from: place) {
            $0.from = try LogicalPath("replays/copies")
            $0.maximumBytes = 33
        }
        #expect(try pod.files() == ["a.txt", "b.txt", "c.txt", "d.txt"])
    }

    @Test
    func aDiskWithoutRoomIsStatus8AndNamesWhatIsMissing() throws {
        var summary = SyncSummary(command: "fetch")
        summary.left = SpaceShortage(reason: .disk, files: 3, bytes: 5_000_000, bytesMissing: 4_000_000)
        let error = try failure(summary)
        #expect(error.code == .disk)
        let text = "3 files (5.00 MB) were left for lack of space: the disk is 4.00 MB too small for them"
        #expect(error.message == text)
        #expect(error.hint?.hasPrefix("free 4.00 MB there") == true)
    }
}
