/// What follows the events: the metadata element and the closing brace (slp-format.md §1 and §6).
struct ReplayTrailer: Sendable {
    struct Player: Sendable {
        /// Distinct internal characters, ordered by the frames they were played.
        let characters: [UInt8]
        let netplayName: String?
        let connectCode: String?
    }

    /// Bytes to read for a trailer that does not lie in the tail window; the largest one seen is 400.
    static let readBytes = 64 << 10

    let startAt: String?
    let lastFrame: Int32?
    let playedOn: String?
    let consoleNick: String?
    /// Keyed by port; ports above 4 are the extra players of Multi-Man modes.
    let players: [Int: Player]
    /// Whether the metadata ends before its closing brace or holds what is not UBJSON.
    let isDamaged: Bool

    private static let metadataKey = Array("U\u{8}metadata".utf8)

    /// Reads the trailer at `offset`, or answers nil when there is no metadata element.
    init?(in window: ByteWindow, at offset: Int64) {
        let bytes = window.bytes(in: offset..<max(offset, window.range.upperBound))
        guard bytes.starts(with: Self.metadataKey) else { return nil }
        var reader = UBJSONReader(bytes.dropFirst(Self.metadataKey.count))
        let metadata = reader.readObject()
        isDamaged = reader.isDamaged
        startAt = metadata["startAt"]?.string
        lastFrame = metadata["lastFrame"]?.integer.flatMap(Int32.init(exactly:))
            .flatMap { FrameNumber.isPlausible($0) ? $0 : nil }
        playedOn = metadata["playedOn"]?.string
        consoleNick = metadata["consoleNick"]?.string
        players = (metadata["players"]?.members ?? [:]).reduce(into: [:]) { players, member in
            guard let index = Int(member.key), (0..<Int(PostFrame.playerLimit)).contains(index) else { return }
            players[index + 1] = Self.player(member.value)
        }
    }

    private static func player(_ value: UBJSON) -> Player {
        let rows = (value["characters"]?.members ?? [:]).compactMap { key, rows -> (id: UInt8, rows: Int64)? in
            guard let id = UInt8(key), let rows = rows.integer else { return nil }
            return (id, rows)
        }
        let names = value["names"]
        return Player(
            characters: rows.sorted { ($1.rows, $0.id) < ($0.rows, $1.id) }.map(\.id),
            netplayName: names?["netplay"]?.string.flatMap { $0.isEmpty ? nil : $0 },
            connectCode: names?["code"]?.string.flatMap { $0.isEmpty ? nil : $0 }
        )
    }
}
