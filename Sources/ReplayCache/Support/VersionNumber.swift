/// Versions such as `3.14.0` as numbers, so that 3.9 comes before 3.14.
package enum VersionNumber {
    /// Bits of each of the three parts.
    static let partBits = 20
    static let maximumPart: Int64 = 1 << Int64(partBits) - 1

    /// The number of a version; nil for what is none.
    ///
    /// Parts that are not there count as 0, a fourth one does not count.
    package static func of(_ text: Span<UInt8>) -> Int64? {
        var parts: (Int64, Int64, Int64) = (0, 0, 0)
        var part = 0
        var hasDigit = false
        for index in text.indices {
            let byte = text[index]
            if byte == UInt8(ascii: ".") {
                guard hasDigit else { return nil }
                part += 1
                hasDigit = false
                if part == 3 { break }
                continue
            }
            guard (48...57).contains(byte) else { return nil }
            let digit = Int64(byte - 48)
            hasDigit = true
            switch part {
            case 0: parts.0 = min(maximumPart, parts.0 * 10 + digit)
            case 1: parts.1 = min(maximumPart, parts.1 * 10 + digit)
            default: parts.2 = min(maximumPart, parts.2 * 10 + digit)
            }
        }
        guard hasDigit || part == 3 else { return nil }
        return parts.0 << Int64(2 * partBits) | parts.1 << Int64(partBits) | parts.2
    }
}
