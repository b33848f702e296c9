/// A file in a bucket as other programs lay it out: its key is its path (`providers.md` section 5).
package struct PlainItem: Sendable, Equatable {
    /// The whole key.
    package let key: String
    /// What follows the prefix of the place; anything that a server may tell.
    package let name: String
    package let byteCount: Int64
    /// Tells one version from another; without quotes, nil when the server gives none.
    package let etag: String?
    /// When it was stored, by the clock of the place.
    package let modified: Timestamp

    package init(key: String, name: String, byteCount: Int64, etag: String?, modified: Timestamp) {
        self.key = key
        self.name = name
        self.byteCount = byteCount
        self.etag = etag
        self.modified = modified
    }

    /// The name as a path to file it under.
    ///
    /// - Throws: ``LogicalPathError`` with what is wrong with it.
    package func path() throws(LogicalPathError) -> LogicalPath {
        // What bytes that are no UTF-8 were repaired to: nothing is stored under that key.
        guard !name.unicodeScalars.contains("\u{FFFD}") else {
            throw LogicalPathError(path: name, reason: "is not UTF-8")
        }
        guard name.utf8.count <= Self.maximumNameByteCount else {
            throw LogicalPathError(path: String(name.prefix(80)) + "…", reason: "is longer than 1,024 bytes")
        }
        return try LogicalPath(name)
    }

    /// Keys have at most so many bytes (`s3-compat.md` section 3).
    private static let maximumNameByteCount = 1024

    /// Whether it stands for a folder: an empty object whose key ends in a slash.
    package var isFolderMarker: Bool { byteCount == 0 && key.utf8.last == UInt8(ascii: "/") }

    /// Whether the ETag is the MD5 of the bytes, and so the same for every copy: that of an object stored by one PUT.
    package var hasContentETag: Bool { etag.map(EntityTag.isDigest) ?? false }
}

/// The `ETag` of an object.
enum EntityTag {
    /// Without quotes and the mark of a weak one; nil for what is too long to be one.
    static func plain(_ text: String?) -> String? {
        guard let text, text.utf8.count <= 256 else { return nil }
        let strong = text.hasPrefix("W/") ? text.dropFirst(2) : Substring(text)
        let tag =
            strong.hasPrefix("\"") && strong.hasSuffix("\"") && strong.utf8.count >= 2
            ? strong.dropFirst().dropLast() : strong
        // It is sent back in a header.
        guard !tag.isEmpty, tag.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "\"") }) else {
            return nil
        }
        return String(tag)
    }

    /// Whether it has the form of an MD5.
    static func isDigest(_ tag: String) -> Bool {
        tag.utf8.count == 32
            && tag.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) || (65...70).contains($0) }
    }
}

/// Where programs keep the modification time of a file beside its object (`providers.md` section 5).
enum PlainTime {
    /// rclone's for S3: seconds since 1970, with a fraction.
    static let secondsHeader = "x-amz-meta-mtime"
    /// That of B2's own API: milliseconds.
    static let millisecondsHeader = "x-amz-meta-src_last_modified_millis"

    /// Nanoseconds since 1970; nil where nothing usable is told.
    static func nanoseconds(in headers: [String: String]) -> Int64? {
        if let text = headers[secondsHeader], let time = nanoseconds(seconds: text) { return time }
        guard let text = headers[millisecondsHeader], let milliseconds = Int64(text) else { return nil }
        let (time, overflows) = milliseconds.multipliedReportingOverflow(by: 1_000_000)
        return overflows ? nil : time
    }

    /// Reads `1700000000.123456789`; digits beyond nanoseconds are dropped.
    static func nanoseconds(seconds text: String) -> Int64? {
        let isNegative = text.hasPrefix("-")
        let parts = (isNegative ? text.dropFirst() : Substring(text)).split(
            separator: ".",
            maxSplits: 1,
            omittingEmptySubsequences: false
        )
        guard text.utf8.count <= 40, let whole = parts.first, isNumber(whole), let seconds = Int64(whole) else {
            return nil
        }
        var fraction: Int64 = 0
        if parts.count == 2 {
            guard isNumber(parts[1]) else { return nil }
            let digits = parts[1].prefix(9)
            fraction = Int64(digits + String(repeating: "0", count: 9 - digits.count)) ?? 0
        }
        let (scaled, overflows) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, isTooLate) = scaled.addingReportingOverflow(fraction)
        guard !overflows, !isTooLate else { return nil }
        return isNegative ? -sum : sum
    }

    private static func isNumber(_ text: Substring) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { (48...57).contains($0) }
    }

    /// Writes what ``nanoseconds(seconds:)`` reads, without zeros at the end, as rclone does.
    static func seconds(nanoseconds: Int64) -> String {
        let (whole, fraction) = nanoseconds.magnitude.quotientAndRemainder(dividingBy: 1_000_000_000)
        let sign = nanoseconds < 0 ? "-" : ""
        guard fraction > 0 else { return "\(sign)\(whole)" }
        var digits = Decimals.padded(Int64(fraction), to: 9)[...]
        while digits.last == "0" { digits = digits.dropLast() }
        return "\(sign)\(whole).\(digits)"
    }
}
