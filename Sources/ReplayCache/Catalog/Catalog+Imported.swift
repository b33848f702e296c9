/// What is known of an object in a bucket that was imported from (`schema/m0005_import.sql`).
struct ImportedObject: Sendable {
    let item: PlainItem
    let digest: Digest
    /// Of the file that it holds, nanoseconds since 1970 UTC.
    let mtime: Int64
    /// What was found in a replay, while that is not committed.
    let replay: ScannedReplay?
}

extension Catalog {
    /// The row of a bucket, which is named as a place without a prefix.
    func importBucket(_ name: String) throws -> Int64 {
        let sql = "SELECT id FROM import_bucket WHERE name = ?"
        if let known = try database.first(sql, [.text(name)], { $0.int64(0) }) { return known }
        try database.run("INSERT OR IGNORE INTO import_bucket (name) VALUES (?)", .text(name))
        return try database.first(sql, [.text(name)]) { $0.int64(0) } ?? 0
    }

    /// Those of `items` that were read before and are unchanged, by their keys.
    func imported(_ items: [PlainItem], bucket: Int64) throws -> [String: ImportedObject] {
        let sql = """
            SELECT digest, mtime, reader, replay FROM import_object
            WHERE bucket = ? AND key = ? AND etag IS ? AND size = ? AND modified = ?
            """
        var result: [String: ImportedObject] = [:]
        for item in items {
            let values: [SQLiteValue] = [
                .integer(bucket), .text(item.key), SQLiteValue(item.etag), .integer(item.byteCount),
                .integer(item.modified.nanoseconds),
            ]
            let row = try database.first(sql, values) { row in
                (
                    digest: row.digest(0), mtime: row.int64(1), reader: row.int(2),
                    replay: row.isNull(3) ? "" : row.text(3)
                )
            }
            guard let row, let digest = row.digest else { continue }
            // What another version of the reader found is found anew.
            let isCurrent = !row.replay.isEmpty && row.reader == ReplayReader.version
            let metadata = isCurrent ? try? JSON.decode(ReplayMetadata.self, from: row.replay.utf8) : nil
            result[item.key] = ImportedObject(
                item: item,
                digest: digest,
                mtime: row.mtime,
                replay: try metadata.map { try ScannedReplay($0) }
            )
        }
        return result
    }

    /// Remembers objects that were read, in one transaction.
    func remember(_ objects: [ImportedObject], bucket: Int64) throws {
        guard !objects.isEmpty else { return }
        try database.transaction {
            for object in objects {
                try database.run(
                    """
                    INSERT OR REPLACE INTO import_object
                    (bucket, key, etag, size, modified, digest, mtime, reader, replay) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                    """,
                    .integer(bucket),
                    .text(object.item.key),
                    SQLiteValue(object.item.etag),
                    .integer(object.item.byteCount),
                    .integer(object.item.modified.nanoseconds),
                    .blob(object.digest.bytes),
                    .integer(object.mtime),
                    object.replay == nil ? .null : .integer(Int64(ReplayReader.version)),
                    SQLiteValue(object.replay?.json)
                )
            }
        }
    }

    /// Drops what was kept of replays until they were committed.
    func forgetImportedReplays(bucket: Int64) throws {
        try database.run(
            "UPDATE import_object SET replay = NULL, reader = NULL WHERE bucket = ? AND replay IS NOT NULL",
            .integer(bucket)
        )
    }
}
