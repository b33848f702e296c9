/// A moment in UTC with millisecond resolution; the proleptic Gregorian calendar.
package struct Timestamp: Sendable, Hashable, Comparable {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    package var milliseconds: Int64

    package init(milliseconds: Int64) { self.milliseconds = milliseconds }
    package init(nanoseconds: Int64) { milliseconds = nanoseconds.floorDivided(by: 1_000_000) }

    /// Nanoseconds since 1970, as near as 64 bits come: a time from a remote may be in any year.
    package var nanoseconds: Int64 {
        let (value, overflows) = milliseconds.multipliedReportingOverflow(by: 1_000_000)
        guard overflows else { return value }
        return milliseconds < 0 ? .min : .max
    }

    /// What stands for the clock of this machine, in simulations.
    @TaskLocal package static var simulatedClock: (@Sendable () -> Timestamp)?

    package static func now() -> Timestamp {
        simulatedClock?() ?? Timestamp(milliseconds: Machine.now() / 1_000_000)
    }

    package static func < (left: Timestamp, right: Timestamp) -> Bool { left.milliseconds < right.milliseconds }

    private struct Fields {
        var year: Int64
        var month: Int64
        var day: Int64
        var secondOfDay: Int64
        var millisecond: Int64
    }

    private var fields: Fields {
        let day = milliseconds.floorDivided(by: 86_400_000)
        let rest = milliseconds - day * 86_400_000
        // Days since 0000-03-01, so that the leap day ends the year (H. Hinnant, "chrono-Compatible Low-Level Date
        // Algorithms", civil_from_days).
        let shifted = day + 719_468
        let era = shifted.floorDivided(by: 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return Fields(
            year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
            month: month,
            day: dayOfYear - (153 * monthFromMarch + 2) / 5 + 1,
            secondOfDay: rest / 1000,
            millisecond: rest % 1000
        )
    }

    /// RFC 3339 in UTC, with milliseconds only when there are some: `2026-11-23T22:07:53Z`.
    package var rfc3339: String {
        let f = fields
        let fraction = f.millisecond == 0 ? "" : ".\(Decimals.padded(f.millisecond, to: 3))"
        return "\(date(f, "-"))T\(time(f, ":"))\(fraction)Z"
    }

    /// Fixed width, sorts as text: `20261123T220753123Z`.
    package var sortable: String {
        let f = fields
        return "\(date(f, ""))T\(time(f, ""))\(Decimals.padded(f.millisecond, to: 3))Z"
    }

    private func date(_ f: Fields, _ separator: String) -> String {
        [Decimals.padded(f.year, to: 4), Decimals.padded(f.month, to: 2), Decimals.padded(f.day, to: 2)]
            .joined(separator: separator)
    }

    private func time(_ f: Fields, _ separator: String) -> String {
        [f.secondOfDay / 3600, f.secondOfDay / 60 % 60, f.secondOfDay % 60]
            .map { Decimals.padded($0, to: 2) }.joined(separator: separator)
    }

    /// Reads the form of ``sortable``; nil for anything else.
    package init?(sortable text: some StringProtocol) {
        let bytes = Array(text.utf8)
        guard bytes.count == 19, bytes[8] == UInt8(ascii: "T"), bytes[18] == UInt8(ascii: "Z") else { return nil }
        func number(_ range: Range<Int>) -> Int64? {
            bytes[range].reduce(Int64?(0)) { sum, byte in
                guard let sum, byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
                return sum * 10 + Int64(byte - UInt8(ascii: "0"))
            }
        }
        guard let year = number(0..<4), let month = number(4..<6), let day = number(6..<8), let hour = number(9..<11),
            let minute = number(11..<13), let second = number(13..<15), let millisecond = number(15..<18)
        else { return nil }
        self.init(
            milliseconds: Self.days(year, month, day) * 86_400_000 + (hour * 3600 + minute * 60 + second) * 1000
                + millisecond
        )
        // A date such as 31 February would be read as another day: accept only what prints as it was read.
        guard sortable == text else { return nil }
    }

    private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let shiftedYear = month <= 2 ? year - 1 : year
        let era = shiftedYear.floorDivided(by: 400)
        let yearOfEra = shiftedYear - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }
}

extension Int64 {
    fileprivate func floorDivided(by divisor: Int64) -> Int64 {
        let (quotient, rest) = quotientAndRemainder(dividingBy: divisor)
        return rest < 0 ? quotient - 1 : quotient
    }
}
