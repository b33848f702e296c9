/// Decimal text without Foundation's formatters.
package enum Decimals {
    /// `value` rounded to a fixed number of decimal places; "0" in place of what is not finite.
    package static func format(_ value: Double, places: Int) -> String {
        guard value.isFinite, abs(value) < 1e15 else { return "0" }
        let scale = [1.0, 10, 100, 1000, 10_000][min(places, 4)]
        let scaled = Int64((abs(value) * scale).rounded())
        let sign = value < 0 && scaled > 0 ? "-" : ""
        let (whole, fraction) = scaled.quotientAndRemainder(dividingBy: Int64(scale))
        guard places > 0 else { return "\(sign)\(whole)" }
        return "\(sign)\(whole).\(padded(fraction, to: places))"
    }

    /// A whole number with leading zeros.
    package static func padded(_ value: Int64, to width: Int) -> String {
        let digits = String(value)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }

    /// A whole number with commas: `20,000`.
    package static func grouped(_ value: Int) -> String {
        var result = ""
        for (index, digit) in String(abs(value)).reversed().enumerated() {
            if index > 0 && index % 3 == 0 { result.append(",") }
            result.append(digit)
        }
        return (value < 0 ? "-" : "") + String(result.reversed())
    }
}
