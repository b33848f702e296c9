/// What replays can be counted by: `query --group-by`.
public enum GroupField: String, Sendable, Hashable, CaseIterable {
    /// A character that somebody plays: a replay counts once for each.
    case character
    /// Who meets whom, such as `Fox vs Marth`, or `Falco+Fox vs Marth+Peach` in a teams game.
    case matchup
    /// Where.
    case stage
    /// Year and month of the start, UTC.
    case month
    /// A player by connect code, else online name, else tag: a replay counts once for each.
    case player
    /// Version of the file.
    case version
    /// What recorded the game.
    case platform
}

/// Replays that have something in common: a line of `query --group-by … --format json` (`schema/group.schema.json`).
public struct GroupRow: Sendable, Equatable {
    /// What they have in common, in the order in which it was asked for; a value is nil where it is not known.
    public var keys: [(field: GroupField, value: String?)]
    /// How many.
    public var replays: Int
    /// The sum of their sizes.
    public var bytes: Int64
    /// The sum of their lengths, countdowns included.
    public var hours: Double

    /// Compares all of it.
    public static func == (left: GroupRow, right: GroupRow) -> Bool {
        left.replays == right.replays && left.bytes == right.bytes && left.hours == right.hours
            && left.keys.elementsEqual(right.keys) { $0 == $1 }
    }
}

extension GroupRow: Encodable {
    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init(_ name: String) { stringValue = name }
        init?(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    /// Writes what they have in common as fields of its name; null where it is not known.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(1, forKey: Key("v"))
        try container.encode("group", forKey: Key("event"))
        for (field, value) in keys { try container.encode(value, forKey: Key(field.rawValue)) }
        try container.encode(replays, forKey: Key("replays"))
        try container.encode(bytes, forKey: Key("bytes"))
        try container.encode(hours, forKey: Key("hours"))
    }
}
