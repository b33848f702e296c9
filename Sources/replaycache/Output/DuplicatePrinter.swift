import ReplayCache
import Synchronization

/// Prints groups of duplicates as they are found.
final class DuplicatePrinter: Sendable {
    private let format: Dedup.Format
    private let isRemote: Bool
    private let terminator: String
    private let groups = Mutex(0)

    init(format: Dedup.Format, isRemote: Bool, endsWithNUL: Bool) {
        self.format = format
        self.isRemote = isRemote
        terminator = endsWithNUL ? "\0" : "\n"
    }

    /// Whether lines about checkpoints are printed: lists of files have no place for them.
    var tellsSharing: Bool { format == .table || format == .json }

    func begin() throws {
        guard format == .csv else { return }
        try Console.data("group,rule,keep,path,sha256,size,frames,complete,metadata")
    }

    func tell(_ group: DuplicateGroup) throws {
        let number = groups.withLock { count in
            count += 1
            return count
        }
        switch format {
        case .json: try Console.json(group)
        case .paths: for path in group.paths.dropFirst() { try Console.data(path, terminator: terminator) }
        case .csv: try tellCSV(group, number)
        case .table: try tellText(group)
        }
    }

    func tell(_ row: SharingRow) throws {
        if format == .json { return try Console.json(row) }
        let name = row.run.map { "checkpoints of \(DisplayText.escaped($0))" } ?? "all checkpoints"
        let saved = max(0, row.bytesWithoutSharing - row.bytesStored)
        try Console.data(
            "\(name): \(Decimals.grouped(row.checkpoints)) with \(ByteCount(row.bytes)); stored "
                + "\(ByteCount(row.bytesStored)), common files and parts save \(ByteCount(saved))"
        )
    }

    func end(_ summary: SyncSummary) throws {
        guard format == .table else { return }
        let lines = Self.totals(summary, isRemote: isRemote)
        for line in lines.isEmpty ? ["no duplicates"] : lines { try Console.data(line) }
    }

    // MARK: Forms

    private func tellText(_ group: DuplicateGroup) throws {
        guard let recordings = group.recordings else {
            try Console.data(
                "\(group.paths.count) x \(ByteCount(group.size)), \(waste(of: group)), sha256 \(group.sha256.hex.prefix(16))"
            )
            for path in group.paths { try Console.data("  \(DisplayText.escaped(path))") }
            return
        }
        let reason =
            switch group.rule {
            case .events: "same events, other metadata"
            case .matchID: "same game, by its match id"
            default: "same game, by start time, stage, characters and seed"
            }
        try Console.data("\(recordings.count) recordings, \(ByteCount(group.bytesWasted)) superfluous, \(reason)")
        for (index, recording) in recordings.enumerated() {
            let length = recording.frames.map { frames in
                "\(frames / 3600):\(Decimals.padded(Int64(frames / 60 % 60), to: 2))"
            }
            let facts = [
                ByteCount(recording.size).description, length ?? "-", recording.complete ? "complete" : "incomplete",
                recording.metadata.isEmpty ? "no metadata" : recording.metadata.joined(separator: " "),
            ]
            try Console.data(
                "  \(index == 0 ? "keep " : "     ")\(DisplayText.escaped(recording.path))  "
                    + "[\(facts.joined(separator: ", "))]"
            )
        }
    }

    private func waste(of group: DuplicateGroup) -> String {
        guard !isRemote else { return "stored once" }
        let waste = "\(ByteCount(group.bytesWasted)) wasted"
        switch group.link {
        case .reflink: return "\(waste) (reflinks save \(ByteCount(group.bytesLinkable ?? 0)))"
        case .hardLink: return "\(waste) (hard links save \(ByteCount(group.bytesLinkable ?? 0)))"
        case nil: return "\(waste) (on different file systems)"
        }
    }

    private func tellCSV(_ group: DuplicateGroup, _ number: Int) throws {
        for (index, path) in group.paths.enumerated() {
            let recording = group.recordings?[index]
            let cells = [
                "\(number)", group.rule.rawValue, index == 0 ? "1" : "0", path,
                (recording?.sha256 ?? group.sha256).hex, "\(recording?.size ?? group.size)",
                recording?.frames.map { "\($0)" } ?? "", recording.map { $0.complete ? "1" : "0" } ?? "",
                recording?.metadata.joined(separator: " ") ?? "",
            ]
            try Console.data(cells.map(Self.quoted).joined(separator: ","))
        }
    }

    /// A field of RFC 4180.
    private static func quoted(_ cell: String) -> String {
        guard cell.utf8.contains(where: { [0x22, 0x2C, 0x0A, 0x0D].contains($0) }) else { return cell }
        return "\"" + cell.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
    }

    private static func totals(_ summary: SyncSummary, isRemote: Bool) -> [String] {
        func count(_ number: Int, _ one: String, _ many: String) -> String {
            "\(Decimals.grouped(number)) \(number == 1 ? one : many)"
        }
        var lines: [String] = []
        if let groups = summary.groups, let copies = summary.copies, groups > 0 {
            let linkable = summary.bytesLinkable ?? 0
            lines.append(
                "\(count(copies, "superfluous copy", "superfluous copies")) of \(count(groups, "file", "files"))"
                    + (isRemote ? "" : ", \(ByteCount(summary.bytesWasted ?? 0)) wasted")
                    + (linkable > 0 ? "; --apply link saves \(ByteCount(linkable))" : "")
            )
        }
        let kinds = [
            (summary.sameEvents, "with the events of another one and other metadata"),
            (summary.sameGames, "of a game that another one has"),
        ]
        for case (let totals?, let description) in kinds where totals.groups > 0 {
            lines.append(
                "\(count(totals.recordings, "recording", "recordings")) \(description), \(ByteCount(totals.bytes))"
            )
        }
        return lines
    }
}
