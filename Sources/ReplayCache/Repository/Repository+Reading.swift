/// Reading the log again, while a command runs.
extension Repository {
    /// How long what was read again is taken for current; a thousand missing objects are one reason to look, not a
    /// thousand.
    private static let newsLifetime: Int64 = 30_000_000_000

    /// Catches up with the log unless that was done a moment ago, here or after this repository was opened.
    ///
    /// - Throws: ``ReplayCacheError`` when the repository is gone or replaced.
    func readLogAgain() async throws {
        try await watch.reading.enter()
        defer { watch.reading.leave() }
        let now = watch.now
        if let last = watch.readAgainAt, now - last < Self.newsLifetime { return }
        _ = try await catchUp()
        watch.readAgainAt = now
    }

    /// Catches up with the log.
    ///
    /// - Returns: What was found out of order.
    @discardableResult
    func catchUp() async throws -> [Warning] {
        let reader = LogReader(place: place, remote: remote, store: store)
        let found = try await reader.catchUp(ifSo: { try await Self.manifest(place, remote) != nil })
        guard found.isSameLog else { throw Self.gone(place) }
        return found.warnings
    }
}
