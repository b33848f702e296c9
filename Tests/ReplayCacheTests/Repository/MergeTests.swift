import ReplayCacheTestSupport
import ReplayGenerator
import Testing

@testable import ReplayCache

/// The laws of merging (`design.md` section 3): the state depends on the set of segments alone, not on how they came.
struct MergeTests {
    private let scratch: Scratch

    init() throws { scratch = try Scratch() }

    typealias Segments = [(key: SegmentKey, segment: Segment)]

    private static let start: Int64 = 1_790_000_000_000

    private func makeStore(_ name: String) async throws -> PlaceStore {
        let home = scratch.at(name)
        let catalog = try Catalog(home: home)
        return try PlaceStore(record: try await catalog.place(scratch.place("remote")), home: home)
    }

    static func digest(_ number: Int) throws -> Digest { try Digest.of(Array("content \(number)".utf8)) }

    static func segment(
        _ hlc: Int64,
        writer: Int = 1,
        _ operations: [Operation]
    ) throws -> (key: SegmentKey, segment: Segment) {
        let name = Decimals.padded(Int64(writer), to: 16)
        let segment = Segment(
            repository: "r",
            writer: name,
            hlc: HLC(milliseconds: start + hlc),
            operations: operations
        )
        return (try segment.encoded(number: 0).key, segment)
    }

    static func put(_ path: String, _ content: Int, was: Int? = nil) throws -> Operation {
        .put(
            .init(
                path: path,
                sha256: try digest(content),
                was: try was.map(digest),
                size: Int64(content),
                mtime: Int64(content)
            )
        )
    }

    static func del(_ path: String, _ content: Int) throws -> Operation {
        .del(.init(path: path, was: try digest(content)))
    }

    // MARK: Properties

