import ReplayCache

/// The summary of an operation in words.
enum SummaryText {
    static func lines(_ summary: SyncSummary) -> [String] {
        var lines = [headline(summary)]
        switch summary.command {
        case "status": lines = status(summary)
        case "cost": lines = summary.cost.map { PlanText.lines($0) } ?? lines
        default: lines += plan(summary)
        }
        if let garbage = summary.garbage { lines = collected(garbage, summary) }
        if let found = summary.verification {
            lines = verified(found, summary) + (summary.command == "verify" ? [] : lines)
        }
        let remarks: [(Int, String)] = [
            (
                summary.filesDeferred,
                summary.command == "verify"
                    ? "written to since the last scan; scan or push them"
                    : "deferred: being written; the next run takes them"
            ),
            (
                summary.behind,
                summary.command == "copy"
                    ? "newer at the target; left there" : "behind: the remote has a newer version; fetch brings it"
            ),
            (summary.changedLocally, "changed here and left alone; push publishes them"),
            (
                summary.deletedElsewhere,
                deletedElsewhere(summary.command)
            ),
            (summary.entriesRemoved, "moved: published under new names, the old ones removed"),
            (
                summary.filesGone,
                "gone \(summary.command == "copy" ? "at the source" : "here"); their entries stand"
                    + (summary.removalsRefused == nil ? ", --delete removes them" : "")
            ),
            (summary.filesDeleted, "removed here, as they were deleted at the remote"),
            (summary.filesLinked, "share their bytes with another, read-only"),
            (summary.replaysUpdated ?? 0, "described anew: a newer reader found more in them"),
            (summary.left?.files ?? 0, "left for lack of space"),
            (summary.conflicts, "in conflict: changed on both sides"),
            (summary.changesLost ?? 0, "changed by two at once; `replaycache history` shows what lost"),
            (summary.duplicates ?? 0, "duplicate: the content was there under another path"),
            (summary.otherRecordings ?? 0, "of a game that another recording of is there"),
            (summary.unreadable ?? 0, "unreadable in part, imported as they are"),
            (summary.notSelected ?? 0, "not selected"),
            (summary.filesFailed, summary.command == "import" ? "refused" : "failed"),
        ]
        for (count, text) in remarks where count > 0 {
            lines.append("  \(files(count)) \(text)")
        }
        if summary.entriesDeleted > 0, summary.command != "rm" {
            lines.append(
                "  \(entries(summary.entriesDeleted)) \(summary.dryRun ? "would be " : "")removed at the remote"
            )
        }
        if let links = summary.links { lines += linked(links, summary) }
        if let copied = copied(summary) { lines.append("  \(copied)") }
        if let undo = summary.undo { lines.append("  to undo: \(undo)") }
        return lines
    }

    private static func linked(_ links: LinkTotals, _ summary: SyncSummary) -> [String] {
        let verb = summary.dryRun ? "would " : ""
        return [
            (links.reflinked, "\(verb)share their blocks with another"),
            (
                links.hardLinked,
                summary.dryRun ? "would become names of another, read-only" : "became names of another, read-only"
            ),
        ].filter { $0.0 > 0 }.map { "  \(files($0.0)) \($0.1)" }
    }

    /// What the server did, or would do, by itself in an import.
    private static func copied(_ s: SyncSummary) -> String? {
        guard let count = s.objectsCopied, let bytes = s.bytesCopied else { return nil }
        let what = "\(objects(count)) of \(ByteCount(bytes))"
        guard s.dryRun else {
            return "\(what) copied by the server, not sent; stored and fetched at full size from now on"
        }
        let other =
            s.bytesRecoded.map { "; --recode sends them instead, and ~\(ByteCount($0)) are stored and fetched" } ?? ""
        return "\(what) would be copied by the server, not sent, and stored and fetched at full size\(other)"
    }

    private static func deletedElsewhere(_ command: String) -> String {
        switch command {
        case "copy": "deleted at the target; not brought back"
        case "import": "removed at the remote; not brought back, `replaycache restore` does that"
        default: "deleted at the remote; the local files were left alone"
        }
    }

    /// What was passed over though it stands in the folder; nil when there is nothing to tell.
    static func linksNote(_ summary: SyncSummary) -> String? {
        guard summary.linksSkipped > 0, ["scan", "push"].contains(summary.command) else { return nil }
        let links = summary.linksSkipped == 1 ? "symbolic link" : "symbolic links"
        return "\(Decimals.grouped(summary.linksSkipped)) \(links) passed over; --follow takes what they lead to"
    }

