/// The address of a server as users paste it: without a scheme, with a slash or a bucket behind.
struct ServerAddress: Sendable {
    let endpoint: S3Endpoint
    /// What stands behind the host, without query.
    let path: [String]

    /// Reads `text`, which was found under `name`.
    ///
    /// - Throws: ``ReplayCacheError`` with code `configuration`. What is no address is not repeated: it may be a secret
    ///   that was set under the wrong name.
    init(_ text: String, named name: String) throws {
        guard let address = Self.parse(text) else {
            throw ReplayCacheError(
                .configuration,
                "\(name) is no address of a server",
                hint: "set it to https://HOST, without user, password or key",
                subject: name
            )
        }
        self = address
        // Keys would not be seen, but all that is read and written would (`providers.md` section 8).
        guard endpoint.isSecure || IPAddress.isLoopback(endpoint.host) else {
            throw ReplayCacheError(
                .configuration,
                "the endpoint \(endpoint) in \(name) is not encrypted",
                hint: "use https://; plain http is only for this machine",
                subject: name
            )
        }
    }

    private init(_ endpoint: S3Endpoint, path: [String]) {
        self.endpoint = endpoint
        self.path = path
    }

    /// Any address, also one that may not be used.
    static func parse(_ text: String) -> ServerAddress? {
        var rest = text[...]
        var isSecure = true
        var hasScheme = false
        if let mark = rest.firstRange(of: "://") {
            let scheme = rest[..<mark.lowerBound].lowercased()
            guard scheme == "https" || scheme == "http" else { return nil }
            isSecure = scheme == "https"
            hasScheme = true
            rest = rest[mark.upperBound...]
        }
        rest = rest.prefix { $0 != "?" && $0 != "#" }
        let authority = rest.prefix { $0 != "/" }
        let path = rest.dropFirst(authority.count).split(separator: "/").map(String.init)
        guard let endpoint = endpoint(String(authority).lowercased(), isSecure: isSecure) else { return nil }
        // A lone word is more likely to be something else than a host.
        let isHost = endpoint.host.contains(".") || endpoint.host.contains(":") || IPAddress.isLoopback(endpoint.host)
        guard hasScheme || endpoint.port != nil || isHost else { return nil }
        return ServerAddress(endpoint, path: path)
    }

    private static func endpoint(_ authority: String, isSecure: Bool) -> S3Endpoint? {
        var host = authority[...]
        var rest = host[host.endIndex...]
        if host.hasPrefix("["), let end = host.firstIndex(of: "]") {
            rest = host[host.index(after: end)...]
            host = host[host.index(after: host.startIndex)..<end]
            guard host.contains(":"), host.allSatisfy({ $0.isHexDigit || $0 == ":" || $0 == "." }) else { return nil }
        } else {
            if let colon = host.firstIndex(of: ":") {
                rest = host[colon...]
                host = host[..<colon]
            }
            let isName = host.utf8.allSatisfy { byte in
                (97...122).contains(byte) || (48...57).contains(byte) || "-._".utf8.contains(byte)
            }
            guard isName, !host.hasPrefix("."), !host.hasSuffix("."), !host.contains("..") else { return nil }
        }
        guard !host.isEmpty, host.utf8.count <= 253 else { return nil }
        guard !rest.isEmpty else { return S3Endpoint(isSecure: isSecure, host: String(host)) }
        let digits = rest.dropFirst()
        guard rest.hasPrefix(":"), digits.utf8.allSatisfy({ (48...57).contains($0) }), let port = Int(digits),
            (1...65_535).contains(port)
        else { return nil }
        return S3Endpoint(isSecure: isSecure, host: String(host), port: port)
    }

    /// The server of `bucket`: consoles show its address with the bucket behind or in front.
    func server(of bucket: String, named name: String) throws -> S3Endpoint {
        guard path.isEmpty || path == [bucket] else {
            throw ReplayCacheError(
                .configuration,
                "the endpoint in \(name) goes on after the host, and not with the bucket \(DisplayText.quoted(bucket))",
                hint: "set it to \(endpoint)",
                subject: name
            )
        }
        let inFront = "\(bucket.lowercased())."
        guard endpoint.host.hasPrefix(inFront) else { return endpoint }
        let host = String(endpoint.host.dropFirst(inFront.count))
        // A host such as s3.amazonaws.com with a bucket named "s3" must keep its beginning.
        guard let suffix = Provider.serving(host: host).hostSuffix,
            host.hasPrefix("s3.") || host.hasPrefix("s3-") || suffix == Provider.r2.hostSuffix
        else { return endpoint }
        return S3Endpoint(isSecure: endpoint.isSecure, host: host, port: endpoint.port)
    }
}
