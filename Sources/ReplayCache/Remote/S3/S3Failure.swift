/// A request that did not succeed: the raw facts.
struct S3Failure: Error, Sendable {
    let trouble: S3Trouble
    /// What was asked for.
    var request: S3Request
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
    /// What the request was signed for; nothing before it was.
    var signedFor = S3Knowledge.Address(region: "", endpoint: S3Endpoint(host: ""))
    /// What libcurl said.
    var transport: HTTPFailure?

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
        let region = response["x-amz-bucket-region"] ?? details?.region
        self.init(
            trouble: .of(
                status: response.status,
                code: details?.code,
                message: details?.message,
                shape: S3Trouble.Shape(
                    isHead: request.method == .head,
                    isAboutBucket: request.key == nil,
                    hasForeignBody: details == nil && Self.isForeign(body, response),
                    hasRegion: region != nil
                )
            ),
            request: request,
            status: response.status,
            code: details?.code,
            message: details?.message,
            requestID: details?.requestID ?? response["x-amz-request-id"] ?? response["cf-ray"],
            retryAfter: response["retry-after"].flatMap { Self.retryAfter($0, response) },
            region: region.flatMap { Self.isRegion($0) ? $0 : nil },
            serverTime: details?.serverTime ?? response["date"].flatMap { Timestamp(httpDate: $0) }
        )
    }

    /// A page of HTML, or XML that is none; plain text with a refusal may be a small server's own.
    private static func isForeign(_ body: [UInt8], _ response: HTTPResponse) -> Bool {
        guard let first = body.first(where: { ![9, 10, 13, 32].contains($0) }) else { return false }
        let isPage = first == UInt8(ascii: "<") || response["content-type"]?.contains("html") == true
        return isPage || ![401, 403, 404].contains(response.status)
    }

    /// Reads an error that came as a success (`s3-compat.md` section 2); nil when the answer is none.
    init?(_ request: S3Request, pretence answer: HTTPAnswer) {
        guard let details = S3ErrorBody(answer.body) else { return nil }
        self.init(
            trouble: .of(status: 500, code: details.code, message: details.message),
            request: request,
            status: answer.response.status,
            code: details.code,
            message: details.message,
            requestID: details.requestID ?? answer.response["x-amz-request-id"]
        )
    }

    /// An answer that says yes and cannot be true: no S3 server sends it.
    init(_ request: S3Request, notS3 response: HTTPResponse, _ reason: String) {
        self.init(trouble: .notS3, request: request, status: response.status, message: reason)
    }

    /// What a server calls a region goes into signatures and names of hosts: a host of somebody else's must not come of it.
    private static func isRegion(_ text: String) -> Bool { (try? RegionSetting(text, source: "the server")) != nil }

    /// Seconds, or a date by the server's clock.
    private static func retryAfter(_ text: String, _ response: HTTPResponse) -> Duration? {
        // More digits than a number has are a very long time.
        if !text.isEmpty, text.utf8.allSatisfy({ (48...57).contains($0) }) {
            return .seconds(min(Int(text) ?? 3600, 3600))
        }
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

    /// Longest text that is kept of each: it goes into messages.
    private static let maximumTextLength = 500

    /// Nil when `body` is no such document.
    init?(_ body: [UInt8]) {
        let fields = Fields()
        guard !body.isEmpty,
            (try? XMLReader.read(body, { fields.take($0) })) != nil,
            fields.root == "Error", let code = fields.values["Code"], !code.isEmpty
        else { return nil }
        func text(_ name: String) -> String? { fields.values[name].map { String($0.prefix(Self.maximumTextLength)) } }
        self.code = String(code.prefix(100))
        message = text("Message")
        requestID = text("RequestId")
        region = text("Region")
        serverTime = fields.values["ServerTime"].flatMap { Timestamp(utc: $0) }
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
