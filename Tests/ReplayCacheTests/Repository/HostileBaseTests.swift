import ReplayCacheTestSupport
import Testing

@testable import ReplayCache

/// Bases that are not what they claim to be: refused and reported, and the log read instead (`docs/format.md`, "Base").
struct HostileBaseTests {
    private let scratch: Scratch
    private let laptop: Laptop

    init() async throws {
        scratch = try Scratch()
        laptop = try await Laptop("laptop", in: scratch)
    }

    /// What is done to a base that is right otherwise, in all that a key tells.
    enum Malice: String, CaseIterable, Sendable {
        case trigger, view, otherView, index, table, otherTable, newerVersion, writeAheadLog, utf16, sameDigestTwice
        case otherHLC, noSegmentKey, cutShort, flippedPage, notADatabase, empty, notCompressed, wrongName, bomb
        case negativeSize, hugeSize, sizeAsText, shortDigest, pathWithNUL, lastSegmentRow, lastSegmentEver

        /// Statements that change the database.
        var statements: String? {
            switch self {
            case .trigger:
                "CREATE TRIGGER t AFTER INSERT ON entry BEGIN DELETE FROM entry; END"
            case .view: "CREATE VIEW mine AS SELECT 1"
            case .otherView: "DROP VIEW entries; CREATE VIEW entries AS SELECT load_extension('x') AS path"
            case .index: "CREATE INDEX mine ON entry (mtime)"
            case .table: "CREATE TABLE mine (x)"
            case .otherTable: "DROP TABLE set_aside; CREATE TABLE set_aside (key TEXT)"
            case .newerVersion: "PRAGMA user_version = 1000"
            case .writeAheadLog: "PRAGMA journal_mode = WAL"
            case .sameDigestTwice: "INSERT INTO content (digest) SELECT digest FROM content"
            case .otherHLC: "UPDATE segment SET hlc = hlc + 1"
            case .noSegmentKey: "UPDATE segment SET key = 'log/../x' WHERE id = 1"
            case .negativeSize: Self.unchecked("size = -1")
            case .hugeSize: Self.unchecked("size = 1 << 60")
            case .sizeAsText: Self.unchecked("size = 'large'")
            case .shortDigest: Self.unchecked("digest = x'00'")
            case .pathWithNUL:
                "PRAGMA ignore_check_constraints = ON; UPDATE entry SET path = path || char(0) || 'x'"
            // After the last row there is no number for the next segment.
            case .lastSegmentRow: "UPDATE segment SET id = 9223372036854775807 WHERE id = 1"
            case .lastSegmentEver: "UPDATE sqlite_sequence SET seq = 9223372036854775807"
            default: nil
            }
        }

        private static func unchecked(_ change: String) -> String {
            "PRAGMA ignore_check_constraints = ON; UPDATE content SET \(change) WHERE id = 1"
        }

        func change(_ database: [UInt8]) -> [UInt8] {
            switch self {
            case .cutShort: Array(database.dropLast(4096))
            case .flippedPage:
                // The second page and its neighbours hold rows: their headers are turned over.
                database.enumerated().map { $0.offset / 4096 > 0 && $0.offset % 4096 < 8 ? ~$0.element : $0.element }
            case .notADatabase: Array(repeating: 7, count: 100_000)
            case .empty: []
            case .bomb: database + [UInt8](repeating: 0, count: 64 << 20)
            default: database
            }
        }
    }

    /// Two segments and a base of them, with something wrong.
    private func plant(_ malice: Malice, in depot: Depot) async throws {
        for name in ["one", "two"] {
            try laptop.write(name, to: "\(name).txt")
            try await laptop.push(to: depot.place)
        }
        let repository = try await laptop.repository(at: depot.place)
        let path = scratch.at("evil.sqlite")
        let writer = BaseWriter(
            place: repository.store.record.path,
            placeID: repository.store.record.id,
            catalog: Catalog.path(in: laptop.home),
            now: .now()
        )
        try writer.write(to: path)
        if malice == .utf16 {
            try Tree.remove(path)
            let database = try Database(path: path)
            try database.execute("PRAGMA encoding = 'UTF-16'")
            try Schema.makeBase(in: database)
        }
        if let statements = malice.statements { try Database(path: path).execute(statements) }
        try Tree.write(malice.change(try Tree.read(path)), to: path)
        let hlc = try #require(try await repository.store.newestHLC())
        let folder = try OpenFile.directory(scratch.path)
        let packed = try folder.creating("evil.zst")
        let digest = try BaseFile.compress(try OpenFile.reading(path), into: packed)
        let check = malice == .wrongName ? "01234567" : digest.short
        let bytes = try Tree.read(malice == .notCompressed ? path : scratch.at("evil.zst"))
        try depot.plant(BaseKey(hlc: hlc, check: check).remoteKey.string, bytes)
    }

