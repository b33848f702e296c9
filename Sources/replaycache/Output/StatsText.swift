import ReplayCache

/// The overview of a collection, on one screen.
enum StatsText {
    static func lines(_ stats: CollectionStats) -> [String] {
        var lines = [totals(stats)]
        if let files = stats.otherFiles, files > 0 {
            lines.append("other files: \(Decimals.grouped(files)) in \(ByteCount(stats.otherBytes ?? 0))")
        }
        guard stats.replays > 0 else { return lines }
        lines.append(played(stats))
        if stats.copies > 0 {
            lines.append(
                "copies: \(Decimals.grouped(stats.copies)) of a content that stands elsewhere too, "
                    + "\(ByteCount(stats.bytesCopied)); `replaycache dedup` lists them"
            )
        }
        lines.append("versions: \(brief(stats.versions, of: stats.replays))")
        lines.append("played on: \(brief(stats.platforms, of: stats.replays))")
        lines += problems(stats)
        let text = GroupText()
        lines += ["", "characters, in how many replays:"]
        lines += text.lines(stats.characters, of: stats.replays, limit: 8) + more(stats.characters, 8)
        lines += ["", "stages:"]
        return lines + text.lines(stats.stages, of: stats.replays, limit: 6) + more(stats.stages, 6)
    }

    private static func totals(_ stats: CollectionStats) -> String {
        let count = "\(Decimals.grouped(stats.replays)) \(stats.replays == 1 ? "replay" : "replays")"
        guard stats.bytesStored > 0 else { return "\(count) in \(ByteCount(stats.bytes))" }
        let ratio = Decimals.format(Double(stats.bytesOfContents) / Double(stats.bytesStored), places: 1)
        return "\(count) in \(ByteCount(stats.bytes)), stored as \(ByteCount(stats.bytesStored)) (\(ratio)x)"
    }

    private static func played(_ stats: CollectionStats) -> String {
        let hours = "\(Decimals.format(stats.hours, places: stats.hours < 100 ? 1 : 0)) hours played"
        guard let first = stats.firstStartedAt, let last = stats.lastStartedAt else { return hours }
        return "\(hours), from \(first.prefix(10)) to \(last.prefix(10))"
    }

    private static func brief(_ shares: [CollectionStats.Share], of total: Int) -> String {
        let shown = shares.prefix(4).map { share in
            let percent = Decimals.format(100 * Double(share.replays) / Double(max(1, total)), places: 1)
            return "\(DisplayText.escaped(share.name ?? "unknown")) \(percent) %"
        }
        return shown.joined(separator: ", ") + (shares.count > 4 ? ", \(shares.count - 4) more" : "")
    }

    private static func problems(_ stats: CollectionStats) -> [String] {
        guard stats.incomplete > 0 || !stats.problems.isEmpty else { return [] }
        let shown = stats.problems.prefix(4).map { share in
            "  \(Decimals.grouped(share.replays)) \(DisplayText.escaped(share.name ?? ""))"
        }
        return ["incomplete: \(Decimals.grouped(stats.incomplete))\(shown.isEmpty ? "" : "; could not be read whole:")"]
            + shown + more(stats.problems, 4)
    }

    private static func more(_ shares: [CollectionStats.Share], _ limit: Int) -> [String] {
        shares.count > limit ? ["  and \(shares.count - limit) more"] : []
    }
}
