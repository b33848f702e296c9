// What a fetch takes from the list of a dataset, whatever the paths hold now.
extension PlaceStore.FetchScope {
    /// The list that is fetched; nil for entries.
    var list: Digest? { selection.dataset == nil ? nil : selection.lists.first }

    /// The selection among what ``source`` has.
    var criteria: Selection {
        var rest = selection
        rest.dataset = nil
        rest.lists = []
        return rest
    }

    /// A query for path, content and modification time of the files of the list, where the time is that of the newest version
    /// with the content, else when the list was frozen; nil for entries.
    var source: String? {
        guard let list else { return nil }
        return """
            (SELECT f.path AS path, fc.id AS content, coalesce(
                (SELECT n.mtime FROM main.entry n WHERE n.path = f.path AND n.content = fc.id),
                (SELECT h.mtime FROM main.history h WHERE h.path = f.path AND h.content = fc.id
                    ORDER BY h.hlc DESC LIMIT 1),
                (SELECT min(s.hlc) * 1000000 FROM main.dataset d JOIN main.content l ON l.id = d.list
                    JOIN main.segment s ON s.id = d.segment WHERE l.digest = x'\(list.hex)'), 0) AS mtime
            FROM \(FrozenTable(digest: list).name) f JOIN main.content fc ON fc.digest = f.digest)
            """
    }

    /// Whether the list has a path; nil where there is no list.
    func isFrozen(_ path: String) -> String? {
        list.map { "EXISTS (SELECT 1 FROM \(FrozenTable(digest: $0).name) f WHERE f.path = \(path))" }
    }
}

extension PlaceStore {
    /// Whether the path of the row `e` holds the local content `lc` or held it: then the place has it, and it may make room
    /// for the one that the list names.
    static let pathHoldsLocal = """
        (\(isLocalInHistory) OR lc.digest = (
            SELECT nc.digest FROM main.entry n JOIN main.content nc ON nc.id = n.content WHERE n.path = e.path))
        """

    /// Files of the list of a scope whose contents nobody told anything of, after a path, at most `limit`.
    func unknownFrozen(_ scope: FetchScope, after path: String, limit: Int) throws -> [DatasetFileRow] {
        guard let list = scope.list else { return [] }
        return try database.all(
            """
            SELECT f.path, f.digest FROM \(FrozenTable(digest: list).name) f
            WHERE f.path > ?1 AND f.path < ?2 AND NOT EXISTS (SELECT 1 FROM main.content c WHERE c.digest = f.digest)
            ORDER BY f.path LIMIT ?3
            """,
            [.text(path), .text(scope.from.string + "0"), .integer(Int64(limit))]
        ) { row in
            row.digest(1).map { DatasetFileRow(path: row.text(0), sha256: $0) }
        }.compactMap(\.self)
    }
}

extension SyncContext {
    /// Rows of a list looked at in one go.
    private static let pageCount = 512

    /// Names the files of a dataset whose contents the repository does not know any more.
    func tellMissing(_ store: PlaceStore, _ scope: PlaceStore.FetchScope, _ summary: inout SyncSummary) async throws {
        var last = scope.from.string + "/"
        while true {
            let page = try await store.unknownFrozen(scope, after: last, limit: Self.pageCount)
            guard let end = page.last else { return }
            last = end.path
            summary.filesFailed += page.count
            summary.integrityFailed = true
            for file in page {
                let reason = "the repository knows no content \(file.sha256.short)"
                report(.failed(path: file.path, reason: reason))
            }
        }
    }
}
