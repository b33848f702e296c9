/// How a database of this program is, found out without changing it.
struct DatabaseHealth: Sendable {
    /// Its schema.
    let version: Int
    /// With what is still in its log.
    let byteCount: Int64
    /// The repository that it is of; nil for the catalog, and before a place was read.
    let repository: String?

    /// Reads the whole database, on a thread that may block.
    ///
    /// - Returns: Nil when there is none.
    /// - Throws: ``ReplayCacheError`` for damage and for a schema of a later version, `SQLiteError`, `FileError`.
    static func check(_ path: String, name: String, knownVersion: Int) throws -> DatabaseHealth? {
        guard (try? Machine.canonicalPath(path)) != nil else { return nil }
        let database = try Database(path: path, mode: .readOnly)
        try database.distrustFile()
        // Indexes are compared with nothing: a full check takes minutes (sqlite.org/pragma.html#pragma_quick_check).
        let findings = try database.all("PRAGMA quick_check(3)") { $0.text(0) }
        guard findings == ["ok"] else { throw ReplayCacheError.damagedCatalog(cause: findings.joined(separator: "; ")) }
        let version = try database.first("PRAGMA user_version") { $0.int(0) } ?? 0
        guard version <= knownVersion else { throw Schema.newer("\(name) \(path)", version, than: knownVersion) }
        let hasRepository = try database.first(
            "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'repository'"
        ) { _ in true }
        let repository =
            hasRepository == true
            ? try database.first("SELECT value FROM repository WHERE key = 'repository'") { $0.text(0) } : nil
        let files = [path, "\(path)-wal"].compactMap { try? OpenFile.reading($0).status().size }
        return DatabaseHealth(version: version, byteCount: files.reduce(0, +), repository: repository)
    }
}
