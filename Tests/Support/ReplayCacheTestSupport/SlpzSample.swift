import ReplayCache

/// Replays as `slpz` would keep them, for tests that read such files.
public enum SlpzSample {
    /// A replay that the codec does not take: unfinished, or with an event that its table does not list.
    public struct Refusal: Error {}

    /// The bytes of a `.slpz` file, compressed anew at each call.
    public static func file(of replay: [UInt8], level: Int32 = 3) throws -> [UInt8] {
        let parts = try Parts(replay)
        let columns = columns(of: parts.events)
        var frame: [UInt8] = []
        try ZstdCompressor(level: level, byteCount: Int64(columns.count))
            .compress(columns.span, isLast: true, into: &frame)
        return file(table: parts.table, start: parts.start, rest: parts.rest, frame: frame, decodedCount: columns.count)
    }

    /// A file of given parts, with the header that they ask for.
    public static func file(
        table: [UInt8],
        start: [UInt8],
        rest: [UInt8],
        frame: [UInt8],
        decodedCount: Int
    ) -> [UInt8] {
        var offset = 24
        var numbers = [0]
        for part in [table, start, rest] {
            numbers.append(offset)
            offset += part.count
        }
        return (numbers + [offset, decodedCount]).flatMap(bigEndian) + table + start + rest + frame
    }

    /// The decoded frame for some events: how many, their commands, their payloads by command and column.
    public static func columns(of events: [[UInt8]]) -> [UInt8] {
        var columns = bigEndian(events.count) + events.map { $0[0] }
        for (_, alike) in Dictionary(grouping: events, by: { $0[0] }).sorted(by: { $0.key < $1.key }) {
            for column in 1..<max(1, alike[0].count) { columns += alike.map { $0[column] } }
        }
        return columns
    }

    private static func bigEndian(_ number: Int) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) }
    }

    /// A replay, taken apart.
    public struct Parts {
        /// The event that lists payload sizes.
        public let table: [UInt8]
        /// The Game Start event.
        public let start: [UInt8]
        /// What follows the events.
        public let rest: [UInt8]
        /// Command byte and payload of each event after Game Start.
        public let events: [[UInt8]]

        /// Takes a closed replay apart, or throws ``Refusal``.
        public init(_ replay: [UInt8]) throws {
            guard replay.count > 17 else { throw Refusal() }
            let end = 15 + replay[11..<15].reduce(0) { $0 << 8 | Int($1) }
            let tableEnd = 16 + Int(replay[16])
            guard end > tableEnd, end <= replay.count else { throw Refusal() }
            table = Array(replay[15..<tableEnd])
            var lengths: [UInt8: Int] = [:]
            for entry in stride(from: 17, to: tableEnd, by: 3) {
                lengths[replay[entry]] = 1 + Int(replay[entry + 1]) << 8 + Int(replay[entry + 2])
            }
            var events: [[UInt8]] = []
            var position = tableEnd
            while position < end {
                guard let length = lengths[replay[position]], position + length <= end else { throw Refusal() }
                events.append(Array(replay[position..<position + length]))
                position += length
            }
            start = events.removeFirst()
            self.events = events
            rest = Array(replay[end...])
        }
    }
}
