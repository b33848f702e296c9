import ReplayCacheTestSupport
import ReplayGenerator

@testable import ReplayCache

/// Replays made up by chance, in the state of a place and in a catalog, under the same paths.
struct SelectionLibrary {
    struct Member {
        let path: String
        let digest: Digest
        /// Nil for a file that is no replay.
        let replay: ReplayMetadata?
    }

    let members: [Member]
    let place: Database
    let catalog: Database

    init(_ members: [Member], in scratch: Scratch) throws {
        self.members = members
        place = try Database(path: ":memory:")
        try Schema.makeBase(in: place)
        try Schema.makeIndexes(in: place)
        catalog = try Schema.openCatalog(at: scratch.at("selection-\(newWriterName()).sqlite"))
        try catalog.run("INSERT INTO root (id, path) VALUES (1, '/root')")
        try catalog.transaction { try fill() }
    }

    private func fill() throws {
        for (index, member) in members.enumerated() {
            let id = Int64(index + 1)
            for database in [place, catalog] {
                try database.run(
                    "INSERT INTO content (id, digest, size) VALUES (?, ?, 1)",
                    .integer(id),
                    .blob(member.digest.bytes)
                )
            }
            try place.run(
                "INSERT INTO entry (path, segment, line, content) VALUES (?, 0, 0, ?)",
                .text(member.path),
                .integer(id)
            )
            try catalog.run(
                """
                INSERT INTO file (id, device, inode, size, mtime, ctime, hashed_at, content)
                VALUES (?1, 1, ?1, 1, 1, 1, 1, ?1)
                """,
                .integer(id)
            )
            try catalog.run(
                "INSERT INTO file_path (root, path, file) VALUES (1, ?, ?)",
                .text(member.path),
                .integer(id)
            )
            guard let replay = member.replay else { continue }
            try ReplayRows.store(replay, reader: 1, content: id, saidBy: (0, 0), in: place)
            try ReplayRows.store(try ScannedReplay(replay), content: id, in: catalog)
        }
    }

    /// The paths that a selection means in the place, or in the catalog.
    func paths(_ selection: Selection, inCatalog: Bool = false, isOfReplays: Bool = true) throws -> [String] {
        let database = inCatalog ? catalog : place
        let source = SelectionSource(kind: inCatalog ? .files : .entries, schema: "main", catalog: "main")
        _ = try database.makeSelectionSet(selection, in: [source], isOfReplays: isOfReplays)
        return try database.all("SELECT path FROM temp.selection_set ORDER BY id") { $0.text(0) }
    }

    /// How many there are, by the ways that cost least.
    func count(_ selection: Selection, inCatalog: Bool = false) throws -> Int {
        let database = inCatalog ? catalog : place
        let source = SelectionSource(kind: inCatalog ? .files : .entries, schema: "main", catalog: "main")
        return try database.count(selection, try SelectionConditions(selection, in: database), source)
    }

    /// The paths that a probe accepts.
    func accepted(_ selection: Selection) throws -> [String] {
        let probe = try SelectionProbe(selection)
        return try members.filter {
            try probe.accepts(path: $0.path, digest: $0.digest, size: 1, replay: $0.replay)
        }.map(\.path)
    }

    static func digest(_ number: Int) throws -> Digest { try Digest.of(Array("content \(number)".utf8)) }
}

extension SelectionLibrary {
    /// A library of `count` games in which everything occurs that selections ask for, also what is unknown.
    static func random(_ count: Int, seed: UInt64) throws -> [Member] {
        var random = SeededGenerator(seed: seed)
        return try (0..<count).map { number in
            let isReplay = Int.random(in: 0..<12, using: &random) > 0
            return Member(
                path: "replays/\(["fox", "marth"].randomElement(using: &random) ?? "")/\(1000 + number).slp",
                digest: try digest(number),
                replay: isReplay ? game(&random) : nil
            )
        }
    }

    private static func game(_ random: inout SeededGenerator) -> ReplayMetadata {
        func some<Value>(_ values: [Value?]) -> Value? { values.randomElement(using: &random) ?? nil }
        var game = ReplayMetadata()
        game.slippiVersion = some(["3.7.0", "3.9.1", "3.14.0", "2.0.1", nil])
        game.stageID = some([2, 3, 8, 31, 9, nil])
        game.isTeams = some([true, false, false, nil])
        game.startedAtMilliseconds = some([1_640_995_200_000, 1_640_995_199_000, 1_650_000_000_500, nil])
        game.lastFrame = some([-123, 1200, 2576, 2577, 3600, nil])
        game.isComplete = Bool.random(using: &random)
        game.matchID = some(["mode.ranked-2022-1", "mode.unranked-2022-2", "mode.direct-2022-3", nil])
        game.playedOn = some(["dolphin", "Nintendont", nil])
        let ports = (1...4).filter { $0 < 3 || Int.random(in: 0..<3, using: &random) == 0 }
        game.players = ports.map { port in
            var player = ReplayPlayer(
                port: port,
                characterID: Int.random(in: 0..<5, using: &random) * 6,
                type: some([.human, .human, .cpu]) ?? .human,
                costume: 1,
                startStocks: Int.random(in: 1...4, using: &random)
            )
            player.connectCode = some(["ABC#123", "XYZ#9", nil])
            player.displayName = some(["Éva", "bob", nil])
            player.nameTag = some(["TAG", nil, nil])
            if game.isTeams == true { player.team = some([0, 1, 1, nil]) }
            return player
        }
        game.winnerPorts = some([[1], [2], ports, nil])
        return game
    }
}
