/// Requests as they go on the wire.
extension S3Client {
    /// Signs a request for this moment: queued signatures go stale (`s3-compat.md` section 1).
    func signed(
        _ request: S3Request,
        _ history: History,
        _ credentials: S3Credentials,
        _ address: S3Knowledge.Address
    ) throws -> HTTPRequest {
        let endpoint = address.endpoint
        let authority = connection.usesPathStyle ? endpoint.authority : "\(connection.bucket).\(endpoint.authority)"
        var path = connection.usesPathStyle ? "/\(PercentEncoding.path(connection.bucket))" : ""
        if let key = request.key { path += "/\(PercentEncoding.path(key))" }
        let query = PercentEncoding.query(request.query)
        let time = Timestamp(milliseconds: Timestamp.now().milliseconds + address.clockOffset).basic
        var headers = request.headers
        headers.append((name: "x-amz-content-sha256", value: request.payloadHash))
        headers.append((name: "x-amz-date", value: time))
        if let token = credentials.sessionToken {
            headers.append((name: "x-amz-security-token", value: token.reveal()))
        }
        let signature = try SigV4(region: address.region).sign(
            SigV4.Message(
                method: request.method.rawValue,
                path: path,
                query: query,
                headers: [(name: "host", value: authority)] + headers,
                payloadHash: request.payloadHash
            ),
            with: credentials,
            at: time
        )
        headers.append((name: "Authorization", value: signature.authorization))
        headers.append((name: "User-Agent", value: "replaycache/\(Version.current)"))
        let scheme = endpoint.isSecure ? "https" : "http"
        let url = "\(scheme)://\(authority)\(path.isEmpty ? "/" : path)\(query.isEmpty ? "" : "?\(query)")"
        var result = HTTPRequest(request.method, url, headers: headers)
        result.limits.idleSeconds = connection.provider.idleSeconds
        result.limits.certificateFile = connection.certificateFile
        result.limits.needsNewConnection = history.needsNewConnection
        // Plain http is for this machine, and stays on it.
        result.limits.ignoresProxy = IPAddress.isLoopback(endpoint.host)
        if request.purpose == .list, connection.provider.repeatsListTokens {
            // The first listing of a RunPod volume reads every file for its MD5 (`providers.md` section 6).
            result.limits.stall = .seconds(600)
        }
        // The server says nothing while it copies.
        if request.purpose == .copy { result.limits.stall = .seconds(120) }
        if settings.isPaced { result.limits.stall = .seconds(300) }
        return result
    }
}
