import ReplayCache

/// How far an operation is, in words: a block for a terminal, a line for a log.
struct ProgressText {
    let now: Progress.Snapshot
    /// Over the last seconds; nil while that is not known.
    let bytesPerSecond: Double?
    /// Requests that were sent again.
    let retries: Int

    /// One full line.
    var line: String { ([headline + ", " + bytes] + details).joined(separator: ", ") }

    /// Two or three lines, none wider than `width`.
    func block(width: Int) -> [String] {
        var lines = [headline]
        if let share { lines.append("  \(Self.bar(share, width: min(30, max(0, width - 40)))) \(bytes)") }
        lines.append("  " + ((share == nil ? [bytes] : []) + details).joined(separator: ", "))
        return lines.map { String($0.prefix(max(1, width))) }.filter { $0.contains { $0 != " " } }
    }

    private var headline: String {
        var text = "\(now.phase): \(Decimals.grouped(now.itemsDone))"
        if let total = now.itemsTotal { text += " of \(Decimals.grouped(total))" }
        return text + " files" + (now.itemsTotal == nil ? "" : soFar)
    }

    private var bytes: String {
        var text = "\(ByteCount(now.bytesDone))"
        if let total = now.bytesTotal { text += " of \(ByteCount(total))\(soFar)" }
        if let share { text += " (\(Int((share * 100).rounded(.down))) %)" }
        return text
    }

    private var soFar: String { now.isTotalFinal ? "" : " so far" }

    /// What part of the bytes is done; nil while the total is not known.
    private var share: Double? {
        guard now.isTotalFinal, let total = now.bytesTotal, total > 0 else { return nil }
        return min(1, Double(now.bytesDone) / Double(total))
    }

    private var details: [String] {
        var details: [String] = []
        if let rate = bytesPerSecond {
            details.append("\(ByteCount(Int64(min(max(0, rate), 1e15))))/s")
            if now.isTotalFinal, let total = now.bytesTotal, total > now.bytesDone {
                let seconds = Double(total - now.bytesDone) / rate
                details.append(rate > 0 ? "\(Self.duration(seconds)) left" : "nothing moves at present")
            }
        }
        if retries > 0 { details.append("\(Decimals.grouped(retries)) sent again") }
        return details
    }

    private static func bar(_ share: Double, width: Int) -> String {
        guard width >= 10 else { return "" }
        let full = Int((share * Double(width)).rounded(.down))
        return "[" + String(repeating: "#", count: full) + String(repeating: ".", count: width - full) + "]"
    }

    /// For example `8 s`, `3 min 20 s` or `2 h 5 min`.
    static func duration(_ seconds: Double) -> String {
        let whole = Int(min(max(0, seconds), 1e9).rounded())
        if whole < 60 { return "\(whole) s" }
        if whole < 3600 { return "\(whole / 60) min \(whole % 60) s" }
        return "\(whole / 3600) h \(whole / 60 % 60) min"
    }
}

/// Lines at the bottom of a terminal that are drawn over each other.
struct TerminalBlock {
    /// Lines that stand there now.
    private(set) var count = 0

    /// What to write to take the block away: the cursor stands where it began.
    mutating func wipe() -> String {
        defer { count = 0 }
        guard count > 0 else { return "" }
        return "\r" + (count > 1 ? "\u{1B}[\(count - 1)A" : "") + "\u{1B}[J"
    }

    /// What to write to put `lines` in place of what stands there.
    mutating func draw(_ lines: [String]) -> String {
        let text = wipe() + lines.joined(separator: "\n")
        count = lines.count
        return text
    }
}
