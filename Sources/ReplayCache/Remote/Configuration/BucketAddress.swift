/// Where a bucket's server listens, as far as variables and files tell.
///
/// No request is made for it, so that places can be told apart offline.
struct BucketAddress: Sendable {
    /// A server that is known, or how to find it.
    enum Server: Sendable {
        case endpoint(S3Endpoint)
        /// The API of Backblaze, which tells where the account is.
        case account(api: S3Endpoint)
    }

    let server: Server
    let provider: Provider
    /// What is configured, where the provider leaves that open.
    let region: RegionSetting?
    /// What is configured; nil for the provider's own style.
    let usesPathStyle: Bool?
    let certificateFile: CertificateFile?
    /// Where the endpoint was found, for people.
    let source: String

    init(
        server: Server,
        provider: Provider,
        region: RegionSetting? = nil,
        usesPathStyle: Bool? = nil,
        certificateFile: CertificateFile?,
        source: String
    ) {
        self.server = server
        self.provider = provider
        self.region = region
        self.usesPathStyle = usesPathStyle
        self.certificateFile = certificateFile
        self.source = source
    }

    /// Looks where the service of a place keeps its settings.
    static func of(_ place: BucketPlace, _ environment: EnvironmentVariables) throws -> BucketAddress {
        switch place.service {
        case .b2: try B2Settings(environment).address(of: place.bucket)
        case .r2: try R2Settings(environment).address(of: place.bucket)
        case .s3: try AWSSettings(environment).address(of: place.bucket)
        case .rclone(let name): try RcloneRemote(name, environment).address(of: place.bucket)
        }
    }

    /// What tells this server's buckets from those of the same name elsewhere; empty for B2 and AWS, where a name is taken
    /// once in the world.
    private var realm: String {
        switch server {
        case .account(let api): return api.host.hasSuffix(".backblazeb2.com") ? "" : "@\(api.authority)"
        case .endpoint(let endpoint):
            // Partitions of AWS with names of their own (docs.aws.amazon.com/general/latest/gr/aws-arns-and-namespaces).
            if endpoint.host.hasSuffix(".amazonaws.com.cn") { return "@amazonaws.com.cn" }
            if endpoint.host.hasSuffix(".amazonaws.com"), endpoint.host.contains("us-gov-") {
                return "@us-gov.amazonaws.com"
            }
            switch Provider.serving(host: endpoint.host).name {
            case .aws, .b2: return ""
            default: return "@\(endpoint.authority)"
            }
        }
    }

    private var scheme: String {
        switch server {
        case .account: return "b2:"
        case .endpoint(let endpoint):
            switch Provider.serving(host: endpoint.host).name {
            case .b2: return "b2:"
            case .r2: return "r2:"
            default: return "s3:"
            }
        }
    }

    /// What local state of a repository in a bucket of this server is keyed by.
    func canonical(_ place: BucketPlace) -> String {
        // An at sign in the prefix must not look like the one before a host.
        let prefix = place.prefix.flatMap { $0 == "%" ? "%25" : $0 == "@" ? "%40" : String($0) }
        return "\(scheme)\(place.bucket)\(prefix.isEmpty ? "" : "/")\(String(prefix))\(realm)"
    }
}

extension BucketPlace {
    /// What local state is keyed by.
    func canonical(_ environment: EnvironmentVariables) throws -> String {
        try BucketAddress.of(self, environment).canonical(self)
    }
}

/// A region and where it was found.
struct RegionSetting: Sendable {
    let name: String
    let source: String

    /// Checks `name`, which goes into signatures and names of hosts.
    init(_ name: String, source: String) throws {
        let isName =
            (1...63).contains(name.utf8.count)
            && name.utf8.allSatisfy { byte in
                (97...122).contains(byte) || (65...90).contains(byte) || (48...57).contains(byte)
                    || "-_".utf8.contains(byte)
            }
        guard isName else {
            throw ReplayCacheError(
                .configuration,
                "\(source) is no name of a region",
                hint: "set it to a name such as us-east-1",
                subject: source
            )
        }
        self.name = name
        self.source = source
    }

    /// The one that requests to `endpoint` are signed for.
    ///
    /// AWS answers requests for another region with its name, so a guess is enough there.
    static func of(_ endpoint: S3Endpoint, _ provider: Provider, configured: RegionSetting?) throws -> RegionSetting {
        let label = endpoint.host.split(separator: ".").dropFirst().first.map(String.init) ?? ""
        let isOwn = provider.hostSuffix.map { endpoint.host.hasSuffix($0) } ?? false
        switch provider.regionRule {
        case .auto: return try RegionSetting("auto", source: "what \(provider.title) takes")
        case .endpointLabel where isOwn: return try RegionSetting(label, source: "the endpoint")
        case .dataCenter where isOwn && endpoint.host.hasPrefix("s3api-"):
            let center = endpoint.host.dropFirst(6).prefix { $0 != "." }
            return try RegionSetting(center.uppercased(), source: "the endpoint")
        default: break
        }
        if let configured { return configured }
        // `s3.eu-west-1.amazonaws.com`, but `s3.amazonaws.com` and `s3.dualstack.…` have other labels there.
        if provider.name == .aws, endpoint.host.hasPrefix("s3."), label.contains("-") {
            return try RegionSetting(label, source: "the endpoint")
        }
        return try RegionSetting("us-east-1", source: "what is usual")
    }
}

/// A file of certificates and the variable that names it.
struct CertificateFile: Sendable {
    let path: String
    let source: String

    private init(_ path: String, source: String) {
        self.path = path
        self.source = source
    }

    /// The file to trust instead of the system's; `profile` is asked between the variables of AWS and of others.
    static func of(_ environment: EnvironmentVariables, profile: AWSProfile? = nil) throws -> CertificateFile? {
        if let found = try environment.setting("AWS_CA_BUNDLE") { return try named(by: found, environment) }
        if let path = try profile?.setting("ca_bundle") {
            return CertificateFile(try environment.expanded(path), source: "ca_bundle of the profile")
        }
        return try environment.setting(["SSL_CERT_FILE", "CURL_CA_BUNDLE"]).map { try named(by: $0, environment) }
    }

    /// Looks whether the file can be read: libcurl tells at the first request, and not which file it was.
    func check(_ environment: EnvironmentVariables) throws {
        do {
            try environment.checkReadable(path)
        } catch {
            throw ReplayCacheError(
                .configuration,
                "the file of trusted certificates \(DisplayText.quoted(path)) that \(source) names cannot be read",
                hint: "correct \(source), or unset it for the certificates of the system",
                subject: path,
                cause: "\(error.errno)"
            )
        }
    }

    private static func named(
        by setting: EnvironmentVariables.Setting,
        _ environment: EnvironmentVariables
    ) throws -> CertificateFile {
        CertificateFile(try environment.expanded(setting.text), source: setting.source)
    }
}
