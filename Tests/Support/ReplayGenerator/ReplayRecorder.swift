/// Writes a game down as a replay file.
struct ReplayRecorder {
    private let spec: ReplaySpec
    private var layout: EventLayout
    private var state: GameState
    /// States after the last frames, the newest last, for rollbacks.
    private var history: [GameState] = []
    private var frameWriter: FrameWriter
    /// The file so far.
    private(set) var file: [UInt8] = []
    /// Frames that each internal character was played, repetitions counted, by port.
    private var rows: [Int: [UInt8: Int]] = [:]

    private static let rollbackDepth = 4
    private static let header = Array("{U\u{3}raw[$U#l".utf8)
    private static let eventStart = 15
    private static let noPlayer: Int8 = -1

    init(spec: ReplaySpec) {
        self.spec = spec
        layout = EventLayout(version: spec.version)
        if spec.damage == .unknownEvents {
            layout.add(command: Command.unknown, size: 9)
            layout.add(command: Command.unknown + 1, size: 0)
        }
        state = GameState(spec: spec)
        frameWriter = FrameWriter(layout: layout, fighters: state.fighters)
    }

    mutating func record() {
        file.reserveCapacity(2048 + spec.geckoListBytes * 2 + spec.frames * frameWriter.bytesPerFrame)
        file += Self.header + [0, 0, 0, 0]
        file += table
        if let start = GameStartEvent.bytes(spec: spec, layout: layout, seed: state.melee.seed) { file += start }
        if spec.version >= .init(3, 3), spec.geckoListBytes > 0 {
            file += GeckoList.events(byteCount: spec.geckoListBytes, version: spec.version)
        }
        recordFrames()
        recordEnd()
        close()
    }

    /// The 0x35 event, where the gecko list has a row although it only comes in pieces (slp-format.md §2).
    private var table: [UInt8] {
        var listed = layout.sizes
        if layout.size(of: Command.messageSplitter) != nil {
            listed.append((Command.geckoList, spec.geckoListBytes & 0xFFFF))
        }
        return [Command.eventPayloads, UInt8(1 + 3 * listed.count)]
            + listed.flatMap { [$0.command, UInt8($0.size >> 8), UInt8($0.size & 0xFF)] }
    }

    private mutating func recordFrames() {
        guard spec.frames > 0 else { return }
        for frame in -123...spec.lastFrame {
            record(frame)
            guard let interval = spec.rollbackInterval, (frame + 124).isMultiple(of: max(1, interval)),
                history.count > Self.rollbackDepth
            else { continue }
            rollBack(from: frame)
        }
    }

    private mutating func record(_ frame: Int) {
        state.advance(to: frame)
        if spec.rollbackInterval != nil {
            history.append(state)
            if history.count > Self.rollbackDepth + 1 { history.removeFirst() }
        }
        frameWriter.write(state, frame: Int32(frame), to: &file)
        if spec.damage == .unknownEvents, frame.isMultiple(of: 60) {
            file += layout.event(Command.unknown)?.bytes ?? []
            file += layout.event(Command.unknown + 1)?.bytes ?? []
        }
        for fighter in state.fighters {
            rows[fighter.port, default: [:]][fighter.character, default: 0] += 1
        }
    }

    /// Plays the last frames again with other inputs, as when those of the other side come late.
    private mutating func rollBack(from frame: Int) {
        let first = frame - Self.rollbackDepth + 1
        state = history[0]
        state.random = SeededGenerator(seed: spec.seed &+ UInt64(bitPattern: Int64(frame)))
        history = [state]
        for repeated in first...frame { record(repeated) }
    }

    private mutating func recordEnd() {
        guard spec.damage != .noGameEnd, spec.damage != .growing, var end = layout.event(Command.gameEnd) else {
            return
        }
        end.set(0x1, spec.outcome.method)
        end.set(0x2, UInt8(bitPattern: spec.outcome.lrasPort.map { Int8($0 - 1) } ?? Self.noPlayer))
        for (port, placement) in placements.enumerated() {
            end.set(0x3 + port, UInt8(bitPattern: placement))
        }
        file += end.bytes
        if spec.damage == .twoGameEnds { file += end.bytes }
    }

    /// First the winner, then the others in the order of their ports.
    private var placements: [Int8] {
        if let stored = spec.outcome.placements { return stored }
        let ports = spec.players.map(\.port)
        let ranked = ports.filter { $0 == spec.outcome.winnerPort } + ports.filter { $0 != spec.outcome.winnerPort }
        return (1...4).map { port in ranked.firstIndex(of: port).map(Int8.init) ?? Self.noPlayer }
    }

    private mutating func close() {
        let length = UInt32(file.count - Self.eventStart)
        if spec.damage != .growing, spec.damage != .noLength {
            for byte in 0..<4 {
                file[Self.eventStart - 4 + byte] = UInt8(truncatingIfNeeded: length >> UInt32(24 - 8 * byte))
            }
        }
        guard spec.damage != .growing else { return }
        if spec.damage != .noMetadata { file += MetadataElement.bytes(spec: spec, rows: rows) }
        file.append(UInt8(ascii: "}"))
    }
}
