import ReplayCache

/// Counts side by side, with bars where somebody looks at them.
struct GroupText {
    /// Whether rows end with bars: on a terminal, whose lines are long enough.
    private let width: Int?

    /// So many rows are held back to find out how wide columns are.
    private static let blockCount = 256
    private static let longestBar = 30

    init() {
        width = Machine.isTerminal(1) && Machine.environment("TERM") != "dumb" ? StandardStream.width(of: 1) : nil
    }

    /// Prints groups, the largest first.
    func print(_ rows: [GroupRow], by fields: [GroupField]) throws {
        var table = Table(
            fields.map { $0.rawValue.uppercased() } + ["REPLAYS", "SIZE", "HOURS"] + (width == nil ? [] : [""])
        )
        let largest = rows.first?.replays ?? 0
        for row in rows {
            let cells =
                row.keys.map { $0.value ?? "-" } + [
                    Decimals.grouped(row.replays), ByteCount(row.bytes).description,
                    Decimals.format(row.hours, places: 1),
                ]
            try table.add(cells + (width == nil ? [] : [Self.bar(row.replays, of: largest)]))
        }
        try table.flush()
    }

    /// Lines of names with counts and shares, two columns of them where there is room.
    func lines(_ shares: [CollectionStats.Share], of total: Int, limit: Int) -> [String] {
        let shown = shares.prefix(limit)
        let nameWidth = shown.map { ($0.name ?? "-").count }.max() ?? 0
        let countWidth = shown.map { Decimals.grouped($0.replays).count }.max() ?? 0
        let largest = shown.first?.replays ?? 0
        return shown.map { share in
            let name = DisplayText.escaped(share.name ?? "-")
            let count = Decimals.grouped(share.replays)
            let percent = Decimals.format(100 * Double(share.replays) / Double(max(1, total)), places: 1)
            let bar = width == nil ? "" : "  " + Self.bar(share.replays, of: largest)
            return "  " + name + Self.spaces(nameWidth - name.count) + "  " + Self.spaces(countWidth - count.count)
                + count
                + "  " + Self.spaces(5 - percent.count) + percent + " %" + bar
        }
    }

    private static func spaces(_ count: Int) -> String { String(repeating: " ", count: max(0, count)) }

    /// As long as a number is large, to an eighth of a character.
    private static func bar(_ count: Int, of largest: Int) -> String {
        guard largest > 0, count > 0 else { return "" }
        let eighths = max(1, Int((Double(count) / Double(largest) * Double(longestBar * 8)).rounded()))
        let parts = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"]
        return String(repeating: "█", count: eighths / 8) + parts[eighths % 8]
    }
}
