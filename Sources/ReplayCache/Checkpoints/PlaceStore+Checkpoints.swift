extension PlaceStore {
    /// Published checkpoints of a run, or of all runs in the order of their names, newest first.
    func checkpoints(run: String?) throws -> [CheckpointRow] {
        let rows = try database.all(
            """
            SELECT k.identity, k.run, k.name, k.step, k.parent, k.metrics, k.git_revision, k.dataset, k.note, s.hlc, s.host
            FROM main.checkpoint k JOIN main.segment s ON s.id = k.segment
            WHERE ?1 IS NULL OR k.run = ?1
            ORDER BY s.hlc, s.writer, k.line
            """,
            [SQLiteValue(run)],
            Self.checkpoint
        )
        let whole = try rows.map { row in
            var row = row
            row.files = try files(of: row.identity)
            row.size = row.files.reduce(0) { $0 + $1.size }
            return row
        }
        return Self.newestFirst(whole)
    }

    /// Orders rows that come in the order of their commits: the highest step first; a checkpoint without a step counts as
    /// the highest step committed before it; then the last commit first.
    ///
    /// Not by commit alone: a step that is published again with the metrics of an evaluation is not the latest.
    static func newestFirst(_ rows: [CheckpointRow]) -> [CheckpointRow] {
        var highest: [String: Int64] = [:]
        let ranked = rows.enumerated().map { commit, row in
            let step = row.step ?? highest[row.run] ?? .min
            highest[row.run] = max(step, highest[row.run] ?? .min)
            return (row: row, step: step, commit: commit)
        }
        return ranked.sorted { ($0.row.run, $1.step, $1.commit) < ($1.row.run, $0.step, $0.commit) }.map(\.row)
    }

    private static func checkpoint(_ row: borrowing Row) throws -> CheckpointRow {
        guard let identity = row.digest(0) else {
            throw SQLiteError(code: 11, message: "an identity is damaged", sql: nil)
        }
        return CheckpointRow(
            identity: identity,
            run: row.text(1),
            name: row.text(2),
            step: row.optionalInt64(3),
            committedAt: Timestamp(milliseconds: row.int64(9)).rfc3339,
            host: row.text(10),
            metrics: try JSON.decode([String: Metric].self, from: row.text(5).utf8),
            size: 0,
            files: [],
            parent: row.digest(4),
            gitRevision: row.optionalText(6),
            dataset: row.optionalText(7),
            note: row.optionalText(8),
            committedMilliseconds: row.int64(9)
        )
    }

    private func files(of identity: Digest) throws -> [CheckpointRow.File] {
        try database.all(
            """
            SELECT f.name, c.digest, c.size FROM main.checkpoint_file f JOIN main.content c ON c.id = f.content
            WHERE f.identity = ? ORDER BY f.name
            """,
            [.blob(identity.bytes)]
        ) { row in
            guard let digest = row.digest(1) else {
                throw SQLiteError(code: 11, message: "a digest is damaged", sql: nil)
            }
            return CheckpointRow.File(name: row.text(0), sha256: digest, size: row.int64(2))
        }
    }

    /// The content of the entry at a path; nil when there is none.
    func entryDigest(at path: LogicalPath) throws -> Digest? {
        let found = try database.first(
            "SELECT c.digest FROM main.entry e JOIN main.content c ON c.id = e.content WHERE e.path = ?",
            [.text(path.string)]
        ) { $0.digest(0) }
        return found ?? nil
    }
}
