import Testing

@testable import ReplayCache

/// Settings that lead nowhere: each error names what to change, and never a secret.
struct RefusedSettingsTests {
    /// Settings and what the error must name.
    struct Sample: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var place = "s3:bucket/p"
        let settings: FakeSettings
        let names: [String]
    }

    private static let keys = ["AWS_ACCESS_KEY_ID": "keyid", "AWS_SECRET_ACCESS_KEY": Canary.secret]
    private static let r2Keys = ["R2_ACCESS_KEY": "keyid", "R2_SECRET_KEY": Canary.secret]
    private static let config = "/home/fox/.aws/config"
    private static let credentials = "/home/fox/.aws/credentials"
    private static let rclone = "/home/fox/.config/rclone/rclone.conf"

    private static func profile(_ text: String, keys: String = "") -> FakeSettings {
        FakeSettings(["AWS_PROFILE": "work"], files: [config: "[profile work]\n\(text)\n", credentials: keys])
    }

    private static func remote(_ text: String) -> FakeSettings { FakeSettings(files: [rclone: "[hub]\n\(text)\n"]) }

    private static let aws = [
        Sample(
            testDescription: "half a set in variables",
            settings: FakeSettings(["AWS_ACCESS_KEY_ID": "keyid"]),
            names: ["AWS_SECRET_ACCESS_KEY"]
        ),
        Sample(
            testDescription: "half a set in a file",
            settings: FakeSettings(files: [credentials: "[default]\naws_secret_access_key = \(Canary.secret)\n"]),
            names: ["aws_access_key_id", credentials]
        ),
        Sample(
            testDescription: "nothing anywhere",
            settings: FakeSettings(),
            names: ["AWS_ACCESS_KEY_ID", credentials, config, "default"]
        ),
        Sample(
            testDescription: "an unknown profile",
            settings: FakeSettings(
                ["AWS_PROFILE": "wrok"],
                files: [config: "[profile work]\n[default]\n", credentials: "[play]\n"]
            ),
            names: ["\"wrok\"", "default, play, work"]
        ),
        Sample(
            testDescription: "SSO",
            settings: profile("sso_session = corp"),
            names: ["\"work\"", "SSO", "aws configure export-credentials --profile work --format env"]
        ),
        Sample(
            testDescription: "old SSO",
            settings: profile("sso_start_url = https://x"),
            names: ["SSO", "export-credentials"]
        ),
        Sample(
            testDescription: "a role, with keys beside it",
            settings: profile(
                "role_arn = arn:x\nsource_profile = work",
                keys: "[work]\naws_access_key_id = i\naws_secret_access_key = \(Canary.secret)"
            ),
            names: ["role", "export-credentials"]
        ),
        Sample(
            testDescription: "a program",
            settings: profile("credential_process = /bin/echo \(Canary.secret)"),
            names: ["runs a program", "export-credentials"]
        ),
        Sample(
            testDescription: "a login",
            settings: profile("login_session = x"),
            names: ["login", "export-credentials"]
        ),
        Sample(
            testDescription: "a web identity in variables",
            settings: FakeSettings(["AWS_WEB_IDENTITY_TOKEN_FILE": "/t", "AWS_ROLE_ARN": "arn:x"]),
            names: ["AWS_WEB_IDENTITY_TOKEN_FILE", "export-credentials"]
        ),
        Sample(
            testDescription: "a secret as endpoint",
            settings: FakeSettings(keys).with(["AWS_ENDPOINT_URL": Canary.secret]),
            names: ["AWS_ENDPOINT_URL"]
        ),
        Sample(
            testDescription: "keys in the endpoint",
            settings: FakeSettings(keys).with(["AWS_ENDPOINT_URL": "https://a:\(Canary.secret)@host.example"]),
            names: ["AWS_ENDPOINT_URL"]
        ),
        Sample(
            testDescription: "plain http",
            settings: FakeSettings(keys).with(["AWS_ENDPOINT_URL": "http://minio:9000"]),
            names: ["http://minio:9000", "https://"]
        ),
        Sample(
            testDescription: "an endpoint with a path",
            settings: FakeSettings(keys).with(["AWS_ENDPOINT_URL": "https://host.example/s3"]),
            names: ["AWS_ENDPOINT_URL", "https://host.example"]
        ),
        Sample(
            testDescription: "a region that is none",
            settings: FakeSettings(keys).with(["AWS_REGION": "x/y"]),
            names: ["AWS_REGION"]
        ),
        Sample(
            testDescription: "a file of certificates that is not there",
            settings: FakeSettings(keys).with(["SSL_CERT_FILE": "/nope.pem"]),
            names: ["\"/nope.pem\" that SSL_CERT_FILE names cannot be read", "correct SSL_CERT_FILE"]
        ),
        Sample(
            testDescription: "no machine's keys for Google",
            settings: FakeSettings(["AWS_ENDPOINT_URL": "https://storage.googleapis.com"]),
            names: ["AWS_ACCESS_KEY_ID"]
        ),
    ]

    private static let providers = [
        Sample(
            testDescription: "no R2 endpoint",
            place: "r2:bucket",
            settings: FakeSettings(r2Keys),
            names: ["R2_ENDPOINT"]
        ),
        Sample(
            testDescription: "no R2 keys",
            place: "r2:bucket",
            settings: FakeSettings(["R2_ACCOUNT_ID": "0123456789abcdef0123456789abcdef"]),
            names: ["R2_ACCESS_KEY", "R2_SECRET_KEY"]
        ),
        Sample(
            testDescription: "a secret as account",
            place: "r2:bucket",
            settings: FakeSettings(r2Keys).with(["R2_ACCOUNT_ID": Canary.secret]),
            names: ["R2_ACCOUNT_ID"]
        ),
        Sample(
            testDescription: "a host that is not R2's",
            place: "r2:bucket",
            settings: FakeSettings(r2Keys).with(["R2_ENDPOINT": "https://pub-0123.r2.dev"]),
            names: ["pub-0123.r2.dev", "R2_ENDPOINT", ".eu"]
        ),
        Sample(
            testDescription: "a host that only ends like R2's",
            place: "r2:bucket",
            settings: FakeSettings(r2Keys).with(["R2_ENDPOINT": "https://evil.r2.cloudflarestorage.com"]),
            names: ["R2_ENDPOINT"]
        ),
        Sample(
            testDescription: "another bucket behind",
            place: "r2:bucket",
            settings: FakeSettings(r2Keys).with([
                "R2_ENDPOINT": "https://0123456789abcdef0123456789abcdef.r2.cloudflarestorage.com/other"
            ]),
            names: ["R2_ENDPOINT", "\"bucket\""]
        ),
        Sample(
            testDescription: "no B2 keys",
            place: "b2:bucket",
            settings: FakeSettings(),
            names: ["B2_KEY_ID", "B2_APP_KEY"]
        ),
        Sample(
            testDescription: "the native host as B2 endpoint",
            place: "b2:bucket",
            settings: FakeSettings(["B2_ENDPOINT": "https://api.backblazeb2.com"]),
            names: ["api.backblazeb2.com", "B2_ENDPOINT"]
        ),
        Sample(
            testDescription: "plain http to another machine's API",
            place: "b2:bucket",
            settings: FakeSettings(["B2_API_URL": "http://10.0.0.1"]),
            names: ["B2_API_URL", "https://"]
        ),
    ]

    private static let remotes = [
        Sample(
            testDescription: "no such remote",
            place: "rclone:hbu:bucket",
            settings: remote("type = b2\nkey = \(Canary.secret)").with(["RCLONE_CONFIG_SPARE_TYPE": "s3"]),
            names: ["\"hbu\"", "hub, spare", rclone]
        ),
        Sample(
            testDescription: "no configuration",
            place: "rclone:hub:bucket",
            settings: FakeSettings(),
            names: ["\"hub\"", "RCLONE_CONFIG"]
        ),
        Sample(
            testDescription: "a configuration that is not there",
            place: "rclone:hub:bucket",
            settings: FakeSettings(["RCLONE_CONFIG": "/nope"]),
            names: ["\"hub\"", "\"/nope\" that RCLONE_CONFIG names does not exist"]
        ),
        Sample(
            testDescription: "an encrypted file",
            place: "rclone:hub:bucket",
            settings: FakeSettings(files: [rclone: "# x\n\nRCLONE_ENCRYPT_V0:\n\(Canary.secret)\n"]),
            names: [rclone, "RCLONE_CONFIG_HUB_TYPE", "rclone config show hub", "rclone config encryption remove"]
        ),
        Sample(
            testDescription: "no type",
            place: "rclone:hub:bucket",
            settings: remote("key = \(Canary.secret)"),
            names: ["\"hub\"", "type"]
        ),
        Sample(
            testDescription: "an alias to itself",
            place: "rclone:hub:bucket",
            settings: remote("type = alias\nremote = hub:x"),
            names: ["\"hub\"", "itself"]
        ),
        Sample(
            testDescription: "an alias to a remote on the spot",
            place: "rclone:hub:bucket",
            settings: remote("type = alias\nremote = :s3,secret_access_key=\(Canary.secret):x"),
            names: ["\"hub\"", "on the spot"]
        ),
        Sample(
            testDescription: "encryption",
            place: "rclone:hub:bucket",
            settings: remote("type = crypt\nremote = b2:x\npassword = \(Canary.secret)"),
            names: ["\"hub\"", "crypt", "wraps"]
        ),
        Sample(
            testDescription: "Drive",
            place: "rclone:hub:bucket",
            settings: remote("type = drive\ntoken = \(Canary.secret)"),
            names: ["\"hub\"", "later version"]
        ),
        Sample(
            testDescription: "another kind",
            place: "rclone:hub:bucket",
            settings: remote("type = sftp\npass = \(Canary.secret)"),
            names: ["\"hub\"", "sftp"]
        ),
        Sample(
            testDescription: "old signatures",
            place: "rclone:hub:bucket",
            settings: remote("type = s3\nv2_auth = true\nsecret_access_key = \(Canary.secret)"),
            names: ["\"hub\"", "v2_auth"]
        ),
        Sample(
            testDescription: "no endpoint",
            place: "rclone:hub:bucket",
            settings: remote("type = s3\nprovider = Minio\nsecret_access_key = \(Canary.secret)"),
            names: ["\"hub\"", "endpoint"]
        ),
        Sample(
            testDescription: "no keys",
            place: "rclone:hub:bucket",
            settings: remote("type = s3\nprovider = AWS\nsecret_access_key = \(Canary.secret)"),
            names: ["\"hub\"", "access_key_id", "env_auth"]
        ),
        Sample(
            testDescription: "plain http",
            place: "rclone:hub:bucket",
            settings: remote(
                "type = s3\nprovider = Minio\nendpoint = http://minio:9000\nsecret_access_key = \(Canary.secret)"
            ),
            names: ["http://minio:9000", "\"hub\""]
        ),
        Sample(
            testDescription: "no account for b2",
            place: "rclone:hub:bucket",
            settings: remote("type = b2\nkey = \(Canary.secret)"),
            names: ["\"hub\"", "account"]
        ),
    ]

    @Test(arguments: aws + providers + remotes)
    func theErrorNamesWhatToChangeAndNoSecret(_ sample: Sample) async throws {
        let environment = sample.settings.environment
        let error = try #require(
            await refusal {
                guard case .bucket(let place) = try Place(sample.place, environment: environment).kind else { return }
                _ = try await S3Connection.resolve(
                    place,
                    environment: environment,
                    home: "/none",
                    http: FakeExchange.dead
                )
            }
        )
        #expect(error.code == .configuration, "\(error.allText)")
        #expect(error.isWellFormed, "\(error.allText)")
        for name in sample.names { #expect(error.allText.contains(name), "\(error.allText)") }
        #expect(!Canary.leaks(Canary.texts(of: error)))
    }

    @Test func aFileThatMayNotBeReadIsNamed() async throws {
        var settings = FakeSettings()
        settings.locked = ["/home/fox/.aws/credentials"]
        let error = try #require(await refusal { _ = try AWSSettings(settings.environment) })
        #expect(error.message.contains("/home/fox/.aws/credentials"))
    }
}
