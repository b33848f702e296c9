extension SyncContext {
    /// Whether a path from the state of a place may stand in a log; one that may not is told and counted.
    ///
    /// A base may bring any text (`docs/format.md`, "Reading"): whoever passes it on would spoil the log of others.
    func accepts(_ path: String, _ summary: inout SyncSummary) -> Bool {
        do {
            _ = try LogicalPath(path)
            return true
        } catch {
            summary.filesFailed += 1
            report(.refused(path: path, reason: error.reason))
            return false
        }
    }
}
