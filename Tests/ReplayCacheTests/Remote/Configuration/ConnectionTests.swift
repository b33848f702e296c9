import ReplayCacheTestSupport
import Testing

@testable import ReplayCache

/// From variables and files to a server, a region and keys.
struct ConnectionTests {
    @Test(arguments: ConnectionSample.all)
    func settingsLeadToAServerARegionAndKeys(_ sample: ConnectionSample) async throws {
        let certificates = sample.certificateFile.map { [$0: "certificates"] } ?? [:]
        let environment = sample.settings.with([:], files: certificates).environment
        guard case .bucket(let place) = try Place(sample.place, environment: environment).kind else {
            Issue.record("no bucket")
            return
        }
        // No request is needed for any of these.
        let network = FakeExchange.dead
        let found = try await S3Connection.resolve(place, environment: environment, home: "/none", http: network)
        #expect(network.requests.isEmpty)
        #expect(found.endpoint.description == sample.endpoint)
        #expect(found.region == sample.region)
        #expect(found.provider.name == sample.provider)
        #expect(found.bucket == place.bucket)
        #expect(found.prefix == place.prefix)
        #expect(found.usesPathStyle == sample.usesPathStyle)
        #expect(found.certificateFile == sample.certificateFile)
        let credentials = try await found.credentials.credentials(isReloading: false)
        #expect(credentials.accessKeyID == sample.keyID)
        #expect(credentials.secretAccessKey == Secret(Canary.secret))
        #expect(credentials.source.contains(sample.source), "\(credentials.source)")
        let findings = Dictionary(uniqueKeysWithValues: found.findings.map { ($0.setting, $0.text) })
        #expect(findings["credentials"] == credentials.source)
        #expect(findings["endpoint"]?.hasPrefix(sample.endpoint) == true)
        #expect(findings["region"]?.hasPrefix(sample.region) == true)
        #expect(findings["certificates"] != nil || sample.certificateFile == nil)
        #expect(!Canary.leaks(Canary.texts(of: found)))
        #expect(!Canary.leaks(Canary.texts(of: credentials)))
    }

    @Test func onlyEndsOfAKeyIDAreShown() async throws {
        let settings = FakeSettings(["AWS_ACCESS_KEY_ID": "AKIA0123456789WXYZ", "AWS_SECRET_ACCESS_KEY": "k"])
        let place = try BucketPlace(service: .s3, path: "bucket")
        let found = try await S3Connection.resolve(
            place,
            environment: settings.environment,
            home: "/none",
            http: FakeExchange.dead
        )
        #expect(found.findings.first { $0.setting == "key id" }?.text == "AKIA…WXYZ")
        #expect(!found.findings.contains { $0.text.contains("0123456789") })
    }

    @Test func keysThatArePutIntoAFileAnewAreFoundOnReload() async throws {
        let scratch = try Scratch()
        try Tree.write("first\n", to: scratch.at("key"))
        let environment = EnvironmentVariables([
            "R2_ACCOUNT_ID": ConnectionSample.account, "R2_ACCESS_KEY": "i", "R2_SECRET_KEY_FILE": scratch.at("key"),
        ])
        let clock = FakeClock()
        let found = try await S3Connection.resolve(
            try BucketPlace(service: .r2, path: "bucket"),
            environment: environment,
            home: "/none",
            http: FakeExchange.dead,
            now: { clock.now }
        )
        try Tree.write("second\n", to: scratch.at("key"))
        #expect(try await found.credentials.credentials(isReloading: false).secretAccessKey == Secret("first"))
        clock.advance(seconds: 60)
        #expect(try await found.credentials.credentials(isReloading: true).secretAccessKey == Secret("second"))
    }
}
