import ReplayCacheTestSupport
import Testing

@testable import ReplayCache

/// What each answer means and what is done about it: the table of `s3-compat.md` section 2.
struct S3TroubleTests {
    private struct Row: CustomTestStringConvertible {
        let status: Int
        var code: String?
        var message: String?
        var body: String?
        var headers: [String: String] = [:]
        var method = HTTPRequest.Method.get
        var key: String? = "log/one"
        let expected: S3Trouble

        var testDescription: String {
            [method.rawValue, "\(status)", code ?? body ?? "", message ?? ""].joined(separator: " ")
        }

        var bytes: [UInt8] {
            if let body { return Array(body.utf8) }
            guard let code, method != .head else { return [] }
            let text = message.map { "<Message>\($0)</Message>" } ?? ""
            return Array("<Error><Code>\(code)</Code>\(text)</Error>".utf8)
        }

        var failure: S3Failure {
            let request = S3Request(purpose: method == .head ? .head : .get, method: method, key: key)
            return S3Failure(request, HTTPResponse(status: status, headers: headers), bytes)
        }
    }

    private static let page = "<!DOCTYPE html><html><body>Log in</body></html>"
    private static let cap = "Cannot upload files, storage cap exceeded. See the Caps &amp; Alerts page"

    private static let throttled = [
        Row(status: 503, code: "SlowDown", expected: .throttled),
        Row(status: 503, code: "ServiceUnavailable", expected: .throttled),
        Row(status: 429, code: "TooManyRequests", expected: .throttled),
        Row(status: 400, code: "RequestLimitExceeded", expected: .throttled),
        Row(status: 509, code: "RateLimitExceeded", expected: .throttled),
        Row(status: 509, expected: .throttled), Row(status: 503, expected: .throttled),
        Row(status: 429, body: page, expected: .throttled), Row(status: 503, body: page, expected: .throttled),
        Row(status: 503, method: .head, expected: .throttled),
        // The code goes before the status.
        Row(status: 500, code: "SlowDown", expected: .throttled),
    ]
    private static let transient = [
        Row(status: 500, code: "InternalError", expected: .transient), Row(status: 500, expected: .transient),
        Row(status: 502, body: page, expected: .transient), Row(status: 504, body: page, expected: .transient),
        Row(status: 500, body: "upstream error", expected: .transient), Row(status: 599, expected: .transient),
        Row(status: 408, expected: .transient), Row(status: 408, body: page, expected: .transient),
        Row(status: 400, code: "RequestTimeout", expected: .transient),
        Row(status: 400, code: "IncompleteBody", expected: .transient),
        Row(status: 400, code: "ClientDisconnect", expected: .transient),
        Row(status: 409, code: "OperationAborted", expected: .transient),
        Row(status: 409, code: "ConditionalRequestConflict", expected: .transient),
        Row(status: 500, code: "SomethingNew", expected: .transient),
    ]
    private static let amendable = [
        Row(status: 403, code: "RequestTimeTooSkewed", expected: .clock),
        Row(status: 301, code: "PermanentRedirect", expected: .region),
        Row(status: 307, code: "TemporaryRedirect", expected: .region),
        Row(status: 400, code: "AuthorizationHeaderMalformed", expected: .region),
        Row(status: 301, headers: ["x-amz-bucket-region": "eu-west-1"], method: .head, expected: .region),
        Row(status: 400, headers: ["x-amz-bucket-region": "eu-west-1"], method: .head, expected: .region),
        Row(status: 301, method: .head, expected: .region), Row(status: 307, method: .head, expected: .region),
        Row(status: 400, code: "BadDigest", expected: .corrupted),
        Row(status: 400, code: "XAmzContentSHA256Mismatch", expected: .corrupted),
        Row(status: 400, code: "InvalidDigest", expected: .corrupted),
        Row(status: 400, code: "ExpiredToken", expected: .expired),
        Row(status: 400, code: "TokenRefreshRequired", expected: .expired),
        Row(status: 403, code: "InvalidToken", expected: .expired),
    ]
    private static let final = [
        Row(status: 501, code: "NotImplemented", expected: .unsupported), Row(status: 501, expected: .unsupported),
        Row(status: 405, code: "MethodNotAllowed", expected: .unsupported),
        Row(status: 401, code: "Unauthorized", expected: .credentials), Row(status: 401, expected: .credentials),
        Row(status: 403, code: "InvalidAccessKeyId", expected: .credentials),
        Row(status: 403, code: "SignatureDoesNotMatch", expected: .credentials),
        Row(status: 403, code: "AccessDenied", expected: .denied), Row(status: 403, method: .head, expected: .denied),
        Row(status: 403, body: "forbidden", expected: .denied),
        Row(status: 403, code: "AccessDenied", message: cap, expected: .quota),
        Row(status: 403, code: "storage_cap_exceeded", expected: .quota),
        Row(status: 403, code: "QuotaExceeded", expected: .quota), Row(status: 402, expected: .quota),
        Row(status: 507, expected: .quota), Row(status: 507, code: "XMinioStorageFull", expected: .quota),
        Row(status: 404, code: "NoSuchBucket", expected: .noBucket),
        Row(status: 400, code: "InvalidBucketName", expected: .noBucket),
        Row(status: 404, key: nil, expected: .noBucket),
        Row(status: 404, code: "NoSuchKey", expected: .noKey), Row(status: 404, expected: .noKey),
        Row(status: 404, code: "NoSuchVersion", expected: .noKey), Row(status: 404, method: .head, expected: .noKey),
        Row(status: 404, body: "404 page not found", expected: .noKey),
        Row(status: 400, code: "EntityTooLarge", expected: .refused),
        Row(status: 400, code: "MalformedXML", expected: .refused),
        Row(status: 400, code: "KeyTooLongError", expected: .refused),
        Row(status: 411, code: "MissingContentLength", expected: .refused), Row(status: 418, expected: .refused),
    ]
    private static let foreign = [
        Row(status: 404, body: page, expected: .notS3), Row(status: 403, body: page, expected: .notS3),
        Row(status: 401, body: page, expected: .notS3), Row(status: 407, body: page, expected: .notS3),
        Row(status: 407, expected: .notS3), Row(status: 302, expected: .notS3),
        Row(status: 302, body: page, expected: .notS3), Row(status: 307, body: page, expected: .notS3),
        Row(status: 307, expected: .notS3), Row(status: 400, body: "{}", expected: .notS3),
        Row(status: 400, body: "<Error><Code>AccessDen", expected: .notS3),
        Row(status: 403, body: "<!DOCTYPE Error><Error><Code>AccessDenied</Code></Error>", expected: .notS3),
    ]

