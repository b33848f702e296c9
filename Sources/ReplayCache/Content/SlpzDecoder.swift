/// Decodes `.slpz`, a published way to keep replays: the events as columns of bytes in one zstd frame, the rest plain.
///
/// A file is a header of 24 bytes (six big-endian numbers: version, four offsets, decoded length of the frame), then the
/// table of event sizes, Game Start and all that followed the events, each as it stood in the replay, then the frame.
/// Decoded, the frame holds the number of events, their command bytes in order, and for each command, the lowest first,
/// byte 0 of all its payloads, byte 1, and so on.
///
/// The encoder takes closed files alone and keeps no checksum: what comes out is a replay of the same shape, and whether
/// it is the one that went in is not to be known.
package enum SlpzDecoder {
    /// The bytes of the replay.
    ///
    /// Blocks. Holds the decoded frame beside the result: about twice `maximum` at worst, whatever the header claims.
    ///
    /// - Throws: ``SlpzError`` for a file that is damaged, too large or of a later version; `CancellationError`.
    package static func decode(_ bytes: [UInt8], maximum: Int) throws -> [UInt8] {
        let layout = try Layout(bytes)
        let table = try SizeTable(bytes[layout.table], start: bytes[layout.start])
        // Everything but the count of events stands in the replay as well.
        let plainCount = Layout.containerCount + layout.table.count + layout.start.count + layout.rest.count
        guard plainCount + layout.decodedCount - SizeTable.countWidth <= maximum else {
            throw SlpzError.tooLarge(maximum: maximum)
        }
        let columns = try EventColumns(
            decodedFrame(bytes.span.extracting(layout.frame), byteCount: layout.decodedCount),
            table: table
        )
        var replay: [UInt8] = []
        replay.reserveCapacity(plainCount + columns.eventByteCount)
        replay += Layout.containerStart
        let rawCount = layout.table.count + layout.start.count + columns.eventByteCount
        guard let length = Int32(exactly: rawCount) else { throw SlpzError.damaged("it holds more than a replay can") }
        replay += (0..<4).map { UInt8(truncatingIfNeeded: length >> (24 - 8 * $0)) }
        replay += bytes[layout.table]
        replay += bytes[layout.start]
        try columns.appendEvents(to: &replay)
        replay += bytes[layout.rest]
        return replay
    }

    /// What the frame holds, refused as soon as there is more of it than the header says.
    private static func decodedFrame(_ frame: Span<UInt8>, byteCount: Int) throws -> [UInt8] {
        var decoded: [UInt8] = []
        do {
            let decompressor = try ZstdDecompressor()
            var position = 0
            while position < frame.count {
                try Task.checkCancellation()
                let end = min(position + pieceCount, frame.count)
                try decompressor.decompress(frame.extracting(position..<end)) { piece in
                    guard piece.count <= byteCount - decoded.count else { throw SlpzError.lyingLength }
                    for index in piece.indices { decoded.append(piece[index]) }
                }
                position = end
            }
            try decompressor.finish()
        } catch let error as ZstdError {
            throw SlpzError.damaged("its events cannot be decoded: \(error)")
        }
        guard decoded.count == byteCount else { throw SlpzError.lyingLength }
        return decoded
    }

    /// Bytes decoded between two looks at whether anybody still wants them.
    private static let pieceCount = 64 << 10
}

/// Why bytes are not a `.slpz` file that can be decoded.
package enum SlpzError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Too short, or its offsets make no sense.
    case notSlpz
    /// Written by a later version of the codec.
    case unknownVersion(UInt32)
    /// The replay in it, or what the header says of it, is larger than the caller takes.
    case tooLarge(maximum: Int)
    /// Something in it contradicts something else.
    case damaged(String)

    static let lyingLength = SlpzError.damaged("its events are not as long as its header says")

    package var description: String {
        switch self {
        case .notSlpz: "not a compressed replay"
        case .unknownVersion(let version): "compressed by a later version of slpz: format \(version)"
        case .tooLarge(let maximum): "decodes to more than \(maximum) bytes"
        case .damaged(let reason): "a damaged compressed replay: \(reason)"
        }
    }
}

/// Where the parts of a file are.
private struct Layout {
    let table: Range<Int>
    let start: Range<Int>
    /// Metadata and whatever else followed the events.
    let rest: Range<Int>
    let frame: Range<Int>
    let decodedCount: Int

