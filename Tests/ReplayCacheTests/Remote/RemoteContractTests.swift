import ReplayCacheTestSupport
import Synchronization
import SystemPackage
import Testing

@testable import ReplayCache

/// A kind of remote that the contract is checked against.
enum RemoteKind: Sendable, Hashable, CustomTestStringConvertible {
    case directory
    /// A bucket with the ways of a provider.
    case quirks(Provider)
    case real(RealServer)

    /// All that there are on this machine.
    static let all: [RemoteKind] =
        [.directory] + Provider.all.map(RemoteKind.quirks) + RealServer.available.map(RemoteKind.real)

    var testDescription: String {
        switch self {
        case .directory: "directory"
        case .quirks(let provider): "\(provider.name.rawValue) (quirks)"
        case .real(let server): server.rawValue
        }
    }

    /// Servers that somebody else wrote are slow, some of them very.
    var isQuick: Bool { if case .real = self { false } else { true } }

    func make(in scratch: Scratch) async throws -> any Remote {
        switch self {
        case .directory: return try DirectoryRemote(path: scratch.folder("remote"))
        case .quirks(let provider):
            let bucket = try await TestServer.shared(.quirks(provider)).makeBucket()
            var behaviour = ServerBehaviour()
            // The limit of one write a second to a key has a test of its own.
            behaviour.writeIntervalSeconds = 0
            behaviour.pageSize = 100
            try bucket.behave(behaviour)
            return S3Remote(bucket.connection(prefix: "some/prefix"))
        case .real(let server):
            return S3Remote(try await TestServer.shared(.real(server)).makeBucket().connection(prefix: "some/prefix"))
        }
    }
}

/// What every ``Remote`` promises.
struct RemoteContractTests {
    private let scratch: Scratch

    init() throws { scratch = try Scratch() }

    private static func key(_ text: String) throws -> RemoteKey { try #require(RemoteKey(text)) }

    private static func names(
        _ remote: any Remote,
        prefix: String = "",
        after: RemoteKey? = nil
    ) async throws -> [String] {
        let found = Mutex<[String]>([])
        try await remote.list(prefix: prefix, after: after) { page in
            found.withLock { $0 += page.map(\.key.string) }
        }
        return found.withLock { $0 }
    }

    @Test(arguments: RemoteKind.all)
    func whatWasPutIsGotBack(_ kind: RemoteKind) async throws {
        let remote = try await kind.make(in: scratch)
        for (name, bytes) in [
            ("objects/ab/empty", []), ("objects/ab/small", [1, 2, 3]),
            ("log/large", SampleBytes.random(3 << 20 | 17, seed: 1)),
        ] {
            let key = try Self.key(name)
            try await remote.put(key, try RemoteBody(bytes), durability: .commit)
            #expect(try await remote.bytes(of: key, maximum: Int64(bytes.count)) == bytes)
        }
    }

    @Test(arguments: RemoteKind.all)
    func puttingTheSameBytesAgainIsHarmless(_ kind: RemoteKind) async throws {
        let remote = try await kind.make(in: scratch)
        let key = try Self.key("log/one")
        for durability in [Durability.eventual, .commit, .eventual] {
            try await remote.put(key, try RemoteBody([1, 2, 3]), durability: durability)
        }
        #expect(try await remote.bytes(of: key, maximum: 10) == [1, 2, 3])
        #expect(try await Self.names(remote) == ["log/one"])
    }

    @Test(arguments: RemoteKind.all)
    func manyMayPutOneKeyAtOnce(_ kind: RemoteKind) async throws {
        let remote = try await kind.make(in: scratch)
        let key = try Self.key("objects/ab/shared")
        let bytes = SampleBytes.random(2 << 20, seed: 2)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<16 {
                group.addTask { try await remote.put(key, try RemoteBody(bytes), durability: .eventual) }
            }
            try await group.waitForAll()
        }
        #expect(try await remote.bytes(of: key, maximum: 4 << 20) == bytes)
        #expect(try await Self.names(remote) == ["objects/ab/shared"])
    }

    @Test(arguments: RemoteKind.all)
    func nobodyFailsBecauseAnotherPutTheSameKeyFirst(_ kind: RemoteKind) async throws {
        let remote = try await kind.make(in: scratch)
        let body = try RemoteBody([1, 2, 3])
        let rounds = kind == .directory ? 2000 : 20
        for round in 0..<rounds {
            let key = try Self.key("objects/ab/\(round)")
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<4 { group.addTask { try await remote.put(key, body, durability: .eventual) } }
                try await group.waitForAll()
            }
        }
        // Files of `rclone serve s3` are now and then gone after two put them at once.
        if kind != .real(.rclone) { #expect(try await Self.names(remote).count == rounds) }
    }

