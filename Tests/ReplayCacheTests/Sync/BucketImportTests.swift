import ReplayCacheTestSupport
import ReplayGenerator
import Testing

@testable import ReplayCache

/// Taking over buckets that rclone filled.
struct BucketImportTests {
    private let scratch: Scratch
    private let laptop: Laptop
    private let bucket: TestBucket
    private let source: Place
    private let target: Place

    init() async throws {
        scratch = try Scratch()
        laptop = try await Laptop("laptop", in: scratch)
        bucket = try await TestServer.shared(.quirks(.generic)).makeBucket()
        source = try bucket.place(prefix: "")
        target = try bucket.place()
    }

    private static func replay(_ seed: Int, frames: Int = 200) -> [UInt8] {
        ReplaySpec(frames: frames, seed: UInt64(seed)).bytes()
    }

    @discardableResult
    private func run(
        _ laptop: Laptop? = nil,
        from source: Place? = nil,
        _ change: (inout ImportOptions) throws -> Void = { _ in }
    ) async throws -> SyncSummary {
        var options = try ImportOptions()
        try change(&options)
        return try await (laptop ?? self.laptop).workspace.importFiles(
            of: source ?? self.source,
            to: target,
            options: options
        )
    }

    private func fill(_ count: Int, from first: Int = 0) throws {
        for index in first..<(first + count) {
            try bucket.plant("mewtwo/\(index).slp", Self.replay(index), mtime: "170000\(1000 + index).25")
        }
    }

    private func counted<Value>(_ body: () async throws -> Value) async throws -> (Value, [String: Int]) {
        try bucket.forgetStats()
        let value = try await body()
        return (value, try bucket.stats().operations)
    }

    private func deepVerify() async throws -> SyncSummary {
        var options = VerifyOptions()
        options.isDeep = true
        return try await laptop.workspace.verify(target, options: options)
    }

