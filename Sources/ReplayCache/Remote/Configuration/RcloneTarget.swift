/// What `NAME:path` of rclone stands for.
enum RcloneTarget: Sendable {
    case bucket(BucketPlace)
    case directory(String)

    /// Follows aliases to a bucket or a directory.
    ///
    /// - Throws: ``ReplayCacheError`` with code `usage` for a text without a name, `configuration` for a remote that is
    ///   not known or of a kind that no repository can be at.
    init(_ text: some StringProtocol, _ environment: EnvironmentVariables) throws {
        let configuration = try RcloneConfiguration(environment)
        var text = String(text)
        var visited: [String] = []
        while true {
            guard let colon = text.firstIndex(of: ":"), colon != text.startIndex else {
                guard visited.isEmpty else {
                    self = .directory(try environment.expanded(text))
                    return
                }
                let name = String(text.prefix { $0 != "/" })
                // What is no name is not repeated.
                let isName = text.firstIndex(of: ":") == nil && !name.isEmpty && (try? Self.check(name)) != nil
                throw ReplayCacheError(
                    .usage,
                    isName
                        ? "a colon and a bucket are missing after rclone:\(name)" : "\"rclone:\" names no remote",
                    hint: "write rclone:NAME:BUCKET/PREFIX, with a name that `rclone listremotes` prints",
                    subject: "rclone:"
                )
            }
            // A slash before the colon makes it a path, as in rclone.
            if !visited.isEmpty, text[..<colon].contains("/") {
                self = .directory(try environment.expanded(text))
                return
            }
            let name = String(text[..<colon])
            let path = String(text[text.index(after: colon)...])
            try Self.check(name)
            guard !visited.contains(name) else { throw Self.loop(name) }
            visited.append(name)
            let section = try configuration.section(of: name)
            switch section.type {
            case "b2", "s3":
                self = .bucket(try BucketPlace(service: .rclone(remote: name), path: path))
                return
            case "local":
                self = .directory(try environment.expanded(path))
                return
            case "alias": text = Self.joined(try Self.aliased(section), path)
            default: throw Self.refusal(section)
            }
        }
    }

    /// What rclone takes (rclone.org/docs, "Valid remote names").
    ///
    /// Others are not repeated: a remote given on the spot, `:s3,secret_access_key=…:bucket`, holds its keys.
    private static func check(_ name: String) throws {
        let isName = name.unicodeScalars.allSatisfy { scalar in
            scalar.properties.isAlphabetic || scalar.properties.numericType != nil
                || "_-.+@ ".unicodeScalars.contains(scalar)
        }
        guard isName, !name.hasPrefix("-"), !name.hasPrefix(" ") else {
            throw ReplayCacheError(
                .usage,
                "what stands before the colon is no name of an rclone remote",
                hint: "write rclone:NAME:BUCKET/PREFIX, with a name that `rclone listremotes` prints",
                subject: "rclone:"
            )
        }
    }

    private static func aliased(_ section: RcloneSection) throws -> String {
        guard let remote = try section.setting("remote")?.text else {
            throw ReplayCacheError(
                .configuration,
                "rclone's alias \(DisplayText.quoted(section.name)) has no remote",
                hint: "run `rclone config`",
                subject: section.name
            )
        }
        guard !remote.hasPrefix(":") else {
            throw ReplayCacheError(
                .configuration,
                "rclone's alias \(DisplayText.quoted(section.name)) describes its remote on the spot",
                hint: "give that remote a name in rclone's configuration",
                subject: section.name
            )
        }
        return remote
    }

    private static func joined(_ remote: String, _ path: String) -> String {
        if path.isEmpty { return remote }
        return remote.hasSuffix(":") || remote.hasSuffix("/") ? remote + path : "\(remote)/\(path)"
    }

    private static func loop(_ name: String) -> ReplayCacheError {
        ReplayCacheError(
            .configuration,
            "rclone's alias \(DisplayText.quoted(name)) leads back to itself",
            hint: "run `rclone config`",
            subject: name
        )
    }

    private static func refusal(_ section: RcloneSection) -> ReplayCacheError {
        let type = DisplayText.escaped(String(section.type.prefix(40)))
        let name = DisplayText.quoted(section.name)
        let wrappers = ["crypt", "union", "combine", "chunker", "compress", "hasher", "cache"]
        if section.type == "drive" {
            return ReplayCacheError(
                .configuration,
                "rclone's remote \(name) is Google Drive, which comes with a later version",
                hint: "for now use a remote of type b2 or s3",
                subject: section.name
            )
        }
        return ReplayCacheError(
            .configuration,
            wrappers.contains(section.type)
                ? "rclone's remote \(name) is of type \(type), which changes what is stored"
                : "rclone's remote \(name) is of type \(type), which is not supported",
            hint: wrappers.contains(section.type)
                ? "name the remote that it wraps" : "use a remote of type b2, s3, alias or local",
            subject: section.name
        )
    }
}
