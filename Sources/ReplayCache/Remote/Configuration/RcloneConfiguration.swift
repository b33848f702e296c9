/// The remotes that rclone knows: those of its file and those of variables (`providers.md` section 5).
struct RcloneConfiguration: Sendable {
    let environment: EnvironmentVariables
    /// Nil when there is none.
    private let path: String?
    private let file: ConfigurationFile?

    init(_ environment: EnvironmentVariables) throws {
        self.environment = environment
        var found: (path: String, text: String)?
        for path in try Self.paths(environment) where found == nil {
            if let text = try environment.file(path) { found = (path, text) }
        }
        path = found?.path
        file = found.map { ConfigurationFile($0.text) }
    }

    private static func paths(_ environment: EnvironmentVariables) throws -> [String] {
        if let path = try environment.setting("RCLONE_CONFIG") { return [try environment.expanded(path.text)] }
        let standard = try environment.setting("XDG_CONFIG_HOME").map { ["\($0.text)/rclone/rclone.conf"] } ?? []
        guard try environment.setting("HOME") != nil else { return standard }
        return standard + (try ["~/.config/rclone/rclone.conf", "~/.rclone.conf"].map { try environment.expanded($0) })
    }

    /// What the variables and the file say of a remote: `RCLONE_CONFIG_NAME_KEY`, `RCLONE_TYPE_KEY`, the file.
    func section(of name: String) throws -> RcloneSection {
        let variables = "RCLONE_CONFIG_\(name.uppercased())_"
        let given = try environment.setting("\(variables)TYPE")
        // Who gives a remote in variables may have an encrypted file beside.
        let section = given == nil ? try readable(for: name)?[name] : file?[name]
        guard let type = try given?.text ?? section?["type"].flatMap({ try clean($0, "type", name) })?.reveal() else {
            guard section == nil else {
                throw ReplayCacheError(
                    .configuration,
                    "rclone's remote \(DisplayText.quoted(name)) has no type",
                    hint: "run `rclone config`",
                    subject: name
                )
            }
            throw try unknown(name)
        }
        return RcloneSection(
            name: name,
            type: type.lowercased(),
            environment: environment,
            prefixes: [variables, "RCLONE_\(type.uppercased())_"],
            values: section ?? [:]
        )
    }

    private func clean(_ value: Secret, _ key: String, _ name: String) throws -> Secret? {
        try EnvironmentVariables.clean(value.reveal(), of: "\(key) of rclone's remote \(DisplayText.quoted(name))")
    }

    /// The file, unless it is encrypted: OpenSSL has no XSalsa20.
    private func readable(for name: String) throws -> ConfigurationFile? {
        guard let file, let path else { return nil }
        guard file.firstLine.hasPrefix("RCLONE_ENCRYPT_V") else { return file }
        let variables = "RCLONE_CONFIG_\(DisplayText.escaped(name.uppercased()))_"
        throw ReplayCacheError(
            .configuration,
            "rclone's configuration \(path) is encrypted, which this program cannot read",
            hint:
                "set \(variables)TYPE and so on to what `rclone config show \(DisplayText.escaped(name))` prints, or run "
                + "`rclone config encryption remove`",
            subject: path
        )
    }

    private func unknown(_ name: String) throws -> ReplayCacheError {
        let prefix = "RCLONE_CONFIG_"
        let suffix = "_TYPE"
        let given = environment.names.filter { $0.hasPrefix(prefix) && $0.hasSuffix(suffix) }
            .map { $0.dropFirst(prefix.count).dropLast(suffix.count).lowercased() }
        let names = Set((file?.sections.map(\.name) ?? []) + given).sorted().map { DisplayText.escaped($0) }
        if path == nil, let setting = try environment.setting("RCLONE_CONFIG") {
            return ReplayCacheError(
                .configuration,
                "rclone has no remote \(DisplayText.quoted(name)): the file \(DisplayText.quoted(setting.text)) that"
                    + " \(setting.source) names does not exist",
                hint: "correct RCLONE_CONFIG, or unset it for rclone's usual file",
                subject: name
            )
        }
        return ReplayCacheError(
            .configuration,
            "rclone has no remote \(DisplayText.quoted(name))" + (path.map { " in \($0)" } ?? ""),
            hint: names.isEmpty
                ? "run `rclone config`, or set RCLONE_CONFIG to the path of its file"
                : "its remotes are: \(names.joined(separator: ", "))",
            subject: name
        )
    }
}

/// The settings of one remote.
struct RcloneSection: Sendable {
    let name: String
    /// What `type` says, in lower case.
    let type: String
    fileprivate let environment: EnvironmentVariables
    fileprivate let prefixes: [String]
    fileprivate let values: [String: Secret]

    /// The value of a key; nil when it is unset or empty.
    func setting(_ key: String) throws -> EnvironmentVariables.Setting? {
        for prefix in prefixes {
            if let found = try environment.setting(prefix + key.uppercased()) { return found }
        }
        let source = "\(key) of rclone's remote \(DisplayText.quoted(name))"
        guard let value = try values[key].flatMap({ try EnvironmentVariables.clean($0.reveal(), of: source) }) else {
            return nil
        }
        return EnvironmentVariables.Setting(name: source, secret: value, isInherited: false)
    }

    /// A yes or no as Go reads it (strconv.ParseBool); nil when it is unset or neither.
    func flag(_ key: String) throws -> Bool? {
        switch try setting(key)?.text.lowercased() {
        case "true", "1", "t": true
        case "false", "0", "f": false
        default: nil
        }
    }
}
