/// A way that bytes go.
package enum TransferDirection: String, Sendable {
    case up, down
}

/// How fast bytes moved the last time (`schema/m0003_engine.sql`).
extension Catalog {
    /// Remembers how fast bytes went to or from a place.
    package func noteRate(_ bytesPerSecond: Double, _ direction: TransferDirection, place: Int64) throws {
        try database.run(
            """
            INSERT OR REPLACE INTO transfer_rate (place, direction, bytes_per_second, measured_at)
            VALUES (?, ?, ?, ?)
            """,
            .integer(place),
            .text(direction.rawValue),
            .real(bytesPerSecond),
            .integer(Machine.now())
        )
    }

    /// Bytes a second as they were last measured; nil when they never were.
    package func rate(_ direction: TransferDirection, place: Int64) throws -> Double? {
        let sql = "SELECT bytes_per_second FROM transfer_rate WHERE place = ? AND direction = ?"
        let rate = try database.first(sql, [.integer(place), .text(direction.rawValue)]) { $0.double(0) }
        return rate.flatMap { $0 > 0 && $0.isFinite ? $0 : nil }
    }
}
