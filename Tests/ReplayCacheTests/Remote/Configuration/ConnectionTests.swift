import ReplayCacheTestSupport
import Testing

@testable import ReplayCache

/// From variables and files to a server, a region and keys.
struct ConnectionTests {
    /// Settings and where they lead.
    struct Sample: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var place = "s3:bucket/p"
        let settings: FakeSettings
        let endpoint: String
        let region: String
        let provider: Provider.Name
        /// What the source of the keys contains.
        let source: String
        var keyID = "keyid"
        var usesPathStyle = true
        var certificateFile: String?
    }

    private static let keys = ["AWS_ACCESS_KEY_ID": "keyid", "AWS_SECRET_ACCESS_KEY": Canary.secret]
    private static let r2Keys = ["R2_ACCESS_KEY": "keyid", "R2_SECRET_KEY": Canary.secret]
    private static let b2Keys = ["B2_KEY_ID": "keyid", "B2_APP_KEY": Canary.secret]
    private static let account = "0123456789abcdef0123456789abcdef"
    private static let config = "/home/fox/.aws/config"
    private static let credentials = "/home/fox/.aws/credentials"
    private static let rclone = "/home/fox/.config/rclone/rclone.conf"

    private static func profile(_ name: String, _ id: String) -> String {
        "[\(name)]\naws_access_key_id = \(id)\naws_secret_access_key = \(Canary.secret)\n"
    }

    static let samples = aws + servers + r2AndB2 + remotes

    private static let aws = [
        Sample(
            testDescription: "AWS by keys alone",
            settings: FakeSettings(keys),
            endpoint: "https://s3.us-east-1.amazonaws.com",
            region: "us-east-1",
            provider: .aws,
            source: "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment",
            usesPathStyle: false
        ),
        Sample(
            testDescription: "AWS_REGION before AWS_DEFAULT_REGION",
            settings: FakeSettings(keys).with(["AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-2"]),
            endpoint: "https://s3.eu-west-1.amazonaws.com",
            region: "eu-west-1",
            provider: .aws,
            source: "environment",
            usesPathStyle: false
        ),
        Sample(
            testDescription: "China",
            settings: FakeSettings(keys).with(["AWS_DEFAULT_REGION": "cn-north-1"]),
            endpoint: "https://s3.cn-north-1.amazonaws.com.cn",
            region: "cn-north-1",
            provider: .aws,
            source: "environment",
            usesPathStyle: false
        ),
        Sample(
            testDescription: "a dot in the bucket",
            place: "s3:my.bucket",
            settings: FakeSettings(keys),
            endpoint: "https://s3.us-east-1.amazonaws.com",
            region: "us-east-1",
            provider: .aws,
            source: "environment"
        ),
        Sample(
            testDescription: "the default profile",
            settings: FakeSettings(
                files: [
                    credentials: profile("default", "keyid"),
                    config: "[default]\nregion = eu-central-1\nca_bundle = ~/ca.pem\n"
                        + profile("profile default", "other"),
                ]
            ),
            endpoint: "https://s3.us-east-1.amazonaws.com",
            region: "us-east-1",
            provider: .aws,
            source: "the profile \"default\" in /home/fox/.aws/credentials",
            usesPathStyle: false
        ),
        Sample(
            testDescription: "a chosen profile with services",
            settings: FakeSettings(
                ["AWS_PROFILE": "melee"],
                files: [
                    credentials: profile("default", "other"),
                    config: profile("profile melee", "keyid")
                        + "region = eu-north-1\nservices = mine\nendpoint_url = https://general.example\n"
                        + "ca_bundle = ~/ca.pem\n[services mine]\ns3 =\n  endpoint_url = https://minio.example:9000\n",
                ]
            ),
            endpoint: "https://minio.example:9000",
            region: "eu-north-1",
            provider: .generic,
            source: "the profile \"melee\" in /home/fox/.aws/config",
            certificateFile: "/home/fox/ca.pem"
        ),
        Sample(
            testDescription: "files elsewhere, configured endpoints ignored",
            settings: FakeSettings(
                [
                    "AWS_SHARED_CREDENTIALS_FILE": "/keys", "AWS_CONFIG_FILE": "~/conf",
                    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "TRUE", "AWS_ENDPOINT_URL": "https://minio.example",
                ],
                files: [
                    "/keys": profile("default", "keyid") + "aws_session_token = \(Canary.token)\n",
                    "/home/fox/conf": "[default]\nregion=us-west-2\nendpoint_url=https://minio.example\n",
                ]
            ),
            endpoint: "https://s3.us-west-2.amazonaws.com",
            region: "us-west-2",
            provider: .aws,
            source: "/keys",
            usesPathStyle: false
        ),
        Sample(
            testDescription: "variables before files",
            settings: FakeSettings(keys, files: [credentials: profile("default", "other")]),
            endpoint: "https://s3.us-east-1.amazonaws.com",
            region: "us-east-1",
            provider: .aws,
            source: "environment",
            usesPathStyle: false
        ),
        Sample(
            testDescription: "keys in files that variables name",
            settings: FakeSettings(
                ["AWS_ACCESS_KEY_ID": "keyid", "AWS_SECRET_ACCESS_KEY_FILE": "/run/secrets/key"],
                files: ["/run/secrets/key": "\(Canary.secret)\n"]
            ),
            endpoint: "https://s3.us-east-1.amazonaws.com",
            region: "us-east-1",
            provider: .aws,
            source: "AWS_SECRET_ACCESS_KEY_FILE",
            usesPathStyle: false
        ),
    ]

    private static let servers = [
        Sample(
            testDescription: "a region in the endpoint",
            settings: FakeSettings(keys).with(["AWS_ENDPOINT_URL": "https://bucket.s3.eu-west-1.amazonaws.com"]),
            endpoint: "https://s3.eu-west-1.amazonaws.com",
            region: "eu-west-1",
            provider: .aws,
            source: "environment",
            usesPathStyle: false
        ),
        Sample(
            testDescription: "MinIO here, AWS_ENDPOINT_URL_S3 before AWS_ENDPOINT_URL",
            settings: FakeSettings(keys).with([
                "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:9000", "AWS_ENDPOINT_URL": "https://other.example",
                "AWS_CA_BUNDLE": "/a.pem", "SSL_CERT_FILE": "/b.pem",
            ]),
            endpoint: "http://127.0.0.1:9000",
            region: "us-east-1",
            provider: .generic,
            source: "environment",
            certificateFile: "/a.pem"
        ),
        Sample(
            testDescription: "Google",
            settings: FakeSettings(keys).with([
                "AWS_ENDPOINT_URL": "https://storage.googleapis.com", "AWS_REGION": "us-east-1",
                "CURL_CA_BUNDLE": "/c.pem",
            ]),
            endpoint: "https://storage.googleapis.com",
            region: "auto",
            provider: .gcs,
            source: "environment",
            certificateFile: "/c.pem"
        ),
        Sample(
            testDescription: "a RunPod volume",
            place: "s3:abc123def4/p",
            settings: FakeSettings(keys).with(["AWS_ENDPOINT_URL": "https://s3api-eu-ro-1.runpod.io/"]),
            endpoint: "https://s3api-eu-ro-1.runpod.io",
            region: "EU-RO-1",
            provider: .runpod,
            source: "environment"
        ),
    ]

    private static let r2AndB2 = [
        Sample(
            testDescription: "R2 by account",
            place: "r2:bucket/p",
            settings: FakeSettings(r2Keys).with(["R2_ACCOUNT_ID": account.uppercased(), "SSL_CERT_FILE": "/b.pem"]),
            endpoint: "https://\(account).r2.cloudflarestorage.com",
            region: "auto",
            provider: .r2,
            source: "R2_ACCESS_KEY and R2_SECRET_KEY",
            certificateFile: "/b.pem"
        ),
        Sample(
            testDescription: "R2 with the bucket of the place behind",
            place: "r2:bucket",
            settings: FakeSettings(r2Keys).with(["R2_ENDPOINT": "\(account).eu.r2.cloudflarestorage.com/bucket/"]),
            endpoint: "https://\(account).eu.r2.cloudflarestorage.com",
            region: "auto",
            provider: .r2,
            source: "environment"
        ),
        Sample(
            testDescription: "R2 with the usual bucket behind",
            place: "r2:another",
            settings: FakeSettings(r2Keys).with([
                "R2_ENDPOINT": "https://\(account).r2.cloudflarestorage.com/bucket", "R2_BUCKET": "bucket",
            ]),
            endpoint: "https://\(account).r2.cloudflarestorage.com",
            region: "auto",
            provider: .r2,
            source: "environment"
        ),
        Sample(
            testDescription: "R2 from the browser",
            place: "r2:bucket",
            settings: FakeSettings(r2Keys).with([
                "R2_ENDPOINT": "https://dash.cloudflare.com/\(account)/r2/eu/buckets/bucket?tab=x"
            ]),
            endpoint: "https://\(account).eu.r2.cloudflarestorage.com",
            region: "auto",
            provider: .r2,
            source: "environment"
        ),
        Sample(
            testDescription: "a test server for R2",
            place: "r2:bucket",
            settings: FakeSettings(r2Keys).with(["R2_ENDPOINT": "http://localhost:9000"]),
            endpoint: "http://localhost:9000",
            region: "auto",
            provider: .r2,
            source: "environment"
        ),
        Sample(
            testDescription: "B2 with its endpoint",
            place: "b2:bucket",
            settings: FakeSettings(b2Keys).with(["B2_ENDPOINT": "bucket.s3.eu-central-003.backblazeb2.com"]),
            endpoint: "https://s3.eu-central-003.backblazeb2.com",
            region: "eu-central-003",
            provider: .b2,
            source: "B2_KEY_ID and B2_APP_KEY"
        ),
        Sample(
            testDescription: "a test server for B2",
            place: "b2:bucket",
            settings: FakeSettings(b2Keys).with(["B2_ENDPOINT": "http://127.0.0.1:9000", "AWS_REGION": "us-west-004"]),
            endpoint: "http://127.0.0.1:9000",
            region: "us-west-004",
            provider: .b2,
            source: "environment"
        ),
    ]

    private static let remotes = [
        Sample(
            testDescription: "rclone: Cloudflare in the file",
            place: "rclone:cloud:bucket/p",
            settings: FakeSettings(
                files: [
                    rclone: "[cloud]\ntype = s3\nprovider = Cloudflare\naccess_key_id = keyid\n"
                        + "secret_access_key = \(Canary.secret)\nendpoint = \(account).r2.cloudflarestorage.com\n"
                ]
            ),
            endpoint: "https://\(account).r2.cloudflarestorage.com",
            region: "auto",
            provider: .r2,
            source: "rclone's remote \"cloud\""
        ),
        Sample(
            testDescription: "rclone: a variable of the remote before one of the type before the file",
            place: "rclone:aws:bucket",
            settings: FakeSettings(
                [
                    "RCLONE_CONFIG_AWS_ACCESS_KEY_ID": "keyid", "RCLONE_S3_ACCESS_KEY_ID": "other",
                    "RCLONE_S3_REGION": "eu-west-3", "RCLONE_S3_FORCE_PATH_STYLE": "true",
                ],
                files: [
                    rclone: "[aws]\ntype = s3\nprovider = AWS\naccess_key_id = third\nregion = us-west-1\n"
                        + "secret_access_key = \(Canary.secret)\nsession_token = \(Canary.token)\n"
                ]
            ),
            endpoint: "https://s3.eu-west-3.amazonaws.com",
            region: "eu-west-3",
            provider: .aws,
            source: "rclone's remote \"aws\""
        ),
        Sample(
            testDescription: "rclone: AWS's files by env_auth and profile",
            place: "rclone:aws:bucket",
            settings: FakeSettings(
                files: [
                    rclone: "[aws]\ntype = s3\nenv_auth = true\nprofile = melee\nshared_credentials_file = ~/keys\n",
                    "/home/fox/keys": profile("melee", "keyid"),
                    config: "[profile melee]\nregion = ap-south-1\n",
                ]
            ),
            endpoint: "https://s3.ap-south-1.amazonaws.com",
            region: "ap-south-1",
            provider: .aws,
            source: "the profile \"melee\" in /home/fox/keys",
            usesPathStyle: false
        ),
        Sample(
            testDescription: "rclone: all in variables beside an encrypted file",
            place: "rclone:minio:bucket",
            settings: FakeSettings(
                [
                    "RCLONE_CONFIG_MINIO_TYPE": "s3", "RCLONE_CONFIG_MINIO_PROVIDER": "Minio",
                    "RCLONE_CONFIG_MINIO_ACCESS_KEY_ID": "keyid",
                    "RCLONE_CONFIG_MINIO_SECRET_ACCESS_KEY": Canary.secret,
                    "RCLONE_CONFIG_MINIO_ENDPOINT": "http://127.0.0.1:9000",
                    "RCLONE_CONFIG_MINIO_FORCE_PATH_STYLE": "false",
                ],
                files: [rclone: "# Encrypted rclone configuration File\n\nRCLONE_ENCRYPT_V0:\nAAAA\n"]
            ),
            endpoint: "http://127.0.0.1:9000",
            region: "us-east-1",
            provider: .generic,
            source: "rclone's remote \"minio\"",
            usesPathStyle: false
        ),
        Sample(
            testDescription: "rclone: Google without an endpoint",
            place: "rclone:g:bucket",
            settings: FakeSettings(
                ["RCLONE_CONFIG": "/rc"],
                files: [
                    "/rc":
                        "[g]\ntype = s3\nprovider = GCS\naccess_key_id = keyid\nsecret_access_key = \(Canary.secret)\n"
                ]
            ),
            endpoint: "https://storage.googleapis.com",
            region: "auto",
            provider: .gcs,
            source: "rclone's remote \"g\""
        ),
    ]

    @Test(arguments: samples)
    func settingsLeadToAServerARegionAndKeys(_ sample: Sample) async throws {
        let environment = sample.settings.environment
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
            "R2_ACCOUNT_ID": Self.account, "R2_ACCESS_KEY": "i", "R2_SECRET_KEY_FILE": scratch.at("key"),
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
