/// Rows with commas between cells, as RFC 4180 has them but for the line ends, which are those of the system.
enum CSV {
    /// A line without its end.
    ///
    /// A cell is nil for what is unknown, which is told apart from an empty text by its quotes. Cells are what they are, also
    /// where a spreadsheet would take one for a formula: another program reads back what was there.
    static func line(_ cells: [String?]) -> String { cells.map(cell).joined(separator: ",") }

    private static func cell(_ text: String?) -> String {
        guard let text else { return "" }
        let needsQuotes =
            text.isEmpty || text.utf8.contains { [0x22, 0x2C, 0x0A, 0x0D].contains($0) }
            || text.first == " " || text.last == " "
        guard needsQuotes else { return text }
        return "\"" + text.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
    }
}
