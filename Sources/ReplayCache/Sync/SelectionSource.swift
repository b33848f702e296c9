/// Where a selection looks: the entries of a place, or the files of the catalog.
///
/// Statements have the path as `x.path`, and of its content the row `c` of `content` and, where there is one, `g` of `game`.
struct SelectionSource {
    enum Kind: Sendable {
        case entries
        case files
    }

    let kind: Kind
    /// Of the tables.
    let schema: String
    /// Of the catalog's tables.
    let catalog: String
    /// Which rows are looked at; its values are bound by whoever runs the statement, before those of a selection.
    var scope = SQLText("1")
    /// A query for path, content and mtime that stands in for the entries of the place; nil for those themselves.
    var standIn: String?

    /// Expression for the row of the content that a path holds.
    var content: String { kind == .entries ? "x.content" : "f.content" }

    /// From paths to what tells the content, and to no row of it.
    func paths() -> String {
        switch kind {
        case .entries: "\(standIn ?? "\(schema).entry") x"
        case .files: "\(schema).file_path x CROSS JOIN \(schema).file f ON f.id = x.file"
        }
    }

    /// From paths to contents; with `isOfReplays` also to games, else these stand there where there are some.
    ///
    /// In this order: a path is found first, so that rows come in the order of paths without sorting, at once.
    func tables(isOfReplays: Bool, from first: String? = nil) -> String {
        let join = isOfReplays ? "CROSS JOIN" : "LEFT JOIN"
        let games = "CROSS JOIN \(schema).content c ON c.id = \(content) \(join) \(schema).game g ON g.content = c.id"
        switch kind {
        case .entries:
            let entries = standIn ?? "\(schema).entry"
            return (first.map { "\($0) CROSS JOIN \(entries) x ON x.path = s.path" } ?? "\(entries) x")
                + " \(games)"
        case .files:
            let paths =
                first.map { "\($0) CROSS JOIN \(schema).file_path x ON x.root = s.root AND x.path = s.path" }
                ?? "\(schema).file_path x"
            return "\(paths) CROSS JOIN \(schema).root ON root.id = x.root CROSS JOIN \(schema).file f ON f.id = x.file"
                + " \(games)"
        }
    }

    /// Expression for the absolute path of a file with the content.
    var localPath: String {
        switch kind {
        case .files: "root.path || '/' || x.path"
        case .entries:
            """
            (SELECT lr.path || '/' || lp.path FROM \(catalog).content lc JOIN \(catalog).file lf ON lf.content = lc.id
                JOIN \(catalog).file_path lp ON lp.file = lf.id JOIN \(catalog).root lr ON lr.id = lp.root
                WHERE lc.digest = c.digest LIMIT 1)
            """
        }
    }

    /// Leaves out what sources that were asked before have: an entry at the same path, a file whatever its path.
    mutating func exclude(_ schemas: [String]) {
        for other in schemas {
            let isThere =
                kind == .entries
                ? "oe.path = x.path AND oc.digest = c.digest" : "oc.digest = c.digest"
            // In the order of what is found by an index.
            let tables =
                kind == .entries
                ? "\(other).entry oe CROSS JOIN \(other).content oc ON oc.id = oe.content"
                : "\(other).content oc CROSS JOIN \(other).entry oe ON oe.content = oc.id"
            scope.sql += " AND NOT EXISTS (SELECT 1 FROM \(tables) WHERE \(isThere))"
        }
    }
}
