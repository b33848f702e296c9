/// One HTTP request.
package struct HTTPRequest: Sendable {
    package enum Method: String, Sendable {
        case get = "GET"
        case head = "HEAD"
        case put = "PUT"
        case post = "POST"
        case delete = "DELETE"
    }

    package var method: Method
    /// Absolute, with path and query as they go on the wire: nothing is encoded or normalised again.
    package var url: String
    /// In the order in which they are sent.
    ///
    /// `Content-Length` and `Host` are set by the transport.
    package var headers: [(name: String, value: String)]
    package var limits: HTTPLimits

    package init(
        _ method: Method,
        _ url: String,
        headers: [(name: String, value: String)] = [],
        limits: HTTPLimits = HTTPLimits()
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.limits = limits
    }
}

/// How long a request may take, and what else bounds it.
package struct HTTPLimits: Sendable {
    /// To a connection with TLS.
    package var connect: Duration = .seconds(10)
    /// With fewer than 1,000 bytes a second for this long the transfer is given up (`s3-compat.md` section 5).
    package var stall: Duration = .seconds(20)
    /// From start to end; nil for bodies of any length.
    package var total: Duration?
    /// A connection that was idle for longer is not used again.
    package var idleSeconds = 60
    /// Open a connection of its own instead of using one that is there.
    package var needsNewConnection = false
    /// A file of certificates to trust; nil for the system's.
    package var certificateFile: String?
    /// Go past any proxy, as to the metadata address of a cloud machine.
    package var ignoresProxy = false

    package init() {}
}

/// What came back before the body.
package struct HTTPResponse: Sendable, Equatable {
    package let status: Int
    /// Lower-case names; of headers that came twice the values are joined by `, `.
    package let headers: [String: String]

    package init(status: Int, headers: [String: String]) {
        self.status = status
        self.headers = headers
    }

    package subscript(name: String) -> String? { headers[name] }
}

/// Why there is no whole answer.
package struct HTTPFailure: Error, Sendable, Equatable {
    /// What kind of trouble, independent of the library.
    package enum Kind: String, Sendable, CaseIterable {
        /// The name of the host is not known, or the resolver does not answer.
        case nameResolution
        /// Nobody listens there, or no way leads there.
        case connection
        case connectTimeout
        /// A proxy lets nothing through to the server.
        case proxy
        /// The certificate is not for this host, not trusted, or expired.
        case certificate
        /// TLS failed otherwise.
        case tls
        /// The connection was lost while a body was sent or received.
        case interrupted
        /// Nothing came for too long.
        case stalled
        /// The body was shorter than announced.
        case truncated
        /// What came is not HTTP.
        case malformed
        /// A file of certificates cannot be read.
        case certificateFile
        /// Memory or descriptors ran out, or the library does not work.
        case local
    }

    package let kind: Kind
    /// The library's own words.
    package let detail: String

    package init(_ kind: Kind, _ detail: String) {
        self.kind = kind
        self.detail = detail
    }
}
