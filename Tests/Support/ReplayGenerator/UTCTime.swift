/// An instant in the two forms that replays have it.
struct UTCTime {
    private let year: Int
    private let fields: [Int]

    init(_ secondsSince1970: Int64) {
        let days = Int((Double(secondsSince1970) / 86_400).rounded(.down))
        let second = Int(secondsSince1970) - days * 86_400
        // The proleptic Gregorian calendar in eras of 400 years that begin in March.
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        fields = [
            month, dayOfYear - (153 * monthFromMarch + 2) / 5 + 1, second / 3_600, second / 60 % 60, second % 60,
        ]
    }

    /// As in metadata: `2022-12-20T06:52:39Z`.
    var text: String {
        let two = twoDigits
        return "\(year)-\(two[0])-\(two[1])T\(two[2]):\(two[3]):\(two[4])Z"
    }

    /// As in file names: `20221220T065239`.
    var compact: String {
        let two = twoDigits
        return "\(year)\(two[0])\(two[1])T\(two[2])\(two[3])\(two[4])"
    }

    private var twoDigits: [String] {
        fields.map { $0 < 10 ? "0\($0)" : "\($0)" }
    }
}
