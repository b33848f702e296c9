/// The commands of the events that the reader looks into (slp-format.md §2).
enum EventCommand {
    static let eventPayloads: UInt8 = 0x35
    static let gameStart: UInt8 = 0x36
    static let preFrame: UInt8 = 0x37
    static let postFrame: UInt8 = 0x38
    static let gameEnd: UInt8 = 0x39
    static let frameStart: UInt8 = 0x3A
    static let geckoList: UInt8 = 0x3D
}

/// The table of payload sizes that opens the event stream.
///
/// It is the only authority on how long an event is: development builds of Slippi break the rule that a version implies
/// its sizes (slp-format.md §2).
struct EventSizes: Sendable {
    /// Payload size by command, -1 where the table does not list the command.
    private var sizes = [Int32](repeating: -1, count: 256)
    /// Whether the table's own length and the event behind it are as they must be.
    let isWellFormed: Bool

    /// Reads the 0x35 event at `offset`, or answers nil when there is none.
    ///
    /// A table with a wrong length is read as far as it makes sense: what follows can still be walked and hashed.
    init?(in window: ByteWindow, at offset: Int64) {
        guard window.uint8(at: offset) == EventCommand.eventPayloads, let length = window.uint8(at: offset + 1) else {
            return nil
        }
        let end = offset + 1 + Int64(length)
        var entry = offset + 2
        while entry + 3 <= end, let command = window.uint8(at: entry), let size = window.uint16(at: entry + 1) {
            sizes[Int(command)] = Int32(size)
            entry += 3
        }
        sizes[Int(EventCommand.eventPayloads)] = Int32(length)
        isWellFormed = length % 3 == 1 && entry == end && window.uint8(at: end) == EventCommand.gameStart
    }

    /// Payload bytes after the command byte, or nil for a command that the table does not list.
    func payloadSize(of command: UInt8) -> Int? {
        let size = sizes[Int(command)]
        return size < 0 ? nil : Int(size)
    }

    /// Length of the whole event: its command byte and its payload.
    func eventLength(of command: UInt8) -> Int64? {
        payloadSize(of: command).map { Int64($0) + 1 }
    }

    /// The commands whose payload starts with a frame number, for walking backwards.
    ///
    /// Commands that are not known yet count: each one found is checked against the frames around it.
    var framedCommands: [UInt8] {
        (EventCommand.preFrame...UInt8.max).filter { command in
            guard let size = payloadSize(of: command), size >= 4 else { return false }
            return command != EventCommand.gameEnd && command != EventCommand.geckoList
        }
    }

    /// Whether Post-Frame events have the layout of slp-format.md §4.
    ///
    /// In the 2017 pre-release 0x38 is a combined event of 71 bytes, and every field that comes from frames is out of
    /// reach (slp-format.md §2).
    var hasPostFrames: Bool {
        guard let size = payloadSize(of: EventCommand.postFrame) else { return false }
        return size >= PostFrame.fieldsLength - 1 && size != 71
    }
}
