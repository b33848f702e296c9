/// A character of Melee, by its external id: the one of the character-select screen and of Game Start events.
///
/// Three numberings exist and collide (slp-format.md §8), so a bare number is never read as a character's name.
public struct MeleeCharacter: RawRepresentable, Hashable, Sendable, Codable {
    /// The external id; modded games use ids above those of ``all``.
    public let rawValue: Int

    /// Wraps an external id, known or not.
    public init(rawValue: Int) {
        self.rawValue = rawValue
    }

    /// Finds a character by its name or by a nickname, such as `falcon`, `puff` or `g&w`, in any spelling.
    public init?(name: String) {
        guard let id = Self.index.id(named: name) else { return nil }
        self.init(rawValue: id)
    }

    /// Maps an internal id, as Post-Frame events and metadata hold it; Popo and Nana both are Ice Climbers.
    public init?(internalID: UInt8) {
        guard let id = Self.externalIDs[internalID] else { return nil }
        self.init(rawValue: id)
    }

    /// The English name, or `character N` for an id that the game does not have.
    public var name: String {
        CharacterTable.rows.indices.contains(rawValue) ? CharacterTable.rows[rawValue].name : "character \(rawValue)"
    }

    /// Every character that the game knows, by id.
    public static let all = CharacterTable.rows.map { MeleeCharacter(rawValue: $0.externalID) }

    /// Zelda, who becomes ``sheik`` and back within a game.
    public static let zelda = MeleeCharacter(rawValue: 18)
    /// Sheik.
    public static let sheik = MeleeCharacter(rawValue: 19)

    /// Full names close to `text`, the nearest first, for an error message.
    public static func suggestions(for text: String) -> [String] {
        index.suggestions(for: text)
    }

    private static let index = NameIndex(CharacterTable.rows.map { ($0.externalID, $0.name, $0.aliases) })

    private static let externalIDs: [UInt8: Int] = CharacterTable.rows.reduce(into: [:]) { ids, row in
        for id in row.internalIDs { ids[id] = row.externalID }
    }
}
