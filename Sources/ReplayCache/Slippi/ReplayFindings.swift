/// What one file turned out to hold: the pieces that the fields of ``ReplayMetadata`` are derived from.
struct ReplayFindings: Sendable {
    let container: ReplayContainer
    let sizes: EventSizes?
    let start: GameStart?
    private let evidence: Evidence

    var trailer: ReplayTrailer? { evidence.trailer }
    var end: GameEnd? { evidence.end }
    var lastFrame: LastFrame? { evidence.lastFrame }
    /// Nil when the two ends of the file settled everything.
    var walk: EventWalk? { evidence.walk }
    /// Internal id in each port's first Post-Frame event, where it was looked for.
    var firstCharacters: [Int: UInt8] { evidence.firstCharacters }

    /// Reads `source`, or answers nil when it is not a replay.
    init?(of source: some ByteSource) throws {
        let head = try source.window(at: 0, count: ReplayReader.headBytes)
        guard let container = ReplayContainer(in: head, byteCount: source.byteCount) else { return nil }
        let sizes = EventSizes(in: head, at: ReplayContainer.eventStart)
        let start = sizes.flatMap { GameStart(in: head, at: $0.end(from: ReplayContainer.eventStart), sizes: $0) }
        if let sizes, let start, container.isClosed, sizes.isWellFormed,
            let ends = try Evidence(endsOf: source, head: head, container: container, sizes: sizes, start: start)
        {
            evidence = ends
        } else {
            evidence = try Evidence(walking: source, container: container, sizes: sizes)
        }
        self.container = container
        self.sizes = sizes
        self.start = start
    }
}

/// How a game went, from either of two ways to read it.
private struct Evidence: Sendable {
    let trailer: ReplayTrailer?
    let end: GameEnd?
    let lastFrame: LastFrame?
    let walk: EventWalk?
    let firstCharacters: [Int: UInt8]

    /// Reads the tail of a finished file, or answers nil when head and tail leave something open.
    init?(
        endsOf source: some ByteSource,
        head: ByteWindow,
        container: ReplayContainer,
        sizes: EventSizes,
        start: GameStart
    ) throws {
        let tailStart = max(0, source.byteCount - Int64(ReplayReader.tailBytes))
        let tail = try source.window(at: tailStart, count: ReplayReader.tailBytes)
        trailer = ReplayTrailer(in: tail, at: container.eventLimit)
        guard
            let scan = TailScan(
                in: tail,
                end: container.eventLimit,
                sizes: sizes,
                knownLastFrame: trailer?.lastFrame
            ),
            let firstCharacters = start.firstCharacters(in: head, sizes: sizes),
            !start.needsWalkForCharacters(trailer, sizes: sizes)
        else { return nil }
        end = scan.gameEnd
        lastFrame = scan.lastFrame
        walk = nil
        self.firstCharacters = firstCharacters
    }

    /// Walks every event; without a table of their sizes there is nothing to walk.
    init(walking source: some ByteSource, container: ReplayContainer, sizes: EventSizes?) throws {
        let events = ReplayContainer.eventStart..<container.eventLimit
        walk = try sizes.map { try EventWalk(of: source, range: events, sizes: $0) }
        // While recording, the length is still 0 when metadata is already there (slp-format.md §10, "unfinished").
        let trailerStart = container.isClosed ? container.eventLimit : walk?.end ?? container.eventLimit
        let window = try source.window(at: trailerStart, count: ReplayTrailer.readBytes)
        trailer = ReplayTrailer(in: window, at: trailerStart)
        end = walk?.gameEnd
        lastFrame = walk?.lastFrame
        firstCharacters = (walk?.characters ?? []).enumerated().reduce(into: [:]) { first, player in
            first[player.offset + 1] = player.element.first
        }
    }
}

extension EventSizes {
    /// The end of this table's own event.
    fileprivate func end(from start: Int64) -> Int64 {
        start + (eventLength(of: EventCommand.eventPayloads) ?? 0)
    }
}

extension GameStart {
    /// Internal ids in the first Post-Frame events, for the players whose character is in doubt before 1.6.0
    /// (slp-format.md §10); nil when they are not all in `head`.
    fileprivate func firstCharacters(in head: ByteWindow, sizes: EventSizes) -> [Int: UInt8]? {
        let ports = players.filter { hidesCharacter(of: $0) }.map(\.port)
        guard sizes.hasPostFrames else { return [:] }
        var found: [Int: UInt8] = [:]
        var position = ReplayContainer.eventStart
        while !ports.allSatisfy({ found[$0] != nil }) {
            guard let command = head.uint8(at: position), let length = sizes.eventLength(of: command) else {
                return nil
            }
            if command == EventCommand.postFrame, let row = PostFrame(in: head, at: position) {
                found[row.player + 1] = found[row.player + 1] ?? row.internalCharacter
            }
            position += length
        }
        return found
    }

    /// Whether the file may call Sheik Zelda.
    func hidesCharacter(of player: Player) -> Bool {
        version < Version(major: 1, minor: 6, revision: 0) && player.canTransform
    }

    /// Whether only the events can tell which characters were played: no metadata, and one who can change.
    fileprivate func needsWalkForCharacters(_ trailer: ReplayTrailer?, sizes: EventSizes) -> Bool {
        sizes.hasPostFrames
            && players.contains { $0.canTransform && trailer?.players[$0.port]?.characters.isEmpty ?? true }
    }
}

extension GameStart.Player {
    var canTransform: Bool { [MeleeCharacter.zelda, .sheik].contains(character) }
}
