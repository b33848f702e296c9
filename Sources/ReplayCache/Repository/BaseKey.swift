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
        guard let name = StampedName(text, prefix: Self.prefix, suffix: Self.suffix), name.fields.count == 1,
            StampedName.isHex(name.fields[0], count: 8)
        else { return nil }
        self.init(hlc: HLC(milliseconds: name.time.milliseconds), check: String(name.fields[0]))
        guard remoteKey.string == text else { return nil }
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