    private static let headerCount = 24
    static let containerStart = Array("{U\u{3}raw[$U#l".utf8)
    /// Bytes of a replay before its first event.
    static let containerCount = 15

    init(_ bytes: [UInt8]) throws {
        guard bytes.count >= Self.headerCount else { throw SlpzError.notSlpz }
        let numbers = (0..<6).map { number in
            bytes[4 * number..<4 * number + 4].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        }
        let offsets = numbers[1...4].map { Int($0) } + [bytes.count]
        guard offsets[0] >= Self.headerCount, zip(offsets, offsets.dropFirst()).allSatisfy({ $0 <= $1 }) else {
            throw SlpzError.notSlpz
        }
        guard numbers[0] == 0 else { throw SlpzError.unknownVersion(numbers[0]) }
        table = offsets[0]..<offsets[1]
        start = offsets[1]..<offsets[2]
        rest = offsets[2]..<offsets[3]
        frame = offsets[3]..<offsets[4]
        decodedCount = Int(numbers[5])
        guard decodedCount >= SizeTable.countWidth else { throw SlpzError.lyingLength }
    }
}

/// Payload sizes by command, from the replay's own first event (slp-format.md section 2).
private struct SizeTable {
    /// Bytes of the number of events.
    static let countWidth = 4
    /// Nil for a command that is not listed.
    private(set) var sizes = [Int?](repeating: nil, count: 256)

    /// Reads the table, and checks that `start` is the event that must follow it.
    init(_ table: ArraySlice<UInt8>, start: ArraySlice<UInt8>) throws {
        let bytes = Array(table)
        guard bytes.count >= 2, bytes[0] == 0x35, bytes[1] > 0 else {
            throw SlpzError.damaged("it has no table of event sizes")
        }
        let entries = (Int(bytes[1]) - 1) / 3
        guard bytes.count == 2 + 3 * entries else { throw SlpzError.damaged("its table of event sizes is cut off") }
        for entry in stride(from: 2, to: bytes.count, by: 3) {
            sizes[Int(bytes[entry])] = Int(bytes[entry + 1]) << 8 | Int(bytes[entry + 2])
        }
        guard start.first == 0x36, start.count - 1 == sizes[0x36] else {
            throw SlpzError.damaged("its Game Start event is cut off")
        }
    }
}

/// The decoded frame, checked: every index that follows from it is inside.
private struct EventColumns {
    private let bytes: [UInt8]
    private let commands: Range<Int>
    /// By command: payload bytes, events, and where the first column begins.
    private var payloads: [(size: Int, count: Int, first: Int)]

    init(_ bytes: [UInt8], table: SizeTable) throws {
        self.bytes = bytes
        let count = bytes[..<SizeTable.countWidth].reduce(0) { $0 << 8 | Int($1) }
        guard count <= bytes.count - SizeTable.countWidth else {
            throw SlpzError.damaged("it counts more events than it has")
        }
        commands = SizeTable.countWidth..<SizeTable.countWidth + count
        var counts = [Int](repeating: 0, count: 256)
        for position in commands { counts[Int(bytes[position])] += 1 }
        payloads = []
        payloads.reserveCapacity(256)
        var end = commands.upperBound
        for (command, count) in counts.enumerated() {
            guard count == 0 || table.sizes[command] != nil else {
                throw SlpzError.damaged("it has events that its table does not list")
            }
            let size = table.sizes[command] ?? 0
            payloads.append((size, count, end))
            // At most 2^32 events of at most 2^16 bytes: far from overflowing.
            end += size * count
        }
        guard end == bytes.count else { throw SlpzError.damaged("its events and its table of sizes do not fit") }
    }

    /// Bytes of all events, their commands included.
    var eventByteCount: Int { bytes.count - SizeTable.countWidth }

    /// Puts the events together again, in their order.
    func appendEvents(to replay: inout [UInt8]) throws {
        var next = payloads.map(\.first)
        let columns = bytes.span
        for position in commands {
            if position.isMultiple(of: 1 << 16) { try Task.checkCancellation() }
            let command = Int(columns[position])
            let (size, count, _) = payloads[command]
            replay.append(UInt8(command))
            var source = next[command]
            next[command] += 1
            for _ in 0..<size {
                replay.append(columns[source])
                source += count
            }
        }
    }
}