    /// Segments of three writers whose clocks may agree or stand still, on few paths and contents, so that everything
    /// collides.
    static func randomSegments(_ random: inout SeededGenerator) throws -> Segments {
        var segments: Segments = []
        for writer in 1...3 {
            var hlc: Int64 = 0
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                hlc += Int64.random(in: 0...2, using: &random)
                var operations: [Operation] = []
                for _ in 0..<Int.random(in: 1...5, using: &random) { operations.append(try operation(&random)) }
                segments.append(try segment(hlc, writer: writer, operations))
            }
        }
        return segments
    }

    private static func operation(_ random: inout SeededGenerator) throws -> Operation {
        let path = "replays/\(Int.random(in: 0..<3, using: &random))"
        let content = Int.random(in: 0..<4, using: &random)
        switch Int.random(in: 0..<11, using: &random) {
        case 0..<4:
            return .put(
                .init(
                    path: path,
                    sha256: try digest(content),
                    // The content itself makes it a remark.
                    was: try [nil, digest((content + 1) % 4), digest(content)].randomElement(using: &random) ?? nil,
                    size: Int64.random(in: 0..<9, using: &random),
                    mtime: Int64(content),
                    replay: Bool.random(using: &random) ? replay(&random) : nil,
                    reader: Bool.random(using: &random) ? Int.random(in: -1...2, using: &random) : .max
                )
            )
        case 4..<7: return try del(path, content)
        case 7:
            let generation = Int.random(in: 0..<3, using: &random)
            let key = ObjectKey(digest: try digest(content), generation: generation, form: .content(.zst))
            return .obj(
                .init(
                    sha256: try digest(content),
                    size: Int64.random(in: 0..<9, using: &random),
                    key: key.remoteKey.string,
                    encodedSize: Int64.random(in: 0..<9, using: &random)
                )
            )
        case 8:
            let step = Int64.random(in: 0..<2, using: &random)
            let size = Int64.random(in: 0..<2, using: &random)
            let files = [Operation.Checkpoint.File(name: "a", sha256: try digest(content), size: size)]
            let note = "note \(Int.random(in: 0..<9, using: &random))"
            return .ckpt(.init(run: "fox", name: "n", step: step, files: files, note: note))
        case 9:
            // Few names and lists, so that names are given twice and lists get several.
            let files = Int64.random(in: 1...3, using: &random)
            let list = try digest(Int.random(in: 0..<3, using: &random))
            let name = "set \(Int.random(in: 0..<2, using: &random))"
            var dataset = Operation.Dataset(
                name: name,
                sha256: list,
                size: files * 100,
                files: files,
                bytes: Int64(content)
            )
            if Int.random(in: 0..<4, using: &random) == 0 { dataset.dropped = true }
            return .dataset(dataset)
        default: return .unknown(#"{"op":"later","n":\#(content)}"#)
        }
    }

    private static func replay(_ random: inout SeededGenerator) -> ReplayMetadata {
        var replay = ReplayMetadata()
        replay.slippiVersion = "\(Int.random(in: 0..<9, using: &random)).0.0"
        for port in 1...Int.random(in: 1...4, using: &random) {
            let character = Int.random(in: 0..<26, using: &random)
            replay.players.append(
                ReplayPlayer(port: port, characterID: character, type: .human, costume: 0, startStocks: 4)
            )
        }
        return replay
    }

    @Test(arguments: (1...40).map(UInt64.init))
    func theOrderAndTheBatchesOfMergingDoNotMatter(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        let segments = try Self.randomSegments(&random)
        let reference = try await makeStore("reference")
        #expect(try await reference.merge(segments).isEmpty)
        let expected = try await reference.dump()
        for variant in 0..<3 {
            let store = try await makeStore("variant-\(variant)")
            let shuffled = segments.shuffled(using: &random)
            var rest = shuffled[...]
            while !rest.isEmpty {
                let count = Int.random(in: 1...rest.count, using: &random)
                let batch = Array(rest.prefix(count))
                rest = rest.dropFirst(count)
                _ = try await store.merge(batch)
                // Again, as after a lost record of what was merged.
                if Bool.random(using: &random) { _ = try await store.merge(batch) }
            }
            #expect(try await store.dump() == expected, "seed \(seed), order \(shuffled.map(\.key.remoteKey.string))")
        }
    }

    @Test(arguments: (100...120).map(UInt64.init))
    func nothingThatWasEverPutVanishes(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        let segments = try Self.randomSegments(&random)
        let store = try await makeStore("store")
        _ = try await store.merge(segments.shuffled(using: &random))
        let known = try await store.versions()
        for (key, segment) in segments {
            for (index, operation) in segment.operations.enumerated() {
                guard case .put(let put) = operation, put.was != put.sha256 else { continue }
                #expect(known.contains("\(put.path) \(put.sha256.hex) \(key.remoteKey.string):\(index + 1)"))
            }
        }
    }

    // MARK: Rules by example

    private func shown(_ segments: [[Operation]], path: String = "replays/a") async throws -> Digest? {
        let store = try await makeStore("example")
        var merged: Segments = []
        for (index, operations) in segments.enumerated() { merged.append(try Self.segment(Int64(index), operations)) }
        _ = try await store.merge(merged)
        return try await store.entryDigest(at: LogicalPath(path))
    }

    @Test
    func theLastWriterWins() async throws {
        let shown = try await shown([
            [try Self.put("replays/a", 1)], [try Self.put("replays/a", 2), try Self.put("replays/a", 3)],
        ])
        #expect(try shown == Self.digest(3))
    }

    @Test
    func aDeletionHidesTheContentThatItNames() async throws {
        let shown = try await shown([[try Self.put("replays/a", 1)], [try Self.del("replays/a", 1)]])
        #expect(shown == nil)
    }

    @Test
    func aDeletionOfAnotherContentHidesNothing() async throws {
        let shown = try await shown([[try Self.put("replays/a", 2)], [try Self.del("replays/a", 1)]])
        #expect(try shown == Self.digest(2))
    }

    @Test
    func aDeletionOfAnotherPathHidesNothing() async throws {
        let shown = try await shown([[try Self.put("replays/a", 1)], [try Self.del("replays/b", 1)]])
        #expect(try shown == Self.digest(1))
    }

    @Test
    func whatIsPutAgainAfterItsDeletionIsBack() async throws {
        let shown = try await shown([
            [try Self.put("replays/a", 1)], [try Self.del("replays/a", 1)], [try Self.put("replays/a", 1)],
        ])
        #expect(try shown == Self.digest(1))
    }

    @Test
    func deletingTheNewestDoesNotBringBackWhatItReplaced() async throws {
        let shown = try await shown([
            [try Self.put("replays/a", 1)], [try Self.put("replays/a", 2, was: 1)], [try Self.del("replays/a", 2)],
        ])
        #expect(shown == nil)
    }

    @Test
    func whatIsFoundInAContentIsNoVersionOfItsPath() async throws {
        let store = try await makeStore("remarks")
        let paths = ["replays/deleted", "replays/changed", "replays/never"]
        _ = try await store.merge([
            try Self.segment(1, try paths.prefix(2).map { try Self.put($0, 1) }),
            try Self.segment(2, [try Self.del(paths[0], 1), try Self.put(paths[1], 2, was: 1)]),
            try Self.segment(3, try paths.map { try Self.put($0, 1, was: 1) }),
        ])
        let shown = try await store.entryDigest(at: LogicalPath(paths[1]))
        #expect(try shown == Self.digest(2))
        for path in [paths[0], paths[2]] { #expect(try await store.entryDigest(at: LogicalPath(path)) == nil) }
        #expect(try await store.versions().count == 3)
    }

    @Test
    func anObjectIsWhereTheLastWriterSays() async throws {
        let store = try await makeStore("store")
        func operation(_ generation: Int) throws -> Operation {
            let key = ObjectKey(digest: try Self.digest(1), generation: generation, form: .content(.raw))
            return .obj(.init(sha256: try Self.digest(1), size: 1, key: key.remoteKey.string, encodedSize: 1))
        }
        let older = try Self.segment(1, [try operation(5)])
        let newer = try Self.segment(2, [try operation(2)])
        _ = try await store.merge([newer])
        _ = try await store.merge([older])
        #expect(try await store.object(of: Self.digest(1))?.key.generation == 2)
    }

    @Test
    func aNameIsThatOfTheListThatGotItFirst() async throws {
        func operation(_ list: Int, files: Int64 = 1) throws -> Operation {
            .dataset(.init(name: "set", sha256: try Self.digest(list), size: 70 * files, files: files, bytes: 0))
        }
        let segments = [
            try Self.segment(1, [try operation(1)]), try Self.segment(2, [try operation(2)]),
            try Self.segment(3, [try operation(1, files: 2)]),
        ]
        for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0], [2, 0, 1]] {
            let store = try await makeStore("store-\(order)")
            for index in order { _ = try await store.merge([segments[index]]) }
            let rows = try await store.datasets()
            #expect(try rows.map(\.sha256) == [Self.digest(1), Self.digest(2)])
            #expect(rows.map(\.isCurrent) == [true, false])
            #expect(rows.map(\.files) == [1, 1])
        }
    }

    @Test
    func aNameThatWasDroppedGoesToTheNextList() async throws {
        func operation(_ list: Int, dropped: Bool? = nil) throws -> Operation {
            let digest = try Self.digest(list)
            return .dataset(.init(name: "set", sha256: digest, size: 70, files: 1, bytes: 0, dropped: dropped))
        }
        let segments = [
            try Self.segment(1, [try operation(1)]), try Self.segment(2, [try operation(2)]),
            try Self.segment(3, [try operation(1, dropped: true)]), try Self.segment(4, [try operation(1)]),
        ]
        for order in [[0, 1, 2, 3], [3, 2, 1, 0], [2, 3, 0, 1], [1, 3, 2, 0]] {
            let store = try await makeStore("store-\(order)")
            for index in order { _ = try await store.merge([segments[index]]) }
            let rows = try await store.datasets()
            #expect(try rows.map(\.sha256) == [Self.digest(2)])
            #expect(rows.map(\.isCurrent) == [true])
            #expect(try await store.isDropped("set", Self.digest(1)))
        }
    }

    @Test(
        arguments: [
            ("a/b", 100, 1, 0), ("a@b", 100, 1, 0), ("", 100, 1, 0), ("..", 100, 1, 0), ("set", 67, 1, 0),
            ("set", 100, 0, 0), ("set", 100, -1, 0), ("set", 100, 2, 0), ("set", 1 << 20, 1, 0), ("set", -1, 1, 0),
            ("set", Int64.max, Int64.max, 0), ("set", 100, 1, -1), ("set", 100, 1, Int64.max),
        ] as [(String, Int64, Int64, Int64)]
    )
    func aDatasetThatCannotBeIsRefused(_ name: String, _ size: Int64, _ files: Int64, _ bytes: Int64) async throws {
        let store = try await makeStore("store")
        let digest = try Self.digest(1)
        let good = Operation.Dataset(name: "good", sha256: digest, size: 100, files: 1, bytes: 5)
        let bad = Operation.Dataset(name: name, sha256: digest, size: size, files: files, bytes: bytes)
        let refusals = try await store.merge([try Self.segment(1, [.dataset(bad), .dataset(good)])])
        #expect(refusals.map(\.line) == [1])
        #expect(try await store.datasets().map(\.name) == ["good"])
    }

    @Test
    func aClockReadingIsSharedByWritersInTheOrderOfTheirNames() async throws {
        let store = try await makeStore("store")
        let first = try Self.segment(1, writer: 1, [try Self.put("replays/a", 1)])
        let second = try Self.segment(1, writer: 2, [try Self.put("replays/a", 2)])
        _ = try await store.merge([second])
        _ = try await store.merge([first])
        #expect(try await store.entryDigest(at: LogicalPath("replays/a")) == Self.digest(2))
    }

    // MARK: Refusals

    @Test(
        arguments: [
            "../x", "/etc/x", "a\0b", "", "a//b", "a/./b", "replays/..", String(repeating: "x", count: 4000),
            "replays/" + String(repeating: "x", count: 256),
        ]
    )
    func aPathThatIsNotSafeIsRefusedAndTheRestMerged(_ path: String) async throws {
        let store = try await makeStore("store")
        let refusals = try await store.merge([
            try Self.segment(1, [try Self.put(path, 1), try Self.put("replays/a", 2), try Self.del(path, 1)])
        ])
        #expect(refusals.map(\.line) == [1, 3])
        #expect(try await store.dump().filter { $0.hasPrefix("entry") }.count == 1)
    }

    @Test(arguments: [Int64.min, -1, Int64.max, 1 << 60])
    func aSizeThatNoFileHasIsRefused(_ size: Int64) async throws {
        let store = try await makeStore("store")
        let digest = try Self.digest(1)
        let key = ObjectKey(digest: digest, form: .recipe).remoteKey.string
        let refusals = try await store.merge([
            try Self.segment(
                1,
                [
                    .put(.init(path: "replays/a", sha256: digest, was: nil, size: size, mtime: 0)),
                    .obj(.init(sha256: digest, size: size, key: key, encodedSize: 1)),
                    .obj(.init(sha256: try Self.digest(2), size: 1, key: key, encodedSize: 1)),
                    .ckpt(
                        .init(
                            run: "r",
                            name: "n",
                            step: 1,
                            files: [
                                .init(name: "f", sha256: digest, size: size),
                                .init(name: "g", sha256: digest, size: size),
                            ]
                        )
                    ),
                ]
            )
        ])
        #expect(refusals.map(\.line) == [1, 2, 3, 4])
    }

    @Test
    func anObjectThatIsLargerThanAnythingStoredWithoutPartsIsRefused() async throws {
        let store = try await makeStore("store")
        func object(_ number: Int, _ form: ObjectKey.Form, size: Int64) throws -> Operation {
            let digest = try Self.digest(number)
            let key = ObjectKey(digest: digest, form: form).remoteKey.string
            return .obj(.init(sha256: digest, size: size, key: key, encodedSize: 9))
        }
        let largest: Int64 = 32 << 20
        let refusals = try await store.merge([
            try Self.segment(
                1,
                [
                    try object(1, .content(.zst), size: largest), try object(2, .content(.zst), size: largest + 1),
                    try object(3, .content(.raw), size: largest + 1), try object(4, .recipe, size: largest + 1),
                ]
            )
        ])
        #expect(refusals.map(\.line) == [2, 3])
        for (number, isKnown) in [(1, true), (2, false), (3, false), (4, true)] {
            #expect(try await (store.object(of: Self.digest(number)) != nil) == isKnown)
        }
    }

    @Test
    func aCheckpointThatContradictsItselfLeavesNothingBehind() async throws {
        let store = try await makeStore("store")
        let files = [
            Operation.Checkpoint.File(name: "a", sha256: try Self.digest(1), size: 1),
            Operation.Checkpoint.File(name: "b", sha256: try Self.digest(1), size: 2),
        ]
        let refusals = try await store.merge([
            try Self.segment(1, [.ckpt(.init(run: "r", name: "n", step: 1, files: files))])
        ])
        #expect(refusals.count == 1)
        #expect(try await store.checkpoints(run: nil).isEmpty)
    }

    @Test(arguments: [("../up", "n"), ("a/b", "n"), ("fox@9", "n"), ("", "n"), ("fo\0x", "n"), ("fox", "n\0")])
    func aCheckpointWithANameThatMeansSomethingElseIsRefused(_ run: String, _ name: String) async throws {
        let store = try await makeStore("store")
        let files = [Operation.Checkpoint.File(name: "a", sha256: try Self.digest(1), size: 1)]
        let refusals = try await store.merge([
            try Self.segment(1, [.ckpt(.init(run: run, name: name, step: 1, files: files))])
        ])
        #expect(refusals.map(\.line) == [1])
        #expect(try await store.checkpoints(run: nil).isEmpty)
    }

    @Test
    func unknownOperationsAreKeptAsTheyStand() async throws {
        let store = try await makeStore("store")
        let text = #"{"op":"policy","run":"fox","keep":7}"#
        _ = try await store.merge([try Self.segment(1, [.unknown(text)])])
        #expect(try await store.dump().contains { $0.hasSuffix(text) })
    }
}

