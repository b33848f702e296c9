/// Keys that the machine hands out: a container's agent, or the metadata service of a cloud machine
/// (`providers.md` section 3).
struct MachineCredentials: Sendable {
    let environment: EnvironmentVariables
    let http: any HTTPExchanging

    /// What both services answer.
    private struct Answer: Decodable {
        let accessKeyID: String
        let secretAccessKey: String
        let token: String?
        let expiration: String?

        private enum CodingKeys: String, CodingKey {
            case accessKeyID = "AccessKeyId"
            case secretAccessKey = "SecretAccessKey"
            case token = "Token"
            case expiration = "Expiration"
        }

        func credentials(source: String) throws -> S3Credentials {
            func clean(_ text: String, _ name: String) throws -> Secret {
                // Whoever answers there must not write our headers.
                try EnvironmentVariables.clean(text, of: "\(name) of the \(source)") ?? Secret("")
            }
            return S3Credentials(
                accessKeyID: try clean(accessKeyID, "AccessKeyId").reveal(),
                secretAccessKey: try clean(secretAccessKey, "SecretAccessKey"),
                sessionToken: try token.map { try clean($0, "Token") },
                expiration: expiration.flatMap { Timestamp(rfc3339: $0) },
                source: source
            )
        }
    }

    /// Asks the agent where there is one, else the metadata service.
    ///
    /// - Returns: Nil where there is neither.
    func fetch() async throws -> S3Credentials? {
        if let request = try containerRequest() { return try await fromContainer(request) }
        return try await fromInstance()
    }

    // MARK: Containers

    /// The agents' addresses: Amazon's for ECS and for EKS.
    private static let agents: Set = ["169.254.170.2", "169.254.170.23", "fd00:ec2::23"]

    private func containerRequest() throws -> HTTPRequest? {
        if let path = try environment.setting("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") {
            return try request("http://169.254.170.2/\(path.text.drop { $0 == "/" })", named: path.name)
        }
        guard let address = try environment.setting("AWS_CONTAINER_CREDENTIALS_FULL_URI") else { return nil }
        return try request(address.text, named: address.name)
    }

    private func request(_ url: String, named name: String) throws -> HTTPRequest {
        guard let address = ServerAddress.parse(url)?.endpoint, !url.contains(" ") else {
            throw ReplayCacheError(
                .configuration,
                "\(name) is no address of a server",
                hint: "unset it, or set it to what the container's agent says",
                subject: name
            )
        }
        // libcurl would guess another scheme than the one that is checked here.
        guard url.contains("://") else {
            throw ReplayCacheError(
                .configuration,
                "\(name) names no scheme",
                hint: "set it to a whole address, with http:// or https:// before the host",
                subject: name
            )
        }
        let isNear = IPAddress.isLoopback(address.host) || Self.agents.contains(address.host)
        guard address.isSecure || isNear else {
            throw ReplayCacheError(
                .configuration,
                "\(name) leads to \(address.authority), which may not be asked for keys without encryption",
                hint: "unset it, or use https://",
                subject: name
            )
        }
        var request = HTTPRequest(.get, url, headers: [(name: "Accept", value: "application/json")])
        request.limits.connect = .seconds(2)
        request.limits.total = .seconds(5)
        request.limits.ignoresProxy = isNear
        if let token = try containerToken() { request.headers.append((name: "Authorization", value: token.reveal())) }
        return request
    }

    /// AWS's own rule: the file wins, since it is renewed.
    private func containerToken() throws -> Secret? {
        let variable = "AWS_CONTAINER_AUTHORIZATION_TOKEN"
        guard let path = try environment.setting("\(variable)_FILE") else {
            return try environment.setting(variable)?.secret
        }
        let text = try environment.file(path.text) ?? ""
        return try EnvironmentVariables.clean(text, of: path.name)
    }

