/// Files that a fetch left because there was no room for them.
public struct SpaceShortage: Sendable, Encodable, Equatable {
    /// What was full.
    public enum Reason: String, Sendable, Encodable {
        /// The folder has as many bytes as it may have (``FetchOptions/maximumBytes``).
        case maxDisk
        /// The disk has no more room than its reserve.
        case disk
    }

    /// What was full; the disk when both were.
    public var reason: Reason
    /// How many files were left.
    public var files: Int
    /// Their content in bytes.
    public var bytes: Int64
    /// Bytes that would have to be free, or allowed, in addition.
    public var bytesMissing: Int64
}

extension SpaceShortage {
    /// What a run ends with.
    func failure(dryRun: Bool) -> ReplayCacheError {
        let left = "\(Decimals.grouped(files)) \(files == 1 ? "file" : "files") (\(ByteCount(bytes)))"
        let missing = ByteCount(bytesMissing)
        switch reason {
        case .maxDisk:
            return ReplayCacheError(
                .quota,
                "\(left) \(dryRun ? "would be" : "were") left for lack of space: --max-disk is \(missing) too small for them",
                hint: "allow \(missing) more, or select less; what is placed stays"
            )
        case .disk:
            return ReplayCacheError(
                .disk,
                "\(left) \(dryRun ? "would be" : "were") left for lack of space: the disk is \(missing) too small for them",
                hint: "free \(missing) there or select less, then run the same command again to continue"
            )
        }
    }
}
