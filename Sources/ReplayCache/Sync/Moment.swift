/// A moment as people write it: RFC 3339, a date, or how long ago.
public enum Moment: Sendable, Equatable {
    /// Milliseconds since 1970 UTC.
    case fixed(Int64)
    /// Milliseconds before now, by the clock of the place that is asked.
    case ago(Int64)

    /// Reads `2026-11-24T15:00:00Z` (also with an offset, as `+01:00`), `2026-11-24` (its beginning in UTC), or `10m`,
    /// `2h`, `3d`, `1w`, also followed by `ago`; nil for anything else.
    public init?(_ text: some StringProtocol) {
        if let ago = Self.duration(text) {
            self = .ago(ago)
        } else if let fixed = Self.time(text) {
            self = .fixed(fixed)
        } else {
            return nil
        }
    }

    func hlc(now: Timestamp) -> HLC {
        switch self {
        case .fixed(let milliseconds): HLC(milliseconds: milliseconds)
        case .ago(let milliseconds): HLC(milliseconds: now.milliseconds - milliseconds)
        }
    }

    private static let units: [Character: Int64] = [
        "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000,
    ]

    private static func duration(_ text: some StringProtocol) -> Int64? {
        var rest = String(text).trimmingSpaces
        if rest.hasSuffix(" ago") { rest = String(rest.dropLast(4)).trimmingSpaces }
        guard let unit = rest.last.flatMap({ units[$0] }), (2...7).contains(rest.utf8.count),
            rest.utf8.dropLast().allSatisfy({ (48...57).contains($0) }), let number = Int64(rest.dropLast())
        else { return nil }
        return number * unit
    }

    private static func time(_ text: some StringProtocol) -> Int64? {
        let text = String(text)
        if let date = Timestamp(utc: "\(text)T00:00:00Z") { return date.milliseconds }
        if let time = Timestamp(utc: text) { return time.milliseconds }
        let bytes = Array(text.utf8.suffix(6))
        guard bytes.count == 6, bytes[0] == UInt8(ascii: "+") || bytes[0] == UInt8(ascii: "-"), bytes[3] == 58,
            [1, 2, 4, 5].allSatisfy({ (48...57).contains(bytes[$0]) }),
            let time = Timestamp(utc: "\(text.dropLast(6))Z")
        else { return nil }
        func number(_ index: Int) -> Int64 { Int64(bytes[index] - 48) * 10 + Int64(bytes[index + 1] - 48) }
        guard number(1) < 24, number(4) < 60 else { return nil }
        let offset = (number(1) * 60 + number(4)) * 60_000
        return bytes[0] == UInt8(ascii: "+") ? time.milliseconds - offset : time.milliseconds + offset
    }
}

/// `PATH[@WHEN]`.
public struct PathAtMoment: Sendable {
    /// In the repository.
    public var path: LogicalPath
    /// Nil when none was given.
    public var moment: Moment?

    /// Takes what follows the last `@` for a moment when it is one; a name may contain the sign too.
    public init(_ text: String) throws {
        if let at = text.lastIndex(of: "@"), let moment = Moment(text[text.index(after: at)...]) {
            path = try LogicalPath(Self.withoutSlash(text[..<at]))
            self.moment = moment
        } else {
            path = try LogicalPath(Self.withoutSlash(text[...]))
        }
    }

    /// A shell completes a folder with a slash.
    private static func withoutSlash(_ text: Substring) -> String {
        String(text.hasSuffix("/") ? text.dropLast() : text)
    }
}
