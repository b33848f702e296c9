import ReplayCache
import ReplayCacheTestSupport
import Testing

/// The n-th operation on the disk fails, n = 1, 2, 3 … until the command gets through untouched: each time it says what is
/// wrong, every promise holds, and the next run completes the work.
///
/// Of many operations a dozen are tried here, evenly spread; `REPLAYCACHE_FAULT_RUNS` is how many, and `scripts/soak` tries
/// them all.
@Suite(.enabled(if: FaultyDisk.isAvailable, "needs a C compiler"), .timeLimit(.minutes(60)))
struct FailureInjectionTests {
    private static let runs = FaultSettings.number("REPLAYCACHE_FAULT_RUNS") ?? 12

    @Test(arguments: FaultBench.Job.allCases, [FaultyDisk.Fault.full, .error])
    func anOperationThatFailsIsToldAndTheNextRunCompletes(_ job: FaultBench.Job, _ fault: FaultyDisk.Fault) async throws
    {
        let bench = try await smallBench(job)
        try await strike(bench, fault) { result, comment in
            // A file that could not be removed is no failure.
            #expect([0, 3, 8].contains(result.status), "\(comment): \(result.status) \(result.errors)")
            guard result.status != 0 else { return }
            let told = result.errors.split(separator: "\n").filter {
                $0.hasPrefix("error: ") || $0.contains("failed: ")
            }
            #expect(!told.isEmpty, "\(comment): \(result.errors)")
            let words = fault == .full ? "No space left" : "Input/output error"
            // SQLite takes what cannot be read for corrupt (sqlite.org/rescode.html, SQLITE_IOERR_CORRUPTFS).
            let isNamed = [words, "disk", "the catalog is damaged"].contains { result.errors.contains($0) }
            #expect(isNamed, "\(comment): \(result.errors)")
        }
    }

    @Test(arguments: FaultBench.Job.allCases)
    func aKillInFrontOfAnyOperationLosesNothing(_ job: FaultBench.Job) async throws {
        let bench = try await smallBench(job)
        try await strike(bench, .kill) { result, comment in #expect(result.status == 137, "\(comment)") }
    }

    @Test(arguments: FaultBench.Job.allCases, FaultyDisk.Loss.allCases)
    func aLossOfPowerInFrontOfAnyOperationLosesNothing(_ job: FaultBench.Job, _ loss: FaultyDisk.Loss) async throws {
        for losing in FaultBench.Losing.allCases {
            let bench = try await smallBench(job, losing: losing)
            try await strike(bench, .loss, loss) { result, comment in
                #expect(result.status == 137, "\(comment)")
            }
        }
    }

    @Test(arguments: FaultBench.Job.allCases)
    func aLossOfPowerAmongThePartsOfALargeFileLosesNothing(_ job: FaultBench.Job) async throws {
        let bench = try await FaultBench(job, .directory)
        try bench.write("large.bin", SampleBytes.large(34 << 20))
        try await bench.publish()
        try await strike(bench, .loss, .zeros, runs: max(4, Self.runs / 3)) { result, comment in
            #expect(result.status == 137, "\(comment)")
        }
    }

    private func smallBench(_ job: FaultBench.Job, losing: FaultBench.Losing = .everything) async throws -> FaultBench {
        let bench = try await FaultBench(job, .directory, losing: losing)
        try bench.writeSmallFiles()
        try await bench.publish()
        return bench
    }

    /// Strikes one operation after the other, each time from the beginning.
    private func strike(
        _ bench: FaultBench,
        _ fault: FaultyDisk.Fault,
        _ loss: FaultyDisk.Loss = .data,
        runs: Int = runs,
        _ check: (CommandLineResult, String) throws -> Void
    ) async throws {
        let step = max(1, try await bench.count(fault) / runs)
        var nth = 1
        while true {
            try bench.startAgain()
            let comment = "\(fault) \(loss) at operation \(nth) of a \(bench.job)"
            let result = try await bench.run(fault, at: nth, loss: loss)
            guard try bench.disk.strikes > 0 else {
                #expect(result.status == 0, "\(comment): \(result.errors)")
                break
            }
            try check(result, comment)
            try await bench.expectPromises(comment, afterLoss: fault == .loss)
            try await bench.complete("after \(comment)")
            try await bench.expectDone("after \(comment)")
            if fault == .loss { try await bench.expectCatalogIsTrue("after \(comment)") }
            nth += step
        }
        #expect(nth > 1)
    }
}
