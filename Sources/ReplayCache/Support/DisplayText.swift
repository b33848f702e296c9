/// Makes text from outside (names, tags, keys) safe to print on a terminal.
package enum DisplayText {
    /// `text` with control and bidirectional characters escaped, so that they are seen and do not act.
    package static func escaped(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: acts) else { return text }
        return text.unicodeScalars.map { acts($0) ? "\\u{\(String($0.value, radix: 16))}" : String($0) }.joined()
    }

    /// Escaped, shortened to 200 characters, in double quotes.
    package static func quoted(_ text: String) -> String {
        let shown = text.count > 200 ? String(text.prefix(200)) + "…" : text
        return "\"\(escaped(shown))\""
    }

    private static func acts(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate: true
        default: false
        }
    }
}
