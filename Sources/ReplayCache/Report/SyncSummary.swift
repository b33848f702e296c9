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
    /// Regular files that were found; for `ls`, `rm`, `restore`, `copy` and `export` entries, for `history` versions.
    public var filesSeen = 0
    /// Files that were read and hashed.
    public var filesHashed = 0
    /// Files that were not read because nothing about them changed.
    public var filesUnchanged = 0
    /// Files left for a later run, because they are being written.
    public var filesDeferred = 0
    /// Files that could not be handled.
    public var filesFailed = 0
    /// Folders that could not be read; each counts as a file that failed.
    public var foldersFailed = 0
    /// Files that left the folder while their entries stand, for `copy` entries that the source deleted: `--delete` removes
    /// those.
    public var filesGone = 0
    /// Symbolic links that were passed over.
    public var linksSkipped = 0
    /// Files placed or replaced in the destination.
    public var filesPlaced = 0
    /// Of these, files that share their bytes with another file as one with several names (`--link`).
    public var filesLinked = 0
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
    /// For `push`: replays at the place of which it now knows what a newer reader found in them; nil for none.
    public var replaysUpdated: Int?
    /// Entries removed at the place because that was asked for.
    public var entriesDeleted = 0
    /// Local files removed because their entries were deleted.
    public var filesDeleted = 0
    /// Entries that hold again what they held before.
    public var entriesRestored = 0
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
    /// For `status` and with `--dry-run`: what a push and a fetch, or one of them, would move, and what that takes.
    public var plan: StatusPlan?
    /// For `fetch`: what was left for lack of space; nil when there was room for everything.
    public var left: SpaceShortage?
    /// For `cost`: what is stored, and what that costs.
    public var cost: CostReport?
    /// For `dedup`: contents that more than one file, or entry, holds.
    public var groups: Int?
    /// For `dedup`: files, or entries, beyond the first of each content.
    public var copies: Int?
    /// For `dedup`: bytes that those files take.
    public var bytesWasted: Int64?
    /// For `dedup`: bytes of those files that links would free.
    public var bytesLinkable: Int64?
    /// For `dedup`: games of which there is more than one recording.
    public var sameGames: RecordingTotals?
    /// For `dedup`: recordings with the same events and other metadata.
    public var sameEvents: RecordingTotals?
    /// For `dedup --apply`: what was linked.
    public var links: LinkTotals?
    /// For `doctor`: how the checks went.
    public var checks: CheckCounts?
    /// For `gc`: what was condemned and removed.
    public var garbage: GarbageTotals?
    /// For `verify REMOTE`, and for a `--heal`: what became of the objects.
    public var verification: VerificationTotals?
    /// For `status`: changes of the last 30 days that lost against one made at the same time.
    public var changesLost: Int?
    /// Removals that were held back.
    public var removalsRefused: RefusedRemovals?
    /// The command that takes back what was removed.
    public var undo: String?
    /// For `copy`: checkpoints that became known at the place.
    public var checkpointsCopied: Int?
    /// For `copy`: datasets that became known at the place.
    public var datasetsCopied: Int?
    /// For `dataset freeze`: datasets that were made; nil when the one asked for was there already.
    public var datasetsFrozen: Int?
    /// For `dataset drop`: datasets that are no more.
    public var datasetsDropped: Int?
    /// For `dataset diff`: how the two differ.
    public var difference: DatasetDifference?
    /// For `import`: files that only took an entry, since the repository, or an earlier file of the source, has their content.
    public var duplicates: Int?
    /// For `import`: recordings of a game of which the repository, or the source, has another.
    public var otherRecordings: Int?
    /// For `import`: replays that were imported although they are damaged or unfinished.
    public var unreadable: Int?
    /// For `import` from a bucket: objects that the server made of those there, as they are.
    public var objectsCopied: Int?
    /// For `import` from a bucket: bytes of those objects.
    public var bytesCopied: Int64?
    /// For the dry run of that: what they would take about, were they sent encoded instead.
    public var bytesRecoded: Int64?
    /// For `import`: files that the selection left out once they were read.
    public var notSelected: Int?
    /// True when part of what was to be imported is damaged; absent otherwise.
    public var sourceDamaged: Bool?
    /// True when bytes somewhere are not what their digest promises.
    public var integrityFailed = false
    /// True when part of the log at the place is damaged or breaks the format.
    public var logDamaged = false

    /// A summary of nothing yet.
    public init(command: String) { self.command = command }
}

extension SyncSummary {
    mutating func add(_ totals: DuplicateTotals) {
        groups = totals.groups
        copies = totals.copies
        bytesWasted = totals.bytesWasted
        bytesLinkable = totals.bytesLinkable
        sameGames = totals.games
        sameEvents = totals.events
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
        if command == "import" { return importFailure }
        if let removalsRefused { return removalsRefused.error }
        if let left { return left.failure(dryRun: dryRun) }
        if filesFailed > 0 {
            return ReplayCacheError(
                .partial,
                "\(Decimals.grouped(filesFailed)) \(filesFailed == 1 ? "file" : "files") failed",
                hint: dryRun
                    ? "the lines above say why; nothing was changed" : "the lines above say why; the others are done"
            )
        }
        if conflicts > 0 {
            if command == "copy" { return copyConflict }
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

extension SyncSummary {
    /// What an import ends with that did not take everything; nil when it did.
    private var importFailure: ReplayCacheError? {
        guard filesFailed + conflicts > 0 else { return nil }
        func files(_ count: Int) -> String { "\(Decimals.grouped(count)) \(count == 1 ? "file" : "files")" }
        let hint = "the lines above say why; the others are \(dryRun ? "fit to be imported" : "imported")"
        if sourceDamaged == true {
            return ReplayCacheError(
                .integrity,
                "part of the source is damaged: \(files(filesFailed)) not imported",
                hint: hint
            )
        }
        guard filesFailed > 0 else {
            return ReplayCacheError(
                .conflict,
                "\(files(conflicts)) not imported: the remote has others under their paths",
                hint: "to import them beside those, choose another folder with --into"
            )
        }
        return ReplayCacheError(.partial, "\(files(filesFailed)) not imported", hint: hint)
    }

    private var copyConflict: ReplayCacheError {
        ReplayCacheError(
            .conflict,
            "\(Decimals.grouped(conflicts)) \(conflicts == 1 ? "path differs" : "paths differ") at the target and "
                + "\(conflicts == 1 ? "was" : "were") left",
            hint: "to take the source's version, remove the target's with `replaycache rm` and copy again"
        )
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
