internal import SystemPackage

/// Where a repository lives, as a user names it: REMOTE on the command line (`design.md` section 2).
public struct Place: Sendable {
    /// What stands behind the name.
    package enum Kind: Sendable {
        /// The absolute path of a directory, without links.
        case directory(String)
        case bucket(BucketPlace)
    }

    package let kind: Kind
    /// The form that local state is keyed by: one for each directory or bucket and prefix, however it was spelled.
    package let canonical: String
    /// Where the settings of a bucket's server are found.
    package let environment: EnvironmentVariables
    /// What can be typed again to mean this place.
    public let description: String

    /// Reads a place: `b2:bucket/prefix`, `r2:…`, `s3:…`, `rclone:NAME:bucket/prefix`, `/path`, `./path` or `file:/path`.
    ///
    /// The settings of a bucket's server are read from the environment and from files, without any request.
    ///
    /// - Throws: ``ReplayCacheError`` with code `usage` for kinds of places that this version does not know and names
    ///   that no bucket can have, with code `configuration` for settings that are missing or make no sense.
    public init(_ text: String) throws { try self.init(text, environment: .process) }

    /// Reads a place with the settings in `environment`.
    package init(_ text: String, environment: @autoclosure () -> EnvironmentVariables) throws {
        try PlaceScheme.refuseQuery(text)
        switch PlaceScheme.of(text) {
        case .bucket(let service, let rest):
            let place = try BucketPlace(service: service, path: rest)
            try self.init(place, description: "\(place)", environment: environment())
        case .rclone(let rest):
            try self.init(rclone: rest, environment: environment())
        case .directory(let path):
            try self.init(directory: path, typed: text)
        case .unknown(let scheme):
            throw PlaceScheme.refusal(of: scheme, in: text)
        }
    }

    private init(_ place: BucketPlace, description: String, environment: EnvironmentVariables) throws {
        kind = .bucket(place)
        canonical = try place.canonical(environment)
        self.environment = environment
        self.description = description
    }

    private init(rclone text: Substring, environment: EnvironmentVariables) throws {
        switch try RcloneTarget(text, environment) {
        case .directory(let path): try self.init(directory: path, typed: path)
        case .bucket(let place):
            let parts = text.split(separator: "/").joined(separator: "/")
            try self.init(place, description: "rclone:\(parts)", environment: environment)
        }
    }

    private init(directory path: String, typed text: String) throws {
        try PlaceScheme.refuseOtherMachine(text)
        guard !path.isEmpty, !path.utf8.contains(0) else {
            throw ReplayCacheError(.usage, "the remote has no path", hint: "name a directory", subject: text)
        }
        let absolute = try Self.absolute(path)
        kind = .directory(absolute)
        canonical = "file:\(absolute)"
        environment = EnvironmentVariables([:])
        description = absolute
    }

    /// The path of a directory place; nil for a bucket.
    package var localDirectory: String? {
        guard case .directory(let path) = kind else { return nil }
        return path
    }

    /// Whether `text` names a place rather than a folder of replays: it has a scheme, or holds a repository.
    public static func isPlace(_ text: String) -> Bool {
        guard case .directory(let path) = PlaceScheme.of(text) else { return true }
        guard path == text else { return true }
        guard let folder = try? OpenFile.directory(path) else { return false }
        return (try? folder.status(of: Manifest.key.string)) != nil
    }

    /// The place that `text` names where files are read from; nil for a path, also one that looks like a place and is there.
    ///
    /// - Throws: ``ReplayCacheError``, as ``init(_:)`` does.
    public static func ofSource(_ text: String) throws -> Place? {
        guard (try? Machine.canonicalPath(text)) == nil, isPlace(text) else { return nil }
        return try Place(text)
    }

    /// Refuses a remote where a folder of replays is to stand, before REMOTE.
    ///
    /// `other` is what stands in the remote's place.
    package static func refuse(asFolder text: String, of command: String, other: String?) throws {
        guard isPlace(text), (try? Machine.canonicalPath(text)) == nil else { return }
        try PlaceScheme.refuseQuery(text)
        let shown = PlaceScheme.shown(text).map { DisplayText.escaped($0) }
        let folder = other.map { DisplayText.escaped($0) } ?? "DIR"
        throw ReplayCacheError(
            .usage,
            "the folder comes first, and \(shown ?? "what stands there") is a remote",
            hint: "write `replaycache \(command) \(folder) \(shown ?? "REMOTE")`"
        )
    }

    /// The path without links as far as it exists, so that one directory has one name.
    private static func absolute(_ path: String) throws -> String {
        if let whole = try? Machine.canonicalPath(path) { return whole }
        let trimmed = FilePath(path).lexicallyNormalized()
        guard let name = trimmed.lastComponent else { return "/" }
        let parent = trimmed.removingLastComponent().string
        do {
            let base = try Machine.canonicalPath(parent.isEmpty ? "." : parent)
            return base == "/" ? "/\(name.string)" : "\(base)/\(name.string)"
        } catch {
            throw ReplayCacheError(
                .notFound,
                "the folder \(parent.isEmpty ? "this command was started in" : parent) does not exist",
                hint: "create it, or check that the disk is mounted" + bucketHint(path),
                subject: path,
                cause: "\(error.errno)"
            )
        }
    }

    /// Who writes `bucket/prefix` may have forgotten what goes before it.
    private static func bucketHint(_ path: String) -> String {
        let isLike = path.first.map { !"/.~".contains($0) } == true && path.contains("/")
        guard isLike, let bucket = try? BucketPlace(service: .s3, path: path) else { return "" }
        return "; for a bucket write \(DisplayText.escaped("\(bucket)"))"
    }
}

extension Place: Hashable, CustomStringConvertible {
    /// Compares what local state is keyed by, byte for byte.
    public static func == (left: Place, right: Place) -> Bool {
        left.canonical.utf8.elementsEqual(right.canonical.utf8)
    }

    /// Feeds what local state is keyed by.
    public func hash(into hasher: inout Swift.Hasher) {
        for byte in canonical.utf8 { hasher.combine(byte) }
    }
}
