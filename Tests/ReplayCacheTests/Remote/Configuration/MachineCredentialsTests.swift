import Synchronization
import Testing

@testable import ReplayCache

/// Keys that a container or a cloud machine hands out, and keeping them fresh.
struct MachineCredentialsTests {
    private static func keys(_ id: String, expiration: String = "2027-01-15T09:00:00Z") -> String {
        """
        {"Code":"Success","AccessKeyId":"\(id)","SecretAccessKey":"\(Canary.secret)","Token":"\(Canary.token)",
        "Expiration":"\(expiration)"}
        """
    }

    private static let metadata = FakeExchange { request in
        func answer(_ body: String) -> HTTPAnswer { FakeExchange.answer(200, body) }
        switch (request.method, request.url) {
        case (.put, "http://169.254.169.254/latest/api/token"): return answer("metadata-token\n")
        case (.get, "http://169.254.169.254/latest/meta-data/iam/security-credentials/"): return answer("pod-role\n")
        case (.get, "http://169.254.169.254/latest/meta-data/iam/security-credentials/pod-role"):
            return answer(keys("instance"))
        default: return FakeExchange.answer(404, "")
        }
    }

    private func fetch(_ settings: FakeSettings, _ http: FakeExchange) async throws -> S3Credentials? {
        try await MachineCredentials(environment: settings.environment, http: http).fetch()
    }

    @Test func aCloudMachineIsAskedInThreeStepsOfASecondEach() async throws {
        let http = Self.metadata
        let found = try #require(try await fetch(FakeSettings(), http))
        #expect(found.accessKeyID == "instance")
        #expect(found.sessionToken == Secret(Canary.token))
        #expect(found.expiration?.rfc3339 == "2027-01-15T09:00:00Z")
        #expect(found.source == "role pod-role of this machine (EC2 metadata)")
        let requests = http.requests.suffix(3)
        #expect(requests.map(\.method) == [.put, .get, .get])
        #expect(requests.first?.headers.first?.name == "X-aws-ec2-metadata-token-ttl-seconds")
        #expect(requests.dropFirst().allSatisfy { $0.headers.first?.value == "metadata-token" })
        #expect(requests.allSatisfy { $0.limits.ignoresProxy && $0.limits.total == .seconds(1) })
    }

    @Test(arguments: [
        "a silent network", "a refusal", "no role", "a role with a slash", "an empty token", "an answer without keys",
    ])
    func aMachineWithoutKeysHasNone(_ what: String) async throws {
        let http = FakeExchange { request in
            if what == "a silent network" { throw HTTPFailure(.connectTimeout, Canary.secret) }
            if what == "a refusal" { return FakeExchange.answer(403, "") }
            if request.method == .put { return FakeExchange.answer(200, what == "an empty token" ? "" : "t") }
            if request.url.hasSuffix("/") {
                return FakeExchange.answer(what == "no role" ? 404 : 200, what == "a role with a slash" ? "../x" : "r")
            }
            return FakeExchange.answer(200, #"{"Code":"Failed"}"#)
        }
        #expect(try await fetch(FakeSettings(), http) == nil)
    }

    @Test func theMetadataServiceCanBeSwitchedOff() async throws {
        let http = FakeExchange.dead
        #expect(try await fetch(FakeSettings(["AWS_EC2_METADATA_DISABLED": "True"]), http) == nil)
        #expect(http.requests.isEmpty)
    }

    @Test(arguments: ["http://127.0.0.1:1338", "http://[fd00:ec2::254]", "http://169.254.169.253/"])
    func theMetadataServiceMayBeElsewhereNearby(_ address: String) async throws {
        let http = FakeExchange.dead
        _ = try await fetch(FakeSettings(["AWS_EC2_METADATA_SERVICE_ENDPOINT": address]), http)
        let base = try #require(ServerAddress.parse(address)).endpoint
        #expect(http.requests.map(\.url) == ["\(base)/latest/api/token"])
    }

    @Test(arguments: ["http://10.0.0.1", "https://evil.example", "169.254.169.254.evil.example", "nonsense"])
    func theMetadataServiceIsNeverFarAway(_ address: String) async throws {
        let http = FakeExchange.dead
        let settings = FakeSettings(["AWS_EC2_METADATA_SERVICE_ENDPOINT": address])
        let error = try #require(await refusal { _ = try await fetch(settings, http) })
        #expect(error.code == .configuration)
        #expect(error.message.contains("AWS_EC2_METADATA_SERVICE_ENDPOINT"))
        #expect(http.requests.isEmpty)
    }

    /// Variables of a container, and the request that they lead to.
    struct Container: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let variables: [String: String]
        /// Nil when it is refused.
        let url: String?
        var authorization: String?
    }

