import FoundationEssentials
import ReplayCacheTestSupport
import Testing

@testable import ReplayCache

/// The published test vectors, where they are (`REPLAYCACHE_SHARED`); their README tells where they come from.
@Suite(.enabled(if: Vectors.exist, "no sigv4-vectors below REPLAYCACHE_SHARED"))
struct SigV4VectorTests {
    @Test(arguments: Vectors.suite("aws-c-auth-v4"))
    func headerCaseOfAwsCAuth(_ folder: String) throws {
        let context = try JSONValue(parsing: Vectors.text("\(folder)/context.json"))
        var request = try RawRequest(Vectors.text("\(folder)/request.txt"))
        let time = try #require(context["timestamp"]?.string).filter { $0 != "-" && $0 != ":" }
        request.headers.append((name: "X-Amz-Date", value: time))
        let token = context["credentials"]?["token"]?.string
        let isOmitted = context["omit_session_token"] == .bool(true)
        if let token, !isOmitted { request.headers.append((name: "X-Amz-Security-Token", value: token)) }
        let hash = try Digest.of(Array(request.body.utf8)).hex
        if context["sign_body"] == .bool(true) {
            request.headers.append((name: "x-amz-content-sha256", value: hash))
        }
        let signed = try SigV4(region: "us-east-1", service: "service").sign(
            request.message(payloadHash: hash),
            with: Vectors.credentials,
            at: time
        )
        #expect(signed.canonicalRequest == Vectors.text("\(folder)/header-canonical-request.txt"))
        #expect(signed.stringToSign == Vectors.text("\(folder)/header-string-to-sign.txt"))
        #expect(signed.signature == Vectors.text("\(folder)/header-signature.txt"))
    }

    @Test(arguments: Vectors.suite("botocore-aws4_testsuite"))
    func caseOfBotocore(_ folder: String) throws {
        let name = String(folder.split(separator: "/").last ?? "")
        var request = try RawRequest(Vectors.text("\(folder)/\(name).req"))
        let canonical = Vectors.text("\(folder)/\(name).creq")
        if canonical.contains("x-amz-security-token:"), !request.hasHeader("x-amz-security-token") {
            // Its README: the request lacks the token that the canonical form has.
            let line = try #require(canonical.split(separator: "\n").first { $0.hasPrefix("x-amz-security-token:") })
            request.headers.append((name: "X-Amz-Security-Token", value: String(line.dropFirst(21))))
        }
        let signed = try SigV4(region: "us-east-1", service: "service").sign(
            request.message(payloadHash: try Digest.of(Array(request.body.utf8)).hex),
            with: Vectors.credentials,
            at: "20150830T123600Z"
        )
        #expect(signed.canonicalRequest == canonical)
        #expect(signed.stringToSign == Vectors.text("\(folder)/\(name).sts"))
        #expect(signed.authorization == Vectors.text("\(folder)/\(name).authz"))
    }

    @Test
    func publishedExamplesOfS3() throws {
        let cases = try Vectors.s3("published").filter { !($0["name"]?.string?.hasPrefix("presigned") ?? true) }
        #expect(cases.count == 4)
        for example in cases {
            let message = SigV4.Message(
                method: try #require(example["method"]?.string),
                path: try #require(example["canonical_uri"]?.string),
                query: try #require(example["canonical_query"]?.string),
                headers: (example["headers"]?.object ?? [:]).map { (name: $0.key, value: $0.value.string ?? "") },
                payloadHash: try #require(example["payload_hash"]?.string)
            )
            let signed = try SigV4(region: "us-east-1").sign(
                message,
                with: Vectors.documentationCredentials,
                at: "20130524T000000Z"
            )
            let name: Comment = "\(example["name"]?.string ?? "")"
            #expect(signed.canonicalRequest == example["canonical_request"]?.string, name)
            #expect(signed.signature == example["signature"]?.string, name)
        }
    }

    @Test
    func requestsThatAreParticularToS3() throws {
        let cases = try Vectors.s3("derived")
        #expect(cases.count == 12)
        for example in cases {
            let canonical = try #require(example["canonical_request"]?.string)
            let lines = canonical.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
            // Path and query are encoded from the raw key and names by us, not taken from the answer.
            let url = try #require(example["url"]?.string)
            let target = try #require(url.firstRange(of: "://").map { url[$0.upperBound...] })
            let slash = try #require(target.firstIndex(of: "/"))
            let pieces = target[slash...].split(separator: "?", maxSplits: 1).map { String($0).percentDecoded }
            let message = SigV4.Message(
                method: try #require(example["method"]?.string),
                path: PercentEncoding.path(pieces[0]),
                query: RawRequest.query(
                    target.split(separator: "?", maxSplits: 1).dropFirst().first.map(String.init) ?? ""
                ),
                headers: lines[3...].prefix { !$0.isEmpty }.map { line in
                    let pieces = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
                    return (name: String(pieces[0]), value: String(pieces[1]))
                },
                payloadHash: try #require(lines.last)
            )
            let signed = try SigV4(region: try #require(example["region"]?.string)).sign(
                message,
                with: Vectors.s3Credentials,
                at: try #require(example["date"]?.string)
            )
            let name: Comment = "\(example["name"]?.string ?? "")"
            #expect(signed.canonicalRequest == canonical, name)
            #expect(signed.stringToSign == example["string_to_sign"]?.string, name)
            #expect(signed.authorization == example["authorization"]?.string, name)
        }
    }
}

