import Testing

@testable import ReplayCache

/// The remote that is meant when none is named (`design.md` section 6).
struct DefaultPlaceTests {
    private static let b2 = ["B2_KEY_ID": "i", "B2_APP_KEY": Canary.secret, "B2_BUCKET": "bbb"]
    private static let r2 = [
        "R2_ACCESS_KEY": "i", "R2_SECRET_KEY": Canary.secret, "R2_BUCKET": "rrr",
        "R2_ACCOUNT_ID": "0123456789abcdef0123456789abcdef",
    ]
    private static let s3 = ["AWS_ACCESS_KEY_ID": "i", "AWS_SECRET_ACCESS_KEY": Canary.secret, "S3_BUCKET": "sss"]

    /// Variables and the place that they mean.
    struct Sample: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let settings: FakeSettings
        /// Nil for none.
        let place: String?
    }

    @Test(arguments: [
        Sample(testDescription: "nothing", settings: FakeSettings(), place: nil),
        Sample(testDescription: "B2", settings: FakeSettings(b2), place: "b2:bbb/replaycache"),
        Sample(
            testDescription: "B2 by files and other names",
            settings: FakeSettings(
                ["B2_ACCOUNT_ID": "i", "B2_ACCOUNT_KEY_FILE": "/k", "B2_BUCKET": "bbb"],
                files: ["/k": Canary.secret]
            ),
            place: "b2:bbb/replaycache"
        ),
        Sample(testDescription: "R2", settings: FakeSettings(r2), place: "r2:rrr/replaycache"),
        Sample(testDescription: "AWS", settings: FakeSettings(s3), place: "s3:sss/replaycache"),
        Sample(
            testDescription: "AWS_BUCKET before S3_BUCKET",
            settings: FakeSettings(s3).with(["AWS_BUCKET": "aaa"]),
            place: "s3:aaa/replaycache"
        ),
        Sample(
            testDescription: "keys of another without a bucket",
            settings: FakeSettings(b2).with(["AWS_ACCESS_KEY_ID": "i", "AWS_SECRET_ACCESS_KEY": "k"]),
            place: "b2:bbb/replaycache"
        ),
        Sample(
            testDescription: "AWS keys without a bucket",
            settings: FakeSettings(["AWS_ACCESS_KEY_ID": "i", "AWS_SECRET_ACCESS_KEY": "k"]),
            place: nil
        ),
        Sample(
            testDescription: "a bucket of some other program",
            settings: FakeSettings(["S3_BUCKET": "sss"]),
            place: nil
        ),
        Sample(
            testDescription: "REPLAYCACHE_REMOTE before several sets",
            settings: FakeSettings(b2.merging(r2) { $1 }).with(["REPLAYCACHE_REMOTE": "r2:other/p\n"]),
            place: "r2:other/p"
        ),
        Sample(
            testDescription: "the pod's",
            settings: FakeSettings(["RUNPOD_POD_ID": "x"], firstProcess: b2),
            place: "b2:bbb/replaycache"
        ),
    ])
    func theOneCompleteSetNamesTheRemote(_ sample: Sample) throws {
        #expect(try Place.default(environment: sample.settings.environment)?.description == sample.place)
    }

    /// Variables that mean no one place.
    struct Refused: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let settings: FakeSettings
        let names: [String]
    }

    @Test(arguments: [
        Refused(
            testDescription: "several",
            settings: FakeSettings(b2.merging(r2) { $1 }.merging(s3) { $1 }),
            names: ["b2:bbb/replaycache, r2:rrr/replaycache, s3:sss/replaycache", "REPLAYCACHE_REMOTE"]
        ),
        Refused(testDescription: "a bucket alone", settings: FakeSettings(["B2_BUCKET": "bbb"]), names: ["B2_KEY_ID"]),
        Refused(
            testDescription: "half a set",
            settings: FakeSettings(["B2_BUCKET": "bbb", "B2_KEY_ID": "i"]),
            names: ["B2_APP_KEY"]
        ),
        Refused(
            testDescription: "no account",
            settings: FakeSettings(r2.filter { $0.key != "R2_ACCOUNT_ID" }),
            names: ["R2_BUCKET", "R2_ENDPOINT"]
        ),
    ])
    func whatMeansNoOnePlaceIsAConfigurationError(_ refused: Refused) async throws {
        let environment = refused.settings.environment
        let error = try #require(await refusal { _ = try Place.default(environment: environment) })
        #expect(error.code == .configuration)
        #expect(error.isWellFormed)
        for name in refused.names { #expect(error.allText.contains(name), "\(error.allText)") }
        #expect(!Canary.leaks(Canary.texts(of: error)))
    }
}
