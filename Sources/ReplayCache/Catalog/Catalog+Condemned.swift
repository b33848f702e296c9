/// What is known here of the keys that collectors have condemned (`docs/format.md`, "Garbage collection").
extension Catalog {
    /// Makes room on this connection for keys that must not be named for now.
    package func prepareForCondemned() throws {
        try database.execute(
            """
            CREATE TEMP TABLE IF NOT EXISTS unusable (
                place INTEGER NOT NULL, digest BLOB NOT NULL, key TEXT NOT NULL, generation INTEGER NOT NULL,
                PRIMARY KEY (place, digest, key)
            ) WITHOUT ROWID
            """
        )
    }

    /// Those of `lists` that were not read yet.
    package func unknownLists(_ lists: [String], place: Int64) throws -> Set<String> {
        let sql = "SELECT 1 FROM main.condemned_list WHERE place = ? AND key = ?"
        return Set(try lists.filter { try database.first(sql, [.integer(place), .text($0)]) { _ in true } == nil })
    }

    /// Remembers the keys of a list, and that it was read.
    package func record(_ keys: [ObjectKey], of list: String, place: Int64) throws {
        try database.transaction {
            for key in keys { try insert(key, into: "main.condemned", place: place) }
            try database.run(
                "INSERT OR IGNORE INTO main.condemned_list (place, key) VALUES (?, ?)",
                .integer(place),
                .text(list)
            )
        }
    }

    /// Takes keys for condemned as long as this connection lives.
    package func forbid(_ keys: [ObjectKey], place: Int64) throws {
        try database.transaction {
            for key in keys { try insert(key, into: "temp.unusable", place: place) }
        }
    }

    private func insert(_ key: ObjectKey, into table: String, place: Int64) throws {
        try database.run(
            "INSERT OR IGNORE INTO \(table) (place, digest, key, generation) VALUES (?, ?, ?, ?)",
            .integer(place),
            .blob(key.digest.bytes),
            .text(key.remoteKey.string),
            .integer(Int64(key.generation))
        )
    }

    /// Whether anything at a place is condemned.
    package func hasCondemned(place: Int64) throws -> Bool {
        let sql = """
            SELECT 1 WHERE EXISTS (SELECT 1 FROM main.condemned WHERE place = ?1)
            OR EXISTS (SELECT 1 FROM temp.unusable WHERE place = ?1)
            """
        return try database.first(sql, [.integer(place)]) { _ in true } != nil
    }

    /// Whether a key of a place is on a list of condemned keys that was read here, or forbidden for now.
    package func isCondemned(_ key: ObjectKey, place: Int64) throws -> Bool {
        let sql = """
            SELECT 1 FROM main.condemned WHERE place = ?1 AND digest = ?2 AND key = ?3
            UNION ALL SELECT 1 FROM temp.unusable WHERE place = ?1 AND digest = ?2 AND key = ?3
            """
        let values: [SQLiteValue] = [.integer(place), .blob(key.digest.bytes), .text(key.remoteKey.string)]
        return try database.first(sql, values) { _ in true } != nil
    }

    /// Those of `keys` that are condemned.
    package func condemned(of keys: [ObjectKey], place: Int64) throws -> Set<ObjectKey> {
        Set(try keys.filter { try isCondemned($0, place: place) })
    }

    /// The first generation of a content's keys after all condemned ones.
    package func nextGeneration(of digest: Digest, place: Int64) throws -> Int {
        let sql = """
            SELECT max(generation) FROM (
                SELECT generation FROM main.condemned WHERE place = ?1 AND digest = ?2
                UNION ALL SELECT generation FROM temp.unusable WHERE place = ?1 AND digest = ?2
            )
            """
        let last = try database.first(sql, [.integer(place), .blob(digest.bytes)]) { $0.optionalInt(0) } ?? nil
        return last.map { $0 + 1 } ?? 0
    }
}
