/// The requests of a push and of a fetch beside those for objects (`docs/format.md`, "Writing" and "Catching up").
///
/// Whoever changes what the engine asks of a place changes these; `EstimateTests` compares them with what is asked.
enum RequestForecast {
    /// Catching up with a place that was caught up with a moment ago.
    static let catchingUp = RequestCounts(list: 1)
    /// A repository without a commit tells only by its manifest that it is still there.
    static let catchingUpWithNothing = RequestCounts(get: 1, list: 1)
    /// Making a repository: a look for one, a look for anything else, the manifest.
    static let creating = RequestCounts(put: 1, get: 1, list: 1)
    /// A look at the manifest, and one at what is condemned, before the first commit of a process.
    static let firstCommit = RequestCounts(get: 1, list: 1)
    /// A segment, and another look at what is condemned.
    static let commit = RequestCounts(put: 1, list: 1)
    /// Whose manifest stands, after each commit to a repository that this process made.
    static let commitToNew = RequestCounts(get: 1)

    /// Files in a commit (``Committer``).
    static let filesInCommit = 5000

    /// The requests of catching up; `isEmpty` when there is no commit yet.
    static func catchUp(isEmpty: Bool) -> RequestCounts { isEmpty ? catchingUpWithNothing : catchingUp }

    /// The requests of a push that publishes and retires so many paths, without its objects.
    static func push(publishing files: Int, isNew: Bool, isEmpty: Bool) -> RequestCounts {
        var total = isNew ? creating : catchUp(isEmpty: isEmpty)
        guard files > 0 else { return total }
        total = total + firstCommit
        for _ in 0..<((files + filesInCommit - 1) / filesInCommit) {
            total = total + commit
            if isNew { total = total + commitToNew }
        }
        return total
    }
}
