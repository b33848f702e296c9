/// A line of a text that a user wrote, with the place in it at which something is wrong.
public struct TextMark: Sendable, Equatable {
    /// The line, or the part of it around the place, safe to print on a terminal.
    public let line: String
    /// Characters of ``line`` in front of the place.
    public let column: Int

    /// So much of a long line is shown on either side.
    private static let reach = 60

    /// Marks what begins at an offset into the UTF-8 of `text`; nil beyond its end.
    package init?(_ text: String, utf8Offset: Int) {
        guard let index = text.utf8.index(text.startIndex, offsetBy: utf8Offset, limitedBy: text.endIndex) else {
            return nil
        }
        let before = text[..<index].split(separator: "\n", omittingEmptySubsequences: false).last ?? ""
        let after = text[index...].prefix { $0 != "\n" }
        let cut = before.count > Self.reach ? "…" : ""
        let start = cut + Self.shown(before.suffix(Self.reach))
        line = start + Self.shown(after.prefix(Self.reach)) + (after.count > Self.reach ? "…" : "")
        column = start.count
    }

    private static func shown(_ text: Substring) -> String {
        DisplayText.escaped(String(text.map { $0 == "\t" ? " " : $0 }))
    }
}