    @Test(arguments: [
        Container(
            testDescription: "ECS",
            variables: ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/credentials/x"],
            url: "http://169.254.170.2/v2/credentials/x"
        ),
        Container(
            testDescription: "EKS",
            variables: [
                "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.23/v1/credentials",
                "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "/token", "AWS_CONTAINER_AUTHORIZATION_TOKEN": "old",
            ],
            url: "http://169.254.170.23/v1/credentials",
            authorization: Canary.token
        ),
        Container(
            testDescription: "loopback with a token",
            variables: [
                "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://localhost:80/x?y=1",
                "AWS_CONTAINER_AUTHORIZATION_TOKEN": "Basic abc",
            ],
            url: "http://localhost:80/x?y=1",
            authorization: "Basic abc"
        ),
        Container(
            testDescription: "elsewhere with encryption",
            variables: ["AWS_CONTAINER_CREDENTIALS_FULL_URI": "https://keys.example/x"],
            url: "https://keys.example/x"
        ),
        Container(
            testDescription: "elsewhere",
            variables: ["AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.3/x"],
            url: nil
        ),
        Container(
            testDescription: "a host that only begins so",
            variables: ["AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.2.evil.example/x"],
            url: nil
        ),
        Container(
            testDescription: "no scheme, which libcurl would take for http",
            variables: ["AWS_CONTAINER_CREDENTIALS_FULL_URI": "keys.example/x"],
            url: nil
        ),
        Container(
            testDescription: "a scheme in the query alone",
            variables: ["AWS_CONTAINER_CREDENTIALS_FULL_URI": "keys.example/x?y=https://"],
            url: nil
        ),
        Container(
            testDescription: "a user in the address",
            variables: ["AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://localhost@evil.example/x"],
            url: nil
        ),
    ])
    func aContainerIsAskedOnlyWhereKeysMayComeFrom(_ container: Container) async throws {
        let settings = FakeSettings(container.variables, files: ["/token": "\(Canary.token)\n"])
        let http = FakeExchange.always(200, Self.keys("container"))
        guard let url = container.url else {
            let error = try #require(await refusal { _ = try await fetch(settings, http) })
            #expect(error.code == .configuration)
            #expect(error.message.contains("AWS_CONTAINER_CREDENTIALS_FULL_URI"))
            #expect(http.requests.isEmpty)
            return
        }
        #expect(try await fetch(settings, http)?.accessKeyID == "container")
        let request = try #require(http.requests.first)
        #expect(request.url == url)
        #expect(request.limits.ignoresProxy == !url.contains("keys.example"))
        #expect(request.headers.first { $0.name == "Authorization" }?.value == container.authorization)
    }