    private static func headline(_ s: SyncSummary) -> String {
        let seconds = "\(Decimals.format(s.seconds, places: 2)) s"
        switch s.command {
        case "scan":
            return "scanned \(files(s.filesSeen)): \(Decimals.grouped(s.filesHashed)) hashed, "
                + "\(Decimals.grouped(s.filesUnchanged)) unchanged (\(seconds))"
        case "verify":
            return "verified \(files(s.filesInStep)) of \(Decimals.grouped(s.filesSeen)) (\(seconds))"
        default:
            return s.dryRun ? intention(s) : deed(s)
        }
    }

    private static func deed(_ s: SyncSummary) -> String {
        let again = s.retries > 0 ? ", \(Decimals.grouped(s.retries)) sent again" : ""
        let time = "\(Decimals.format(s.seconds, places: s.seconds < 10 ? 2 : 0)) s, \(requests(s.requests))\(again)"
        let sent = moved(s.objectsUploaded, s.bytesRaw, s.bytesUploaded, "sent")
        let received = moved(s.objectsDownloaded, s.bytesRaw, s.bytesDownloaded, "received")
        let inStep = "\(files(s.filesInStep)) already there (\(time))"
        switch s.command {
        case "push": return "pushed \(files(s.entriesAdded)): \(sent), \(inStep)"
        case "fetch", "checkpoint fetch":
            let renamed = s.filesMoved > 0 ? ", \(files(s.filesMoved)) renamed" : ""
            return "fetched \(files(s.filesPlaced)): \(received)\(renamed), \(inStep)"
        case "checkpoint push": return "published \(files(s.filesSeen)): \(sent) (\(time))"
        case "dataset freeze":
            return s.datasetsFrozen == nil
                ? "there already: \(files(s.filesSeen)) of \(ByteCount(s.bytesRaw)) (\(time))"
                : "froze \(files(s.filesSeen)) of \(ByteCount(s.bytesRaw)) (\(time))"
        case "dataset drop": return "dropped a dataset of \(files(s.filesSeen)) of \(ByteCount(s.bytesRaw)) (\(time))"
        case "rm": return "removed \(entries(s.entriesDeleted)) (\(time))"
        case "restore": return "restored \(entries(s.entriesRestored)) (\(time))"
        case "export": return "exported \(files(s.filesPlaced)): \(received), \(inStep)"
        case "copy": return "copied \(entries(s.entriesAdded))\(checkpoints(s)): \(sent), \(inStep)"
        case "dedup": return "looked at \(files(s.filesSeen)): \(ByteCount(s.links?.bytesSaved ?? 0)) saved (\(time))"
        case "import": return "imported \(files(s.entriesAdded)): \(sent), \(inStep)"
        default: return "\(s.command): \(files(s.filesSeen)) (\(time))"
        }
    }

    private static func intention(_ s: SyncSummary) -> String {
        let inStep = "\(files(s.filesInStep)) are already there"
        switch s.command {
        case "push":
            return "would push \(files(s.entriesAdded)): \(objects(s.objectsUploaded)) of \(ByteCount(s.bytesRaw)) "
                + "before compression; \(inStep)"
        case "fetch":
            return "would fetch \(files(s.filesPlaced)): \(objects(s.objectsDownloaded)) of \(ByteCount(s.bytesRaw)); "
                + inStep
        case "export":
            return
                "would export \(files(s.filesPlaced)): \(objects(s.objectsDownloaded)) of \(ByteCount(s.bytesRaw)) to "
                + "receive; \(inStep)"
        case "rm": return "would remove \(entries(s.filesSeen))"
        case "dedup": return "looked at \(files(s.filesSeen)): \(ByteCount(s.links?.bytesSaved ?? 0)) would be saved"
        case "dataset freeze": return "would freeze \(files(s.filesSeen)) of \(ByteCount(s.bytesRaw))"
        case "dataset drop": return "would drop a dataset of \(files(s.filesSeen)) of \(ByteCount(s.bytesRaw))"
        case "restore": return "would restore \(entries(s.entriesRestored))"
        case "import":
            return "would import \(files(s.entriesAdded)): \(objects(s.objectsUploaded)) of \(ByteCount(s.bytesRaw)) "
                + "before compression; \(inStep)"
        case "copy":
            return
                "would copy \(entries(s.entriesAdded))\(checkpoints(s)): contents of \(ByteCount(s.bytesRaw)); \(inStep)"
        default:
            return "would publish \(files(s.filesSeen)) of \(ByteCount(s.bytesRaw)); "
                + "\(objects(s.plan?.push?.objects ?? 0)) of it to send"
        }
    }

