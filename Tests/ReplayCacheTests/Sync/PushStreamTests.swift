import Dispatch
import ReplayCacheTestSupport
import Synchronization
import SystemPackage
import Testing

@testable import ReplayCache

/// A push sends while it scans, and comes to the same as if it had scanned first.
struct PushStreamTests {
    private let scratch: Scratch
    private let laptop: Laptop
    private let place: Place

    /// More files than a stretch of the walk has.
    private static let count = 2100

    init() async throws {
        scratch = try Scratch()
        laptop = try await Laptop("laptop", in: scratch)
        place = try scratch.place()
        for number in 0..<Self.count { try laptop.write("file \(number)", to: "middle/\(number).txt") }
    }

    @Test
    func theFirstObjectIsSentBeforeTheWalkHasEnded() async throws {
        // A name that is not UTF-8 in the last folder: the scan tells of it when it comes there, and is held until then.
        try laptop.write("last", to: "z/last.txt")
        let name = Array("\(laptop.at("z"))/bad-".utf8).map { CChar(bitPattern: $0) } + [CChar(bitPattern: 0xFF), 0]
        let permissions = FilePermissions.ownerReadWrite
        try FileDescriptor.open(FilePath(platformString: name), .writeOnly, options: .create, permissions: permissions)
            .close()
        let hasSent = DispatchSemaphore(value: 0)
        let isInTime = Mutex<Bool?>(nil)
        var context = SyncContext(catalog: try Catalog(home: laptop.home)) { event in
            guard case .failed = event else { return }
            let result = hasSent.wait(timeout: .now() + 60)
            isInTime.withLock { $0 = result == .success }
        }
        context.remoteSettings.wrap = { remote in
            ObservedRemote(remote: remote) { key in
                if key.string.hasPrefix("objects/") { hasSent.signal() }
            }
        }
        let push = Push(context: context, source: laptop.folder, place: place, options: try PushOptions())
        let summary = try await push.run()
        #expect(isInTime.withLock { $0 } == true)
        #expect(summary.objectsUploaded == Self.count + 1)
        #expect(summary.filesSeen == Self.count + 1)
    }

    @Test
    func oneContentInTheFirstAndTheLastFolderIsSentOnce() async throws {
        try laptop.write("shared", to: "a/first.txt")
        try laptop.write("shared", to: "z/last.txt")
        let push = try await laptop.push(to: place)
        #expect(push.objectsUploaded == Self.count + 1)
        #expect(push.objectsReused == 0)
        #expect(push.entriesAdded == Self.count + 2)
        // Objects, the manifest, the segment.
        #expect(push.requests.put == Self.count + 1 + 2)
        let entries = try await laptop.entries(at: place)
        #expect(entries["replays/a/first.txt"] == entries["replays/z/last.txt"])
    }

    @Test
    func aMoveFromOneEndOfTheFolderToTheOtherIsOneSegmentAndNoObject() async throws {
        try laptop.write("forth", to: "a/forth.txt")
        try laptop.write("back", to: "z/back.txt")
        try await laptop.push(to: place)
        try Tree.move(laptop.at("a/forth.txt"), to: laptop.at("z/forth.txt"))
        try Tree.move(laptop.at("z/back.txt"), to: laptop.at("a/back.txt"))
        // A new file beside them, which does not wait for the end of the scan.
        try laptop.write("new", to: "a/new.txt")
        let push = try await laptop.push(to: place)
        #expect(push.objectsUploaded == 1)
        #expect(push.entriesAdded == 3)
        #expect(push.entriesRemoved == 2)
        #expect(push.requests.put == 2)
        let paths = try await laptop.entries(at: place).keys.filter { !$0.hasPrefix("replays/middle/") }
        #expect(paths.sorted() == ["replays/a/back.txt", "replays/a/new.txt", "replays/z/forth.txt"])
        #expect(Set(laptop.told(.retired)) == ["replays/a/forth.txt", "replays/z/back.txt"])
    }
}

/// A remote that tells of each object that is about to be put.
private struct ObservedRemote: Remote {
    let remote: any Remote
    let willPut: @Sendable (RemoteKey) -> Void

    func put(_ key: RemoteKey, _ body: RemoteBody, durability: Durability) async throws {
        willPut(key)
        try await remote.put(key, body, durability: durability)
    }

    func get(_ key: RemoteKey, maximum: Int64, _ begin: @escaping @Sendable () throws -> ByteReceiver) async throws {
        try await remote.get(key, maximum: maximum, begin)
    }

    func head(_ key: RemoteKey) async throws -> RemoteItem? { try await remote.head(key) }

    func list(
        prefix: String,
        after: RemoteKey?,
        _ page: @Sendable ([RemoteItem]) async throws -> Void
    ) async throws -> Timestamp? { try await remote.list(prefix: prefix, after: after, page) }

    func delete(_ keys: [RemoteKey]) async throws { try await remote.delete(keys) }
    func foreignName() async throws -> String? { try await remote.foreignName() }
    func barrier() async throws -> Timestamp { try await remote.barrier() }
    var acknowledgesDurably: Bool { remote.acknowledgesDurably }
    var parallelism: Int { remote.parallelism }
    var retries: RetryCounts { remote.retries }
}
