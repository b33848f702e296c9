/// The commands of a replay's events (slp-format.md §2).
enum Command {
    static let messageSplitter: UInt8 = 0x10
    static let eventPayloads: UInt8 = 0x35
    static let gameStart: UInt8 = 0x36
    static let preFrame: UInt8 = 0x37
    static let postFrame: UInt8 = 0x38
    static let gameEnd: UInt8 = 0x39
    static let frameStart: UInt8 = 0x3A
    static let item: UInt8 = 0x3B
    static let frameBookend: UInt8 = 0x3C
    static let geckoList: UInt8 = 0x3D
    /// Not in the format: what a later version might add.
    static let unknown: UInt8 = 0xF0
}

/// The payload sizes of one version (slp-format.md §2), in the order in which the table lists them.
struct EventLayout: Sendable {
    private(set) var sizes: [(command: UInt8, size: Int)] = []

    init(version: SlippiVersion) {
        for (command, steps) in Self.steps {
            if let size = steps.last(where: { $0.since <= version })?.size {
                sizes.append((command, size))
            }
        }
    }

    mutating func add(command: UInt8, size: Int) {
        sizes.append((command, size))
    }

    func size(of command: UInt8) -> Int? {
        sizes.first { $0.command == command }?.size
    }

    /// An event of `command` with nothing but zeros in it, or nil before the version that brought it.
    func event(_ command: UInt8) -> EventBytes? {
        size(of: command).map { EventBytes(command: command, payloadSize: $0) }
    }

    private typealias Steps = [(since: SlippiVersion, size: Int)]

    private static let steps: [(command: UInt8, steps: Steps)] = [
        (
            Command.gameStart,
            [
                (.init(0, 1), 320), (.init(1, 0), 352), (.init(1, 3), 416), (.init(1, 5), 417), (.init(2, 0), 418),
                (.init(3, 7), 420), (.init(3, 9), 584), (.init(3, 11), 700), (.init(3, 12), 701), (.init(3, 14), 760),
            ]
        ),
        (
            Command.preFrame,
            [(.init(0, 1), 58), (.init(1, 2), 59), (.init(1, 4), 63), (.init(3, 15), 64), (.init(3, 17), 66)]
        ),
        (
            Command.postFrame,
            [
                (.init(0, 1), 33), (.init(0, 2), 37), (.init(2, 0), 51), (.init(2, 1), 52), (.init(3, 5), 72),
                (.init(3, 8), 76), (.init(3, 11), 80), (.init(3, 16), 84),
            ]
        ),
        (Command.gameEnd, [(.init(0, 1), 1), (.init(2, 0), 2), (.init(3, 13), 6)]),
        (Command.frameStart, [(.init(2, 2), 8), (.init(3, 10), 12)]),
        (Command.item, [(.init(3, 0), 37), (.init(3, 2), 41), (.init(3, 6), 42), (.init(3, 16), 44)]),
        (Command.frameBookend, [(.init(3, 0), 4), (.init(3, 7), 8)]),
        (Command.messageSplitter, [(.init(3, 3), 516)]),
    ]
}
