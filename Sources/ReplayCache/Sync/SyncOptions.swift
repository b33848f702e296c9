/// How a push is to go.
public struct PushOptions: Sendable {
    /// The path in the repository that the folder stands for.
    public var into: LogicalPath
    /// Patterns of files to push; empty means all.
    public var includes: [String] = []
    /// Patterns of files to leave.
    public var excludes: [String] = []
    /// Follow symbolic links instead of passing over them.
    public var followsLinks = false
    /// Read every file, whatever its time stamps say.
    public var isParanoid = false
    /// Let the local side win where both changed; the other stays in the history of the path.
    public var isForced = false
    /// Store again what is missing at the place and the folder has.
    public var isHealing = false
    /// Whether the entries of files that left the folder go too.
    public var deletion = DeletionOptions()
    /// Start a new repository where the one that was known is gone or replaced.
    public var insistsOnNew = false
    /// Only work out what would be done.
    public var isDryRun = false

    /// Options for pushing to `into`, by default `replays`.
    ///
    /// - Throws: ``LogicalPathError`` for a path that is none, ``ReplayCacheError`` for one that is not below `replays`.
    public init(into: String = "replays") throws {
        self.into = try LogicalPath(into)
        try Self.check(self.into)
    }

    /// A path begins with its collection, and of the two there are only one takes plain files (`docs/format.md`).
    static func check(_ into: LogicalPath) throws {
        switch into.collection {
        case "replays": return
        case "checkpoints":
            throw ReplayCacheError(
                .usage,
                "checkpoints are not pushed as plain files",
                hint: "use `replaycache checkpoint push DIR --run RUN`",
                subject: into.string
            )
        default:
            throw ReplayCacheError(
                .usage,
                "\(DisplayText.quoted(into.string)) is in neither of the collections, replays and checkpoints",
                hint: "push into replays/\(into.string), or use `replaycache checkpoint push DIR --run RUN`",
                subject: into.string
            )
        }
    }
}

/// How a fetch is to go.
public struct FetchOptions: Sendable {
    /// The path in the repository that the folder stands for.
    public var from: LogicalPath
    /// Which entries.
    public var selection = Selection()
    /// The share of them; nil for all.
    public var shard: Shard?
    /// The most bytes that the files in the folder may have together; nil for no limit but the disk.
    ///
    /// What does not fit is left.
    public var maximumBytes: Int64?
    /// Make files with the same content one file with several names where that is possible, read-only.
    public var links = false
    /// Let the remote side win where both changed; the local file is kept under another name.
    public var isForced = false
    /// Whether local files whose entries were deleted go too.
    public var deletion = DeletionOptions()
    /// Read every local file, whatever its time stamps say.
    public var isParanoid = false
    /// Only work out what would be done.
    public var isDryRun = false

    /// Options for fetching `from`, by default `replays`.
    ///
    /// - Throws: ``LogicalPathError`` for a path that is none.
    public init(from: String = "replays", selection: Selection = Selection()) throws {
        self.from = try LogicalPath(from)
        self.selection = selection
    }
}

/// How much of the network to use.
public struct TransferOptions: Sendable {
    /// Requests in flight at once; nil to find out what brings the most through.
    public var jobs: Int?
    /// Bytes a second to a bucket; nil for as many as go through.
    public var uploadBytesPerSecond: Int64?
    /// Bytes a second from a bucket; nil for as many as go through.
    public var downloadBytesPerSecond: Int64?
    /// What stands between the engine and each remote, for tests: see ``RemoteSettings/wrap``.
    package var wrap: @Sendable (any Remote) -> any Remote = { $0 }
    /// Nanoseconds by a clock that goes on while the machine sleeps.
    package var sinceBoot: @Sendable () -> Int64 = { Machine.sinceBoot() }
    /// When logs are compacted.
    package var compaction = CompactionLimits()

    /// As much as there is.
    public init() {}

    func settings(_ report: @escaping @Sendable (RemoteNotice) -> Void) -> RemoteSettings {
        var settings = RemoteSettings()
        settings.jobs = jobs
        settings.uploadBytesPerSecond = uploadBytesPerSecond
        settings.downloadBytesPerSecond = downloadBytesPerSecond
        settings.report = report
        settings.wrap = wrap
        settings.sinceBoot = sinceBoot
        return settings
    }
}

extension RemoteNotice {
    /// The same for people.
    var event: SyncEvent {
        switch self {
        case .retrying(let what, let waited, let pause):
            return .retrying(what: what, waited: waited.seconds, seconds: pause.seconds)
        case .clockCorrected(let offset, let host):
            let minutes = Int((abs(offset.seconds) / 60).rounded())
            return .warning(
                "the clock of this machine is \(minutes) minutes \(offset > .zero ? "behind" : "ahead of") "
                    + "that of \(host); requests are signed for its time"
            )
        case .regionFollowed(let bucket, let region):
            return .warning("the bucket \(bucket) is in \(region); AWS_REGION=\(region) saves a request each time")
        }
    }
}

extension SyncSummary {
    /// Adds what went over the wire.
    mutating func add(_ meter: MeteredRemote.Meter) {
        requests = meter.requests
        bytesUploaded = meter.bytesUploaded
        bytesDownloaded = meter.bytesDownloaded
        retries = meter.retries.requests
        bytesResent = meter.retries.bytes
    }
}

extension Duration {
    /// As a floating-point number.
    package var seconds: Double {
        Double(components.seconds) + Double(components.attoseconds) / 1e18
    }
}
