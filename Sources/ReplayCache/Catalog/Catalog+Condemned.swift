/// What is known here of the keys that collectors have condemned (`docs/format.md`, "Garbage collection").
extension Catalog {
    /// Whether a key of a place is on a list of condemned keys that was read here.
    func isCondemned(_ key: ObjectKey, place: Int64) throws -> Bool {
        let sql = "SELECT 1 FROM condemned WHERE place = ? AND digest = ? AND key = ?"
        let values: [SQLiteValue] = [.integer(place), .blob(key.digest.bytes), .text(key.remoteKey.string)]
        return try database.first(sql, values) { _ in true } != nil
    }

    /// The first generation of a content's keys after all condemned ones.
    func nextGeneration(of digest: Digest, place: Int64) throws -> Int {
        let sql = "SELECT max(generation) FROM condemned WHERE place = ? AND digest = ?"
        let last = try database.first(sql, [.integer(place), .blob(digest.bytes)]) { $0.optionalInt(0) } ?? nil
        return last.map { $0 + 1 } ?? 0
    }
}