    @Test(arguments: [400, 403, 404, 429, 500, 200])
    func aContainerThatGivesNoKeysIsNamed(_ status: Int) async throws {
        let settings = FakeSettings(["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/x"])
        let http = FakeExchange.always(status, #"{"message":"\#(Canary.secret)"}"#)
        let error = try #require(await refusal { _ = try await fetch(settings, http) })
        #expect(error.code == (status == 429 || status == 500 ? .unavailable : .configuration))
        #expect(!Canary.leaks(Canary.texts(of: error)))
    }

    @Test func aLineEndInWhatAServiceAnswersGoesIntoNoHeader() async throws {
        let settings = FakeSettings(["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/x"])
        let http = FakeExchange.always(200, #"{"AccessKeyId":"a\r\nHost: b","SecretAccessKey":"\#(Canary.secret)"}"#)
        #expect(await refusal { _ = try await fetch(settings, http) }?.code == .configuration)
    }

    @Test func theMachineComesLastAndOnlyForAWS() async throws {
        let place = try BucketPlace(service: .s3, path: "bucket")
        func keyID(_ settings: FakeSettings) async throws -> String {
            let found = try await S3Connection.resolve(
                place,
                environment: settings.environment,
                home: "/none",
                http: Self.metadata
            )
            return try await found.credentials.credentials(isReloading: false).accessKeyID
        }
        let file = ["/home/fox/.aws/credentials": "[default]\naws_access_key_id=file\naws_secret_access_key=k\n"]
        #expect(try await keyID(FakeSettings()) == "instance")
        #expect(try await keyID(FakeSettings(files: file)) == "file")
        let elsewhere = FakeSettings(["AWS_ENDPOINT_URL": "https://s3api-eu-ro-1.runpod.io"])
        #expect(await refusal { _ = try await keyID(elsewhere) }?.code == .configuration)
    }

    // MARK: Keeping them fresh

    private static func credentials(_ id: Int, _ expiration: Timestamp?) -> S3Credentials {
        S3Credentials(
            accessKeyID: "key\(id)",
            secretAccessKey: Secret(Canary.secret),
            expiration: expiration,
            source: "test"
        )
    }

    /// Counts, and fails when told to.
    private final class Source: Sendable {
        let count = Mutex(0)
        let isFailing = Mutex(false)
        let clock = FakeClock()

        func fresh() -> RefreshingCredentials {
            RefreshingCredentials(credentials(0, clock.after(seconds: 3600)), now: { [clock] in clock.now }) {
                // Gives others the time to come.
                await Task.yield()
                if self.isFailing.withLock({ $0 }) { throw ReplayCacheError(.unavailable, "no keys") }
                let number = self.count.withLock {
                    $0 += 1
                    return $0
                }
                return credentials(number, self.clock.after(seconds: 3600))
            }
        }
    }

    @Test func keysAreFetchedAnewFiveMinutesBeforeTheyExpire() async throws {
        let source = Source()
        let fresh = source.fresh()
        source.clock.advance(seconds: 3299)
        #expect(try await fresh.credentials(isReloading: false).accessKeyID == "key0")
        source.clock.advance(seconds: 1)
        #expect(try await fresh.credentials(isReloading: false).accessKeyID == "key1")
        #expect(try await fresh.credentials(isReloading: false).accessKeyID == "key1")
    }

    @Test func manyThatNeedNewKeysAreOneRequest() async throws {
        let source = Source()
        let fresh = source.fresh()
        source.clock.advance(seconds: 3590)
        try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<50 { group.addTask { try await fresh.credentials(isReloading: true).accessKeyID } }
            for try await id in group { #expect(id == "key1") }
        }
        #expect(source.count.withLock { $0 } == 1)
    }

    @Test func whatIsDueButNotExpiredIsBetterThanNothing() async throws {
        let source = Source()
        let fresh = source.fresh()
        source.isFailing.withLock { $0 = true }
        source.clock.advance(seconds: 3500)
        #expect(try await fresh.credentials(isReloading: false).accessKeyID == "key0")
        #expect(await refusal { _ = try await fresh.credentials(isReloading: true) }?.code == .unavailable)
        source.clock.advance(seconds: 100)
        #expect(await refusal { _ = try await fresh.credentials(isReloading: false) }?.code == .unavailable)
        source.isFailing.withLock { $0 = false }
        #expect(try await fresh.credentials(isReloading: false).accessKeyID == "key1")
        #expect(!Canary.leaks(Canary.texts(of: fresh)))
    }

    @Test(arguments: [
        ("2026-11-23T22:07:53Z", "2026-11-23T22:07:53Z"), ("2026-11-23T22:07:53.5Z", "2026-11-23T22:07:53.500Z"),
        ("2026-11-23T22:07:53.123456789Z", "2026-11-23T22:07:53.123Z"), ("2026-02-30T00:00:00Z", nil),
        ("2026-11-23T22:07:53+01:00", nil), ("tomorrow", nil), ("", nil),
    ])
    func timesAreReadAsServicesWriteThem(_ text: String, _ expected: String?) {
        #expect(Timestamp(rfc3339: text)?.rfc3339 == expected)
    }
}
