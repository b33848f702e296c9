/// The forms in which servers write times.
extension Timestamp {
    /// Reads the `Date` and `Last-Modified` of HTTP: `Tue, 24 Nov 2026 15:00:00 GMT` (RFC 9110 section 5.6.7).
    package init?(httpDate text: String) {
        let words = text.split(separator: " ")
        guard words.count == 6, words[5] == "GMT", let month = Self.months.firstIndex(of: String(words[2])) else {
            return nil
        }
        let day = words[1].utf8.count == 1 ? "0\(words[1])" : String(words[1])
        guard let time = Self.digits(words[4], ":", [2, 2, 2]) else { return nil }
        self.init(sortable: "\(words[3])\(Decimals.padded(Int64(month + 1), to: 2))\(day)T\(time)000Z")
    }

    /// Reads the UTC times of S3's XML and JSON: `2026-11-24T15:00:00.000Z`, with or without a fraction.
    package init?(utc text: String) {
        let halves = text.split(separator: "T", omittingEmptySubsequences: false)
        guard halves.count == 2, halves[1].hasSuffix("Z"), let date = Self.digits(halves[0], "-", [4, 2, 2]) else {
            return nil
        }
        let clock = halves[1].dropLast().split(separator: ".", omittingEmptySubsequences: false)
        guard clock.count <= 2, let time = Self.digits(clock[0], ":", [2, 2, 2]) else { return nil }
        let fraction = clock.count == 2 ? clock[1] : "0"
        guard !fraction.isEmpty, fraction.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
        self.init(sortable: "\(date)T\(time)\("\(fraction)00".prefix(3))Z")
    }

    /// The pieces of `text` joined, if they have these lengths.
    private static func digits(_ text: Substring, _ separator: Character, _ lengths: [Int]) -> String? {
        let pieces = text.split(separator: separator, omittingEmptySubsequences: false)
        return pieces.map(\.utf8.count) == lengths ? pieces.joined() : nil
    }

    /// The form of a signature: `20261124T150000Z`.
    package var basic: String { "\(sortable.prefix(15))Z" }

    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
}
