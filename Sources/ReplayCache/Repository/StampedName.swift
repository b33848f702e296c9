/// What the names in `log/`, `base/` and `gc/` have in common: a moment that sorts as text, more after dashes, and an ending.
struct StampedName {
    let time: Timestamp
    /// What follows the moment, split at dashes.
    let fields: [Substring]

    /// Reads a name; nil for one with another beginning or ending, or without a moment.
    init?(_ text: String, prefix: String, suffix: String) {
        guard text.hasPrefix(prefix), text.hasSuffix(suffix) else { return nil }
        let name = text.dropFirst(prefix.count).dropLast(suffix.count)
        let fields = name.split(separator: "-", omittingEmptySubsequences: false)
        guard let first = fields.first, let time = Timestamp(sortable: first) else { return nil }
        self.time = time
        self.fields = Array(fields.dropFirst())
    }

    /// Whether a text is so many lowercase hexadecimal digits.
    static func isHex(_ text: Substring, count: Int) -> Bool {
        text.utf8.count == count && text.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
    }
}