    @Test(arguments: RemoteKind.all)
    func bytesThatAreNotThoseOfTheDigestLeaveNoName(_ kind: RemoteKind) async throws {
        let remote = try await kind.make(in: scratch)
        let key = try Self.key("objects/ab/wrong")
        let other = try Digest.of([UInt8](repeating: 7, count: 10))
        let body = RemoteBody(source: ByteArraySource([1, 2, 3]), byteCount: 3, digest: other)
        await #expect(throws: RemoteError(.bodyChanged, key)) {
            try await remote.put(key, body, durability: .commit)
        }
        #expect(try await remote.head(key) == nil)
        #expect(try await Self.names(remote).isEmpty)
    }

    @Test(arguments: RemoteKind.all)
    func headTellsTheSizeAndNilForWhatIsNotThere(_ kind: RemoteKind) async throws {
        let remote = try await kind.make(in: scratch)
        let key = try Self.key("log/one")
        #expect(try await remote.head(key) == nil)
        try await remote.put(key, try RemoteBody([1, 2, 3]), durability: .eventual)
        let item = try #require(try await remote.head(key))
        #expect(item.key == key)
        #expect(item.byteCount == 3)
        #expect(try await remote.head(Self.key("log/one/more")) == nil)
        #expect(try await remote.head(Self.key("log")) == nil)
    }

    @Test(arguments: RemoteKind.all)
    func gettingWhatIsNotThereSaysSo(_ kind: RemoteKind) async throws {
        let remote = try await kind.make(in: scratch)
        try await remote.put(Self.key("log/one"), try RemoteBody([1]), durability: .eventual)
        for name in ["log/two", "log/one/more", "none/at/all", "log"] {
            let key = try Self.key(name)
            await #expect(throws: RemoteError(.notFound, key)) { _ = try await remote.bytes(of: key, maximum: 10) }
        }
    }

    @Test(arguments: RemoteKind.all)
    func bodiesLongerThanTheMaximumAreRefused(_ kind: RemoteKind) async throws {
        let remote = try await kind.make(in: scratch)
        let key = try Self.key("log/one")
        try await remote.put(key, try RemoteBody([UInt8](repeating: 1, count: 100)), durability: .eventual)
        #expect(try await remote.bytes(of: key, maximum: 100).count == 100)
        await #expect(throws: RemoteError(.tooLarge, key)) { _ = try await remote.bytes(of: key, maximum: 99) }
    }

    @Test(arguments: RemoteKind.all)
    func aListingIsInByteOrderAndHasTheItems(_ kind: RemoteKind) async throws {
        let remote = try await kind.make(in: scratch)
        let names = ["log/a/x", "log/a-b", "log/A", "log/a.b", "log/a0", "log/b", "objects/a", "z"]
        for name in names.reversed() {
            try await remote.put(Self.key(name), try RemoteBody(Array(name.utf8)), durability: .eventual)
        }
        #expect(try await Self.names(remote) == names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
        let sizes = Mutex<[Int64]>([])
        try await remote.list(prefix: "log/A", after: nil) { page in sizes.withLock { $0 += page.map(\.byteCount) } }
        #expect(sizes.withLock { $0 } == [5])
    }

    @Test(arguments: RemoteKind.all)
    func aListingKeepsToItsPrefixAndBeginsAfterAName(_ kind: RemoteKind) async throws {
        let remote = try await kind.make(in: scratch)
        for name in ["base/1", "log/1", "log/2", "log/20", "log/3", "logs/1", "objects/1"] {
            try await remote.put(Self.key(name), try RemoteBody([1]), durability: .eventual)
        }
        #expect(try await Self.names(remote, prefix: "log/") == ["log/1", "log/2", "log/20", "log/3"])
        #expect(try await Self.names(remote, prefix: "log/2") == ["log/2", "log/20"])
        #expect(try await Self.names(remote, prefix: "gc/").isEmpty)
        #expect(try await Self.names(remote, prefix: "log/", after: Self.key("log/2")) == ["log/20", "log/3"])
        // The name to begin after need not exist.
        #expect(
            try await Self.names(remote, prefix: "log/", after: Self.key("log/15")) == ["log/2", "log/20", "log/3"]
        )
        #expect(try await Self.names(remote, prefix: "log/", after: Self.key("log/3")).isEmpty)
    }

    @Test(arguments: RemoteKind.all)
    func aLongListingComesInPagesWithoutGapsOrRepetition(_ kind: RemoteKind) async throws {
        let remote = try await kind.make(in: scratch)
        // The quirk servers answer with pages of a hundred.
        let count = kind == .directory ? 2345 : 345
        let names = (0..<count).map { "log/" + Decimals.padded(Int64($0), to: 6) }
        let body = try RemoteBody([1])
        try await withThrowingTaskGroup(of: Void.self) { group in
            for name in names { group.addTask { try await remote.put(Self.key(name), body, durability: .eventual) } }
            try await group.waitForAll()
        }
        let pages = Mutex<[Int]>([])
        try await remote.list(prefix: "log/", after: nil) { page in pages.withLock { $0.append(page.count) } }
        let full = kind == .directory ? [1000, 1000, 345] : kind.isQuick ? [100, 100, 100, 45] : [345]
        #expect(pages.withLock { $0.filter { $0 > 0 } } == full)
        #expect(try await Self.names(remote, prefix: "log/") == names)
    }

    @Test(arguments: RemoteKind.all)
    func deletingRemovesAndIsFineWhenNothingIsThere(_ kind: RemoteKind) async throws {
        let remote = try await kind.make(in: scratch)
        let key = try Self.key("objects/ab/one")
        try await remote.delete([key])
        try await remote.put(key, try RemoteBody([1]), durability: .eventual)
        try await remote.delete([key])
        try await remote.delete([key])
        #expect(try await remote.head(key) == nil)
        #expect(try await Self.names(remote).isEmpty)
    }

    @Test(arguments: RemoteKind.all)
    func manyAreDeletedTogether(_ kind: RemoteKind) async throws {
        let remote = try await kind.make(in: scratch)
        let keys = try (0..<12).map { try Self.key("objects/ab/\($0)") }
        for key in keys { try await remote.put(key, try RemoteBody([1]), durability: .eventual) }
        try await remote.put(Self.key("objects/kept"), try RemoteBody([1]), durability: .eventual)
        try await remote.delete(keys + [Self.key("objects/never-there")])
        #expect(try await Self.names(remote) == ["objects/kept"])
    }

    @Test(arguments: RemoteKind.all)
    func anEmptyPlaceHasNoForeignName(_ kind: RemoteKind) async throws {
        let remote = try await kind.make(in: scratch)
        #expect(try await remote.foreignName() == nil)
        try await remote.put(Self.key("log/one"), try RemoteBody([1]), durability: .eventual)
        #expect(try await remote.foreignName() != nil)
    }

    @Test(arguments: RemoteKind.all)
    func theServerTimeIsThatOfItemsAndLeavesNothing(_ kind: RemoteKind) async throws {
        let remote = try await kind.make(in: scratch)
        let before = try await remote.barrier()
        try await remote.put(Self.key("log/one"), try RemoteBody([1]), durability: .eventual)
        let item = try #require(try await remote.head(Self.key("log/one")))
        let after = try await remote.barrier()
        // Times at a bucket have whole seconds, which OpenStack Swift rounds up.
        let slack: Int64 = kind == .directory ? 0 : 1000
        #expect(before <= item.modified && item.modified.milliseconds <= after.milliseconds + slack)
        #expect(try await Self.names(remote) == ["log/one"])
    }

    @Test(arguments: RemoteKind.all)
    func aCancelledPutLeavesNoName(_ kind: RemoteKind) async throws {
        let remote = try await kind.make(in: scratch)
        let key = try Self.key("log/one")
        let put = Task {
            while !Task.isCancelled { await Task.yield() }
            try await remote.put(key, try RemoteBody([1, 2, 3]), durability: .commit)
        }
        put.cancel()
        await #expect(throws: CancellationError.self) { try await put.value }
        #expect(try await remote.head(key) == nil)
    }

    @Test(
        arguments: [
            "", "/", "a//b", "a/", "/a", "..", "a/../b", "./a", "a b", "a\0b", "ä", "a?b", "a%20b", "a\\b", "a\nb",
        ]
    )
    func namesThatSomeStoreWouldNotTakeAreNoKeys(_ text: String) {
        #expect(RemoteKey(text) == nil)
    }
}

