/// Where the start time of a replay came from, from the most to the least trustworthy (slp-format.md §10).
///
/// Only what the file contains: its name and modification time differ between copies of one content, which has one answer.
public struct StartTimeSource: RawRepresentable, Hashable, Sendable, Codable {
    /// The source's name as it stands in JSON.
    public let rawValue: String

    /// Wraps a name, known or not.
    public init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// `startAt` in the metadata.
    public static let metadata = StartTimeSource(rawValue: "metadata")
    /// The time in the match id: the start of the session, up to hours before the game.
    public static let matchID = StartTimeSource(rawValue: "matchID")
}

/// An instant read from text, with the knowledge whether the text named its zone.
///
/// Consoles write local time without a zone (slp-format.md §6); it is taken for UTC then.
struct StartTime: Equatable {
    let millisecondsSince1970: Int64
    let hasZone: Bool

    init(millisecondsSince1970: Int64, hasZone: Bool) {
        self.millisecondsSince1970 = millisecondsSince1970
        self.hasZone = hasZone
    }

    /// Reads every form of `startAt` in slp-format.md §6: `2018-06-22T07:52:59` with an optional fraction and zone.
    init?(metadata text: String) {
        var digits = Digits(text.utf8.filter { $0 != 0 })
        guard let instant = digits.dateAndTime() else { return nil }
        let fraction = digits.fractionMilliseconds()
        guard let zone = digits.zoneMinutes() else { return nil }
        self.init(
            millisecondsSince1970: instant + fraction - Int64(zone.minutes) * 60_000,
            hasZone: zone.isKnown
        )
    }

    /// Reads the UTC time in a match id such as `mode.unranked-2022-12-20T06:52:39.18-0`.
    init?(matchID: String) {
        guard let dash = matchID.utf8.firstIndex(of: UInt8(ascii: "-")) else { return nil }
        var digits = Digits(matchID.utf8[matchID.utf8.index(after: dash)...])
        guard let instant = digits.dateAndTime() else { return nil }
        self.init(millisecondsSince1970: instant + digits.fractionMilliseconds(), hasZone: true)
    }
}

/// A cursor over the digits and separators of a time stamp.
private struct Digits {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: some Sequence<UInt8>) {
        rest = ArraySlice(bytes)
    }

    /// Milliseconds since 1970 of a date, a `T` and a time of day.
    mutating func dateAndTime() -> Int64? {
        guard
            let year = number(4), take("-"), let month = number(2), take("-"), let day = number(2),
            take("T") || take(" "),
            let hour = number(2), take(":"), let minute = number(2), take(":"), let second = number(2),
            (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60, second <= 60
        else { return nil }
        let days = Self.daysSince1970(year: year, month: month, day: day)
        return Int64(((days * 24 + hour) * 60 + minute) * 60 + second) * 1000
    }

    /// The milliseconds of `.446`, 0 without a fraction; further digits are dropped.
    mutating func fractionMilliseconds() -> Int64 {
        guard take(".") else { return 0 }
        var milliseconds = 0
        var scale = 100
        while let digit = number(1) {
            milliseconds += digit * scale
            scale /= 10
        }
        return Int64(milliseconds)
    }

    /// Reads `Z`, `+09:00`, `+0900` or nothing to the end of the text, or answers nil when something else follows.
    mutating func zoneMinutes() -> (minutes: Int, isKnown: Bool)? {
        if rest.isEmpty { return (0, false) }
        if take("Z") { return rest.isEmpty ? (0, true) : nil }
        let isWest = rest.first == UInt8(ascii: "-")
        guard take("+") || take("-"), let hours = number(2) else { return nil }
        _ = take(":")
        guard let minutes = number(2), rest.isEmpty else { return nil }
        return ((hours * 60 + minutes) * (isWest ? -1 : 1), true)
    }

    private mutating func number(_ count: Int) -> Int? {
        let digits = rest.prefix(count)
        guard digits.count == count, digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
            return nil
        }
        rest = rest.dropFirst(count)
        return digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
    }

    private mutating func take(_ separator: Unicode.Scalar) -> Bool {
        guard rest.first == UInt8(ascii: separator) else { return false }
        rest.removeFirst()
        return true
    }

    /// Days of the proleptic Gregorian calendar, counted in years that begin in March.
    private static func daysSince1970(year: Int, month: Int, day: Int) -> Int {
        let shiftedYear = month > 2 ? year : year - 1
        let era = (shiftedYear >= 0 ? shiftedYear : shiftedYear - 399) / 400
        let yearOfEra = shiftedYear - era * 400
        let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }
}
