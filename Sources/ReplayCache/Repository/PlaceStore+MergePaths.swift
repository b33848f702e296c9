/// What a path shows, kept current as its versions come in any order (`docs/format.md`, "Merge").
extension PlaceStore {
    /// One operation on a path: a put holds `content`, a del holds nil and hides `was`.
    struct Version: Equatable {
        let content: Int64?
        let was: Int64?
        let mtime: Int64?
        let mark: Mark
    }

    /// Adds a version to a path and works out anew what the path shows.
    ///
    /// The result depends on the set of versions only, not on the order in which they came. Of the history only what is
    /// newer than the version is read, and that only where it can matter: a path that is written again and again, as
    /// `latest.pt` is, costs the same each time.
    func add(_ version: Version, to path: LogicalPath) throws {
        guard let shown = try entry(at: path) else { return try writeEntry(version, at: path) }
        let winner = try winner(between: version, and: shown, at: path)
        if winner != shown {
            try writeEntry(winner, at: path)
            try writeHistory(shown, at: path)
        }
        if winner != version { try writeHistory(version, at: path) }
        if winner != version && winner != shown { try removeHistory(winner.mark, at: path) }
    }

    /// What a path shows once `version` is there, when it showed `shown` before.
    ///
    /// Follows from ``resolve(_:)``. A put that is shown is the newest put, and no newer del names it. A del that is shown
    /// is the newest of all versions.
    private func winner(between version: Version, and shown: Version, at path: LogicalPath) throws -> Version {
        let isNewer = try stamp(of: version.mark) > stamp(of: shown.mark)
        switch (shown.content, version.content) {
        case (.some, _) where !isNewer:
            return shown
        case (.some(let content), nil) where version.was != content:
            return shown
        case (nil, nil):
            return isNewer ? version : shown
        case (nil, .some) where isNewer:
            return version
        default:
            var deciding = try history(of: path, newerThan: version.mark)
            if !isNewer { deciding.append(shown) }
            let ranked = try (deciding + [version]).map { (stamp: try stamp(of: $0.mark), version: $0) }
            return Self.resolve(ranked.sorted { $0.stamp > $1.stamp }.map(\.version))
        }
    }

    /// What a path shows: the newest put that no newer del names, else the newest del (the path is deleted).
    ///
    /// A del hides only the content that its writer saw: a concurrent put of something else stays. What is older than the
    /// newest put does not matter.
    static func resolve(_ newestFirst: [Version]) -> Version {
        var hidden: Set<Int64> = []
        var newestDel: Version?
        for version in newestFirst {
            guard let content = version.content else {
                newestDel = newestDel ?? version
                if let was = version.was { hidden.insert(was) }
                continue
            }
            if hidden.contains(content) { break }
            return version
        }
        guard let deleted = newestDel ?? newestFirst.first else { preconditionFailure("a path has a version") }
        return deleted
    }

    private func entry(at path: LogicalPath) throws -> Version? {
        try database.first(
            "SELECT content, was, mtime, segment, line FROM entry WHERE path = ?",
            [.text(path.string)],
            Self.version
        )
    }

    /// Versions in the history of a path with a stamp after that of `mark`.
    private func history(of path: LogicalPath, newerThan mark: Mark) throws -> [Version] {
        let columns = "content, was, mtime, segment, line"
        let hlc = try rank(of: mark.segment).hlc
        let stamp = try stamp(of: mark)
        // Each part is a range of the primary key, so that older versions are not even looked at.
        return try database.all(
            """
            SELECT \(columns) FROM history WHERE path = ?1 AND hlc > ?2
            UNION ALL SELECT \(columns) FROM history WHERE path = ?1 AND hlc = ?2 AND segment < ?3
            UNION ALL SELECT \(columns) FROM history WHERE path = ?1 AND hlc = ?2 AND segment > ?3
            UNION ALL SELECT \(columns) FROM history WHERE path = ?1 AND hlc = ?2 AND segment = ?3 AND line > ?4
            """,
            [.text(path.string), .integer(hlc.milliseconds), .integer(mark.segment), .integer(Int64(mark.line))],
            Self.version
        ).filter { try self.stamp(of: $0.mark) > stamp }
    }

    private static func version(_ row: borrowing Row) -> Version {
        Version(
            content: row.optionalInt64(0),
            was: row.optionalInt64(1),
            mtime: row.optionalInt64(2),
            mark: Mark(segment: row.int64(3), line: row.int(4))
        )
    }

    private func writeEntry(_ version: Version, at path: LogicalPath) throws {
        try database.run(
            """
            INSERT INTO entry (path, content, was, mtime, segment, line) VALUES (?, ?, ?, ?, ?, ?)
            ON CONFLICT (path) DO UPDATE SET content = excluded.content, was = excluded.was, mtime = excluded.mtime,
                segment = excluded.segment, line = excluded.line
            """,
            .text(path.string),
            SQLiteValue(version.content),
            SQLiteValue(version.was),
            SQLiteValue(version.mtime),
            .integer(version.mark.segment),
            .integer(Int64(version.mark.line))
        )
    }

    private func writeHistory(_ version: Version, at path: LogicalPath) throws {
        try database.run(
            """
            INSERT OR IGNORE INTO history (path, content, was, mtime, hlc, segment, line) VALUES (?, ?, ?, ?, ?, ?, ?)
            """,
            .text(path.string),
            SQLiteValue(version.content),
            SQLiteValue(version.was),
            SQLiteValue(version.mtime),
            .integer(try rank(of: version.mark.segment).hlc.milliseconds),
            .integer(version.mark.segment),
            .integer(Int64(version.mark.line))
        )
    }

    private func removeHistory(_ mark: Mark, at path: LogicalPath) throws {
        try database.run(
            "DELETE FROM history WHERE path = ? AND hlc = ? AND segment = ? AND line = ?",
            .text(path.string),
            .integer(try rank(of: mark.segment).hlc.milliseconds),
            .integer(mark.segment),
            .integer(Int64(mark.line))
        )
    }
}
