/// Writes the events of a frame (slp-format.md §4).
///
/// Each fighter's rows are kept from frame to frame, so that only what changes is set.
struct FrameWriter: Sendable {
    private struct Rows: Sendable {
        let port: Int
        let isFollower: Bool
        var pre: EventBytes
        var post: EventBytes
        var previous: Fighter
    }

    private var rows: [Rows]
    private var frameStart: EventBytes?
    private var item: EventBytes?
    private var bookend: EventBytes?

    init(layout: EventLayout, fighters: [Fighter]) {
        rows = fighters.compactMap { fighter in
            guard let pre = layout.event(Command.preFrame), let post = layout.event(Command.postFrame) else {
                return nil
            }
            var made = Rows(
                port: fighter.port,
                isFollower: fighter.isFollower,
                pre: pre,
                post: post,
                previous: fighter
            )
            for (offset, value) in [(0x5, UInt8(fighter.port - 1)), (0x6, fighter.isFollower ? 1 : 0)] {
                made.pre.set(offset, value)
                made.post.set(offset, value)
            }
            return made
        }
        frameStart = layout.event(Command.frameStart)
        item = layout.event(Command.item)
        bookend = layout.event(Command.frameBookend)
    }

    /// Bytes of a frame without items.
    var bytesPerFrame: Int {
        let players = rows.reduce(0) { $0 + $1.pre.bytes.count + $1.post.bytes.count }
        return players + (frameStart?.bytes.count ?? 0) + (bookend?.bytes.count ?? 0)
    }

    mutating func write(_ state: GameState, frame: Int32, to file: inout [UInt8]) {
        if frameStart != nil {
            frameStart?.set(0x1, frame)
            frameStart?.set(0x5, state.melee.seed)
            frameStart?.set(0x9, frame + 123)
            file.append(contentsOf: frameStart?.bytes ?? [])
        }
        for fighter in state.fighters {
            guard let index = index(of: fighter) else { continue }
            writePre(fighter, seed: state.melee.seed, frame: frame, row: index, to: &file)
        }
        if item != nil { state.items.forEach { write($0, frame: frame, to: &file) } }
        for fighter in state.fighters {
            guard let index = index(of: fighter) else { continue }
            writePost(fighter, frame: frame, row: index, to: &file)
            rows[index].previous = fighter
        }
        if bookend != nil {
            bookend?.set(0x1, frame)
            bookend?.set(0x5, frame)
            file.append(contentsOf: bookend?.bytes ?? [])
        }
    }

    private func index(of fighter: Fighter) -> Int? {
        rows.firstIndex { $0.port == fighter.port && $0.isFollower == fighter.isFollower }
    }

    /// Inputs of this frame, and the state that the last one left.
    private mutating func writePre(
        _ fighter: Fighter,
        seed: UInt32,
        frame: Int32,
        row: Int,
        to file: inout [UInt8]
    ) {
        let previous = rows[row].previous
        rows[row].pre.set(0x1, frame)
        rows[row].pre.set(0x7, seed)
        rows[row].pre.set(0xB, previous.action)
        rows[row].pre.set(0xD, previous.x)
        rows[row].pre.set(0x11, previous.y)
        rows[row].pre.set(0x15, previous.facing)
        rows[row].pre.set(0x19, Float(fighter.stickX) / 80)
        rows[row].pre.set(0x1D, Float(fighter.stickY) / 80)
        rows[row].pre.set(0x21, Float(fighter.cStickX) / 80)
        rows[row].pre.set(0x29, Float(fighter.trigger) / 140)
        rows[row].pre.set(0x2D, UInt32(fighter.buttons))
        rows[row].pre.set(0x31, fighter.buttons)
        rows[row].pre.set(0x33, Float(fighter.trigger) / 140)
        rows[row].pre.set(0x3B, UInt8(bitPattern: fighter.stickX))
        rows[row].pre.set(0x3C, previous.percent)
        rows[row].pre.set(0x40, UInt8(bitPattern: fighter.stickY))
        rows[row].pre.set(0x41, UInt8(bitPattern: fighter.cStickX))
        file.append(contentsOf: rows[row].pre.bytes)
    }

    private mutating func writePost(_ fighter: Fighter, frame: Int32, row: Int, to file: inout [UInt8]) {
        rows[row].post.set(0x1, frame)
        rows[row].post.set(0x7, fighter.character)
        rows[row].post.set(0x8, fighter.action)
        rows[row].post.set(0xA, fighter.x)
        rows[row].post.set(0xE, fighter.y)
        rows[row].post.set(0x12, fighter.facing)
        rows[row].post.set(0x16, fighter.percent)
        rows[row].post.set(0x1A, fighter.shield)
        rows[row].post.set(0x20, UInt8(6))
        rows[row].post.set(0x21, fighter.stocks)
        rows[row].post.set(0x22, fighter.actionAge)
        rows[row].post.set(0x2F, UInt8(fighter.isAirborne ? 1 : 0))
        rows[row].post.set(0x32, fighter.jumpsLeft)
        rows[row].post.set(0x35, fighter.xSpeed)
        rows[row].post.set(0x39, fighter.ySpeed)
        rows[row].post.set(0x3D, fighter.knockbackX)
        rows[row].post.set(0x41, fighter.knockbackY)
        rows[row].post.set(0x45, fighter.isAirborne ? 0 : fighter.groundSpeed)
        rows[row].post.set(0x49, fighter.hitlag)
        rows[row].post.set(0x4D, UInt32(fighter.action) &- 12)
        rows[row].post.set(0x53, fighter.instance)
        file.append(contentsOf: rows[row].post.bytes)
    }

    private mutating func write(_ thing: GameState.Item, frame: Int32, to file: inout [UInt8]) {
        let laser: UInt16 = 0x36
        item?.set(0x1, frame)
        item?.set(0x5, laser)
        item?.set(0x8, Float(thing.xSpeed < 0 ? -1 : 1))
        item?.set(0xC, thing.xSpeed)
        item?.set(0x14, thing.x)
        item?.set(0x18, thing.y)
        item?.set(0x1E, thing.expiry)
        item?.set(0x22, thing.id)
        item?.set(0x2A, UInt8(bitPattern: thing.owner))
        file.append(contentsOf: item?.bytes ?? [])
    }
}
