/// A request that did not succeed: the raw facts.
struct S3Failure: Error, Sendable {
    let trouble: S3Trouble
    /// What was asked for.
    let request: S3Request
    /// Zero when there was no answer.
    var status = 0
    /// The server's code and message, if it gave any.
    var code: String?
    var message: String?
    /// What the provider's support asks for.
    var requestID: String?
    var retryAfter: Duration?
    /// Where the bucket is, if the server said so.
    var region: String?
    /// The server's time, if it gave one.
    var serverTime: Timestamp?
    /// By how much the time that was signed differed from this machine's, in milliseconds.
    var signedClockOffset: Int64 = 0
    /// What libcurl said.
    var transport: HTTPFailure?
    /// The request as the server saw it, which it tells when signatures differ.
    var canonicalRequest: String?

    /// Whether what was sent was lost to a time-out, which costs more of the retry budget.
    var isTimeout: Bool { transport.map { [.stalled, .connectTimeout].contains($0.kind) } ?? false }
}

extension S3Failure {
    init(_ request: S3Request, _ failure: HTTPFailure) {
        self.init(trouble: .of(failure), request: request, transport: failure)
    }

    /// Reads an answer that is not a success.
    init(_ request: S3Request, _ response: HTTPResponse, _ body: [UInt8]) {
        let details = S3ErrorBody(body)
        let isServerError = (500...599).contains(response.status)
        // HTML with a 5xx is a gateway's way to say so; with another status nobody from S3 has answered.
        let isForeign = details == nil && !body.isEmpty && !isServerError && request.method != .head
        self.init(
            trouble: isForeign && ![401, 403, 404, 407].contains(response.status)
                ? .notS3 : .of(status: response.status, code: details?.code, message: details?.message),
            request: request,
            status: response.status,
            code: details?.code,
            message: details?.message,
            requestID: details?.requestID ?? response["x-amz-request-id"] ?? response["cf-ray"],
            retryAfter: response["retry-after"].flatMap { Self.retryAfter($0, response) },
            region: response["x-amz-bucket-region"] ?? details?.region,
            serverTime: details?.serverTime ?? response["date"].flatMap { Timestamp(httpDate: $0) },
            canonicalRequest: details?.canonicalRequest
        )
    }

    /// An answer that says yes and cannot be true: no S3 server sends it.
    init(_ request: S3Request, notS3 response: HTTPResponse, _ reason: String) {
        self.init(trouble: .notS3, request: request, status: response.status, message: reason)
    }

    /// Seconds, or a date by the server's clock.
    private static func retryAfter(_ text: String, _ response: HTTPResponse) -> Duration? {
        if let seconds = Int(text) { return .seconds(min(max(0, seconds), 3600)) }
        guard let date = Timestamp(httpDate: text), let now = response["date"].flatMap({ Timestamp(httpDate: $0) })
        else {
            return nil
        }
        return .milliseconds(min(max(0, date.milliseconds - now.milliseconds), 3_600_000))
    }
}

/// The `<Error>` that S3 answers with.
struct S3ErrorBody: Sendable, Equatable {
    var code: String
    var message: String?
    var requestID: String?
    var region: String?
    var serverTime: Timestamp?
    var canonicalRequest: String?

    /// Nil when `body` is no such document.
    init?(_ body: [UInt8]) {
        let fields = Fields()
        guard !body.isEmpty,
            (try? XMLReader.read(body, { fields.take($0) })) != nil,
            fields.root == "Error", let code = fields.values["Code"], !code.isEmpty
        else { return nil }
        self.code = code
        message = fields.values["Message"]
        requestID = fields.values["RequestId"]
        region = fields.values["Region"]
        serverTime = fields.values["ServerTime"].flatMap { Timestamp(utc: $0) }
        canonicalRequest = fields.values["CanonicalRequest"]
    }

    /// The children of the root.
    private final class Fields {
        var root: String?
        var values: [String: String] = [:]
        private var depth = 0

        func take(_ event: XMLReader.Event) {
            switch event {
            case .start(let name):
                if depth == 0 { root = name }
                depth += 1
            case .end(let name, let text):
                depth -= 1
                if depth == 1, values[name] == nil { values[name] = text }
            }
        }
    }
}
