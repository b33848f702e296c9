/// Reading the language of selections: what people write behind each flag.
///
/// Every error names the flag and the word.
extension Selection {
    /// Reads characters by their names, or by `external:N` and `internal:N`; `not:` before one negates it.
    ///
    /// - Throws: ``ReplayCacheError`` with code `usage` that suggests near names.
    public static func characters(_ words: [String], flag: String = "--character") throws -> Criterion<MeleeCharacter> {
        try criterion(words, flag, character)
    }

    /// Reads character names as people write them.
    ///
    /// - Throws: ``ReplayCacheError`` with code `usage` that suggests near names.
    public static func characters(named names: [String]) throws -> [MeleeCharacter] {
        try names.map { try character($0, "--character") }
    }

    /// Reads `A/B`, two characters.
    public static func matchups(_ words: [String]) throws -> Criterion<Matchup> {
        try criterion(words, "--matchup") { word, flag in
            let sides = word.split(separator: "/", omittingEmptySubsequences: false)
            guard sides.count == 2 else {
                throw refusal(flag, word, "is no matchup", "write two characters, such as fox/marth")
            }
            return Matchup(try character(String(sides[0]), flag), try character(String(sides[1]), flag))
        }
    }

    /// Reads stages by their names, or by `external:N`.
    public static func stages(_ words: [String]) throws -> Criterion<Stage> {
        try criterion(words, "--stage") { word, flag in
            if let stage = Stage(name: word) { return stage }
            if let number = number(word, after: "external:", upTo: 0xFFFF) { return Stage(rawValue: number) }
            try refuseNumber(word, flag, "stages have two numberings that collide", "external:\(word)")
            throw unknown(word, flag, "stage", Stage.suggestions(for: word), "battlefield, fod or yoshis")
        }
    }

    /// Reads connect codes and names of players.
    public static func players(_ words: [String], flag: String = "--player") throws -> Criterion<String> {
        try criterion(words, flag) { word, flag in try name(word, flag) }
    }

    /// Reads characters, and what is none as the name of a player.
    public static func winners(_ words: [String]) throws -> Criterion<Winner> {
        try criterion(words, "--winner") { word, flag in
            if let character = MeleeCharacter(name: word) { return .character(character) }
            if word.hasPrefix("external:") || word.hasPrefix("internal:") {
                return .character(try character(word, flag))
            }
            try refuseNumber(
                word,
                flag,
                "it may be a port, or a character in one of three numberings",
                "fox or ABC#123"
            )
            return .player(try name(word, flag))
        }
    }

    /// Reads names of what records games.
    public static func platforms(_ words: [String]) throws -> Criterion<String> {
        try criterion(words, "--platform") { word, flag in try name(word, flag) }
    }

    /// Reads shell patterns.
    public static func paths(_ words: [String]) throws -> Criterion<String> {
        try criterion(words, "--path") { word, flag in
            guard !word.isEmpty else { throw refusal(flag, word, "is empty", "a pattern such as '*/fox/*' is meant") }
            return word
        }
    }

    /// Reads conditions on versions, such as `>=3.7` or `>=3.7,<3.14`.
    public static func versions(_ words: [String]) throws -> Criterion<VersionRange> {
        try criterion(words, "--slippi") { word, flag in
            guard let range = VersionRange(word) else {
                throw refusal(
                    flag,
                    word,
                    "is no condition on a version",
                    "write for example '>=3.7', '>=3.7,<3.14' or 3.16, in quotes because of the shell"
                )
            }
            return range
        }
    }

    /// Reads the beginning of a time: a date alone means its first moment, in UTC.
    public static func since(_ word: String) throws -> Moment {
        guard let moment = Moment(word) else { throw noMoment("--since", word) }
        return moment
    }

    /// Reads the end of a time: up to that moment, or with a date alone to the end of that day, in UTC.
    public static func until(_ word: String) throws -> Moment {
        guard let moment = Moment(word) else { throw noMoment("--until", word) }
        guard case .fixed(let milliseconds) = moment, Timestamp(utc: "\(word)T00:00:00Z") != nil else { return moment }
        return .fixed(milliseconds + 86_400_000)
    }

    /// Reads `45`, `45s`, `1m`, `1m30s` or `1h`.
    public static func duration(_ word: String, flag: String) throws -> Duration {
        guard let duration = Duration(words: word) else {
            throw refusal(flag, word, "is no length of time", "write seconds, or for example 45s, 1m30s or 1h")
        }
        return duration
    }

    /// Reads what samples are even across, with commas between.
    public static func strata(_ words: [String]) throws -> [Stratum] {
        try words.flatMap { $0.split(separator: ",", omittingEmptySubsequences: false) }.map { word in
            guard let stratum = Stratum(rawValue: String(word)) else {
                let known = Stratum.allCases.map(\.rawValue).joined(separator: ", ")
                throw refusal("--per", String(word), "is nothing to be even across", "there are \(known)")
            }
            return stratum
        }
    }

    /// Checks an SQL expression over the documented views.
    public static func expression(_ text: String) throws -> String { try SelectionExpression(text).sql }

    // MARK: Words

    private static func criterion<Value>(
        _ words: [String],
        _ flag: String,
        _ read: (_ word: String, _ flag: String) throws -> Value
    ) throws -> Criterion<Value> {
        var criterion = Criterion<Value>()
        for word in words {
            if word.hasPrefix("not:") {
                criterion.noneOf.append(try read(String(word.dropFirst(4)), flag))
            } else {
                criterion.anyOf.append(try read(word, flag))
            }
        }
        return criterion
    }

