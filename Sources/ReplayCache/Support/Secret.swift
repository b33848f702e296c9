/// A text that must never be printed: keys, tokens, passwords.
///
/// Whatever prints, reflects or encodes it gets `<redacted>`; ``reveal()`` is for those who sign or send, and is easy to
/// search for.
package struct Secret: Sendable, Hashable {
    private let value: String

    package init(_ value: String) { self.value = value }

    /// The text itself, for a signature or a header.
    package func reveal() -> String { value }

    package var isEmpty: Bool { value.isEmpty }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable, Encodable {
    private static let shown = "<redacted>"

    package var description: String { Self.shown }
    package var debugDescription: String { Self.shown }
    package var customMirror: Mirror { Mirror(self, children: [:]) }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(Self.shown)
    }
}
