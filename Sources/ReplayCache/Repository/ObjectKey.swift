/// The key of an object: `objects/<h2>/<sha256>[.<gen>].<suffix>` (`docs/format.md`, "Objects").
package struct ObjectKey: Sendable, Hashable {
    /// What is stored under a key.
    package enum Form: Sendable, Hashable {
        /// The content itself, encoded.
        case content(Encoding)
        /// A recipe of parts.
        case recipe

        package var suffix: String {
            switch self {
            case .content(let encoding): encoding.rawValue
            case .recipe: "recipe"
            }
        }

        package init?(suffix: some StringProtocol) {
            if suffix == "recipe" {
                self = .recipe
            } else if let encoding = Encoding(rawValue: String(suffix)) {
                self = .content(encoding)
            } else {
                return nil
            }
        }
    }

    /// More generations than any content goes through; a remote may claim any number, and the next one is counted from it.
    package static let maximumGeneration = 999_999_999

    package let digest: Digest
    /// Counts up when a key must not be used again after garbage collection; absent from the text when 0.
    package let generation: Int
    package let form: Form

    package init(digest: Digest, generation: Int = 0, form: Form) {
        self.digest = digest
        self.generation = generation
        self.form = form
    }

    package var remoteKey: RemoteKey {
        let name = generation == 0 ? digest.hex : "\(digest.hex).\(generation)"
        guard let key = RemoteKey("objects/\(digest.hex.prefix(2))/\(name).\(form.suffix)") else {
            preconditionFailure("an object key has only letters, digits, dots and slashes")
        }
        return key
    }

    /// Whether a text would be the key of a content if its encoding were known: a later version wrote it.
    static func hasUnknownEncoding(_ text: String, of digest: Digest) -> Bool {
        let name = text.split(separator: "/", omittingEmptySubsequences: false).last ?? ""
        guard let suffix = name.split(separator: ".").last, Form(suffix: suffix) == nil,
            (1...16).contains(suffix.utf8.count),
            suffix.utf8.allSatisfy({ (48...57).contains($0) || (97...122).contains($0) })
        else { return false }
        // The same with an encoding that is known.
        return ObjectKey("\(text.dropLast(suffix.count))\(Encoding.raw.rawValue)")?.digest == digest
    }

    /// Reads a key; nil for anything but the exact text that ``remoteKey`` writes, and for unknown encodings.
    package init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 3, let name = parts.last else { return nil }
        let fields = name.split(separator: ".", omittingEmptySubsequences: false)
        guard fields.count == 2 || fields.count == 3, let digest = Digest(hex: fields[0]),
            let form = Form(suffix: fields[fields.count - 1])
        else { return nil }
        let generation = fields.count == 3 ? Int(fields[1]) ?? -1 : 0
        guard (0...Self.maximumGeneration).contains(generation) else { return nil }
        self.init(digest: digest, generation: generation, form: form)
        guard remoteKey.string == text else { return nil }
    }
}
