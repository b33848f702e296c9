/// Looks at the way to a bucket's server, for `doctor`: is its name known, does it answer, what time is it there.
struct S3Probe: Sendable {
    let connection: S3Connection
    private let http: HTTPClient

    init(_ connection: S3Connection, http: HTTPClient = .shared) {
        self.connection = connection
        self.http = http
    }

    /// The name that requests go to.
    var host: String {
        connection.usesPathStyle ? connection.endpoint.host : "\(connection.bucket).\(connection.endpoint.host)"
    }

    /// Whether the host is an address, or a name of this machine (RFC 6761), which nobody has to look up.
    var isAddress: Bool { host.contains(":") || IPAddress.v4(host) != nil || ".\(host)".hasSuffix(".localhost") }

    /// Whether a proxy looks names up.
    var isProxied: Bool { !HostResolver.proxyVariables.isEmpty }

    /// The addresses of the host, on a thread that may block.
    func addresses() throws -> [String] {
        let found = HostResolver.addresses(of: host)
        guard !found.isEmpty else {
            throw explained(HTTPFailure(.nameResolution, "no address for \(host)"))
        }
        return found
    }

    /// What the server said to a request without keys.
    struct Greeting: Sendable {
        let elapsed: Duration
        /// How far this machine's clock is behind the server's, to about a second; nil when it told no time.
        let clockOffset: Duration?
    }

    /// Asks for the server's root, once and without a signature: any answer will do.
    func greet() async throws -> Greeting {
        let authority =
            connection.usesPathStyle
            ? connection.endpoint.authority : "\(connection.bucket).\(connection.endpoint.authority)"
        var request = HTTPRequest(.get, "\(connection.endpoint.isSecure ? "https" : "http")://\(authority)/")
        request.limits.total = .seconds(20)
        request.limits.certificateFile = connection.certificateFile
        request.limits.ignoresProxy = IPAddress.isLoopback(host)
        let started = Machine.sinceBoot()
        do {
            let answer = try await http.exchange(request, body: [], maximum: 1 << 20)
            let elapsed = Machine.sinceBoot() - started
            let middle = Timestamp.now().milliseconds - elapsed / 2_000_000
            let offset = answer.response["date"].flatMap { Timestamp(httpDate: $0) }
                .map { Duration.milliseconds($0.milliseconds - middle) }
            return Greeting(elapsed: .nanoseconds(elapsed), clockOffset: offset)
        } catch let failure as HTTPFailure {
            throw explained(failure)
        }
    }

    private func explained(_ failure: HTTPFailure) -> ReplayCacheError {
        S3Failure(S3Request(purpose: .list, method: .get), failure)
            .classified(connection, credentials: nil)
    }
}
