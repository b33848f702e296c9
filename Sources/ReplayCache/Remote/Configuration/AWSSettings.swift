/// The settings of AWS, which other servers' users set too (`providers.md` section 3).
struct AWSSettings {
    let environment: EnvironmentVariables
    let profile: AWSProfile

    init(_ environment: EnvironmentVariables, profile: AWSProfile? = nil) throws {
        self.environment = environment
        self.profile = try profile ?? AWSProfile(environment)
    }

    /// The server that is configured, else AWS's of the region.
    func address(of bucket: String) throws -> BucketAddress {
        let region = try region()
        let certificateFile = try CertificateFile.of(environment, profile: profile)
        guard let found = try endpointSetting() else {
            let source = region.map { "AWS in the region of \($0.source)" } ?? "AWS, as no endpoint is configured"
            return BucketAddress(
                server: .endpoint(try Self.endpoint(ofRegion: region)),
                provider: .aws,
                region: region,
                certificateFile: certificateFile,
                source: source
            )
        }
        let endpoint = try ServerAddress(found.text, named: found.source).server(of: bucket, named: found.source)
        let provider = endpoint.host.hasSuffix(".amazonaws.com.cn") ? Provider.aws : .serving(host: endpoint.host)
        return BucketAddress(
            server: .endpoint(endpoint),
            provider: provider,
            region: region,
            certificateFile: certificateFile,
            source: found.source
        )
    }

    /// AWS's server for a region; requests to another region's bucket are told where to go.
    static func endpoint(ofRegion region: RegionSetting?) throws -> S3Endpoint {
        let name = (region?.name ?? "us-east-1").lowercased()
        // China is a cloud of its own (docs.aws.amazon.com/general/latest/gr/s3.html).
        return S3Endpoint(host: "s3.\(name).amazonaws.com\(name.hasPrefix("cn-") ? ".cn" : "")")
    }

    /// `AWS_REGION`, `AWS_DEFAULT_REGION`, the profile's.
    func region() throws -> RegionSetting? {
        if let found = try environment.setting(["AWS_REGION", "AWS_DEFAULT_REGION"]) {
            return try RegionSetting(found.text, source: found.source)
        }
        return try profile.setting("region").map {
            try RegionSetting($0, source: "region of the profile \(DisplayText.quoted(profile.name))")
        }
    }

    private struct Found {
        let text: String
        let source: String
    }

    private func endpointSetting() throws -> Found? {
        let isIgnoring =
            try environment.setting("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")?.text
            ?? profile.setting("ignore_configured_endpoint_urls")
        guard isIgnoring?.lowercased() != "true" else { return nil }
        if let found = try environment.setting(["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"]) {
            return Found(text: found.text, source: found.source)
        }
        return try profile.endpoint().map {
            Found(text: $0, source: "endpoint_url of the profile \(DisplayText.quoted(profile.name))")
        }
    }
}

extension AWSSettings {
    /// Keys in variables, else in the files.
    ///
    /// - Throws: ``ReplayCacheError`` with code `configuration` for half a set and for ways to get keys that this program
    ///   does not know.
    func credentials() throws -> S3Credentials? {
        if let found = try KeyVariables.aws.credentials(environment) { return found }
        if let found = try environment.setting("AWS_WEB_IDENTITY_TOKEN_FILE") {
            throw ReplayCacheError(
                .configuration,
                "\(found.source) asks for a web identity, which this program cannot do itself",
                hint: "run `aws configure export-credentials --format env` and set what it prints",
                subject: found.name
            )
        }
        return try profile.credentials()
    }

    /// The error when nothing has keys.
    func absent(machine: String) -> ReplayCacheError {
        ReplayCacheError(
            .configuration,
            "there are no keys for S3: AWS_ACCESS_KEY_ID is not set, and neither \(profile.keysPath) nor"
                + " \(profile.settingsPath) has the profile \(DisplayText.quoted(profile.name)) with keys\(machine)",
            hint: "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run `aws configure`",
            subject: "AWS_ACCESS_KEY_ID"
        )
    }
}
