import FoundationEssentials
import ReplayCache
import ReplayCacheTestSupport
import ReplayGenerator
import Testing

/// kill -9 of the real command, hundreds of times: nothing unverified is named, and the next run completes the work.
///
/// `REPLAYCACHE_KILLS` is how often each job is killed, `REPLAYCACHE_SEED` repeats a choice of moments; `scripts/soak` sets
/// both.
@Suite(.enabled(if: FaultyDisk.isAvailable, "needs a C compiler"), .timeLimit(.minutes(60)))
struct KillTests {
    private static let kills = FaultSettings.number("REPLAYCACHE_KILLS") ?? 50

    @Test(arguments: FaultBench.Job.allCases, PlaceKind.allCases)
    func aJobMayBeKilledAtAnyMoment(_ job: FaultBench.Job, _ kind: PlaceKind) async throws {
        let seed = FaultSettings.seed
        var random = SeededGenerator(seed: seed)
        let bench = try await FaultBench(job, kind)
        var (kills, round) = (0, 0)
        while kills < Self.kills {
            try bench.writeSmallFiles(round: round)
            if round > 0 { try bench.moveFile(round: round - 1) }
            try await bench.publish()
            // Again and again in the same state, until it gets through.
            for _ in 0..<8 where kills < Self.kills {
                let comment = "seed \(seed), kill \(kills) of \(job) with a \(kind)"
                guard try await kill(bench, &random, comment) else { break }
                kills += 1
                try await bench.expectPromises(comment)
            }
            try await bench.complete("seed \(seed), after kill \(kills) of \(job) with a \(kind)")
            try await bench.expectDone("seed \(seed), after kill \(kills) of \(job) with a \(kind)")
            round += 1
        }
        try await bench.expectCatalogIsTrue("seed \(seed), after \(kills) kills")
        print("\(kills) kills of \(job) with a \(kind), seed \(seed)")
    }

    /// At a moment in time, or in front of one operation on the disk.
    private func kill(_ bench: FaultBench, _ random: inout SeededGenerator, _ comment: String) async throws -> Bool {
        if Bool.random(using: &random) {
            return try await bench.kill(after: .random(in: 0...bench.usualSeconds, using: &random))
        }
        // Making the local state takes a few hundred operations; later runs take some dozens.
        let nth = Int.random(in: 1...(Bool.random(using: &random) ? 60 : 400), using: &random)
        let result = try await bench.run(.kill, at: nth)
        let isKilled = try bench.disk.strikes > 0
        #expect(result.status == (isKilled ? 137 : 0), "\(comment), operation \(nth): \(result.errors)")
        return isKilled
    }

    // MARK: Large files

    private static let partByteCount = 16 << 20
    private static let connections = 2

    @Test func partsThatArrivedAreNotSentAgain() async throws {
        let (bench, bucket, parts) = try await largeFile(.push)
        var random = SeededGenerator(seed: FaultSettings.seed)
        let overhead = 1 << 20
        for attempt in 0..<4 {
            let comment = "seed \(FaultSettings.seed), kill \(attempt)"
            _ = try await bench.kill(after: .random(in: 0...1.5 * bench.usualSeconds, using: &random))
            try await bench.expectPromises(comment)
            let arrived = try bucket.objects().filter { $0.key.hasSuffix(".raw") }.count
            try bucket.forgetStats()
            if attempt == 3 {
                try await bench.complete(comment)
                try await bench.expectDone(comment)
            } else {
                _ = try await bench.kill(after: .random(in: 0...1.5 * bench.usualSeconds, using: &random))
            }
            // What had arrived and was not yet noted is sent again: one part for each connection.
            let missing = min(parts, parts - arrived + Self.connections)
            let received = try bucket.stats().bodyBytesReceived
            #expect(received <= missing * Self.partByteCount + overhead, "\(comment): \(arrived) parts had arrived")
        }
    }

    @Test func partsThatArrivedAreNotFetchedAgain() async throws {
        let (bench, bucket, parts) = try await largeFile(.fetch)
        try await bench.publish()
        let original = try digests(of: bench.sandbox.read("slp/large.bin"))
        var random = SeededGenerator(seed: FaultSettings.seed)
        for attempt in 0..<4 {
            let comment = "seed \(FaultSettings.seed), kill \(attempt)"
            _ = try await bench.kill(after: .random(in: 0...1.5 * bench.usualSeconds, using: &random))
            try await bench.expectPromises(comment)
            let arrived = try partsInPlace(bench, like: original)
            try bucket.forgetStats()
            try await run(bench, isLast: attempt == 3, comment, &random)
            let sent = try bucket.stats().bodyBytesSent
            #expect(sent <= (parts - arrived) * Self.partByteCount + 1 << 20, "\(comment): \(arrived) parts were there")
        }
    }

    private func run(
        _ bench: FaultBench,
        isLast: Bool,
        _ comment: String,
        _ random: inout SeededGenerator
    ) async throws {
        if isLast {
            try await bench.complete(comment)
            try await bench.expectDone(comment)
        } else {
            _ = try await bench.kill(after: .random(in: 0...1.5 * bench.usualSeconds, using: &random))
        }
    }

    /// A file of several parts that do not compress.
    private func largeFile(_ job: FaultBench.Job) async throws -> (FaultBench, TestBucket, parts: Int) {
        let bench = try await FaultBench(job, .bucket)
        bench.extraArguments = ["--jobs", String(Self.connections)]
        let parts = 6
        var bytes: [UInt8] = []
        bytes.reserveCapacity(parts * Self.partByteCount)
        for part in 0..<parts {
            // What no compressor shrinks, as far as it looks before it gives up; each part is another.
            let piece = SampleBytes.random(256 << 10, seed: UInt64(part))
            for _ in 0..<(Self.partByteCount / piece.count) { bytes += piece }
        }
        try bench.write("large.bin", bytes)
        return (bench, try #require(bench.bucket), parts)
    }

    /// How many parts of the file are in the destination, under whatever name.
    private func partsInPlace(_ bench: FaultBench, like original: [Digest]) throws -> Int {
        guard let name = bench.sandbox.files("pod").first else { return 0 }
        let found = try digests(of: bench.sandbox.read("pod/\(name)"))
        return zip(found, original).count { $0 == $1 }
    }

    private func digests(of bytes: [UInt8]) throws -> [Digest] {
        try stride(from: 0, to: bytes.count, by: Self.partByteCount).map { start in
            try Digest.of(bytes.span.extracting(start..<min(start + Self.partByteCount, bytes.count)))
        }
    }
}

/// Choices that make a run of these tests longer, or another one.
enum FaultSettings {
    static func text(_ name: String) -> String? { ProcessInfo.processInfo.environment[name] }

    static func number(_ name: String) -> Int? { text(name).flatMap { Int($0) } }

    /// Chosen anew for every process, and told in the words of each failure.
    static let seed: UInt64 = number("REPLAYCACHE_SEED").map { UInt64($0) } ?? .random(in: 0..<1_000_000)
}
