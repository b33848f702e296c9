/// A stage of Melee, by its external id: the one of Game Start events.
///
/// Internal stage ids differ and collide (slp-format.md §9), so a bare number is never read as a stage's name.
public struct Stage: RawRepresentable, Hashable, Sendable, Codable {
    /// The external id.
    public let rawValue: Int

    /// Wraps an external id, known or not.
    public init(rawValue: Int) {
        self.rawValue = rawValue
    }

    /// Finds a stage by its name or by a nickname, such as `fod`, `bf` or `dreamland`, in any spelling.
    public init?(name: String) {
        guard let id = Self.index.id(named: name) else { return nil }
        self.init(rawValue: id)
    }

    /// The English name, or `stage N` for one without: event matches, parts of Adventure and Classic, mods.
    public var name: String {
        Self.rowsByID[rawValue]?.name ?? "stage \(rawValue)"
    }

    /// Whether it is one of the six stages that tournaments play on.
    public var isLegal: Bool {
        Self.rowsByID[rawValue]?.isLegal ?? false
    }

    /// Every stage with a name, by id.
    public static let all = StageTable.rows.map { Stage(rawValue: $0.id) }

    /// Full names close to `text`, the nearest first, for an error message.
    public static func suggestions(for text: String) -> [String] {
        index.suggestions(for: text)
    }

    private static let index = NameIndex(StageTable.rows.map { ($0.id, $0.name, $0.aliases) })

    private static let rowsByID = Dictionary(uniqueKeysWithValues: StageTable.rows.map { ($0.id, $0) })
}