extension PlaceStore {
    /// Everything that merging decides, as text without row ids.
    func dump() throws -> [String] {
        func rows(_ sql: String) throws -> [String] { try database.all(sql) { $0.text(0) } }
        let mark = "s.key || ':' || v.line"
        func version(_ kind: String) -> String {
            """
            '\(kind) ' || v.path || ' ' || coalesce(hex(c.digest), '-') || ' ' || coalesce(hex(w.digest), '-') || ' '
                || coalesce(v.mtime, '-') || ' ' || \(mark)
            FROM main.\(kind) v LEFT JOIN main.content c ON c.id = v.content LEFT JOIN main.content w ON w.id = v.was
            JOIN main.segment s ON s.id = v.segment ORDER BY 1
            """
        }
        return try rows("SELECT " + version("entry")) + rows("SELECT " + version("history"))
            + rows(
                """
                SELECT 'content ' || hex(v.digest) || ' ' || coalesce(v.size, '-') || ' ' || coalesce(v.encoding, '-') || ' '
                    || coalesce(v.generation, '-') || ' ' || coalesce(v.encoded_size, '-') || ' ' || coalesce(\(mark), '-')
                FROM main.content v LEFT JOIN main.segment s ON s.id = v.segment ORDER BY 1
                """
            )
            + rows(
                """
                SELECT 'checkpoint ' || hex(v.identity) || ' ' || coalesce(v.note, '-') || ' ' || \(mark) || ' ' || (
                    SELECT group_concat(f.name || ' ' || hex(c.digest)) FROM main.checkpoint_file f
                    JOIN main.content c ON c.id = f.content WHERE f.identity = v.identity)
                FROM main.checkpoint v JOIN main.segment s ON s.id = v.segment ORDER BY 1
                """
            )
            + rows(
                """
                SELECT 'dataset ' || v.name || ' ' || hex(c.digest) || ' ' || v.files || ' ' || v.size || ' ' || \(mark) || ' '
                    || v.is_dropped || ' ' || coalesce((
                        SELECT d.is_current FROM datasets d WHERE d.name = v.name AND d.sha256 = lower(hex(c.digest))), '-')
                FROM main.dataset v JOIN main.content c ON c.id = v.list JOIN main.segment s ON s.id = v.segment ORDER BY 1
                """
            )
            + rows(
                """
                SELECT 'unknown ' || \(mark) || ' ' || v.text
                FROM main.unknown_operation v JOIN main.segment s ON s.id = v.segment ORDER BY 1
                """
            )
            + rows(
                """
                SELECT 'replay ' || hex(c.digest) || ' ' || v.reader || ' ' || v.version || ' ' || \(mark) || ' ' || coalesce((
                    SELECT group_concat(p.port || '=' || p.character) FROM main.player p WHERE p.content = v.content), '')
                FROM main.replay v JOIN main.content c ON c.id = v.content JOIN main.segment s ON s.id = v.segment ORDER BY 1
                """
            )
            + rows("SELECT 'segment ' || key FROM main.segment ORDER BY key")
    }

    /// Every put that is an entry or in a history.
    func versions() throws -> Set<String> {
        let select = ["entry", "history"].map { table in
            """
            SELECT v.path || ' ' || lower(hex(c.digest)) || ' ' || s.key || ':' || v.line FROM main.\(table) v
            JOIN main.content c ON c.id = v.content JOIN main.segment s ON s.id = v.segment
            """
        }
        return Set(try database.all(select.joined(separator: " UNION ALL ")) { $0.text(0) })
    }
}