    @Test
    func filesGoWhereTheyBelong() async throws {
        for key in [
            "replays/fox/a.slp", "marth/b.slp", "c.slp", "checkpoints/run7/step1.pt", "empty/", "fox/.DS_Store",
            "replaycache.txt",
        ] {
            try bucket.plant(key, key.hasSuffix("/") ? [] : Array(key.utf8))
        }
        let summary = try await run()
        #expect(
            try await laptop.entries(at: target).keys.sorted() == [
                "checkpoints/run7/step1.pt", "replays/c.slp", "replays/fox/a.slp", "replays/marth/b.slp",
                "replays/replaycache.txt",
            ]
        )
        #expect((summary.entriesAdded, summary.filesFailed) == (5, 0))
    }

    @Test
    func pathsTimesAndBytesComeBack() async throws {
        try fill(3)
        try await run()
        try await laptop.fetch(from: target)
        #expect(try laptop.files() == (0..<3).map { "mewtwo/\($0).slp" })
        let file = try OpenFile.reading(laptop.at("mewtwo/1.slp"))
        #expect(try file.status().mtimeNanoseconds == 1_700_001_001_250_000_000)
        #expect(try Digest.of(file).digest == Digest.of(Self.replay(1)))
        #expect(try bucket.objects().filter { $0.key.hasPrefix("mewtwo/") }.count == 3)
    }

    @Test
    func theServerCopiesAndNothingIsSent() async throws {
        try fill(5)
        let (summary, operations) = try await counted { try await run() }
        #expect((summary.objectsCopied, summary.objectsUploaded) == (5, 0))
        #expect(summary.bytesCopied == (0..<5).reduce(0) { $0 + Int64(Self.replay($1).count) })
        #expect((operations["CopyObject"], operations["GetObject"].map { $0 >= 5 }) == (5, true))
        #expect(operations["HeadObject"] == nil)
        #expect(
            try bucket.objects().filter { $0.key.hasPrefix("replaycache/objects/") && $0.key.hasSuffix(".raw") }.count
                == 5
        )
        let verified = try await deepVerify()
        #expect(!verified.integrityFailed)
    }

    @Test
    func recodingSendsLess() async throws {
        try bucket.plant("a.slp", Self.replay(1, frames: 2000))
        let summary = try await run { $0.recodes = true }
        #expect((summary.objectsCopied, summary.objectsUploaded) == (nil, 1))
        #expect(try bucket.objects().contains { $0.key.hasSuffix(".zst") && $0.key.hasPrefix("replaycache/objects/") })
    }

    @Test
    func whatIsUnchangedIsNotReadAgain() async throws {
        try fill(4)
        try await run()
        try fill(1, from: 4)
        let (summary, operations) = try await counted { try await run() }
        #expect((summary.filesInStep, summary.entriesAdded) == (4, 1))
        #expect(operations["CopyObject"] == 1)
        let (_, idle) = try await counted { try await run() }
        #expect(idle["CopyObject"] == nil)
        #expect(idle["GetObject"] ?? 0 <= 1, "the manifest at most")
        // Another content under the same key is another file.
        try bucket.plant("mewtwo/0.slp", Self.replay(99))
        #expect(try await run().conflicts == 1)
    }

    @Test
    func anotherMachineReadsButStoresNothingTwice() async throws {
        try fill(3)
        try await run()
        let other = try await Laptop("other", in: scratch)
        let (summary, operations) = try await counted { try await run(other) }
        #expect((summary.filesInStep, summary.entriesAdded) == (3, 0))
        #expect(operations["CopyObject"] == nil)
    }

    @Test
    func anInterruptedImportGoesOn() async throws {
        try fill(300)
        var behaviour = ServerBehaviour()
        // Far enough for what was gathered to be in the catalog.
        behaviour.nextErrors = [.init(403, "AccessDenied", count: 9999, skip: 200, operation: .get)]
        try bucket.behave(behaviour)
        await #expect(throws: ReplayCacheError.self) { try await run() }
        try bucket.behaveNormally()
        let copied = try bucket.objects().filter { $0.key.hasPrefix("replaycache/objects/") }.count
        #expect(copied > 100)
        let (summary, operations) = try await counted { try await run() }
        #expect(summary.filesSeen == 300)
        #expect(try await laptop.entries(at: target).count == 300)
        // Those on their way then are read again, and the manifest.
        let inFlight = PlainBucket(bucket.connection()).parallelism
        #expect(operations["GetObject"] ?? 0 <= 300 - copied + inFlight + 5)
        #expect(operations["CopyObject"] ?? 0 <= 300 - copied + inFlight)
    }

    @Test(arguments: [(403, "AccessDenied"), (200, "AccessDenied"), (501, "NotImplemented")])
    func whatIsNotCopiedIsSent(_ status: Int, _ code: String) async throws {
        try fill(3)
        var behaviour = ServerBehaviour()
        behaviour.nextErrors = [.init(status, code, count: 9999, operation: .copy)]
        try bucket.behave(behaviour)
        let summary = try await run()
        #expect((summary.objectsCopied, summary.objectsUploaded, summary.entriesAdded) == (nil, 3, 3))
        #expect(laptop.told(.warning).count == 1)
        try await laptop.fetch(from: target)
        #expect(try laptop.files().count == 3)
    }

    @Test
    func anObjectThatIsNotWhatItsETagSaysIsSent() async throws {
        try fill(1)
        try bucket.damage("mewtwo/0.slp", at: 100)
        let summary = try await run()
        #expect((summary.objectsCopied, summary.objectsUploaded) == (nil, 1))
        #expect(try await !deepVerify().integrityFailed)
    }

    @Test
    func aKeyThatMayOnlyReadIsEnoughForTheSource() async throws {
        let other = try await TestServer.shared(.quirks(.aws)).makeBucket()
        var behaviour = ServerBehaviour()
        behaviour.denied = [.put, .delete, .copy]
        try fill(2)
        try bucket.behave(behaviour)
        let summary = try await laptop.workspace.importFiles(of: source, to: other.place())
        #expect((summary.objectsCopied, summary.objectsUploaded) == (nil, 2))
        #expect(try await laptop.entries(at: other.place()).count == 2)
    }

    @Test
    func hostileKeysAreNamed() async throws {
        try bucket.plant("good.slp", Self.replay(1))
        for key in ["../up.slp", "a//b.slp", "/top.slp", "x\u{1B}[2J.slp", String(repeating: "n", count: 300) + ".slp"]
        {
            try bucket.plant(key, Self.replay(2))
        }
        let summary = try await run()
        #expect((summary.entriesAdded, summary.filesFailed) == (1, 5))
        #expect(laptop.told(.refused).count == 5)
        #expect(summary.failure?.code == .partial)
    }

    @Test
    func aRepositoryIsNoBucketOfFiles() async throws {
        try fill(1)
        try await run()
        func refusal(_ source: Place, _ target: Place) async -> ReplayCacheError? {
            await ReplayCacheTests.refusal {
                _ = try await laptop.workspace.importFiles(of: source, to: target)
            }
        }
        let other = try scratch.place()
        // The target itself, a repository elsewhere, one inside of it, one below the source.
        for source in [target, try bucket.place(prefix: "replaycache/objects")] {
            #expect(await refusal(source, target)?.code == .usage)
        }
        for source in [target, self.source] {
            let error = try #require(await refusal(source, other))
            #expect(error.code == .usage)
            #expect(error.hint?.contains("replaycache copy") == true)
        }
        let summary = try await laptop.workspace.importFiles(
            of: source,
            to: other,
            options: {
                var options = try ImportOptions()
                options.excludes = ["replaycache/**"]
                return options
            }()
        )
        #expect(summary.entriesAdded == 1)
    }

    @Test
    func aSelectionTakesWhatIsInTheFiles() async throws {
        try fill(2)
        try bucket.plant("notes/readme.txt", [1])
        let chosen = try await run { $0.selection.paths = ["replays/notes/**"] }
        #expect(chosen.entriesAdded == 1)
        let limited = try await run { $0.selection.limit = 1 }
        #expect(limited.entriesAdded + limited.filesInStep == 1)
    }

    @Test
    func aDryRunReadsOnlyTheListing() async throws {
        try fill(4)
        let (plan, operations) = try await counted { try await run { $0.isDryRun = true } }
        #expect((plan.entriesAdded, plan.objectsCopied, plan.filesSeen) == (4, 4, 4))
        #expect(plan.plan?.fetch?.bytesEncoded == plan.bytesCopied)
        #expect(try #require(plan.bytesRecoded) < #require(plan.bytesCopied))
        #expect(operations.keys.allSatisfy { $0.hasPrefix("List") || $0 == "GetObject" })
        #expect(operations["GetObject"] ?? 0 <= 1, "the manifest at most")
        try await run()
        let again = try await run { $0.isDryRun = true }
        #expect((again.entriesAdded, again.filesInStep) == (0, 4))
        let sent = try await run {
            $0.isDryRun = true
            $0.recodes = true
        }
        #expect(sent.objectsCopied == nil)
    }

    @Test
    func largeFilesAreStoredInParts() async throws {
        let bytes = SampleBytes.random(Int(Recipe.threshold) + 1000, seed: 3)
        try bucket.plant("checkpoints/run7/model.pt", bytes)
        let summary = try await run()
        #expect((summary.objectsCopied, summary.objectsUploaded) == (nil, 3))
        #expect(try await laptop.entries(at: target)["checkpoints/run7/model.pt"] == Digest.of(bytes))
        #expect(try await !deepVerify().integrityFailed)
    }

    @Test(arguments: RealServer.available)
    func otherServersAreImportedFrom(_ server: RealServer) async throws {
        let bucket = try await TestServer.shared(.real(server)).makeBucket()
        let plain = PlainBucket(bucket.connection())
        for index in 0..<5 {
            let path = try LogicalPath("fox/Game \(index) +ü.slp")
            try await plain.put(path, RemoteBody(Self.replay(index)), mtime: 1_600_000_000_000_000_000)
        }
        let target = try bucket.place()
        let summary = try await laptop.workspace.importFiles(of: bucket.place(prefix: ""), to: target)
        #expect(summary.entriesAdded == 5)
        #expect(summary.objectsCopied == 5)
        try await laptop.fetch(from: target)
        let status = try OpenFile.reading(laptop.at("fox/Game 3 +ü.slp")).status()
        #expect(status.mtimeNanoseconds == 1_600_000_000_000_000_000)
    }

    @Test(.enabled(if: RealServer.rclone.isAvailable, "needs rclone"), arguments: RealServer.available)
    func whatRcloneUploadedIsImported(_ server: RealServer) async throws {
        let bucket = try await TestServer.shared(.real(server)).makeBucket()
        for index in 0..<3 {
            try Tree.write(Self.replay(index), to: laptop.at("fox/ü \(index).slp"), modifiedAt: 1_500_000_000)
        }
        let result = try await Rclone.run(["copy", laptop.folder, "hub:\(bucket.name)"], with: bucket)
        try #require(result.code == 0, "\(result.error)")
        let target = try bucket.place()
        let summary = try await laptop.workspace.importFiles(of: bucket.place(prefix: ""), to: target)
        #expect((summary.entriesAdded, summary.objectsCopied) == (3, 3))
        let other = try await Laptop("fresh", in: scratch)
        try await other.fetch(from: target)
        let status = try OpenFile.reading(other.at("fox/ü 1.slp")).status()
        #expect(status.mtimeNanoseconds == 1_500_000_000_000_000_000)
    }

    /// A repository without objects yet, or whose log is more than one page of a listing.
    @Test
    func theLogOfARepositoryIsNoFile() async throws {
        try fill(1)
        let segment = SegmentKey(
            hlc: HLC(milliseconds: 1_700_000_000_000),
            writer: "0123456789abcdef",
            number: 0,
            check: "01234567"
        )
        try bucket.plant("old/\(segment.remoteKey.string)", [1, 2, 3])
        let error = await #expect(throws: ReplayCacheError.self) { try await run() }
        #expect(error?.code == .usage)
        #expect(error?.message.contains("old in") == true)
        #expect(try await run { $0.excludes = ["old/**"] }.entriesAdded == 1)
    }

    @Test
    func aFaultyLineLosesNothing() async throws {
        try fill(30)
        let proxy = try await bucket.server.proxy()
        try proxy.setRules(
            #"[{"id": "cut", "match": {"op": "GetObject"}, "when": {"every": 7}, "do": {"action": "reset", "at": "response_body", "bytes": 5000}}]"#
        )
        let summary = try await laptop.workspace.importFiles(
            of: bucket.place(prefix: "", port: proxy.port),
            to: bucket.place(port: proxy.port)
        )
        #expect(summary.entriesAdded == 30)
        #expect(summary.retries > 0)
        #expect(try await !deepVerify().integrityFailed)
    }
}