    private static func character(_ word: String, _ flag: String) throws -> MeleeCharacter {
        if let character = MeleeCharacter(name: word) { return character }
        if let number = number(word, after: "external:", upTo: 0xFF) { return MeleeCharacter(rawValue: number) }
        if let number = number(word, after: "internal:", upTo: 0xFF) {
            if let character = MeleeCharacter(internalID: UInt8(number)) { return character }
            throw refusal(flag, word, "is no character of the game", nil)
        }
        try refuseNumber(
            word,
            flag,
            "characters have three numberings that collide",
            "external:\(word), the one of the character-select screen, or internal:\(word)"
        )
        throw unknown(word, flag, "character", MeleeCharacter.suggestions(for: word), "fox, falco, mewtwo or puff")
    }

    private static func name(_ word: String, _ flag: String) throws -> String {
        guard word.contains(where: { !$0.isWhitespace }) else {
            throw refusal(flag, word, "is empty", "give a name; to leave the flag out means any")
        }
        return word
    }

    private static func number(_ word: String, after prefix: String, upTo maximum: Int) -> Int? {
        guard word.hasPrefix(prefix), let number = Int(word.dropFirst(prefix.count)), (0...maximum).contains(number)
        else { return nil }
        return number
    }

    private static func refuseNumber(_ word: String, _ flag: String, _ reason: String, _ advice: String) throws {
        guard !word.isEmpty, word.utf8.allSatisfy({ (48...57).contains($0) }) else { return }
        throw refusal(flag, word, "is a bare number, and \(reason)", "write a name, or \(advice)")
    }

    private static func unknown(
        _ word: String,
        _ flag: String,
        _ kind: String,
        _ near: [String],
        _ examples: String
    ) -> ReplayCacheError {
        ReplayCacheError(
            .usage,
            "\(flag): no \(kind) is called \(DisplayText.quoted(word))",
            hint: near.isEmpty
                ? "names such as \(examples) are understood" : "did you mean \(near.joined(separator: ", "))?",
            subject: word
        )
    }

    private static func noMoment(_ flag: String, _ word: String) -> ReplayCacheError {
        refusal(flag, word, "is no moment", "write 2026-11-24, 2026-11-24T15:00:00Z, or how long ago, such as 3d or 2w")
    }

    static func refusal(_ flag: String, _ word: String, _ reason: String, _ hint: String?) -> ReplayCacheError {
        ReplayCacheError(.usage, "\(flag): \(DisplayText.quoted(word)) \(reason)", hint: hint, subject: word)
    }
}

/// Versions of replay files from one to another.
///
/// Parts that a condition does not name do not matter: `3.9` and `<=3.9` mean 3.9.1 too.
public struct VersionRange: Sendable, Equatable {
    /// The condition as it was written.
    public let text: String
    /// ``VersionNumber`` of the first and the last one; an empty range is one that no version fulfils.
    let first: Int64
    let last: Int64

    /// Reads comparisons with commas between, of which all have to be fulfilled; nil for anything else.
    public init?(_ text: String) {
        var first: Int64 = 0
        var last = Int64.max
        let comparisons = text.split(separator: ",", omittingEmptySubsequences: false)
        for comparison in comparisons {
            let comparison = String(comparison).trimmingSpaces
            let sign = comparison.prefix { "<>=".contains($0) }
            let version = String(comparison.dropFirst(sign.count)).trimmingSpaces
            let parts = version.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).count
            guard (1...3).contains(parts), let low = VersionNumber.of(version.utf8Span.span) else { return nil }
            let high = low + (1 << Int64((3 - parts) * VersionNumber.partBits)) - 1
            switch sign {
            case ">=": first = max(first, low)
            case ">": first = max(first, high + 1)
            case "<=": last = min(last, high)
            case "<": last = min(last, low - 1)
            case "", "=", "==":
                first = max(first, low)
                last = min(last, high)
            default: return nil
            }
        }
        self.text = text
        self.first = first
        self.last = last
    }
}

extension Moment {
    /// As it would be written.
    var words: String {
        switch self {
        case .fixed(let milliseconds): return Timestamp(milliseconds: milliseconds).rfc3339
        case .ago(let milliseconds):
            let unit =
                [("w", 604_800_000), ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000)]
                .first { milliseconds % $0.1 == 0 } ?? ("s", 1000)
            return "\(milliseconds / unit.1)\(unit.0)"
        }
    }
}

extension Duration {
    /// Reads `45`, `45s`, `1m30s`, `1h`: whole numbers, each unit once, the larger first; nil for anything else.
    init?(words text: String) {
        var rest = text[...]
        var seconds: Int64 = 0
        var units: ArraySlice<(Character, Int64)> = [("h", 3600), ("m", 60), ("s", 1)]
        guard !rest.isEmpty else { return nil }
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            guard (1...7).contains(digits.count), let number = Int64(digits) else { return nil }
            rest = rest.dropFirst(digits.count)
            // Without a unit the number is all there is.
            guard let letter = rest.popFirst() else {
                guard digits.count == text.count else { return nil }
                seconds = number
                break
            }
            guard let index = units.firstIndex(where: { $0.0 == letter }) else { return nil }
            seconds += number * units[index].1
            units = units[(index + 1)...]
        }
        self = .seconds(seconds)
    }

    /// To the millisecond, as near as 64 bits come.
    var milliseconds: Int64 {
        let (seconds, attoseconds) = components
        let (whole, overflows) = seconds.multipliedReportingOverflow(by: 1000)
        return overflows
            ? (seconds < 0 ? .min : .max)
            : whole.addingReportingOverflow(attoseconds / 1_000_000_000_000_000).partialValue
    }

    var words: String {
        let (whole, rest) = milliseconds.quotientAndRemainder(dividingBy: 1000)
        return rest == 0 ? "\(whole)s" : "\(whole).\(Decimals.padded(abs(rest), to: 3))s"
    }
}
