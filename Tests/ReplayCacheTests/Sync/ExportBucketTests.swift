import ReplayCacheTestSupport
import Synchronization
import Testing

@testable import ReplayCache

/// `export` into a bucket.
struct ExportBucketTests {
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
        try laptop.write("caf\u{E9}", to: "other + more/caf\u{E9} #1.txt")
        try await laptop.push(to: place)
    }

    private func bucket() async throws -> TestBucket { try await TestServer.shared(.quirks(.generic)).makeBucket() }

    private func keys(_ bucket: TestBucket) throws -> [String] {
        try bucket.objects().filter { !$0.isDeleted }.map(\.key).sorted()
    }

    @Test(arguments: TestServer.Kind.everyAvailable)
    func filesHaveTheirBytesAndTimesUnderTheirPaths(_ kind: TestServer.Kind) async throws {
        let bucket = try await TestServer.shared(kind).makeBucket()
        let summary = try await pod.export(from: place, to: .bucket(try bucket.place(prefix: "plain")))
        #expect(summary.filesPlaced == 4 && summary.objectsUploaded == 4 && summary.failure == nil)
        let plain = PlainBucket(bucket.connection(prefix: "plain"))
        let items = Mutex<[PlainItem]>([])
        try await plain.list { page in items.withLock { $0 += page } }
        let found = items.withLock { $0 }
        #expect(found.map(\.name).sorted() == (try laptop.files().sorted()))
        for item in found {
            let collector = ByteCollector()
            let received = try await plain.get(item) { { collector.append($0) } }
            #expect(collector.bytes == (try Tree.read(laptop.at(item.name))))
            #expect(received.modificationTime == 1_700_000_000_000_000_000)
        }
        // Just stored, as the entries were: compared by content where the clock of the place is no proof.
        let again = try await pod.export(from: place, to: .bucket(try bucket.place(prefix: "plain")))
        #expect(again.filesPlaced == 0 && again.filesInStep == 4 && again.requests.put == 0)
    }

    @Test(.enabled(if: RealServer.rclone.isAvailable, "needs rclone"), arguments: RealServer.available)
    func rcloneReadsTheSameBytesAndTimes(_ server: RealServer) async throws {
        let bucket = try await TestServer.shared(.real(server)).makeBucket()
        let summary = try await pod.export(from: place, to: .bucket(try bucket.place(prefix: "plain")))
        #expect(summary.filesPlaced == 4 && summary.failure == nil)
        let hub = "hub:\(bucket.name)/plain"
        // Every byte, both ways.
        let check = try await Rclone.run(["check", "--download", laptop.folder, hub], with: bucket)
        #expect(check.code == 0, "\(check.error)")
        // By size and modification time: nothing is to be done.
        let times = try await Rclone.run(["copy", "--dry-run", "-v", laptop.folder, hub], with: bucket)
        #expect(times.code == 0 && !times.error.contains("Skipped"), "\(times.error)")
        let back = scratch.at("back")
        let copy = try await Rclone.run(["copy", hub, back], with: bucket)
        #expect(copy.code == 0, "\(copy.error)")
        for name in try laptop.files() {
            #expect(try Tree.read("\(back)/\(name)") == Tree.read(laptop.at(name)))
            let status = try OpenFile.reading("\(back)/\(name)").status()
            #expect(status.mtimeNanoseconds == 1_700_000_000_000_000_000)
        }
    }

    @Test
    func whatWasStoredLaterIsPassedOverWithOneListing() async throws {
        let bucket = try await bucket()
        let target = ExportDestination.bucket(try bucket.place(prefix: "plain"))
        try await pod.export(from: place, to: target)
        for key in try keys(bucket) { try bucket.age(key, by: -60) }
        let again = try await pod.export(from: place, to: target)
        #expect(again.filesInStep == 4 && again.filesPlaced == 0 && again.objectsDownloaded == 0)
        // The log, two looks for a repository, and what is there.
        #expect(again.requests == RequestCounts(list: 4))
    }

    @Test
    func anotherObjectIsLeftUnlessTheUserInsists() async throws {
        let bucket = try await bucket()
        let target = ExportDestination.bucket(try bucket.place(prefix: "plain"))
        try bucket.plant("plain/fox/0.txt", Array("longer than it".utf8))
        try bucket.plant("plain/fox/1.txt", Array("GAME 1".utf8))
        try bucket.age("plain/fox/1.txt", by: 60)
        try bucket.plant("plain/fox/2.txt", Array("game 2".utf8))
        try bucket.age("plain/fox/2.txt", by: 60)
        let summary = try await pod.export(from: place, to: target)
        #expect(summary.filesPlaced == 1 && summary.filesFailed == 2 && summary.filesInStep == 1)
        #expect(summary.failure?.code == .partial)
        #expect(pod.told(.failed).sorted() == ["fox/0.txt", "fox/1.txt"])
        let forced = try await pod.export(from: place, to: target) { $0.isForced = true }
        #expect(forced.failure == nil && forced.filesPlaced == 2 && forced.filesInStep == 2)
        let plain = PlainBucket(bucket.connection(prefix: "plain"))
        let sizes = Mutex<[Int64]>([])
        try await plain.list { page in sizes.withLock { $0 += page.map(\.byteCount) } }
        #expect(sizes.withLock { $0 } == [6, 6, 6, 5])
    }

    @Test
    func aRepositoryIsNoDestination() async throws {
        let bucket = try await bucket()
        try await laptop.push(to: try bucket.place(prefix: "hub/repo"))
        let before = try keys(bucket)
        for prefix in ["hub/repo", "hub/repo/plain", "hub/repo/objects/ab"] {
            let error = await #expect(throws: ReplayCacheError.self) {
                try await pod.export(from: place, to: .bucket(try bucket.place(prefix: prefix)))
            }
            #expect(error?.code == .usage)
        }
        #expect(try keys(bucket) == before)
        // Beside it there is room, but not for what would lie in it.
        try laptop.write("inside", to: "repo/log/x.txt")
        try laptop.write("beside", to: "repository.txt")
        try await laptop.push(to: place)
        let summary = try await pod.export(from: place, to: .bucket(try bucket.place(prefix: "hub")))
        #expect(summary.filesPlaced == 5 && summary.filesFailed == 1)
        #expect(pod.told(.failed) == ["repo/log/x.txt"])
        #expect(try keys(bucket).filter { $0.hasPrefix("hub/repo/") } == before)
    }

    @Test
    func theWholeBucketMayBeTheDestination() async throws {
        let bucket = try await bucket()
        let summary = try await pod.export(from: place, to: .bucket(try bucket.place(prefix: "")))
        #expect(summary.filesPlaced == 4)
        #expect(try keys(bucket) == laptop.files().sorted())
    }

    @Test
    func aDamagedObjectIsNamedAndTheOthersAreWritten() async throws {
        let bucket = try await bucket()
        let key = ObjectKey(digest: try Digest.of(Array("game 1".utf8)), form: .content(.raw)).remoteKey.string
        try Tree.write("GAME 1", to: "\(place.directory)/\(key)")
        let summary = try await pod.export(from: place, to: .bucket(try bucket.place(prefix: "plain")))
        #expect(summary.failure?.code == .integrity && summary.filesPlaced == 3)
        #expect(pod.told(.failed) == ["fox/1.txt"])
        #expect(try !keys(bucket).contains("plain/fox/1.txt"))
    }

    @Test
    func aLargeFileIsOneObject() async throws {
        let bucket = try await bucket()
        let large = SampleBytes.large(Int(Recipe.threshold) + (1 << 20))
        try Tree.write(large, to: laptop.at("large.bin"))
        try await laptop.push(to: place)
        let target = ExportDestination.bucket(try bucket.place(prefix: "plain"))
        try await pod.export(from: place, to: target) { $0.selection.paths = ["*.bin"] }
        let object = try #require(try bucket.objects().first { $0.key == "plain/large.bin" })
        #expect(object.byteCount == large.count)
        #expect(try Tree.files(below: pod.home).allSatisfy { !$0.contains(PlacedFile.temporaryPrefix) })
    }
}
