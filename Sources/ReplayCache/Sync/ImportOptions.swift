/// How an import is to go.
public struct ImportOptions: Sendable {
    /// The path in the repository that the source stands for.
    public var into: LogicalPath
    /// Patterns of files to take; empty means all.
    public var includes: [String] = []
    /// Patterns of files to leave.
    public var excludes: [String] = []
    /// Which of them, by their path in the repository and by what is in them.
    public var selection = Selection()
    /// Leading folders of each name in the source that are dropped; a name that has no more than these is passed over.
    public var strippedComponents = 0
    /// Take archives that are inside the source as the files that they are, instead of what is in them.
    public var keepsArchives = false
    /// Only work out what would be done; everything is read all the same, but for a bucket.
    public var isDryRun = false
    /// Encode and send what is in a bucket, where the server could copy it as it is.
    public var recodes = false
    /// What is believed of an archive.
    package var limits = ImportLimits()

    /// Options for importing to `into`, by default `replays`.
    ///
    /// - Throws: ``LogicalPathError`` for a path that is none, ``ReplayCacheError`` for one that is not below `replays`.
    public init(into: String = "replays") throws {
        self.into = try LogicalPath(into)
        try PushOptions.check(self.into)
    }
}

/// What an import believes: more than this is refused, file by file.
package struct ImportLimits: Sendable {
    /// The longest replay: an hour of four players is a hundredth of it.
    package var replayByteCount: Int64 = 1 << 30
    /// The longest file of any other kind that comes out of an archive.
    package var fileByteCount: Int64 = 64 << 30
    /// The longest replay that is made of an `.slpz`, which takes twice as much memory.
    package var decodedByteCount = 256 << 20
    /// Archives inside archives: `dump.zip` with `july.zip` with games has two levels.
    package var depth = 4
    /// How many times its own size something packed may become.
    ///
    /// zstd packs a replay to a fifth and xz to a twentieth; deflate
    /// cannot do better than 1,032 times.
    package var ratio: Int64 = 250
    /// Up to here nothing is taken for a bomb: zeros are packed well by everything.
    package var harmlessByteCount: Int64 = 64 << 20

    package init() {}

    func maximum(for path: LogicalPath) -> Int64 {
        ReplayReader.isReplay(path) ? min(replayByteCount, fileByteCount) : fileByteCount
    }
}
