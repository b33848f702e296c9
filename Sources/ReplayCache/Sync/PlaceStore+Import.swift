/// What an import has met so far, in temporary tables: names and contents of a source may be too many for memory.
extension PlaceStore {
    /// Forgets what an import before met.
    func beginImport() throws {
        try database.execute(
            """
            DROP TABLE IF EXISTS temp.import_name;
            DROP TABLE IF EXISTS temp.import_file;
            CREATE TEMP TABLE import_name (path TEXT PRIMARY KEY, folded INTEGER NOT NULL) WITHOUT ROWID;
            CREATE INDEX temp.import_name_folded ON import_name (folded);
            CREATE TEMP TABLE import_file (
                id INTEGER PRIMARY KEY, path TEXT NOT NULL, digest BLOB NOT NULL, match_id TEXT, game INTEGER,
                tiebreaker INTEGER
            );
            CREATE INDEX temp.import_file_digest ON import_file (digest);
            CREATE INDEX temp.import_file_match ON import_file (match_id) WHERE match_id IS NOT NULL
            """
        )
    }

    /// What is known of a path that an import comes by.
    enum ImportName: Sendable, Equatable {
        case new
        /// The source has it twice.
        case repeated
        /// The source has another path that is the same where case, or the way of writing an accent, does not count.
        case alike(String)
    }

    /// Notes a path of a source; with `isForeign`, one of an archive, which may come from where such paths are the same.
    func claimImport(_ path: LogicalPath, isForeign: Bool) throws -> ImportName {
        let text = path.string
        if try database.first("SELECT 1 FROM temp.import_name WHERE path = ?", [.text(text)], { _ in true }) != nil {
            return .repeated
        }
        // Swift hashes and compares text by canonical equivalence.
        let lowered = text.lowercased()
        let folded = SQLiteValue.integer(Int64(lowered.hashValue))
        if isForeign {
            let near = try database.all("SELECT path FROM temp.import_name WHERE folded = ?", [folded]) { $0.text(0) }
            if let other = near.first(where: { $0.lowercased() == lowered }) { return .alike(other) }
        }
        try database.run("INSERT INTO temp.import_name (path, folded) VALUES (?, ?)", .text(text), folded)
        return .new
    }

    /// What a path holds, as an import sees it.
    enum ImportTarget: Sendable, Equatable {
        /// Nothing, and never this content.
        case free
        case holds(Digest)
        /// Nothing any more: this content was removed.
        case removed
    }

    /// What the path holds that `digest` is to be imported to.
    func importTarget(_ path: LogicalPath, _ digest: Digest) throws -> ImportTarget {
        let sql = """
            SELECT c.digest, e.content IS NULL FROM main.entry e LEFT JOIN main.content c ON c.id = e.content
            WHERE e.path = ?
            """
        let entry = try database.first(sql, [.text(path.string)]) { (digest: $0.digest(0), isDeleted: $0.bool(1)) }
        guard let entry else { return .free }
        guard entry.isDeleted else {
            guard let held = entry.digest else { throw SQLiteError(code: 11, message: "a digest is damaged", sql: nil) }
            return .holds(held)
        }
        let history = """
            SELECT 1 FROM main.history h JOIN main.content c ON c.id = h.content WHERE h.path = ? AND c.digest = ?
            """
        let wasHere = try database.first(history, [.text(path.string), .blob(digest.bytes)]) { _ in true }
        return wasHere == nil ? .free : .removed
    }

    /// Notes a file that is imported, and tells whether the source had its content before.
    func noteImport(_ path: LogicalPath, _ digest: Digest, _ replay: ReplayMetadata?, isKnown: Bool) throws -> Bool {
        let sql = "SELECT 1 FROM temp.import_file WHERE digest = ? LIMIT 1"
        let isRepeat = try database.first(sql, [.blob(digest.bytes)]) { _ in true } ?? false
        let game = isKnown || isRepeat ? nil : replay
        try database.run(
            "INSERT INTO temp.import_file (path, digest, match_id, game, tiebreaker) VALUES (?, ?, ?, ?, ?)",
            .text(path.string),
            .blob(digest.bytes),
            SQLiteValue(game?.matchID.flatMap { $0.isEmpty ? nil : $0 }),
            SQLiteValue(game?.gameNumber),
            SQLiteValue(game?.tiebreaker)
        )
        return isRepeat
    }

    /// Calls `body` with each imported recording of a game of which there is another.
    ///
    /// That of the other client, as a rule, known by match id, game and tiebreaker. Of two that came with one import, with the second.
    ///
    /// One pass over the games of the place.
    func eachSameGame(_ body: (_ path: String, _ other: String) throws -> Void) throws {
        let isSame = "i.game IS o.game AND i.tiebreaker IS o.tiebreaker"
        try database.query(
            """
            SELECT path, min(other) FROM (
                SELECT i.id AS id, i.path AS path,
                    (SELECT min(e.path) FROM main.entry e WHERE e.content = o.content) AS other
                FROM main.game o CROSS JOIN temp.import_file i ON i.match_id = o.match_id AND \(isSame)
                JOIN main.content c ON c.id = o.content
                WHERE NOT EXISTS (SELECT 1 FROM temp.import_file k WHERE k.digest = c.digest)
                UNION ALL
                SELECT i.id, i.path, o.path FROM temp.import_file i
                JOIN temp.import_file o ON o.match_id = i.match_id AND \(isSame)
                WHERE o.id < i.id AND o.digest <> i.digest
            ) WHERE other IS NOT NULL GROUP BY id ORDER BY id
            """
        ) { (row: borrowing Row) throws in try body(row.text(0), row.text(1)) }
    }
}
