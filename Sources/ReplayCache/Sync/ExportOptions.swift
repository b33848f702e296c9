/// Where an export goes: DEST on the command line.
public enum ExportDestination: Sendable, Equatable {
    /// A folder, which is made if needed.
    case folder(String)
    /// Below the prefix of a bucket, each file under its own path, as `rclone` and others read it.
    case bucket(Place)
    /// A file with a tar archive, which must not exist yet.
    case archive(String)
    /// Standard output, as a tar archive.
    case standardOutput

    /// Reads `-`, `FILE.tar`, `b2:bucket/prefix` (or `r2:`, `s3:`, `rclone:NAME:`), or the path of a folder.
    ///
    /// - Throws: ``ReplayCacheError`` with code `usage` for what is none of them, `configuration` for a bucket whose
    ///   settings are missing.
    public init(_ text: String) throws {
        if text == "-" {
            self = .standardOutput
            return
        }
        try PlaceScheme.refuseQuery(text)
        switch PlaceScheme.of(text) {
        case .directory(let path): self = try Self.local(path)
        case .bucket, .rclone:
            let place = try Place(text)
            self = place.localDirectory.map { .folder($0) } ?? .bucket(place)
        case .unknown(let scheme): throw PlaceScheme.refusal(of: scheme, in: text)
        }
    }

    private static func local(_ path: String) throws -> ExportDestination {
        let isFolder = path.hasSuffix("/") || (try? OpenFile.directory(path)) != nil
        let name = path.lowercased()
        guard !isFolder else { return .folder(path) }
        if name.hasSuffix(".tar") { return .archive(path) }
        for ending in [".tar.gz", ".tgz", ".tar.xz", ".tar.zst", ".zip", ".7z"] where name.hasSuffix(ending) {
            throw ReplayCacheError(
                .usage,
                "\(DisplayText.quoted(path)) would be a compressed archive, and archives are written as plain tar",
                hint: "write `--to -` and pipe it through zstd or gzip, or add a slash for a folder of that name",
                subject: path
            )
        }
        return .folder(path)
    }
}

/// How an export is to go.
public struct ExportOptions: Sendable {
    /// The path in the repository that the destination stands for: it is left out of the names there.
    public var from: LogicalPath
    /// Which entries.
    public var selection = Selection()
    /// The share of them; nil for all.
    public var shard: Shard?
    /// In a folder: make the files names of those that this machine has already, which become read-only with it.
    public var links = false
    /// Replace what is at the destination and differs.
    public var isForced = false
    /// Compare the bytes of what is there already, whatever size and time say.
    public var isParanoid = false
    /// Only work out what would be done.
    public var isDryRun = false

    /// Options for exporting what is below `from`, by default `replays`.
    ///
    /// - Throws: ``LogicalPathError`` for a path that is none.
    public init(from: String = "replays", selection: Selection = Selection()) throws {
        self.from = try LogicalPath(from)
        self.selection = selection
    }
}
