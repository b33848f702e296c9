/// Tells of one file after another whether a selection means it, before any database has it: the same conditions, asked of a
/// database in memory that has but that file.
///
/// Belongs to one task.
final class SelectionProbe {
    private let selection: Selection
    private let database: Database
    private var remaining: Int

    /// - Throws: ``ReplayCacheError`` with code `usage` for what depends on a whole set, and for an expression that is none.
    init(_ selection: Selection) throws {
        if selection.isOfSets {
            throw ReplayCacheError(
                .usage,
                "--\(selection.unique != nil ? "unique" : "sample") cannot be told before everything was read",
                hint: "take more, and select from it afterwards"
            )
        }
        remaining = selection.limit ?? .max
        self.selection = selection.settled(at: Timestamp.now())
        if let expression = selection.expression { _ = try SelectionExpression(expression) }
        database = try Database(path: ":memory:")
        try Schema.makeBase(in: database)
        try Schema.makeIndexes(in: database)
    }

    /// Whether a file is meant; after as many as the limit no other one is.
    func accepts(path: String, digest: Digest, size: Int64, replay: ReplayMetadata?) throws -> Bool {
        guard remaining > 0 else { return false }
        try database.execute("DELETE FROM entry; DELETE FROM game; DELETE FROM person; DELETE FROM content")
        try database.run(
            "INSERT INTO content (id, digest, size) VALUES (1, ?, ?)",
            .blob(digest.bytes),
            .integer(size)
        )
        try database.run("INSERT INTO entry (path, segment, line, content) VALUES (?, 0, 0, 1)", .text(path))
        if let replay {
            try ReplayRows.store(replay.withinLimits, reader: 0, content: 1, saidBy: (0, 0), in: database)
        }
        let conditions = try SelectionConditions(selection, in: database, isChecked: true)
        let test = conditions.standalone(content: "x.content", path: "x.path")
        let isMeant = try database.first("SELECT 1 FROM main.entry x WHERE \(test.sql)", test.values) { _ in true }
        guard isMeant != nil else { return false }
        remaining -= 1
        return true
    }
}

extension Selection {
    /// The same with moments that were meant by how long ago they are.
    fileprivate func settled(at now: Timestamp) -> Selection {
        var result = self
        result.since = since.map { .fixed($0.hlc(now: now).milliseconds) }
        result.until = until.map { .fixed($0.hlc(now: now).milliseconds) }
        return result
    }
}
