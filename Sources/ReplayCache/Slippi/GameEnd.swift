/// The Game End event (slp-format.md §5).
struct GameEnd: Sendable, Equatable {
    /// How a game ended: the values that decide the winner.
    enum Method {
        static let unresolved = 0
        static let time = 1
        static let game = 2
        static let resolved = 3
        static let noContest = 7
    }

    /// Any value: modes outside versus use more than the documented ones.
    let method: Int
    /// Port of the player who quit with L+R+A+Start.
    let lrasPort: Int?
    /// Placement of ports 1 to 4 as stored: 0 is first, -1 not in the game; nil before 3.13.0.
    let placements: [Int]?

    /// Reads the event of `length` bytes at `offset`, or answers nil when it has no payload.
    init?(in window: ByteWindow, at offset: Int64, length: Int64) {
        let payload = offset + 1..<offset + max(1, length)
        func byte(at position: Int64) -> Int8? {
            payload.contains(offset + position) ? window.int8(at: offset + position) : nil
        }
        guard let method = byte(at: 0x1) else { return nil }
        self.method = Int(UInt8(bitPattern: method))
        lrasPort = byte(at: 0x2).flatMap { (0..<4).contains($0) ? Int($0) + 1 : nil }
        let stored = (0x3...0x6).compactMap { byte(at: $0) }
        placements = stored.count == 4 ? stored.map(Int.init) : nil
    }

    /// The placements of ports 1 to 4, unless they hold what no game writes.
    ///
    /// Development builds store junk such as 17 or 34.
    var validPlacements: [Int]? {
        placements.flatMap { $0.allSatisfy { (-1...3).contains($0) } ? $0 : nil }
    }
}
