/// Which entries or replays are meant: SELECTION on the command line (`design.md` section 6).
///
/// Values within one criterion mean any of; different criteria mean all of. An empty selection means everything.
public struct Selection: Sendable, Equatable {
    /// At least one player plays one of these.
    public var characters: [MeleeCharacter]
    /// The path, or what follows one of its slashes, matches one of these shell patterns.
    public var paths: [String]
    /// Contents that a dataset names, `NAME` or `NAME@DIGITS`; nil for all.
    public var dataset: String?
    /// At most this many, in the order of their paths.
    public var limit: Int?
    /// The lists that ``dataset`` means, loaded where the selection is asked for; set by the engine.
    var lists: [Digest] = []

    /// A selection by criteria.
    public init(characters: [MeleeCharacter] = [], paths: [String] = [], limit: Int? = nil) {
        self.characters = characters
        self.paths = paths
        self.limit = limit
    }
}

extension Selection {
    /// Reads character names as people write them.
    ///
    /// - Throws: ``ReplayCacheError`` with code `usage` that suggests near names.
    public static func characters(named names: [String]) throws -> [MeleeCharacter] {
        try names.map { name in
            if let character = MeleeCharacter(name: name) { return character }
            let near = MeleeCharacter.suggestions(for: name)
            throw ReplayCacheError(
                .usage,
                "no character is called \(DisplayText.quoted(name))",
                hint: near.isEmpty
                    ? "names such as fox, falco, mewtwo or puff are understood"
                    : "did you mean \(near.joined(separator: ", "))?",
                subject: name
            )
        }
    }

    /// What is selected by, for people; nil for everything.
    var criteria: String? {
        let groups = [
            characters.map(\.name), paths.map { DisplayText.quoted($0) }, dataset.map { ["dataset \($0)"] } ?? [],
        ].filter { !$0.isEmpty }
        guard !groups.isEmpty else { return nil }
        return groups.map { $0.joined(separator: " or ") }.joined(separator: " and ")
    }

    /// A condition for a statement in which `content` is a column expression of content row ids in the schema `schema`,
    /// and `path` one of paths.
    func condition(schema: String, content: String, path: String) -> (sql: String, values: [SQLiteValue]) {
        var clauses: [String] = []
        var values: [SQLiteValue] = []
        if !characters.isEmpty {
            let marks = characters.map { _ in "?" }.joined(separator: ", ")
            clauses.append("\(content) IN (SELECT content FROM \(schema).player WHERE character IN (\(marks)))")
            values += characters.map { .integer(Int64($0.rawValue)) }
        }
        if !paths.isEmpty {
            clauses.append("(" + paths.map { _ in "path_matches(?, \(path))" }.joined(separator: " OR ") + ")")
            values += paths.map { .text($0) }
        }
        if dataset != nil { clauses.append(FrozenTable.condition(lists, schema: schema, content: content)) }
        return (clauses.isEmpty ? "1" : clauses.joined(separator: " AND "), values)
    }
}
