// Shares of a selection, and how much of it fits into a folder.
extension PlaceStore.FetchScope {
    /// A condition on the path of `x`: below the folder that is fetched from.
    var paths: SQLText {
        SQLText("x.path > ? AND x.path < ?", [.text(from.string + "/"), .text(from.string + "0")])
    }

    /// A condition for a statement in which `digest` is an expression: whether a content is in this share.
    ///
    /// Applied to what is selected, limit included, and to what was deleted: a share leaves the files of the others alone.
    func isInShard(_ digest: String) -> String {
        guard let shard else { return "1" }
        return "shard_of(\(digest), \(shard.count)) = \(shard.index - 1)"
    }
}

extension PlaceStore {
    /// How many entries the scope selects.
    func selectedCount(_ scope: FetchScope) throws -> Int {
        let selected = try entries(scope.criteria, scope.paths, from: scope.source)
        let sql =
            scope.shard == nil
            ? "SELECT count(*) FROM (\(selected.sql))"
            : """
            SELECT count(*) FROM (\(selected.sql)) s JOIN main.content c ON c.id = s.content
            WHERE \(scope.isInShard("c.digest"))
            """
        return try database.first(sql, selected.values) { $0.int(0) } ?? 0
    }

    /// Bytes of all files in a root, each counted once however many names it has.
    func byteCount(of root: RootID) throws -> Int64 {
        let sql = """
            SELECT coalesce(sum(size), 0) FROM catalog.file
            WHERE id IN (SELECT file FROM catalog.file_path WHERE root = ?)
            """
        return try database.first(sql, [.integer(root.rawValue)]) { $0.int64(0) } ?? 0
    }

    private static let limitPageCount = 4096

    /// Leaves those rows of the fetch plan that would make a root grow beyond `maximum` bytes, in the order of the plan:
    /// the same ones every time.
    ///
    /// Answers what is left, and how far above `maximum` all of it would be.
    func limitFetchPlan(to maximum: Int64, in root: RootID) throws -> (left: PlanTotal, missing: Int64) {
        var left = PlanTotal()
        var size = try byteCount(of: root)
        var whole = size
        var last: Int64 = 0
        while true {
            try Task.checkCancellation()
            let items = try fetchItems(FetchAction.placing, after: last, limit: Self.limitPageCount)
            guard let end = items.last?.id else { break }
            last = end
            for item in items {
                // What a forced fetch replaces stays there under another name.
                let freed = item.action == .replace ? item.known?.size ?? 0 : 0
                let growth = item.size - freed
                whole = whole.addingReportingOverflow(growth).partialValue
                if growth <= 0 || growth <= maximum - size {
                    size += growth
                } else {
                    left.files += 1
                    left.bytes += item.size
                    try setAction(.noRoom, of: item.id)
                }
            }
        }
        return (left, max(0, whole - maximum))
    }
}