    @Test(arguments: Malice.allCases)
    func aBaseThatIsNotOneIsLeftOutAndTold(_ malice: Malice) async throws {
        let depot = try await Depot(.directory, in: scratch)
        try await plant(malice, in: depot)
        let pod = try await Laptop("pod", in: scratch)
        let summary = try await pod.fetch(from: depot.place)
        #expect(summary.logDamaged)
        #expect(pod.told(.warning).contains { $0.contains("base/") && $0.contains("left out") })
        #expect(try pod.files() == ["one.txt", "two.txt"])
        #expect(try Tree.files(below: "\(pod.home)/places").filter { $0.contains(PlaceFolder.draftSuffix) }.isEmpty)
    }

    @Test
    func anOlderBaseStandsInForABadOne() async throws {
        let old = try await OldRepository(.bucket, in: scratch)
        let first = try old.commit(daysAgo: 9, path: "a")
        try await old.compact(by: laptop, daysAgo: 8)
        _ = try old.commit(daysAgo: 7, path: "b")
        try old.depot.remove(first.remoteKey.string)
        let hlc = HLC(milliseconds: Timestamp.now().milliseconds)
        try old.depot.plant(BaseKey(hlc: hlc, check: "01234567").remoteKey.string, Array("x".utf8))
        let pod = try await Laptop("pod", in: scratch)
        let repository = try await pod.repository(at: old.depot.place)
        #expect(try await repository.store.paths() == ["replays/a", "replays/b"])
        #expect(repository.warnings.map(\.isDamage) == [true])
    }

    @Test
    func aBaseFromTheFutureIsPassedOver() async throws {
        let depot = try await Depot(.directory, in: scratch)
        try laptop.write("one", to: "one.txt")
        try await laptop.push(to: depot.place)
        let future = HLC(milliseconds: Timestamp.now().milliseconds + 3_600_000)
        try depot.plant(BaseKey(hlc: future, check: "01234567").remoteKey.string, Array("x".utf8))
        let pod = try await Laptop("pod", in: scratch)
        #expect(try await pod.fetch(from: depot.place).logDamaged == false)
        #expect(try pod.files() == ["one.txt"])
    }

    @Test(arguments: ["replays/../../escaped.txt", "/escaped.txt", "replays//escaped.txt", "replays/.git/x"])
    func aPathFromABaseLeadsNowhereElse(_ path: String) async throws {
        let depot = try await Depot(.directory, in: scratch)
        try laptop.write("one", to: "one.txt")
        try await laptop.push(to: depot.place)
        let repository = try await laptop.repository(at: depot.place)
        try await repository.store.pretendPath(path)
        try await repository.compact()
        let pod = try await Laptop("pod", in: scratch)
        _ = try? await pod.fetch(from: depot.place)
        #expect(try pod.files() == ["one.txt"])
        #expect(!Tree.exists(scratch.at("escaped.txt")))
        _ = try await pod.entries(at: depot.place)
    }

    @Test(arguments: ["unknown", "zst.raw", "../x"])
    func anEncodingFromABaseIsRefusedWhereItIsUsed(_ encoding: String) async throws {
        let depot = try await Depot(.directory, in: scratch)
        try laptop.write("one", to: "one.txt")
        try await laptop.push(to: depot.place)
        let repository = try await laptop.repository(at: depot.place)
        try await repository.store.pretendEncoding(encoding)
        try await repository.compact()
        let pod = try await Laptop("pod", in: scratch)
        let error = await #expect(throws: ReplayCacheError.self) { try await pod.fetch(from: depot.place) }
        #expect(error?.code == .unsupportedFormat)
        #expect(try pod.files().isEmpty)
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

    fileprivate func pretendEncoding(_ encoding: String) throws {
        try database.run("UPDATE content SET encoding = ?", .text(encoding))
    }
}
