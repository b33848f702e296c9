/// The UBJSON frame around the events of a replay (slp-format.md §1).
struct ReplayContainer: Sendable {
    /// Offset of the first event.
    static let eventStart: Int64 = 15
    private static let signature = Array("{U\u{3}raw[$U#l".utf8)

    /// Length of the events as the header has it: 0 while recording, anything in a damaged file.
    let declaredLength: Int32
    /// Whether the length is there and the file holds as much.
    let isClosed: Bool
    /// Where the events end at the latest.
    let eventLimit: Int64

    /// Reads the header, or answers nil when the file is not a replay.
    init?(in head: ByteWindow, byteCount: Int64) {
        guard head.bytes(in: 0..<Int64(Self.signature.count)).elementsEqual(Self.signature),
            let length = head.int32(at: Int64(Self.signature.count))
        else { return nil }
        declaredLength = length
        isClosed = length > 0 && Self.eventStart + Int64(length) <= byteCount
        eventLimit = isClosed ? Self.eventStart + Int64(length) : max(Self.eventStart, byteCount)
    }
}
