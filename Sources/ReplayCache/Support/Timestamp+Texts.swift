/// The forms in which servers write times.
extension Timestamp {
    /// Reads the `Date` and `Last-Modified` of HTTP: `Tue, 24 Nov 2026 15:00:00 GMT` (RFC 9110 section 5.6.7).
    package init?(httpDate text: String) {
        let words = text.split(separator: " ")
        guard words.count == 6, words[5] == "GMT", let month = Self.months.firstIndex(of: String(words[2])) else {
            return nil
        }
        let day = words[1].utf8.count == 1 ? "0\(words[1])" : String(words[1])
        let time = words[4].split(separator: ":").joined()
        self.init(sortable: "\(words[3])\(Decimals.padded(Int64(month + 1), to: 2))\(day)T\(time)000Z")
    }

    /// Reads the UTC times of S3's XML and JSON: `2026-11-24T15:00:00.000Z`, with or without a fraction.
    package init?(utc text: String) {
        guard text.hasSuffix("Z") else { return nil }
        let pieces = text.dropLast().split(separator: ".", omittingEmptySubsequences: false)
        guard let whole = pieces.first, pieces.count <= 2 else { return nil }
        let fraction = pieces.count == 2 ? String(pieces[1].prefix(3)) : ""
        let digits = whole.filter { $0 != "-" && $0 != ":" }
        self.init(sortable: "\(digits)\(fraction)\(String(repeating: "0", count: 3 - fraction.count))Z")
    }

    /// The form of a signature: `20261124T150000Z`.
    package var basic: String { "\(sortable.prefix(15))Z" }

    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
}