    private func fromContainer(_ request: HTTPRequest) async throws -> S3Credentials {
        let source = "credentials service of the container"
        let answer = try await ConfigurationRequest(http: http, service: "the \(source)").answer(request)
        guard answer.response.status == 200, let found = try? JSON.decode(Answer.self, from: answer.body) else {
            throw ReplayCacheError(
                answer.response.status >= 500 || answer.response.status == 429 ? .unavailable : .configuration,
                "the \(source) gave no keys",
                hint: "check the role of the task or pod",
                cause: "status \(answer.response.status)"
            )
        }
        return try found.credentials(source: source)
    }

    // MARK: Cloud machines

    /// Nil when nobody answers: most machines have no such service.
    private func fromInstance() async throws -> S3Credentials? {
        guard try environment.setting("AWS_EC2_METADATA_DISABLED")?.text.lowercased() != "true" else { return nil }
        let base = try metadataAddress()
        let token = try await ask(.put, "\(base)/latest/api/token", ["X-aws-ec2-metadata-token-ttl-seconds": "300"])
        guard let token = try token.flatMap({ try EnvironmentVariables.clean($0, of: "the metadata token") }) else {
            return nil
        }
        let header = ["X-aws-ec2-metadata-token": token.reveal()]
        let roles = "\(base)/latest/meta-data/iam/security-credentials/"
        guard let role = try await ask(.get, roles, header)?.split(whereSeparator: \.isNewline).first,
            // It becomes part of a path (docs.aws.amazon.com/IAM, "IAM and AWS STS quotas": names of roles).
            role.utf8.allSatisfy({ byte in
                (97...122).contains(byte) || (65...90).contains(byte) || (48...57).contains(byte)
                    || "+=,.@_-".utf8.contains(byte)
            }),
            let text = try await ask(.get, roles + role, header),
            let found = try? JSON.decode(Answer.self, from: Array(text.utf8))
        else { return nil }
        return try found.credentials(source: "role \(role) of this machine (EC2 metadata)")
    }

    private func metadataAddress() throws -> S3Endpoint {
        guard let setting = try environment.setting("AWS_EC2_METADATA_SERVICE_ENDPOINT") else {
            return S3Endpoint(isSecure: false, host: "169.254.169.254")
        }
        guard let endpoint = ServerAddress.parse(setting.text)?.endpoint,
            IPAddress.isLoopback(endpoint.host) || IPAddress.isLinkLocal(endpoint.host)
        else {
            throw ReplayCacheError(
                .configuration,
                "\(setting.source) is no address of this machine's metadata service",
                hint: "unset it, or set it to a loopback or link-local address",
                subject: setting.name
            )
        }
        return endpoint
    }

    /// The body of a good answer; nil for any other, or none within a second.
    private func ask(_ method: HTTPRequest.Method, _ url: String, _ headers: [String: String]) async throws -> String? {
        var request = HTTPRequest(method, url, headers: headers.map { (name: $0.key, value: $0.value) })
        request.limits.connect = .seconds(1)
        request.limits.total = .seconds(1)
        request.limits.ignoresProxy = true
        do {
            let answer = try await http.exchange(request, body: [], maximum: 1 << 16)
            return answer.response.status == 200 ? String(decoding: answer.body, as: UTF8.self) : nil
        } catch is HTTPFailure {
            return nil
        }
    }
}

extension Timestamp {
    /// Reads `2026-11-23T22:07:53Z`, also with a fraction; nil for anything else.
    init?(rfc3339 text: String) {
        guard text.utf8.count >= 20, text.utf8.count <= 40, text.hasSuffix("Z") else { return nil }
        let parts = text.dropLast().split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count <= 2, let whole = parts.first else { return nil }
        let fraction = parts.count == 2 ? String(parts[1].prefix(3)) : ""
        let digits = whole.filter { $0 != "-" && $0 != ":" }
        self.init(sortable: "\(digits)\(fraction)\(String(repeating: "0", count: 3 - fraction.count))Z")
    }
}
