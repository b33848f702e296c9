import ReplayCache
import ReplayCacheTestSupport
import Subprocess
import Testing

/// `import` of a bucket, as it is typed.
struct ImportBucketTests {
    @Test(arguments: [Provider.b2, .r2, .aws])
    func aBucketIsTakenOverIntoAPrefixOfItself(_ provider: Provider) async throws {
        let bench = try await BucketSandbox(provider)
        for index in 0..<3 {
            try bench.bucket.plant("fox/\(index).slp", SampleBytes.replay(seed: UInt64(index)), mtime: "1600000000.5")
        }
        let source = String(bench.place.dropLast("/repo".count))
        let dry = try await bench.run(["import", source, bench.place, "--dry-run"])
        #expect(dry.status == 0, "\(dry.errors)")
        let text = dry.output + dry.errors
        #expect(text.contains("would be copied by the server, not sent, and stored and fetched at full size; --recode"))
        let run = try await bench.run(["import", source, bench.place, "--json"])
        #expect(run.status == 0, "\(run.errors)")
        #expect(try run.summary()["objectsCopied"]?.int == 3)
        #expect(try run.summary()["bytesUploaded"]?.int ?? 0 < 10_000)
        let again = try await bench.run(["import", source, bench.place])
        #expect((again.output + again.errors).contains("3 files already there"))
        let fetch = try await bench.run(["fetch", bench.place, "back"])
        #expect(fetch.status == 0, "\(fetch.errors)")
    }

    /// Which requests a run made is what the server tells; when it is killed, chance decides.
    @Test(arguments: [false, true], [20, 75, 140])
    func anImportThatWasKilledGoesOn(_ recodes: Bool, _ stored: Int) async throws {
        let bench = try await BucketSandbox(.generic)
        let count = 150
        for index in 0..<count {
            try bench.bucket.plant("fox/\(index).slp", SampleBytes.replay(seed: UInt64(index)), mtime: "1600000000.5")
        }
        let source = String(bench.place.dropLast("/repo".count))
        let command = ["import", source, bench.place, "--json"] + (recodes ? ["--recode"] : [])
        let bucket = bench.bucket
        let status = try await bench.sandbox.run(
            command,
            environment: bench.environment,
            until: { (try? Self.objects(bucket).count).map { $0 >= stored } ?? false },
            .kill
        )
        #expect(status == nil || status == 137)
        let before = try Self.objects(bucket)
        try bucket.forgetStats()
        let run = try await bench.run(command)
        #expect(run.status == 0, "\(run.errors)")
        let summary = try run.summary()
        #expect((summary["entriesAdded"]?.int ?? 0) + (summary["filesInStep"]?.int ?? 0) == count)
        // What had been stored and not been noted yet, of those that were under way, is stored again under its name.
        let after = try Self.objects(bucket)
        #expect(after.count == count)
        #expect(after.isSuperset(of: before))
        let again = try await bench.run(command)
        #expect(try again.summary()["filesInStep"]?.int == count)
        #expect(try again.summary()["requests"]?["get"]?.int ?? .max < 20)
        let verify = try await bench.run(["verify", bench.place, "--deep"])
        #expect(verify.status == 0, "\(verify.errors)")
    }

    /// Objects of contents in the repository.
    private static func objects(_ bucket: TestBucket) throws -> Set<String> {
        Set(try bucket.objects().filter { !$0.isDeleted && $0.key.hasPrefix("repo/objects/") }.map(\.key))
    }

    @Test
    func aBucketThatIsARepositoryIsRefused() async throws {
        let bench = try await BucketSandbox()
        #expect(try await bench.push().status == 0)
        let result = try await bench.run(["import", bench.place, "elsewhere"])
        #expect(result.status == 64)
        #expect(result.errors("hint").first?.contains("replaycache copy") == true)
    }
}
