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
    /// "behind", not "changed here".
    static let isLocalInHistory = """
        EXISTS (SELECT 1 FROM main.history h JOIN main.content hc ON hc.id = h.content
            WHERE h.path = e.path AND hc.digest = lc.digest)
        """
}