/// Where the vectors are, and their credentials, which are public.
private enum Vectors {
    static let folder = Surroundings.shared + "/sigv4-vectors"
    static let exist = FileManager.default.fileExists(atPath: folder)

    /// Cases of the normalisation that S3 does not do.
    private static let normalizing: Set = [
        "get-relative-normalized", "get-relative-relative-normalized", "get-slash-dot-slash-normalized",
        "get-slash-normalized", "get-slash-pointless-dot-normalized", "get-slashes-normalized",
        "get-relative", "get-relative-relative", "get-slash-dot-slash", "get-slash", "get-slash-pointless-dot",
        "get-slashes",
    ]

    static func suite(_ name: String) -> [String] {
        let names = (try? FileManager.default.subpathsOfDirectory(atPath: "\(folder)/\(name)")) ?? []
        return names.filter { $0.hasSuffix("/request.txt") || $0.hasSuffix(".req") }
            .map { "\(name)/\($0.split(separator: "/").dropLast().joined(separator: "/"))" }
            .filter { path in !normalizing.contains(String(path.split(separator: "/").last ?? "")) }
            .sorted()
    }

    static func text(_ path: String) -> String {
        let text = Tree.text("\(folder)/\(path)") ?? ""
        return text.hasSuffix("\n") && !path.hasSuffix(".req") && !path.hasSuffix("request.txt")
            ? String(text.dropLast()) : text
    }

    static func s3(_ key: String) throws -> [JSONValue] {
        try JSONValue(parsing: text("s3/s3-examples.json"))[key]?.array ?? []
    }

    private static func credentials(_ id: String, _ secret: String) -> S3Credentials {
        S3Credentials(accessKeyID: id, secretAccessKey: Secret(secret), source: "the vectors")
    }

    static let credentials = credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
    /// Those of Amazon's pages, whose secret has a slash where the suites have a plus.
    static let documentationCredentials = credentials(
        "AKIAIOSFODNN7EXAMPLE",
        "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
    )
    static let s3Credentials = credentials("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
}

/// A request as the suites write it.
private struct RawRequest {
    let method: String
    let path: String
    let query: String
    var headers: [(name: String, value: String)] = []
    let body: String

    init(_ text: String) throws {
        let parts = text.split(separator: "\n\n", maxSplits: 1, omittingEmptySubsequences: false)
        body = parts.count > 1 ? String(parts[1]) : ""
        let lines = parts[0].split(separator: "\n").map(String.init)
        // The target may hold blanks.
        let first = lines[0].split(separator: " ")
        method = String(first[0])
        let target = first.dropFirst().dropLast().joined(separator: " ")
        let pieces = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        path = pieces[0]
        query = pieces.count > 1 ? pieces[1] : ""
        for line in lines.dropFirst() {
            if line.hasPrefix(" ") || line.hasPrefix("\t"), let last = headers.indices.last {
                headers[last].value += "\n" + line
                continue
            }
            let pieces = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            headers.append((name: String(pieces[0]), value: pieces.count > 1 ? String(pieces[1]) : ""))
        }
    }

    func hasHeader(_ name: String) -> Bool { headers.contains { $0.name.lowercased() == name } }

    func message(payloadHash: String) -> SigV4.Message {
        SigV4.Message(
            method: method,
            path: PercentEncoding.path(path.percentDecoded),
            query: Self.query(query),
            headers: headers,
            payloadHash: payloadHash
        )
    }

    static func query(_ text: String) -> String {
        PercentEncoding.query(
            text.split(separator: "&").map { parameter in
                let pieces = parameter.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                return (
                    name: String(pieces[0]).percentDecoded,
                    value: pieces.count > 1 ? String(pieces[1]).percentDecoded : ""
                )
            }
        )
    }
}

extension String {
    fileprivate var percentDecoded: String {
        var bytes: [UInt8] = []
        var rest = Array(utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), rest.count >= 2,
                let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
            {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
