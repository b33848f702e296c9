/// The key of a base: `base/<hlc>-<sha8>.sqlite.zst` (`docs/format.md`, "Base").
///
/// Sorts by the newest segment that it covers.
package struct BaseKey: Sendable, Hashable {
    package static let prefix = "base/"
    private static let suffix = ".sqlite.zst"

    /// Of the newest segment covered.
    package let hlc: HLC
    /// The first 8 hexadecimal digits of the SHA-256 of the decompressed file.
    package let check: String

    package init(hlc: HLC, check: String) {
        self.hlc = hlc
        self.check = check
    }

    package var remoteKey: RemoteKey {
        guard let key = RemoteKey("\(Self.prefix)\(hlc.text)-\(check)\(Self.suffix)") else {
            preconditionFailure("the key of a base has only letters, digits, dots and dashes")
        }
        return key
    }

    /// Reads a key; nil for anything but what ``remoteKey`` writes.
    package init?(_ text: String) {
        guard text.hasPrefix(Self.prefix), text.hasSuffix(Self.suffix) else { return nil }
        let name = text.dropFirst(Self.prefix.count).dropLast(Self.suffix.count)
        let fields = name.split(separator: "-", omittingEmptySubsequences: false)
        guard fields.count == 2, let hlc = HLC(text: fields[0]), fields[1].utf8.count == 8 else { return nil }
        self.init(hlc: hlc, check: String(fields[1]))
        let isHex = check.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
        guard isHex, remoteKey.string == text else { return nil }
    }
}

/// A base as the place lists it.
package struct ListedBase: Sendable, Equatable {
    package let key: BaseKey
    package let byteCount: Int64
    /// When it appeared, by the clock of the place.
    package let modified: Timestamp
}

/// Why a base is not believed, as the end of a sentence.
package struct BaseError: Error, Sendable, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }
}
