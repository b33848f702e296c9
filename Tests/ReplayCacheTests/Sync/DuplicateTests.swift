import ReplayCacheTestSupport
import ReplayGenerator
import SystemPackage
import Synchronization
import Testing

@testable import ReplayCache

/// Copies, recordings of one game, and which of them is to be kept.
struct DuplicateTests {
    private let scratch: Scratch
    private let laptop: Laptop

    init() async throws {
        scratch = try Scratch()
        laptop = try await Laptop("laptop", in: scratch)
    }

    /// An online game of the version, as the machine of the player on port 1 recorded it.
    private static func game(_ version: SlippiVersion = .init(3, 16), frames: Int = 200) -> ReplaySpec {
        var game = ReplaySpec(version: version, frames: frames, seed: 7)
        game.isOnline = true
        game.players[0].displayName = "One"
        game.players[1].displayName = "Two"
        if version >= .init(3, 14) {
            game.matchID = "mode.unranked-2024-05-06T07:08:09.10-0"
            game.gameNumber = 2
        }
        game.startedAt = "2024-05-06T07:09:00Z"
        return game
    }

    /// The same from the other machine: its rollbacks are others.
    private static func otherSide(_ game: ReplaySpec, secondsLater: Int = 0) -> ReplaySpec {
        var other = game
        other.rollbackInterval = 50
        other.startedAt = "2024-05-06T07:09:0\(secondsLater)Z"
        return other
    }

    private func write(_ replay: ReplaySpec, to path: String) throws {
        try Tree.write(replay.bytes(), to: laptop.at(path), modifiedAt: 1_700_000_000)
    }

    private func groups(_ change: (inout DedupOptions) throws -> Void = { _ in }) async throws -> [DuplicateGroup] {
        var options = DedupOptions()
        try change(&options)
        let found = Mutex<[DuplicateGroup]>([])
        let summary = try await laptop.workspace.duplicates(in: laptop.folder, options: options) { group in
            found.withLock { $0.append(group) }
        }
        let groups = found.withLock { $0 }
        #expect(summary.groups == groups.count { $0.rule == .content })
        #expect(summary.sameEvents?.groups == groups.count { $0.rule == .events })
        #expect(summary.sameGames?.groups == groups.count { [.matchID, .startTime].contains($0.rule) })
        return groups
    }

    private func groupsAtRemote(_ change: (inout DedupOptions) throws -> Void = { _ in }) async throws
        -> [DuplicateGroup]
    {
        let place = try scratch.place()
        try await laptop.push(to: place)
        var options = DedupOptions()
        try change(&options)
        let found = Mutex<[DuplicateGroup]>([])
        try await laptop.workspace.duplicates(at: place, options: options) { group in
            found.withLock { $0.append(group) }
        }
        return found.withLock { $0 }
    }

    private func names(_ group: DuplicateGroup) -> [String] {
        group.paths.map { path in path.split(separator: "/").last.map(String.init) ?? path }
    }

    @Test(arguments: [1, 2, 3, 9])
    func aLimitIsOneOfGroups(_ limit: Int) async throws {
        try write(Self.game(), to: "a/mine.slp")
        try write(Self.otherSide(Self.game(), secondsLater: 9), to: "b/theirs.slp")
        for (size, names) in [(5000, ["z1", "z2"]), (90_000, ["y1", "y2", "y3"])] {
            for name in names { try Tree.write(SampleBytes.random(size, seed: UInt64(size)), to: laptop.at(name)) }
        }
        for groups in [
            try await groups({ $0.selection.limit = limit }), try await groupsAtRemote({ $0.selection.limit = limit }),
        ] {
            // The largest copies first, recordings after them.
            let all = [["y1", "y2", "y3"], ["z1", "z2"], ["mine.slp", "theirs.slp"]]
            #expect(groups.map(names) == Array(all.prefix(limit)))
        }
    }

    // MARK: The same game

