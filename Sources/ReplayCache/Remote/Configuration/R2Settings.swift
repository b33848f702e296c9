/// The settings of Cloudflare R2 (`providers.md` section 2).
struct R2Settings {
    let environment: EnvironmentVariables

    init(_ environment: EnvironmentVariables) { self.environment = environment }

    private static let suffix = ".r2.cloudflarestorage.com"

    /// The server of `R2_ENDPOINT`, else of `R2_ACCOUNT_ID`.
    func address(of bucket: String) throws -> BucketAddress {
        let setting = try setting()
        let endpoint = try endpoint(setting, bucket: bucket)
        return BucketAddress(
            server: .endpoint(endpoint),
            provider: .r2,
            certificateFile: try CertificateFile.of(environment),
            source: setting.source
        )
    }

    private func setting() throws -> EnvironmentVariables.Setting {
        if let found = try environment.setting(["R2_ENDPOINT", "R2_ACCOUNT_ID"]) { return found }
        throw ReplayCacheError(
            .configuration,
            "the account of Cloudflare R2 is not known: R2_ENDPOINT is not set",
            hint: "set it to https://ACCOUNT_ID\(Self.suffix), as the console shows it",
            subject: "R2_ENDPOINT"
        )
    }

    private func endpoint(_ setting: EnvironmentVariables.Setting, bucket: String) throws -> S3Endpoint {
        if setting.name == "R2_ACCOUNT_ID" {
            guard Self.isAccount(setting.text.lowercased()) else {
                throw ReplayCacheError(
                    .configuration,
                    "R2_ACCOUNT_ID is no account id",
                    hint: "copy the 32 digits from the address of the console",
                    subject: setting.name
                )
            }
            return S3Endpoint(host: setting.text.lowercased() + Self.suffix)
        }
        let address = try ServerAddress(setting.text, named: setting.name)
        if let found = try Self.endpoint(ofConsole: address) { return found }
        let own = try environment.setting("R2_BUCKET")?.text
        // The console shows the endpoint with the bucket behind it: the one of the place, or the usual one.
        let endpoint = try address.server(
            of: own.map { address.path == [$0] } == true ? own ?? bucket : bucket,
            named: setting.name
        )
        guard IPAddress.isLoopback(endpoint.host) || Self.isOwn(endpoint.host) else {
            throw ReplayCacheError(
                .configuration,
                "\(endpoint.host) in R2_ENDPOINT is no host of Cloudflare R2's S3 API",
                hint: "set it to https://ACCOUNT_ID\(Self.suffix); with .eu or .fedramp after the id for such buckets",
                subject: setting.name
            )
        }
        return endpoint
    }

    /// `dash.cloudflare.com/ACCOUNT/r2/eu/buckets/NAME` is what stands in the browser.
    private static func endpoint(ofConsole address: ServerAddress) throws -> S3Endpoint? {
        guard address.endpoint.host == "dash.cloudflare.com" else { return nil }
        guard let account = address.path.first?.lowercased(), isAccount(account) else { return nil }
        let jurisdiction = address.path.dropFirst(2).first.flatMap { ["eu", "fedramp"].contains($0) ? $0 : nil }
        return S3Endpoint(host: account + (jurisdiction.map { ".\($0)" } ?? "") + suffix)
    }

    private static func isAccount(_ text: String) -> Bool { text.utf8.count == 32 && text.allSatisfy(\.isHexDigit) }

    /// The account, perhaps a jurisdiction, and what all have.
    private static func isOwn(_ host: String) -> Bool {
        guard host.hasSuffix(suffix) else { return false }
        let labels = host.dropLast(suffix.count).split(separator: ".", omittingEmptySubsequences: false)
        return (1...2).contains(labels.count) && isAccount(String(labels[0])) && labels.allSatisfy { !$0.isEmpty }
    }
}