    @Test(arguments: throttled + transient + amendable + final + foreign)
    private func anAnswerMeans(_ row: Row) {
        #expect(row.failure.trouble == row.expected)
    }

    @Test(arguments: HTTPFailure.Kind.allCases)
    func aLostAnswerMeans(_ kind: HTTPFailure.Kind) {
        let expected: S3Trouble =
            switch kind {
            case .nameResolution, .connection, .connectTimeout, .tls: .unreachable
            case .certificate, .certificateFile: .certificate
            case .proxy: .proxy
            case .interrupted, .stalled, .truncated: .transient
            case .malformed: .notS3
            case .local: .local
            }
        let failure = S3Failure(S3Request(purpose: .get, method: .get), HTTPFailure(kind, "detail"))
        #expect(failure.trouble == expected)
        #expect(failure.isTimeout == [.stalled, .connectTimeout].contains(kind))
    }

    private struct Consequence: CustomTestStringConvertible {
        let trouble: S3Trouble
        let isRetried: Bool
        let code: ReplayCacheError.Code
        var testDescription: String { trouble.rawValue }
    }

    /// The codes stand for exit statuses: `design.md` section 6, checked in `ErrorStatusTests`.
    private static let consequences = [
        Consequence(trouble: .throttled, isRetried: true, code: .unavailable),
        Consequence(trouble: .transient, isRetried: true, code: .unavailable),
        Consequence(trouble: .unreachable, isRetried: true, code: .unavailable),
        Consequence(trouble: .corrupted, isRetried: true, code: .integrity),
        Consequence(trouble: .notS3, isRetried: true, code: .unavailable),
        Consequence(trouble: .clock, isRetried: true, code: .configuration),
        Consequence(trouble: .region, isRetried: false, code: .configuration),
        Consequence(trouble: .credentials, isRetried: false, code: .configuration),
        Consequence(trouble: .expired, isRetried: false, code: .configuration),
        Consequence(trouble: .denied, isRetried: false, code: .configuration),
        Consequence(trouble: .quota, isRetried: false, code: .quota),
        Consequence(trouble: .noBucket, isRetried: false, code: .notFound),
        Consequence(trouble: .noKey, isRetried: false, code: .integrity),
        Consequence(trouble: .unsupported, isRetried: false, code: .configuration),
        Consequence(trouble: .certificate, isRetried: false, code: .configuration),
        Consequence(trouble: .proxy, isRetried: true, code: .configuration),
        Consequence(trouble: .refused, isRetried: false, code: .configuration),
        Consequence(trouble: .local, isRetried: false, code: .disk),
    ]

    @Test(arguments: consequences)
    private func itLeadsTo(_ row: Consequence) {
        #expect((row.trouble.remedy.backoff != nil) == row.isRetried)
        #expect(row.trouble.remedy.code == row.code)
    }

    @Test
    func theTableIsComplete() {
        #expect(Set(Self.consequences.map(\.trouble)) == Set(S3Trouble.allCases))
    }

    @Test
    func throttlingWaitsLongerThanOtherFaults() {
        #expect(S3Trouble.throttled.remedy.backoff == .throttled)
        #expect(S3Trouble.transient.remedy.backoff == .transient)
        // Another machine of B2 is reached by another connection only.
        #expect(S3Trouble.transient.remedy.needsNewConnection)
    }
}
