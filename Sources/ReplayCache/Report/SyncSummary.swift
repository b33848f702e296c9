/// What an operation did: the last line of `--json` (`schema/summary.schema.json`).
///
/// Sizes are in bytes.
public struct SyncSummary: Sendable, Encodable, Equatable {
    /// Version of this form.
    public let v = 1
    /// Always `summary`.
    public let event = "summary"
    /// The command: `scan`, `push`, `fetch`, `verify` or `checkpoint push`, ….
    public var command: String
    /// True when nothing was changed and the numbers tell what would be done.
    public var dryRun = false
    /// Regular files that were found; for `ls`, entries.
    public var filesSeen = 0
    /// Files that were read and hashed.
    public var filesHashed = 0
    /// Files that were not read because nothing about them changed.
    public var filesUnchanged = 0
    /// Files left for a later run, because they are being written.
    public var filesDeferred = 0
    /// Files that could not be handled.
    public var filesFailed = 0
    /// Symbolic links that were passed over.
    public var linksSkipped = 0
    /// Files placed or replaced in the destination.
    public var filesPlaced = 0
    /// Files renamed in the destination because their entries moved.
    public var filesMoved = 0
    /// Files that are the same on both sides.
    public var filesInStep = 0
    /// Paths where both sides changed.
    public var conflicts = 0
    /// Paths where the place has a newer content.
    public var behind = 0
    /// Paths that were deleted at the place while the local file stands.
    public var deletedElsewhere = 0
    /// Local files that changed and were left alone by a fetch.
    public var changedLocally = 0
    /// Entries made or changed at the place.
    public var entriesAdded = 0
    /// Entries removed at the place: the old names of files that moved.
    public var entriesRemoved = 0
    /// Objects sent.
    public var objectsUploaded = 0
    /// Objects received.
    public var objectsDownloaded = 0
    /// Contents that did not have to move because the other side, or this machine, had them.
    public var objectsReused = 0
    /// Content bytes that changed place.
    public var bytesRaw: Int64 = 0
    /// Bytes sent on the wire.
    public var bytesUploaded: Int64 = 0
    /// Bytes received on the wire.
    public var bytesDownloaded: Int64 = 0
    /// Requests made of the place.
    public var requests = RequestCounts()
    /// Requests that had to be sent again.
    public var retries = 0
    /// Bytes that went over the wire for nothing, in tries that failed.
    public var bytesResent: Int64 = 0
    /// Wall time.
    public var seconds = 0.0
    /// For `status`: what a push and a fetch would move.
    public var plan: StatusPlan?
    /// For `dedup`: contents that more than one file, or entry, holds.
    public var groups: Int?
    /// For `dedup`: files, or entries, beyond the first of each content.
    public var copies: Int?
    /// For `dedup`: bytes that those files take.
    public var bytesWasted: Int64?
    /// For `doctor`: how the checks went.
    public var checks: CheckCounts?
    /// For `gc`: what was condemned and removed.
    public var garbage: GarbageTotals?
    /// For `verify REMOTE`, and for a `--heal`: what became of the objects.
    public var verification: VerificationTotals?
    /// True when bytes somewhere are not what their digest promises.
    public var integrityFailed = false
    /// True when part of the log at the place is damaged or breaks the format.
    public var logDamaged = false

    /// A summary of nothing yet.
    public init(command: String) { self.command = command }
}

/// What a push and a fetch would move (`status`).
public struct StatusPlan: Sendable, Encodable, Equatable {
    /// Files that a push would publish.
    public var pushFiles = 0
    /// Objects that a push would send.
    public var pushObjects = 0
    /// Their content in bytes, before encoding.
    public var pushBytesRaw: Int64 = 0
    /// Files that a fetch would place or replace.
    public var fetchFiles = 0
    /// Objects that a fetch would receive at most; content that is on this machine under another name is not received.
    public var fetchObjects = 0
    /// Their content in bytes.
    public var fetchBytesRaw: Int64 = 0
    /// Their stored size in bytes: what would come over the wire.
    public var fetchBytesEncoded: Int64 = 0
}

extension SyncSummary {
    mutating func add(_ totals: DuplicateTotals) {
        groups = totals.groups
        copies = totals.copies
        bytesWasted = totals.bytesWasted
    }

    /// The error that the run as a whole ends with, nil when all went well.
    public var failure: ReplayCacheError? {
        if integrityFailed {
            return ReplayCacheError(
                .integrity,
                "some bytes are missing or do not match their digest; nothing wrong was placed",
                hint: "the lines above name the objects and files"
            )
        }
        if logDamaged { return .damagedLog }
        if filesFailed > 0 {
            return ReplayCacheError(
                .partial,
                "\(Decimals.grouped(filesFailed)) \(filesFailed == 1 ? "file" : "files") failed",
                hint: dryRun
                    ? "the lines above say why; nothing was changed" : "the lines above say why; the others are done"
            )
        }
        if conflicts > 0 {
            return ReplayCacheError(
                .conflict,
                "\(Decimals.grouped(conflicts)) \(conflicts == 1 ? "path has" : "paths have") changed on both sides",
                hint: command == "checkpoint fetch"
                    ? "to take the checkpoint's files, repeat with --force (yours are kept as NAME.replaced-…)"
                    : "to keep this side's version, push --force; to take the remote's, fetch --force (yours is kept as NAME.replaced-…)"
            )
        }
        return nil
    }
}

extension ReplayCacheError {
    /// What a command ends with when some of what it says or does may be missing.
    package static let damagedLog = ReplayCacheError(
        .integrity,
        "part of the log at the remote is damaged or breaks the format, and is left out here",
        hint: "the lines above name it: put the file back from a backup, or remove it and push again what it held"
    )
}
