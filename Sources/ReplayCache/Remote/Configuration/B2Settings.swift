/// The settings of Backblaze B2 (`providers.md` section 1).
struct B2Settings {
    let environment: EnvironmentVariables

    init(_ environment: EnvironmentVariables) { self.environment = environment }

    private static let api = "https://api.backblazeb2.com"

    /// The server of `B2_ENDPOINT`, else the account's, which the API tells.
    func address(of bucket: String) throws -> BucketAddress {
        let certificateFile = try CertificateFile.of(environment)
        guard let setting = try environment.setting("B2_ENDPOINT") else {
            return BucketAddress(
                server: .account(api: try api()),
                provider: .b2,
                region: try region(),
                certificateFile: certificateFile,
                source: "the account"
            )
        }
        let endpoint = try ServerAddress(setting.text, named: setting.name).server(of: bucket, named: setting.name)
        guard IPAddress.isLoopback(endpoint.host) || Self.isOwn(endpoint.host) else {
            throw ReplayCacheError(
                .configuration,
                "\(endpoint.host) in B2_ENDPOINT is no host of Backblaze's S3 API",
                hint:
                    "unset it, or set it to the endpoint of the bucket, such as https://s3.us-west-004.backblazeb2.com",
                subject: setting.name
            )
        }
        return BucketAddress(
            server: .endpoint(endpoint),
            provider: .b2,
            region: try region(),
            certificateFile: certificateFile,
            source: setting.source
        )
    }

    /// Of a server on this machine, whose name tells none.
    private func region() throws -> RegionSetting? {
        try environment.setting(["AWS_REGION", "AWS_DEFAULT_REGION"]).map {
            try RegionSetting($0.text, source: $0.source)
        }
    }

    /// `s3.REGION.backblazeb2.com`.
    static func isOwn(_ host: String) -> Bool {
        host.hasPrefix("s3.") && host.hasSuffix(".backblazeb2.com") && host.split(separator: ".").count == 4
    }

    /// Where to ask for the account: `B2_API_URL`, which is for tests, else what `remote` of rclone says, else Backblaze.
    func api(remote: EnvironmentVariables.Setting? = nil) throws -> S3Endpoint {
        guard let setting = try environment.setting("B2_API_URL") ?? remote else {
            return try ServerAddress(Self.api, named: "B2_API_URL").endpoint
        }
        let address = try ServerAddress(setting.text, named: setting.name)
        guard address.path.isEmpty else {
            throw ReplayCacheError(
                .configuration,
                "the address in \(setting.name) goes on after the host",
                hint: "set it to \(address.endpoint)",
                subject: setting.name
            )
        }
        return address.endpoint
    }
}
