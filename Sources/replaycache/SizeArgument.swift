import ArgumentParser
import ReplayCache

/// A number of bytes as people write it: `500M`, `20GB`, `1.5T`, `64GiB`, or a plain number.
struct SizeArgument: Sendable, Equatable {
    let bytes: Int64

    /// Powers of ten, as disks and providers count, unless it says otherwise; nil for what is no size.
    init?(_ text: String) {
        var number = text[...]
        let isBinary = number.hasSuffix("iB")
        // A small b would be bits.
        if number.hasSuffix("B") { number = number.dropLast(isBinary ? 2 : 1) }
        let base: Double = isBinary ? 1024 : 1000
        let scale: Double? = number.last.flatMap { letter in
            switch letter {
            case "k", "K": base
            case "m", "M": base * base
            case "g", "G": base * base * base
            case "t", "T": base * base * base * base
            default: nil
            }
        }
        guard scale != nil || !isBinary else { return nil }
        let digits = scale == nil ? number : number.dropLast()
        guard !digits.isEmpty, digits.allSatisfy({ $0.isASCII && ($0.isNumber || $0 == ".") }),
            let value = Double(digits)
        else { return nil }
        let bytes = (value * (scale ?? 1)).rounded()
        // As much as a repository can hold in a file many times over.
        guard bytes >= 0, bytes <= 1e18 else { return nil }
        self.bytes = Int64(bytes)
    }
}

extension SizeArgument: ExpressibleByArgument {
    init?(argument: String) { self.init(argument) }
}