    @Test
    func recordingsOfBothMachinesAreOneGame() async throws {
        try write(Self.game(), to: "mine.slp")
        try write(Self.otherSide(Self.game(), secondsLater: 9), to: "theirs.slp")
        for groups in [try await groups(), try await groupsAtRemote()] {
            let group = try #require(groups.first)
            #expect(groups.count == 1)
            #expect(group.rule == .matchID)
            #expect(names(group) == ["mine.slp", "theirs.slp"])
            let recordings = try #require(group.recordings)
            #expect(recordings.map(\.frames) == [200, 200])
            #expect(recordings.allSatisfy { $0.complete })
            #expect(recordings[0].metadata == ["startedAt", "playedOn", "displayNames"])
            #expect(try recordings[0].sha256 == Digest.of(Self.game().bytes()))
            #expect(group.sha256 == recordings[0].sha256)
            #expect(group.bytesWasted > 0)
        }
    }

    struct Change: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var version = SlippiVersion(3, 16)
        var seconds = 0
        let apply: @Sendable (inout ReplaySpec) -> Void
    }

    @Test(arguments: [
        Change(testDescription: "another game of the session") { $0.gameNumber = 3 },
        Change(testDescription: "a tiebreaker") { $0.tiebreaker = 1 },
        Change(testDescription: "another session") { $0.matchID = "mode.unranked-2024-05-06T07:08:09.10-1" },
        Change(testDescription: "another seed", version: .init(3, 9)) { $0.seed = 8 },
        Change(testDescription: "another stage", version: .init(3, 9)) { $0.stage = 8 },
        Change(testDescription: "another character", version: .init(3, 9)) { $0.players[1].character = 9 },
        Change(testDescription: "a third player", version: .init(3, 9)) {
            $0.players.append(.init(port: 3, character: 2))
        },
        Change(testDescription: "another time", version: .init(3, 9), seconds: 6) { _ in },
        Change(testDescription: "another length", version: .init(3, 9)) { $0.frames = 300 },
    ])
    func gamesThatOnlyResembleEachOtherAreTwo(_ change: Change) async throws {
        let game = Self.game(change.version)
        var other = Self.otherSide(game, secondsLater: change.seconds)
        change.apply(&other)
        try write(game, to: "a.slp")
        try write(other, to: "b.slp")
        #expect(try await groups().isEmpty)
        #expect(try await groupsAtRemote().isEmpty)
    }

    @Test
    func withoutAMatchIDTimePlayersStageAndSeedDecide() async throws {
        let game = Self.game(.init(3, 9))
        try write(game, to: "mine.slp")
        try write(Self.otherSide(game, secondsLater: 5), to: "theirs.slp")
        for groups in [try await groups(), try await groupsAtRemote()] {
            #expect(groups.map(\.rule) == [.startTime])
            #expect(groups.map(names) == [["mine.slp", "theirs.slp"]])
        }
    }

    @Test
    func gamesThatProgramsPlayAtOnceAreToldApartByTheirLengths() async throws {
        for (name, frames, interval) in [("a", 200, nil), ("b", 400, nil), ("c", 203, 50), ("d", 600, nil)] {
            var game = Self.game(.init(3, 9), frames: frames)
            game.rollbackInterval = interval
            try write(game, to: "\(name).slp")
        }
        // One that was cut off could be of any of them.
        var cut = Self.game(.init(3, 9), frames: 150)
        cut.damage = .noGameEnd
        cut.rollbackInterval = 30
        try write(cut, to: "cut.slp")
        #expect(try await groups().map(names) == [["c.slp", "a.slp"]])
        for name in ["b", "d"] { try Tree.remove(laptop.at("\(name).slp")) }
        #expect(try await groups().map(names) == [["c.slp", "a.slp", "cut.slp"]])
    }

    @Test
    func teamsAreOneGameForAllFourMachines() async throws {
        var game = Self.game()
        game.isTeams = true
        game.players = (1...4).map { .init(port: $0, character: $0) }
        for index in 0..<4 { game.players[index].team = UInt8(index % 2) }
        for machine in 0..<4 {
            game.rollbackInterval = 30 + machine
            try write(game, to: "\(machine).slp")
        }
        #expect(try await groups().map(\.paths.count) == [4])
    }

    // MARK: The same events

    /// The same recording after a tool wrote other names into it.
    private static func stamped(_ game: ReplaySpec, _ name: String) -> ReplaySpec {
        var stamped = game
        // Before 3.9 the names are in the metadata alone.
        stamped.players[0].displayName = name
        return stamped
    }

    @Test
    func stampedNamesLeaveTheEventsAsTheyWere() async throws {
        let game = Self.game(.init(3, 7))
        try write(game, to: "a.slp")
        try write(Self.stamped(game, "a program"), to: "b.slp")
        let group = try #require(try await groups().first)
        #expect(group.rule == .events)
        #expect(names(group) == ["a.slp", "b.slp"])
        // No bytes are at hand there.
        #expect(try await groupsAtRemote().map(\.rule) == [.startTime])
    }

    @Test
    func aRecordingWithoutItsLengthHasTheSameEvents() async throws {
        var game = Self.game(.init(3, 7))
        try write(game, to: "whole.slp")
        game.damage = .noLength
        try write(game, to: "no-length.slp")
        game.damage = .noMetadata
        try write(game, to: "no-metadata.slp")
        let found = try await groups()
        #expect(found.map(\.rule) == [.events])
        #expect(found.map(names) == [["whole.slp", "no-metadata.slp", "no-length.slp"]])
    }

    @Test
    func eventsAreReadOnce() async throws {
        let game = Self.game(.init(3, 7))
        try write(game, to: "a.slp")
        try write(Self.stamped(game, "x"), to: "b.slp")
        #expect(try await groups().map(\.rule) == [.events])
        // What is remembered decides, which shows when it is wrong.
        let catalog = try Catalog(home: laptop.home)
        try await catalog.change("UPDATE event_digest SET digest = randomblob(32)")
        #expect(try await groups().map(\.rule) == [.startTime])
    }

    @Test
    func whatChangedSinceTheScanIsNotComparedByItsEvents() async throws {
        let game = Self.game(.init(3, 7))
        try write(game, to: "a.slp")
        try write(Self.stamped(game, "x"), to: "b.slp")
        _ = try await laptop.workspace.scan(laptop.folder)
        try Tree.overwrite(laptop.at("b.slp"), at: 700, with: [1, 2, 3])
        let found = Mutex<[DuplicateGroup.Rule]>([])
        try await laptop.workspace.duplicates { group in found.withLock { $0.append(group.rule) } }
        #expect(found.withLock { $0 } == [.startTime])
    }

    // MARK: Copies

    @Test
    func exactCopiesAreNoRecordingsOfOneGame() async throws {
        for name in ["a", "b", "c"] { try write(Self.game(), to: "\(name).slp") }
        try Tree.write([], to: laptop.at("empty-1"))
        try Tree.write([], to: laptop.at("empty-2"))
        let found = try await groups()
        #expect(found.map(\.rule) == [.content])
        #expect(found.map(names) == [["a.slp", "b.slp", "c.slp"]])
        #expect(found[0].bytesWasted == 2 * found[0].size)
        #expect(found[0].bytesLinkable == found[0].bytesWasted)
        #expect(found[0].recordings == nil)
        #expect(try await groupsAtRemote().filter { $0.size > 0 }.map(\.bytesWasted) == [0])
    }

    @Test
    func withoutTheSuperfluousPathsOneOfEachGameIsLeft() async throws {
        let game = Self.game()
        var stamped = game
        stamped.playedOn = "a program"
        let theirs = Self.otherSide(game)
        for name in ["a", "a-copy"] { try write(game, to: "\(name).slp") }
        for name in ["stamped", "stamped-copy"] { try write(stamped, to: "\(name).slp") }
        try write(theirs, to: "theirs.slp")
        try write(Self.game(frames: 240), to: "backup/longer.slp")
        let superfluous = try await groups { $0.preference = .longest }.flatMap { $0.paths.dropFirst() }
        #expect(Set(superfluous).count == superfluous.count)
        for path in superfluous { try Tree.remove(path) }
        #expect(try laptop.files() == ["backup/longer.slp"])
    }

    struct Preferred: Sendable, CustomTestStringConvertible {
        let preference: RecordingPreference
        let first: String
        var testDescription: String { preference.rawValue }
    }

    @Test(arguments: [
        Preferred(preference: .longest, first: "long.slp"), Preferred(preference: .complete, first: "whole.slp"),
        Preferred(preference: .metadata, first: "named.slp"),
    ])
    func thePreferenceDecidesWhichIsKept(_ preferred: Preferred) async throws {
        var long = Self.game(frames: 300)
        long.damage = .noGameEnd
        long.players[1].displayName = ""
        try write(long, to: "long.slp")
        var whole = Self.game(frames: 200)
        whole.players[1].displayName = ""
        try write(whole, to: "whole.slp")
        var named = Self.game(frames: 190)
        named.players[0].connectCode = "ONE#1"
        named.players[1].connectCode = "TWO#2"
        named.damage = .noGameEnd
        try write(named, to: "named.slp")
        let group = try #require(try await groups { $0.preference = preferred.preference }.first)
        #expect(names(group).first == preferred.first)
        #expect(group.paths.count == 3)
    }

    @Test
    func aSelectionRestrictsWhatIsLookedAt() async throws {
        for folder in ["fox", "backup"] {
            try write(Self.game(), to: "\(folder)/a.slp")
            try write(Self.otherSide(Self.game()), to: "\(folder)/b.slp")
            try laptop.write("text", to: "\(folder)/notes.txt")
        }
        func restricted(_ selection: Selection) async throws -> [[DuplicateGroup.Rule]] {
            let here = try await groups { $0.selection = selection }.map(\.rule)
            return [here, try await groupsAtRemote { $0.selection = selection }.map(\.rule)]
        }
        #expect(
            try await restricted(Selection()) == Array(repeating: [.content, .content, .content, .matchID], count: 2)
        )
        #expect(try await restricted(Selection(paths: ["fox/*"])) == [[.matchID], [.matchID]])
        #expect(try await restricted(Selection(paths: ["fox/a.slp", "backup/a.slp"])) == [[.content], [.content]])
        let fox = Selection(characters: try Selection.characters(named: ["fox"]))
        #expect(try await restricted(fox) == Array(repeating: [.content, .content, .matchID], count: 2))
        let marth = Selection(characters: try Selection.characters(named: ["marth"]))
        #expect(try await restricted(marth) == [[], []])
    }

    // MARK: Published replays

    @Test(.disabled(if: SharedReplays.files.isEmpty, "the shared replays are not on this machine"))
    func publishedPairsAreFound() async throws {
        let folder = SharedReplays.directory.string
        let found = Mutex<[DuplicateGroup]>([])
        try await laptop.workspace.duplicates(in: folder) { group in found.withLock { $0.append(group) } }
        let groups = found.withLock { $0 }
        let events = groups.filter { $0.rule == .events }.map { names($0).sorted() }.sorted { $0[0] < $1[0] }
        var expected: [String: [String]] = [:]
        for file in SharedReplays.files { expected[file.raw_sha256 ?? file.file, default: []].append(file.file) }
        #expect(events == expected.values.filter { $0.count > 1 }.map { $0.sorted() }.sorted { $0[0] < $1[0] })
    }
}

extension Catalog {
    fileprivate func change(_ sql: String) throws { try database.run(sql) }
}
