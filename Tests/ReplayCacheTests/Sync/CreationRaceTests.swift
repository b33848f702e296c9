import ReplayCacheTestSupport
import Testing

@testable import ReplayCache

/// Two clients that make a repository at one place at the same time.
struct CreationRaceTests {
    private let scratch: Scratch
    private let place: Place

    init() throws {
        scratch = try Scratch()
        place = try scratch.place()
    }

    @Test
    func aRepositoryThatAppearsBetweenTwoLooksIsTaken() async throws {
        let other = try await Laptop("other", in: scratch)
        try other.write("theirs", to: "a.slp")
        let folder = try scratch.folder("laptop")
        try Tree.write("ours", to: "\(folder)/b.slp")
        var transfer = TransferOptions()
        transfer.wrap = { [place] remote in
            LookingRemote(base: remote) { _ = try await other.push(to: place) }
        }
        let workspace = try await Workspace.open(home: scratch.at("home"), transfer: transfer)
        #expect(try await workspace.push(folder, to: place).entriesAdded == 1)
        #expect(try await other.entries(at: place).keys.sorted() == ["replays/a.slp", "replays/b.slp"])
    }

    /// Of two manifests put at once the last one stands, also when who put the other ends before its first commit.
    @Test
    func whoMadeARepositoryAndCommittedNothingTakesTheOneThatStands() async throws {
        let laptop = try await Laptop("laptop", in: scratch)
        try await laptop.push(to: place)
        let manifest = scratch.at("remote/\(Manifest.key)")
        let ours = try Manifest.decode(try Tree.read(manifest), at: "ours")
        try Tree.write(try Manifest(repository: "11111111-2222-4333-8444-555555555555").encoded(), to: manifest)
        try laptop.write("game", to: "a.slp")
        #expect(try await laptop.push(to: place).entriesAdded == 1)
        let standing = try Manifest.decode(try Tree.read(manifest), at: "standing")
        #expect(standing.repository != ours.repository)
        #expect(try await laptop.entries(at: place).keys.sorted() == ["replays/a.slp"])
    }
}

/// Lets something happen between the look for a manifest and the look for anything else.
private struct LookingRemote: Remote {
    let base: any Remote
    let beforeLooking: @Sendable () async throws -> Void

    func put(_ key: RemoteKey, _ body: RemoteBody, durability: Durability) async throws {
        try await base.put(key, body, durability: durability)
    }

    func get(_ key: RemoteKey, maximum: Int64, _ begin: @escaping @Sendable () throws -> ByteReceiver) async throws {
        try await base.get(key, maximum: maximum, begin)
    }

    func head(_ key: RemoteKey) async throws -> RemoteItem? { try await base.head(key) }

    @discardableResult
    func list(
        prefix: String,
        after: RemoteKey?,
        _ page: @Sendable ([RemoteItem]) async throws -> Void
    ) async throws -> Timestamp? {
        try await base.list(prefix: prefix, after: after, page)
    }

    func delete(_ keys: [RemoteKey]) async throws { try await base.delete(keys) }

    func foreignName() async throws -> String? {
        try await beforeLooking()
        return try await base.foreignName()
    }

    func barrier() async throws -> Timestamp { try await base.barrier() }
    var acknowledgesDurably: Bool { base.acknowledgesDurably }
    var parallelism: Int { base.parallelism }
    var retries: RetryCounts { base.retries }
}
