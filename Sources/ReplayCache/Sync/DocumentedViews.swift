/// The documented views `replays` and `players` (`docs/catalog.md`) as queries about one content, read from what makes them
/// (`schema/views.sql`), so that an expression of a user knows exactly their columns.
struct DocumentedViews: Sendable {
    let replays: View
    let players: View

    /// Read once: what is compiled in does not change.
    static let shared = Result { try DocumentedViews() }

    /// One of the views.
    struct View: Sendable {
        let name: String
        let columns: [String]
        /// Its query, cut where the names of tables begin.
        fileprivate let pieces: [String]
        /// The table whose column `content` tells what a row is about.
        fileprivate let subject: String

        /// The rows about the content whose id is the expression `content`, from the tables of `schema`; `path` is an
        /// expression for the path, where the view has one.
        func query(_ schema: String, content: String, path: String? = nil) -> String {
            let path = path.map { "\($0) AS path, " } ?? ""
            return "SELECT \(path)\(pieces.joined(separator: "\(schema).")) WHERE \(subject).content = \(content)"
        }
    }

    private init() throws {
        // The views of a place have the same columns, whatever the tables.
        let database = try Database(path: ":memory:")
        try Schema.makeBase(in: database)
        let text = String(decoding: PackageResources.views_sql, as: UTF8.self)
        func view(_ name: String, of subject: String, after column: String?) throws -> View {
            View(
                name: name,
                columns: try database.prepare("SELECT * FROM main.\(name)").columnNames,
                pieces: try Self.pieces(of: name, after: column, in: text),
                subject: subject
            )
        }
        // A row of the view has one path of the machine; whoever asks knows which one is meant.
        replays = try view("replays", of: "game", after: "path")
        players = try view("players", of: "player", after: nil)
    }

    private static let tables: Set<String> = ["game", "content", "player", "stage_name", "character_name"]

    /// The query of a view without the columns up to one.
    private static func pieces(of name: String, after column: String?, in text: String) throws -> [String] {
        let lines = text.split(separator: "\n").drop { $0 != "CREATE VIEW \(name) AS" }.dropFirst()
        guard let end = lines.firstIndex(where: { $0.hasSuffix(";") }) else { throw missing(name) }
        var words = lines[...end].flatMap { $0.split(separator: " ", omittingEmptySubsequences: false) }.map(
            String.init
        )
        words[words.count - 1].removeLast()
        guard let begin = column.map({ words.firstIndex(of: "\($0),") }) ?? words.firstIndex(of: "SELECT") else {
            throw missing(name)
        }
        var pieces = [""]
        for (before, word) in zip(words[begin...], words[(begin + 1)...]) {
            if ["FROM", "JOIN"].contains(before), tables.contains(word) { pieces.append("") }
            pieces[pieces.count - 1] += "\(word) "
        }
        return pieces
    }

    private static func missing(_ name: String) -> SQLiteError {
        SQLiteError(code: 1, message: "the view \(name) is not there", sql: nil)
    }

    /// Columns that an unknown one may have been meant to be.
    func suggestions(for message: String) -> [String] {
        guard message.hasPrefix("no such column"), let word = message.split(whereSeparator: { " .".contains($0) }).last
        else { return [] }
        let names = Set(replays.columns + players.columns).sorted()
        return NameIndex(names.map { (id: $0, name: $0, aliases: []) }).suggestions(for: String(word))
    }
}
