// The plan of an export has the form of that of a fetch, so that it is worked off and estimated in the same way.
extension PlaceStore {
    /// Which entries are to be exported.
    struct ExportScope: Sendable {
        let from: LogicalPath
        var selection = Selection()
        /// The share of what is selected; nil for all of it.
        var shard: Shard?
        /// Whether the rows are in the order of their paths, as an archive has them, rather than those of one content
        /// together.
        var isInPathOrder = false
    }

    /// Works out what is to be exported, as if nothing were at the destination yet; it stays until the next plan.
    ///
    /// - Returns: Files and bytes.
    func planExport(_ scope: ExportScope) throws -> PlanTotal {
        _ = try select(scope.selection, below: scope.from, asFrozen: true)
        try createFetchPlan()
        let share = scope.shard.map { "shard_of(s.digest, \($0.count)) = \($0.index - 1)" } ?? "1"
        try database.run(
            """
            INSERT INTO temp.fetch_plan (action, path, local, digest, size, mtime)
            SELECT \(FetchAction.place.rawValue), s.path, substr(s.path, length(?1) + 2), s.digest, s.size, s.mtime
            FROM temp.selected s JOIN main.content c ON c.digest = s.digest
            WHERE s.path <> ?1 AND \(share)
            ORDER BY \(scope.isInPathOrder ? "s.path" : "c.id, s.path")
            """,
            .text(scope.from.string)
        )
        return try fetchTotals()[.place] ?? PlanTotal()
    }

    /// Files and bytes that the plan places.
    func totalToPlace() throws -> PlanTotal {
        let totals = try fetchTotals()
        return FetchAction.placing.reduce(into: PlanTotal()) { sum, action in
            sum.files += totals[action]?.files ?? 0
            sum.bytes += totals[action]?.bytes ?? 0
        }
    }

    /// Changes a row of the plan to replace a file that is there.
    func setReplaced(_ known: FileStatus, in id: Int64) throws {
        try database.run(
            """
            UPDATE temp.fetch_plan SET action = ?, device = ?, inode = ?, known_size = ?, known_mtime = ?, known_ctime = ?
            WHERE id = ?
            """,
            .integer(Int64(FetchAction.replace.rawValue)),
            .integer(Int64(bitPattern: known.device)),
            .integer(Int64(bitPattern: known.inode)),
            .integer(known.size),
            .integer(known.mtimeNanoseconds),
            .integer(known.ctimeNanoseconds),
            .integer(id)
        )
    }
}
