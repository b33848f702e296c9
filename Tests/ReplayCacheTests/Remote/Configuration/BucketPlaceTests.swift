import ReplayCacheTestSupport
import Testing

@testable import ReplayCache

/// What users type for a bucket, and that one bucket has one name.
struct BucketPlaceTests {
    private static let settings = FakeSettings(
        ["R2_ENDPOINT": "https://0123456789abcdef0123456789abcdef.eu.r2.cloudflarestorage.com"],
        files: [
            "/home/fox/.config/rclone/rclone.conf": """
            [hub]
            type = b2
            [cloud]
            type = s3
            provider = Cloudflare
            endpoint = 0123456789abcdef0123456789abcdef.eu.r2.cloudflarestorage.com
            [melee]
            type = alias
            remote = hub:bucket/melee
            [again]
            type = alias
            remote = melee:fox
            """
        ]
    )

    /// A text and what it means.
    struct Sample: Sendable, CustomTestStringConvertible {
        let typed: String
        let canonical: String
        let description: String
        var variables: [String: String] = [:]

        var testDescription: String { typed }
    }

    private static let account = "0123456789abcdef0123456789abcdef.eu.r2.cloudflarestorage.com"

    @Test(arguments: [
        Sample(typed: "b2:bucket", canonical: "b2:bucket", description: "b2:bucket"),
        Sample(typed: "b2://bucket/", canonical: "b2:bucket", description: "b2:bucket"),
        Sample(typed: "B2:bucket//a/b//", canonical: "b2:bucket/a/b", description: "b2:bucket/a/b"),
        Sample(typed: "r2:bucket/p", canonical: "r2:bucket/p@\(account)", description: "r2:bucket/p"),
        Sample(typed: "s3://bucket/p/", canonical: "s3:bucket/p", description: "s3:bucket/p"),
        Sample(typed: "s3:bucket/p?x#y", canonical: "s3:bucket/p?x#y", description: "s3:bucket/p?x#y"),
        Sample(typed: "s3:Old_Bucket.name", canonical: "s3:Old_Bucket.name", description: "s3:Old_Bucket.name"),
        Sample(
            typed: "s3:bucket/a@b%c",
            canonical: "s3:bucket/a%40b%25c",
            description: "s3:bucket/a@b%c"
        ),
        Sample(
            typed: "s3:bucket/p",
            canonical: "s3:bucket/p@127.0.0.1:9000",
            description: "s3:bucket/p",
            variables: ["AWS_ENDPOINT_URL": "http://127.0.0.1:9000/"]
        ),
        Sample(
            typed: "s3:bucket/p",
            canonical: "s3:bucket/p",
            description: "s3:bucket/p",
            variables: ["AWS_ENDPOINT_URL_S3": "https://s3.eu-west-1.amazonaws.com"]
        ),
        Sample(
            typed: "s3:bucket/p",
            canonical: "b2:bucket/p",
            description: "s3:bucket/p",
            variables: ["AWS_ENDPOINT_URL": "s3.us-west-004.backblazeb2.com"]
        ),
        Sample(
            typed: "s3:bucket/p",
            canonical: "r2:bucket/p@\(account)",
            description: "s3:bucket/p",
            variables: ["AWS_ENDPOINT_URL": "https://\(account)/bucket"]
        ),
        Sample(
            typed: "s3:bucket/p",
            canonical: "s3:bucket/p@amazonaws.com.cn",
            description: "s3:bucket/p",
            variables: ["AWS_REGION": "cn-north-1"]
        ),
        Sample(
            typed: "s3:bucket/p",
            canonical: "s3:bucket/p@us-gov.amazonaws.com",
            description: "s3:bucket/p",
            variables: ["AWS_REGION": "us-gov-west-1"]
        ),
        Sample(
            typed: "s3:bucket/p",
            canonical: "s3:bucket/p@us-gov.amazonaws.com",
            description: "s3:bucket/p",
            variables: ["AWS_ENDPOINT_URL": "https://s3-fips.us-gov-east-1.amazonaws.com"]
        ),
        Sample(
            typed: "b2:bucket/p",
            canonical: "b2:bucket/p",
            description: "b2:bucket/p",
            variables: ["B2_ENDPOINT": "https://s3.us-west-004.backblazeb2.com"]
        ),
        Sample(
            typed: "b2:bucket/p",
            canonical: "s3:bucket/p@[::1]:9000",
            description: "b2:bucket/p",
            variables: ["B2_ENDPOINT": "http://[::1]:9000"]
        ),
        Sample(
            typed: "b2:bucket/p",
            canonical: "b2:bucket/p@localhost:8080",
            description: "b2:bucket/p",
            variables: ["B2_API_URL": "http://localhost:8080"]
        ),
        Sample(typed: "rclone:hub:bucket//p/", canonical: "b2:bucket/p", description: "rclone:hub:bucket/p"),
        Sample(typed: "rclone:cloud:bucket", canonical: "r2:bucket@\(account)", description: "rclone:cloud:bucket"),
        Sample(typed: "rclone:melee:", canonical: "b2:bucket/melee", description: "rclone:melee:"),
        Sample(typed: "rclone:again:/x", canonical: "b2:bucket/melee/fox/x", description: "rclone:again:/x"),
    ])
    func aBucketHasOneCanonicalNameAndCanBeTypedAgain(_ sample: Sample) throws {
        let environment = Self.settings.with(sample.variables).environment
        let place = try Place(sample.typed, environment: environment)
        #expect(place.canonical == sample.canonical)
        #expect(place.description == sample.description)
        #expect(try Place(place.description, environment: environment) == place)
        #expect(place.localDirectory == nil)
    }

