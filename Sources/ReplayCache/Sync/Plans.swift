/// Number of paths and bytes for one action.
struct PlanTotal: Sendable {
    var files = 0
    var bytes: Int64 = 0
}

// What the two plan tables have in common.
extension PlaceStore {
    /// Files and bytes by action.
    func totals<Action: Hashable>(of plan: String, _ action: (Int) -> Action?) throws -> [Action: PlanTotal] {
        var totals: [Action: PlanTotal] = [:]
        let sql = "SELECT action, count(*), sum(size) FROM temp.\(plan) GROUP BY action"
        try database.query(sql) { (row: borrowing Row) throws in
            guard let action = action(row.int(0)) else { return }
            totals[action] = PlanTotal(files: row.int(1), bytes: row.int64(2))
        }
        return totals
    }

    /// Whether the local content `lc` is one that the path of the entry `e` held before: after a lost catalog that means
    /// that the path was deleted since.
    static let isLocalInHistory = """
        EXISTS (SELECT 1 FROM main.history h JOIN main.content hc ON hc.id = h.content
            WHERE h.path = e.path AND hc.digest = lc.digest)
        """

    /// Whether the entry `e` came after the local content `lc`: its writer replaced it, or replaced what replaced it.
    ///
    /// Two who push at once each replace the same older content. Neither saw the other's, so to the one that lost the
    /// entry is no newer version of its own but a conflict. A deletion is taken to be seen by every later writer.
    static let entryFollowsLocal = """
        lc.digest IN (
            WITH RECURSIVE past (content) AS (
                SELECT was FROM main.entry WHERE path = e.path
                UNION SELECT was FROM main.history WHERE path = e.path AND content IS NULL
                UNION SELECT h.was FROM past JOIN main.history h ON h.path = e.path AND h.content = past.content
            ) SELECT digest FROM past JOIN main.content ON id = past.content)
        """
}