    /// What a dry run says of the cost.
    private static func plan(_ s: SyncSummary) -> [String] {
        guard s.dryRun, let plan = s.plan else { return [] }
        var lines: [String] = []
        if let push = plan.push { lines += PlanText.lines(push, plan.prices, verb: "send") }
        if let fetch = plan.fetch { lines += PlanText.lines(fetch, plan.prices, verb: "receive") }
        return lines.isEmpty ? [] : lines + PlanText.source(plan.prices)
    }

    private static func status(_ s: SyncSummary) -> [String] {
        guard let plan = s.plan, let push = plan.push, let fetch = plan.fetch else { return [] }
        var lines = ["\(files(s.filesSeen)) here, \(Decimals.grouped(s.filesInStep)) in step with the remote"]
        lines.append(
            push.files == 0
                ? "push would send nothing"
                : "push would send \(files(push.files)): \(objects(push.objects)) of \(ByteCount(push.bytesRaw)) "
                    + "before compression"
        )
        if push.files > 0 { lines += PlanText.lines(push, plan.prices, verb: "send") }
        lines.append(
            fetch.files == 0
                ? "fetch would place nothing"
                : "fetch would place \(files(fetch.files)): \(objects(fetch.objects)) of \(ByteCount(fetch.bytesRaw))"
        )
        if fetch.files > 0 { lines += PlanText.lines(fetch, plan.prices, verb: "receive") }
        return push.files + fetch.files == 0 ? lines : lines + PlanText.source(plan.prices)
    }

    private static func collected(_ totals: GarbageTotals, _ s: SyncSummary) -> [String] {
        let (removed, condemned) = (objects(totals.removed), objects(totals.condemned))
        let time = "\(Decimals.format(s.seconds, places: 2)) s, \(requests(s.requests))"
        let deed =
            s.dryRun
            ? "would remove \(removed), \(ByteCount(totals.bytesFreed)), and condemn \(condemned)"
            : "removed \(removed), \(ByteCount(totals.bytesFreed)) freed; condemned \(condemned)"
        guard totals.bytesWaiting > 0 else { return ["\(deed) (\(time))"] }
        return ["\(deed) (\(time))", "  \(ByteCount(totals.bytesWaiting)) wait for a run a day later"]
    }

    private static func verified(_ found: VerificationTotals, _ s: SyncSummary) -> [String] {
        let read = found.objectsRead > 0 ? ", \(Decimals.grouped(found.objectsRead)) read" : ""
        var lines = [
            "\(objects(found.objects)) needed at the remote\(read): \(Decimals.grouped(found.missing)) missing, "
                + "\(Decimals.grouped(found.damaged)) damaged"
                + (s.command == "verify"
                    ? " (\(Decimals.format(s.seconds, places: 2)) s, \(requests(s.requests)))" : "")
        ]
        if found.healed > 0 {
            lines.append("  \(files(found.healed)) \(s.dryRun ? "would be stored again" : "stored again")")
        }
        if found.contentsLost > 0 { lines.append("  \(files(found.contentsLost)) cannot be fetched") }
        if found.unreferenced > 0, s.command == "verify" {
            lines.append(
                "  \(objects(found.unreferenced)), \(ByteCount(found.bytesUnreferenced)), not referred to; gc removes what is older than a week"
            )
        }
        return lines
    }

    private static func moved(_ count: Int, _ raw: Int64, _ wire: Int64, _ verb: String) -> String {
        guard count > 0 else { return "nothing \(verb)" }
        return "\(objects(count)), \(ByteCount(raw)) as \(ByteCount(wire)) \(verb)"
    }

    private static func files(_ count: Int) -> String { "\(Decimals.grouped(count)) \(count == 1 ? "file" : "files")" }
    private static func entries(_ count: Int) -> String {
        "\(Decimals.grouped(count)) \(count == 1 ? "entry" : "entries")"
    }
    private static func checkpoints(_ s: SyncSummary) -> String {
        let kinds = [(s.checkpointsCopied ?? 0, "checkpoint"), (s.datasetsCopied ?? 0, "dataset")]
        return kinds.filter { $0.0 > 0 }
            .map { " and \(Decimals.grouped($0.0)) \($0.0 == 1 ? $0.1 : $0.1 + "s")" }.joined()
    }
    private static func objects(_ count: Int) -> String {
        "\(Decimals.grouped(count)) \(count == 1 ? "object" : "objects")"
    }
    private static func requests(_ counts: RequestCounts) -> String {
        "\(Decimals.grouped(counts.total)) \(counts.total == 1 ? "request" : "requests")"
    }
}