    @Test func anAliasOrALocalRemoteMayBeADirectory() throws {
        let scratch = try Scratch()
        let folder = try scratch.folder("disk/melee")
        let settings = FakeSettings([
            "RCLONE_CONFIG_DISK_TYPE": "local", "RCLONE_CONFIG_SHORT_TYPE": "alias",
            "RCLONE_CONFIG_SHORT_REMOTE": scratch.at("disk"),
        ])
        for typed in ["rclone:disk:\(folder)", "rclone:short:melee"] {
            let place = try Place(typed, environment: settings.environment)
            #expect(place.localDirectory == folder)
            #expect(place == (try Place(folder)))
        }
    }

    @Test(arguments: [
        "b2:", "s3://", "b2:ab", "s3:a b c", "s3:192.168.0.1", "s3:bucket..name", "s3:-bucket", "s3:bucket-",
        "s3:\(String(repeating: "a", count: 64))", "s3:bucket/../x", "s3:bucket/./x", "s3:bucket/a\u{7}b",
        "s3:bucket/\u{FFFD}", "s3:bucket/\(String(repeating: "a", count: 512))", "gdrive:folder", "gdrive://folder",
        "foo:bar", "s3://hub/melee?x=1", "S3://hub/melee#x", "https://host/bucket", "user@host:slp", "rclone:",
        "rclone:name", "rclone::s3:bucket",
    ])
    func whatNamesNoPlaceIsWrongUsage(_ typed: String) async throws {
        let error = try #require(await refusal { _ = try Place(typed, environment: Self.settings.environment) })
        #expect(error.code == .usage)
        #expect(error.isWellFormed, "\(error.allText)")
    }

    @Test(arguments: [
        ("rclone:rs", "a colon and a bucket are missing after rclone:rs"),
        ("rclone:rs/bucket", "a colon and a bucket are missing after rclone:rs"),
        ("rclone://rs", "a colon and a bucket are missing after rclone:rs"),
        ("rclone:", "\"rclone:\" names no remote"),
        ("rclone:key=\(Canary.secret)", "\"rclone:\" names no remote"),
        ("s3://hub/melee?x=1", "the \"s3://\" address goes on with \"?\" after the prefix"),
    ])
    func whatIsMissingOrTooMuchIsNamed(_ typed: String, _ message: String) async throws {
        let error = try #require(await refusal { _ = try Place(typed, environment: Self.settings.environment) })
        #expect(error.message == message)
    }

    @Test func aLaterKindOfPlaceIsSaidToComeLater() async throws {
        let error = try #require(
            await refusal { _ = try Place("gdrive:folder", environment: Self.settings.environment) }
        )
        #expect(error.message == "\"gdrive:\" places come with a later version")
    }

    @Test(arguments: [
        "s3://AKIA:\(Canary.secret)@bucket/p", "s3://hub/melee?X-Amz-Signature=\(Canary.secret)",
        "https://me:\(Canary.secret)@host/bucket",
        "rclone::s3,secret_access_key=\(Canary.secret):bucket", "rclone:s3,secret_access_key=\(Canary.secret):bucket",
    ])
    func keysInTheNameOfAPlaceAreRefusedAndNotRepeated(_ typed: String) async throws {
        let error = try #require(await refusal { _ = try Place(typed, environment: Self.settings.environment) })
        #expect(error.code == .usage)
        #expect(!Canary.leaks(Canary.texts(of: error)))
    }

    @Test func aSchemeOrARepositoryIsAPlace() throws {
        let scratch = try Scratch()
        let folder = try scratch.folder("repository")
        try Tree.write("{}", to: "\(folder)/replaycache.json")
        for text in ["b2:bucket", "S3://bucket", "rclone:name:bucket", "file:/nowhere", "gdrive:x", "foo:bar", folder] {
            #expect(Place.isPlace(text), "\(text)")
        }
        for text in [scratch.path, "slp", "./b2:bucket", "Some:folder", scratch.at("absent")] {
            #expect(!Place.isPlace(text), "\(text)")
        }
    }

    @Test func aDirectoryAsksForNoSettings() throws {
        let scratch = try Scratch()
        func unwanted() -> EnvironmentVariables {
            Issue.record("read the environment")
            return FakeSettings().environment
        }
        #expect(try Place(scratch.path, environment: unwanted()).localDirectory == scratch.path)
    }
}
