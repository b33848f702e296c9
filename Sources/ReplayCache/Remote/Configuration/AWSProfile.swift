/// A profile in the files of AWS (docs.aws.amazon.com/sdkref, "Shared config and credentials files").
struct AWSProfile: Sendable {
    let name: String
    /// The section of the file of credentials, which wins for keys.
    let keys: [String: Secret]
    /// The section of the other file.
    let settings: [String: Secret]
    /// The section that the profile names by `services`.
    let services: [String: Secret]
    let keysPath: String
    let settingsPath: String

    /// Reads the profile that `AWS_PROFILE` names, or `name`, in the usual files or those that are named.
    ///
    /// - Throws: ``ReplayCacheError`` with code `configuration` for a profile that was named and is in neither file.
    init(_ environment: EnvironmentVariables, name: String? = nil, keysPath: String? = nil) throws {
        self.keysPath = try Self.path(keysPath, "AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials", environment)
        settingsPath = try Self.path(nil, "AWS_CONFIG_FILE", "~/.aws/config", environment)
        let keysFile = ConfigurationFile(try environment.file(self.keysPath) ?? "")
        let settingsFile = ConfigurationFile(try environment.file(settingsPath) ?? "")
        let chosen = try name ?? environment.setting("AWS_PROFILE")?.text
        self.name = chosen ?? "default"
        let section = keysFile[self.name]
        let settings = Self.settings(of: self.name, in: settingsFile)
        guard chosen == nil || section != nil || settings != nil else {
            throw Self.unknown(self.name, among: keysFile, settingsFile)
        }
        keys = section ?? [:]
        self.settings = settings ?? [:]
        services = self.settings["services"].flatMap { settingsFile["services \($0.reveal())"] } ?? [:]
    }

    private static func path(
        _ given: String?,
        _ variable: String,
        _ usual: String,
        _ environment: EnvironmentVariables
    ) throws -> String {
        try environment.expanded(try given ?? environment.setting(variable)?.text ?? usual)
    }

    private static func settings(of name: String, in file: ConfigurationFile) -> [String: Secret]? {
        for section in ["profile \(name)", "profile \"\(name)\""] {
            if let found = file[section] { return found }
        }
        return name == "default" ? file["default"] : nil
    }

    private static func unknown(
        _ name: String,
        among keys: ConfigurationFile,
        _ settings: ConfigurationFile
    ) -> ReplayCacheError {
        let configured = settings.sections.map(\.name).compactMap { section in
            section == "default" ? section : section.hasPrefix("profile ") ? String(section.dropFirst(8)) : nil
        }
        let names = Set(keys.sections.map(\.name) + configured).sorted().map { DisplayText.escaped($0) }
        return ReplayCacheError(
            .configuration,
            "there is no AWS profile \(DisplayText.quoted(name))",
            hint: names.isEmpty
                ? "run `aws configure`, or unset AWS_PROFILE" : "the profiles are: \(names.joined(separator: ", "))",
            subject: name
        )
    }

    /// A setting that is no secret.
    func setting(_ key: String) throws -> String? {
        try settings[key].flatMap { try EnvironmentVariables.clean($0.reveal(), of: "\(key) in \(settingsPath)") }?
            .reveal()
    }

    /// The `endpoint_url` for S3: of the services section, else of the profile.
    func endpoint() throws -> String? {
        let specific = try services["s3.endpoint_url"].flatMap {
            try EnvironmentVariables.clean($0.reveal(), of: "endpoint_url in \(settingsPath)")
        }
        return try specific?.reveal() ?? setting("endpoint_url")
    }
}

extension AWSProfile {
    /// The keys in the files, those of credentials first; nil when there are none.
    ///
    /// - Throws: ``ReplayCacheError`` with code `configuration` for half a set, and for a profile that gets its keys in a
    ///   way that only the AWS command line knows.
    func credentials() throws -> S3Credentials? {
        // A role is somebody else: the keys beside it are only for taking it on.
        try refuse(["role_arn": "takes on a role", "web_identity_token_file": "takes on a role"])
        if let found = try credentials(in: keys, of: keysPath) { return found }
        if let found = try credentials(in: settings, of: settingsPath) { return found }
        try refuse([
            "sso_session": "uses SSO", "sso_start_url": "uses SSO", "login_session": "uses a login session",
            "credential_process": "runs a program for its keys",
        ])
        return nil
    }

    private var shownName: String { DisplayText.escaped(name) }

    private func refuse(_ ways: [String: String]) throws {
        guard let way = ways.keys.sorted().first(where: { settings[$0] != nil || keys[$0] != nil }) else { return }
        throw ReplayCacheError(
            .configuration,
            "the AWS profile \(DisplayText.quoted(name)) \(ways[way] ?? way), which this program cannot do itself",
            hint: "run `aws configure export-credentials --profile \(shownName) --format env` and set what it prints",
            subject: name
        )
    }

    private func credentials(in section: [String: Secret], of path: String) throws -> S3Credentials? {
        func value(_ key: String) throws -> Secret? {
            try section[key].flatMap { try EnvironmentVariables.clean($0.reveal(), of: "\(key) in \(path)") }
        }
        let id = try value("aws_access_key_id")
        let key = try value("aws_secret_access_key")
        if id == nil && key == nil { return nil }
        guard let id, let key else {
            let missing = id == nil ? "aws_access_key_id" : "aws_secret_access_key"
            throw ReplayCacheError(
                .configuration,
                "the AWS profile \(DisplayText.quoted(name)) in \(path) has no \(missing)",
                hint: "run `aws configure --profile \(shownName)`",
                subject: path
            )
        }
        return S3Credentials(
            accessKeyID: id.reveal(),
            secretAccessKey: key,
            sessionToken: try value("aws_session_token"),
            source: "the profile \(DisplayText.quoted(name)) in \(path)"
        )
    }
}
