import ReplayCacheTestSupport
import Testing

@testable import ReplayCache

/// The facts of a failure, and the sentence that is made of them.
struct S3FailureTests {
    private static let date = "Tue, 24 Nov 2026 15:00:00 GMT"

    private static func failure(_ headers: [String: String], body: String = "", status: Int = 503) -> S3Failure {
        S3Failure(
            S3Request(purpose: .get, method: .get, key: "log/one"),
            HTTPResponse(status: status, headers: headers),
            Array(body.utf8)
        )
    }

    @Test(
        arguments: [
            ("5", 5), ("0", 0), ("120", 120), ("99999999999999999999999999", 3600), ("7200", 3600),
            ("Tue, 24 Nov 2026 15:00:30 GMT", 30), ("Tue, 24 Nov 2026 14:00:00 GMT", 0),
            ("Tue, 24 Nov 2099 14:00:00 GMT", 3600), ("-5", nil), ("1.5", nil), ("soon", nil), ("", nil), ("٥", nil),
            ("+5", nil),
        ] as [(String, Int?)]
    )
    func retryAfterIs(_ text: String, _ seconds: Int?) {
        let failure = Self.failure(["retry-after": text, "date": Self.date])
        #expect(failure.retryAfter == seconds.map { .seconds($0) })
    }

    @Test
    func aDateToWaitForNeedsADateToCountFrom() {
        #expect(Self.failure(["retry-after": Self.date]).retryAfter == nil)
    }

    @Test(arguments: ["eu-west-1", "us-gov-east-1", "EU-RO-1", "auto"])
    func aRegionIsTakenFromHeaderOrBody(_ region: String) {
        #expect(Self.failure(["x-amz-bucket-region": region], status: 301).region == region)
        let body = "<Error><Code>AuthorizationHeaderMalformed</Code><Region>\(region)</Region></Error>"
        #expect(Self.failure([:], body: body, status: 400).region == region)
    }

    @Test(arguments: [
        "evil.example.com/", "evil.example.com?", "a b", "x@evil.example.com", "", "x:80", "é",
        String(repeating: "a", count: 64), "a.b", "..", "#",
    ])
    func aRegionThatWouldBeAnotherHostIsNone(_ region: String) {
        #expect(Self.failure(["x-amz-bucket-region": region], status: 301).region == nil)
        let body = "<Error><Code>PermanentRedirect</Code><Region>\(region)</Region></Error>"
        #expect(Self.failure([:], body: body, status: 301).region == nil)
    }

    @Test
    func theServersTimeIsThatOfTheBodyElseOfTheHeader() {
        let body = "<Error><Code>RequestTimeTooSkewed</Code><ServerTime>2026-11-24T16:00:00Z</ServerTime></Error>"
        #expect(Self.failure(["date": Self.date], body: body).serverTime == Timestamp(utc: "2026-11-24T16:00:00Z"))
        #expect(Self.failure(["date": Self.date]).serverTime == Timestamp(utc: "2026-11-24T15:00:00Z"))
        #expect(Self.failure(["date": "yesterday"]).serverTime == nil)
    }

    @Test
    func longTextsOfAServerAreShortened() {
        let text = String(repeating: "x", count: 3 << 20)
        let failure = Self.failure([:], body: "<Error><Code>\(text)</Code><Message>\(text)</Message></Error>")
        #expect(failure.code?.count ?? 0 <= 100)
        #expect(failure.message?.count ?? 0 <= 500)
        #expect(failure.summary.count < 200)
    }

    // MARK: Sentences

    private static let connection = S3Connection(
        provider: .r2,
        endpoint: S3Endpoint(host: "account.r2.cloudflarestorage.com"),
        region: "auto",
        bucket: "fox",
        prefix: "some/prefix",
        credentials: FixedS3Credentials(credentials)
    )
    private static let credentials = S3Credentials(
        accessKeyID: "AKIAEXAMPLE12345",
        secretAccessKey: Secret(Canary.secret),
        sessionToken: Secret(Canary.token),
        source: "R2_ACCESS_KEY and R2_SECRET_KEY in the environment"
    )

    @Test(arguments: S3Trouble.allCases)
    func everyTroubleHasASentenceThatNamesTheThing(_ trouble: S3Trouble) {
        for purpose in [S3Request.Purpose.put, .get, .head, .list, .delete] {
            let key = purpose == .list ? nil : "some/prefix/log/one"
            let failure = S3Failure(
                trouble: trouble,
                request: S3Request(purpose: purpose, method: .get, key: key),
                status: 400,
                code: "SomeCode"
            )
            let error = failure.classified(Self.connection, credentials: Self.credentials)
            #expect(error.code == trouble.remedy.code)
            #expect(!error.message.isEmpty && !error.message.hasSuffix(".") && !error.message.contains("\n"))
            // A missing key is for the engine to explain.
            #expect(error.hint?.isEmpty == false || trouble == .noKey)
            let things = ["fox", "account.r2.cloudflarestorage.com", "log/one", "R2_SECRET_KEY", "Cloudflare R2"]
            #expect(things.contains { error.message.contains($0) } || trouble == .local, "\(error.message)")
            #expect(!error.allText.contains("Optional("))
            #expect(!Canary.leaks(error.allText))
        }
    }

