import ReplayCacheTestSupport
import Testing

@testable import ReplayCache

/// What stands in the state of a place because a base brought it there, where no reader of segments looked at it: it is not
/// passed on into a log, where everybody would stumble over it.
struct HostileStateTests {
    private let scratch: Scratch
    private let laptop: Laptop
    private let place: Place

    private static let path = "replays/../escaped.txt"

    /// Two files, and a third whose path no segment could have brought.
    init() async throws {
        scratch = try Scratch()
        laptop = try await Laptop("laptop", in: scratch)
        place = try scratch.place()
        for name in ["one", "two"] { try laptop.write(name, to: "\(name).txt") }
        try await laptop.push(to: place)
        try await laptop.repository(at: place).store.pretendPath(Self.path)
    }

    /// Nothing in a log is refused by whoever reads it.
    private func expectSound(_ place: Place, _ paths: [String]) async throws {
        let pod = try await Laptop("pod-\(UInt64.random(in: 0 ... .max))", in: scratch)
        let repository = try await pod.repository(at: place)
        #expect(repository.warnings.isEmpty)
        #expect(try await repository.store.paths() == paths)
    }

    @Test
    func aCopyPassesOverAnUnsafePath() async throws {
        let target = try scratch.place("target")
        let summary = try await laptop.workspace.copy(place, to: target, options: CopyOptions())
        #expect(summary.entriesAdded == 2)
        #expect(summary.filesFailed == 1)
        #expect(laptop.told(.refused) == [Self.path])
        try await expectSound(target, ["replays/one.txt", "replays/two.txt"])
    }

    @Test
    func aRemovalPassesOverAnUnsafePath() async throws {
        var options = RemoveOptions(paths: [try LogicalPath("replays")])
        options.isRecursive = true
        options.maximum = 10
        let summary = try await laptop.workspace.remove(at: place, options: options)
        #expect(summary.entriesDeleted == 2)
        #expect(laptop.told(.refused) == [Self.path])
        try await expectSound(place, [])
    }

    @Test
    func aRestorationPassesOverAnUnsafePath() async throws {
        let entries = try await laptop.entries(at: place)
        let dels = try ["replays/one.txt", "replays/two.txt"].map { path in
            Operation.del(.init(path: path, was: try #require(entries[path])))
        }
        try await laptop.commit(dels, to: place)
        try await laptop.repository(at: place).store.pretendDeletion(Self.path)
        var options = RestoreOptions(path: try LogicalPath("replays"))
        options.isRecursive = true
        let summary = try await laptop.workspace.restore(at: place, options: options)
        #expect(summary.entriesRestored == 2)
        #expect(summary.filesFailed == 1)
        #expect(laptop.told(.refused) == [Self.path])
        try await expectSound(place, ["replays/one.txt", "replays/two.txt"])
    }

    /// What no reader would take is not published, whoever makes it up.
    @Test
    func nothingIsCommittedThatReadersRefuse() async throws {
        let repository = try await laptop.repository(at: place)
        let digest = try MergeTests.digest(1)
        let unsound: [ReplayCache.Operation] = [
            try MergeTests.put(Self.path, 1), try MergeTests.del(Self.path, 1),
            .put(.init(path: "replays/x", sha256: digest, was: nil, size: -1, mtime: 0)),
            .obj(.init(sha256: digest, size: 1, key: "objects/x", encodedSize: 1)),
            .ckpt(.init(run: "../x", name: "n", step: nil, files: [])),
        ]
        for operation in unsound {
            await #expect(throws: ReplayCacheError.self) { try await repository.commit([operation]) }
        }
        try await expectSound(place, ["replays/one.txt", "replays/two.txt"])
    }

    /// Whatever is stored in one piece is small enough to be held in memory.
    @Test
    func anObjectWithoutPartsIsNeverLarge() async throws {
        let store = try await laptop.repository(at: place).store
        try await store.pretendSize(1 << 40)
        let digest = try Digest.of(Array("one".utf8))
        let error = await #expect(throws: ReplayCacheError.self) { try await store.object(of: digest) }
        #expect(error?.code == .integrity)
    }
}

extension PlaceStore {
    /// Gives the first entry another path as well, as no segment could.
    fileprivate func pretendPath(_ path: String) throws {
        try database.run(
            "INSERT INTO entry SELECT ?, segment, line, was, content, mtime FROM entry LIMIT 1",
            .text(path)
        )
    }

    /// As if a path had been deleted.
    fileprivate func pretendDeletion(_ path: String) throws {
        try database.run(
            """
            INSERT INTO history SELECT path, content, was, mtime, (SELECT hlc FROM segment WHERE id = entry.segment),
                segment, line FROM entry WHERE path = ?
            """,
            .text(path)
        )
        try database.run(
            "UPDATE entry SET was = content, content = NULL, line = 1, segment = (SELECT max(id) FROM segment) WHERE path = ?",
            .text(path)
        )
    }

    fileprivate func pretendSize(_ size: Int64) throws {
        try database.run("UPDATE content SET size = ?", .integer(size))
    }
}
