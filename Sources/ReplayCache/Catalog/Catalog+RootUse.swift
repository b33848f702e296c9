/// Which paths of a place a root has stood for.
///
/// One folder may be pushed under several paths, of which one may lie below another. What is gone under one of them may
/// stand under another.
extension Catalog {
    /// Remembers that a root was pushed to, or fetched from, a path of a place.
    package func noteUse(of root: RootID, place: Int64, path: LogicalPath) throws {
        try database.run(
            "INSERT OR IGNORE INTO root_use (root, place, path) VALUES (?, ?, ?)",
            .integer(root.rawValue),
            .integer(place),
            .text(path.string)
        )
    }

    /// The paths of a place that a root has stood for.
    package func uses(of root: RootID, place: Int64) throws -> [String] {
        try database.all(
            "SELECT path FROM root_use WHERE root = ? AND place = ? ORDER BY path",
            [.integer(root.rawValue), .integer(place)]
        ) { $0.text(0) }
    }
}
