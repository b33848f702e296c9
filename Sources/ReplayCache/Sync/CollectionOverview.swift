/// What is counted of a collection whatever is in it, while rows go by.
struct CollectionOverview: Sendable {
    var replays = 0
    var otherFiles = 0
    var otherBytes: Int64 = 0
    var bytes: Int64 = 0
    var frames: Int64 = 0
    /// Of each content once.
    var bytesStored: Int64 = 0
    var bytesOfContents: Int64 = 0
    /// Paths whose content stands at another path too, but for one of each.
    var copies = 0
    var bytesCopied: Int64 = 0
    /// Seconds since 1970 UTC.
    var first: Int64?
    var last: Int64?
    var incomplete = 0
    var problems: [String: Int] = [:]
    /// The contents that were met, a bit each.
    var seen: [UInt64] = []

    /// So many reasons are told apart; a hostile file could have as many as it likes.
    private static let maximumProblemCount = 1000
    /// Rows are numbered from 1 on; what is numbered beyond is not looked for twice.
    private static let maximumContentNumber: Int64 = 1 << 32

    /// Notes a row of the columns of ``GroupingPass``; `column` is where those begin that it reads.
    ///
    /// - Returns: What it adds to sums: nothing where it is no replay.
    mutating func note(_ row: borrowing Row, from column: Int) -> GroupSums.Totals {
        let size = max(0, row.int64(column))
        let isNew = meet(row.int64(column + 2))
        guard !row.isNull(column + 4) else {
            otherFiles += 1
            otherBytes &+= size
            return GroupSums.Totals()
        }
        replays += 1
        bytes &+= size
        if isNew {
            bytesOfContents &+= size
            bytesStored &+= max(0, row.int64(column + 3))
        } else {
            copies += 1
            bytesCopied &+= size
        }
        let length = row.optionalInt(column + 1).flatMap(FrameNumber.count(upTo:)).map(Int64.init) ?? 0
        frames &+= length
        if let started = row.optionalInt64(column + 7) {
            first = min(first ?? started, started)
            last = max(last ?? started, started)
        }
        if !row.bool(column + 5) { incomplete += 1 }
        if let problem = row.optionalText(column + 6),
            problems[problem] != nil || problems.count < Self.maximumProblemCount
        {
            problems[problem, default: 0] += 1
        }
        return GroupSums.Totals(replays: 1, bytes: size, frames: length)
    }

    private mutating func meet(_ content: Int64) -> Bool {
        guard (0..<Self.maximumContentNumber).contains(content) else { return true }
        let (word, bit) = (Int(content >> 6), UInt64(1) << UInt64(content & 63))
        if word >= seen.count { seen += Array(repeating: 0, count: max(word + 1, 2 * seen.count) - seen.count) }
        defer { seen[word] |= bit }
        return seen[word] & bit == 0
    }

    mutating func add(_ other: CollectionOverview) {
        replays += other.replays
        otherFiles += other.otherFiles
        otherBytes &+= other.otherBytes
        bytes &+= other.bytes
        frames &+= other.frames
        bytesStored &+= other.bytesStored
        bytesOfContents &+= other.bytesOfContents
        copies += other.copies
        bytesCopied &+= other.bytesCopied
        first = [first, other.first].compactMap { $0 }.min()
        last = [last, other.last].compactMap { $0 }.max()
        incomplete += other.incomplete
        problems.merge(other.problems, uniquingKeysWith: +)
    }
}