/// What only a directory can get wrong.
struct DirectoryRemoteTests {
    private let scratch: Scratch

    init() throws { scratch = try Scratch() }

    @Test
    func aTemporaryFileOfACrashedRunIsTakenOverWhateverItHolds() async throws {
        let folder = try scratch.folder("remote")
        let remote = try DirectoryRemote(path: folder)
        let bytes = [UInt8](repeating: 3, count: 100)
        let key = try #require(RemoteKey("log/one"))
        let mark = try Digest.of(Array("one".utf8)).short
        let name = "\(PlacedFile.temporaryPrefix)\(try Digest.of(bytes).hex)-\(mark)\(PlacedFile.temporarySuffix)"
        try Tree.write([UInt8](repeating: 9, count: 500), to: "\(folder)/log/\(name)")
        try await remote.put(key, try RemoteBody(bytes), durability: .commit)
        #expect(try Tree.files(below: folder) == ["log/one"])
        #expect(try Tree.read("\(folder)/log/one") == bytes)
    }

    @Test
    func linksInTheDirectoryLeadNowhere() async throws {
        let folder = try scratch.folder("remote")
        try Tree.write("secret", to: scratch.at("outside/secret"))
        try Tree.link("\(folder)/log", to: scratch.at("outside"))
        let remote = try DirectoryRemote(path: folder)
        let key = try #require(RemoteKey("log/secret"))
        #expect(try await remote.head(key) == nil)
        await #expect(throws: RemoteError(.notFound, key)) { _ = try await remote.bytes(of: key, maximum: 10) }
        await #expect(throws: FileError.self) {
            try await remote.put(#require(RemoteKey("log/new")), try RemoteBody([1]), durability: .eventual)
        }
        #expect(try Tree.files(below: scratch.at("outside")) == ["secret"])
    }
}
