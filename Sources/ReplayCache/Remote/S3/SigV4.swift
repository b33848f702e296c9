/// AWS Signature Version 4 in the `Authorization` header, by the rules of S3 (`s3-compat.md` section 1).
///
/// Nothing is normalised: path and query are signed as they are sent.
struct SigV4: Sendable {
    let region: String
    let service: String

    init(region: String, service: String = "s3") {
        self.region = region
        self.service = service
    }

    /// The parts of a request that are signed.
    struct Message: Sendable {
        var method: String
        /// Encoded, as on the wire; `/` when empty.
        var path: String
        /// Encoded and sorted, without the question mark.
        var query: String
        /// Everything to be signed, `host` included, in the order of sending.
        var headers: [(name: String, value: String)]
        /// Hexadecimal SHA-256 of the body, or `UNSIGNED-PAYLOAD`.
        var payloadHash: String
    }

    /// What a signature is made from and consists of.
    struct Signed: Sendable {
        let canonicalRequest: String
        let stringToSign: String
        let signedHeaders: String
        let signature: String
        /// The value of the `Authorization` header.
        let authorization: String
    }

    /// Signs a message for a moment, given as `YYYYMMDDTHHMMSSZ`.
    func sign(_ message: Message, with credentials: S3Credentials, at time: String) throws -> Signed {
        let headers = Self.canonicalHeaders(message.headers)
        let names = headers.map(\.name).joined(separator: ";")
        let canonical = [
            message.method, message.path.isEmpty ? "/" : message.path, message.query,
            headers.map { "\($0.name):\($0.value)\n" }.joined(), names, message.payloadHash,
        ].joined(separator: "\n")
        let date = String(time.prefix(8))
        let scope = "\(date)/\(region)/\(service)/aws4_request"
        let text = [
            "AWS4-HMAC-SHA256", time, scope, try Digest.of(Array(canonical.utf8)).hex,
        ].joined(separator: "\n")
        let key = try key(credentials.secretAccessKey, date: date)
        let signature = try HMACSHA256.code(key: key, message: Array(text.utf8)).hexadecimal
        return Signed(
            canonicalRequest: canonical,
            stringToSign: text,
            signedHeaders: names,
            signature: signature,
            authorization:
                "AWS4-HMAC-SHA256 Credential=\(credentials.accessKeyID)/\(scope), SignedHeaders=\(names), Signature=\(signature)"
        )
    }

    /// Lower-case names in byte order; values of equal names joined by commas in their order, blanks at the ends dropped
    /// and runs of blanks folded.
    private static func canonicalHeaders(_ headers: [(name: String, value: String)]) -> [(name: String, value: String)]
    {
        var values: [String: [String]] = [:]
        for header in headers { values[header.name.lowercased(), default: []].append(folded(header.value)) }
        return values.map { (name: $0.key, value: $0.value.joined(separator: ",")) }.sorted { $0.name < $1.name }
    }

    private static func folded(_ value: String) -> String {
        value.split { $0 == " " || $0 == "\t" || $0 == "\n" || $0 == "\r\n" }.joined(separator: " ")
    }

    /// The signing key lasts a day; four HMACs are not worth a cache beside hashing the request itself.
    private func key(_ secret: Secret, date: String) throws -> [UInt8] {
        var key = Array("AWS4\(secret.reveal())".utf8)
        for piece in [date, region, service, "aws4_request"] {
            key = try HMACSHA256.code(key: key, message: Array(piece.utf8))
        }
        return key
    }
}

extension [UInt8] {
    /// Lower-case hexadecimal digits.
    var hexadecimal: String {
        let digits = Array<UInt8>("0123456789abcdef".utf8)
        return String(decoding: flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
