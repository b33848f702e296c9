import ReplayCache

/// Columns of text, each as wide as its widest cell in the rows that are printed together.
struct Table {
    private let headers: [String]
    private var rows: [[String]] = []

    /// Rows printed together: bounded, so that a long answer starts at once and memory stays flat.
    private static let blockCount = 256
    private var isHeaderPrinted = false

    init(_ headers: [String]) { self.headers = headers }

    mutating func add(_ row: [String]) throws {
        rows.append(row.map(DisplayText.escaped))
        if rows.count == Self.blockCount { try flush() }
    }

    /// Prints what is left.
    mutating func flush() throws {
        let block = (isHeaderPrinted ? [] : [headers]) + rows
        guard !rows.isEmpty else { return }
        let widths = headers.indices.map { column in
            max(headers[column].count, rows.map { $0[column].count }.max() ?? 0)
        }
        for row in block {
            let cells = row.enumerated().map { index, cell in
                index == row.count - 1 ? cell : cell + String(repeating: " ", count: widths[index] - cell.count)
            }
            let line = cells.joined(separator: "  ")
            // Columns at the end may be empty.
            let end = line.lastIndex { $0 != " " }
            try Console.data(end.map { String(line[...$0]) } ?? "")
        }
        isHeaderPrinted = true
        rows.removeAll(keepingCapacity: true)
    }
}