    @Test(arguments: HTTPFailure.Kind.allCases)
    func everyLossOfALineHasOneToo(_ kind: HTTPFailure.Kind) {
        let failure = S3Failure(S3Request(purpose: .list, method: .get), HTTPFailure(kind, "some detail"))
        let error = failure.classified(Self.connection, credentials: nil)
        #expect(error.isWellFormed)
        #expect(error.allText.contains("some detail"))
    }

    @Test(arguments: S3Trouble.allCases)
    func aServerThatQuotesSecretsIsNotRepeated(_ trouble: S3Trouble) {
        var failure = S3Failure(trouble: trouble, request: S3Request(purpose: .get, method: .get, key: "k"))
        failure.status = 403
        failure.message = "you sent \(Canary.secret) and \(Canary.token)"
        failure.code = Canary.token
        failure.requestID = Canary.secret
        let error = failure.classified(Self.connection, credentials: Self.credentials)
        #expect(!Canary.leaks(error.allText), "\(error.allText)")
    }

    @Test
    func aShortSecretDoesNotGarbleWhatIsTold() {
        let credentials = S3Credentials(
            accessKeyID: "AKIAX",
            secretAccessKey: Secret("y"),
            sessionToken: Secret("server"),
            source: "the test"
        )
        var failure = S3Failure(trouble: .credentials, request: S3Request(purpose: .get, method: .get, key: "k"))
        failure.status = 403
        failure.code = "InvalidAccessKeyId"
        failure.message = "my server does not know you"
        let error = failure.classified(Self.connection, credentials: credentials)
        #expect(error.message == "Cloudflare R2 does not know the key id of 5 characters (the test)")
        #expect(error.cause == "403 InvalidAccessKeyId: my server does not know you")
    }

    @Test
    func aSecretIsRedactedInTheServersTextAlone() {
        let credentials = S3Credentials(
            accessKeyID: "AKIAEXAMPLE12345",
            secretAccessKey: Secret("Cloudflare"),
            source: "the test"
        )
        var failure = S3Failure(trouble: .credentials, request: S3Request(purpose: .get, method: .get, key: "k"))
        failure.message = "you sent Cloudflare"
        let error = failure.classified(Self.connection, credentials: credentials)
        #expect(error.message == "Cloudflare R2 does not know the key id AKIA…2345 (the test)")
        #expect(error.cause == "you sent <redacted>")
    }

    @Test
    func aShortKeyIDIsToldByItsLength() {
        func credentials(_ id: String) -> S3Credentials {
            S3Credentials(accessKeyID: id, secretAccessKey: Secret("k"), source: "the test")
        }
        #expect(credentials("a").shownKeyID == "of 1 character")
        #expect(credentials("AKIAEXAMPLE").shownKey == "key with an id of 11 characters")
        #expect(credentials("AKIAEXAMPLE1").shownKey == "key AKIA…PLE1")
    }

    @Test(arguments: [
        (
            HTTPFailure.Kind.truncated, S3Request.Purpose.get, "reading k from Cloudflare R2 failed",
            "the answer broke off"
        ),
        (.interrupted, .put, "sending k to Cloudflare R2 failed", "the connection broke"),
        (.stalled, .delete, "removing k at Cloudflare R2 failed", "nothing came for too long"),
    ])
    func aLostLineIsToldOnce(_ kind: HTTPFailure.Kind, _ purpose: S3Request.Purpose, _ message: String, _ cause: String)
    {
        let failure = S3Failure(S3Request(purpose: purpose, method: .get, key: "k"), HTTPFailure(kind, "some detail"))
        let error = failure.classified(Self.connection, credentials: nil)
        #expect(error.description == "\(message): \(cause) (some detail)")
    }

    @Test
    func aServersRefusalIsToldOnce() {
        var failure = S3Failure(trouble: .throttled, request: S3Request(purpose: .put, method: .put, key: "k"))
        failure.status = 503
        failure.code = "SlowDown"
        failure.message = "reduce your rate"
        failure.requestID = "42"
        let error = failure.classified(Self.connection, credentials: nil)
        #expect(error.description == "Cloudflare R2 did not take k: 503 SlowDown: reduce your rate; request id 42")
    }

    @Test
    func whatIsToldDoesNotActOnATerminal() {
        var failure = S3Failure(trouble: .denied, request: S3Request(purpose: .get, method: .get, key: "k"))
        failure.code = "b\u{1B}"
        #expect(failure.reason == "b\\u{1b}")
        failure.code = nil
        failure.message = "a\u{1B}[31mred\u{202E}"
        #expect(failure.reason == "a\\u{1b}[31mred\\u{202e}")
        let error = failure.classified(Self.connection, credentials: nil)
        #expect(error.cause == "a\\u{1b}[31mred\\u{202e}")
    }
}
