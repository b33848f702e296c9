/// A remote of rclone of type `b2` or `s3`: its server and its keys.
struct RcloneRemote {
    let section: RcloneSection
    let environment: EnvironmentVariables

    init(_ name: String, _ environment: EnvironmentVariables) throws {
        section = try RcloneConfiguration(environment).section(of: name)
        self.environment = environment
    }

    private var shownName: String { DisplayText.quoted(section.name) }

    /// The server, without asking anyone.
    func address(of bucket: String) throws -> BucketAddress {
        guard section.type == "s3" else {
            // Here `endpoint` is the host of the native API.
            let api = try B2Settings(environment).api(remote: try section.setting("endpoint"))
            return BucketAddress(
                server: .account(api: api),
                provider: .b2,
                certificateFile: try CertificateFile.of(environment),
                source: "the account of rclone's remote \(shownName)"
            )
        }
        let region = try region()
        if try section.flag("v2_auth") == true || region?.name == "other-v2-signature" {
            throw ReplayCacheError(
                .configuration,
                "rclone's remote \(shownName) wants signatures of version 2, which this program does not make",
                hint: "remove v2_auth, if the server knows version 4",
                subject: section.name
            )
        }
        let certificateFile = try CertificateFile.of(environment)
        let usesPathStyle = try section.flag("force_path_style")
        guard let setting = try endpointSetting() else {
            return BucketAddress(
                server: .endpoint(try AWSSettings.endpoint(ofRegion: region)),
                provider: .aws,
                region: region,
                usesPathStyle: usesPathStyle,
                certificateFile: certificateFile,
                source: "AWS, as rclone's remote \(shownName) has no endpoint"
            )
        }
        let endpoint = try ServerAddress(setting.text, named: setting.name).server(of: bucket, named: setting.name)
        return BucketAddress(
            server: .endpoint(endpoint),
            provider: .serving(host: endpoint.host),
            region: region,
            usesPathStyle: usesPathStyle,
            certificateFile: certificateFile,
            source: setting.source
        )
    }

    /// Nil for AWS.
    private func endpointSetting() throws -> EnvironmentVariables.Setting? {
        if let found = try section.setting("endpoint") { return found }
        switch try section.setting("provider")?.text.lowercased() {
        case nil, "aws": return nil
        case "gcs":
            let host = Secret("https://storage.googleapis.com")
            return EnvironmentVariables.Setting(name: "rclone's provider GCS", secret: host, isInherited: false)
        default:
            throw ReplayCacheError(
                .configuration,
                "rclone's remote \(shownName) has no endpoint",
                hint: "run `rclone config update \(DisplayText.escaped(section.name)) endpoint https://HOST`",
                subject: section.name
            )
        }
    }

    private func region() throws -> RegionSetting? {
        if let found = try section.setting("region") { return try RegionSetting(found.text, source: found.source) }
        return try usesEnvironment ? try aws().region() : nil
    }

    /// Whether the keys are where AWS's tools look, rather than in rclone's configuration.
    var usesEnvironment: Bool {
        get throws {
            guard section.type == "s3", try section.flag("env_auth") == true else { return false }
            return try section.setting("access_key_id") == nil && section.setting("secret_access_key") == nil
        }
    }

    /// AWS's settings with the profile of the remote.
    func aws() throws -> AWSSettings {
        let profile = try AWSProfile(
            environment,
            name: try section.setting("profile")?.text,
            keysPath: try section.setting("shared_credentials_file")?.text
        )
        return try AWSSettings(environment, profile: profile)
    }

    /// The keys in rclone's configuration.
    ///
    /// - Throws: ``ReplayCacheError`` with code `configuration` that names the one that is missing.
    func credentials() throws -> S3Credentials {
        let names = section.type == "b2" ? (id: "account", key: "key") : (id: "access_key_id", key: "secret_access_key")
        let id = try section.setting(names.id)
        let key = try section.setting(names.key)
        guard let id, let key else {
            throw ReplayCacheError(
                .configuration,
                "rclone's remote \(shownName) has no \(id == nil ? names.id : names.key)",
                hint: section.type == "s3"
                    ? "run `rclone config`, or set env_auth = true to use AWS's variables and files"
                    : "run `rclone config`",
                subject: section.name
            )
        }
        return S3Credentials(
            accessKeyID: id.text,
            secretAccessKey: key.secret,
            sessionToken: section.type == "s3" ? try section.setting("session_token")?.secret : nil,
            source: "rclone's remote \(shownName)"
        )
    }
}
