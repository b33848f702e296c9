import ReplayCache
import ReplayCacheTestSupport
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
        #expect((dry.output + dry.errors).contains("would be copied by the server"))
        let run = try await bench.run(["import", source, bench.place, "--json"])
        #expect(run.status == 0, "\(run.errors)")
        #expect(try run.summary()["objectsCopied"]?.int == 3)
        #expect(try run.summary()["bytesUploaded"]?.int ?? 0 < 10_000)
        let again = try await bench.run(["import", source, bench.place])
        #expect((again.output + again.errors).contains("3 files already there"))
        let fetch = try await bench.run(["fetch", bench.place, "back"])
        #expect(fetch.status == 0, "\(fetch.errors)")
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
