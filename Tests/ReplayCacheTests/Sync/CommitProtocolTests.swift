import ReplayCacheTestSupport
import Synchronization
import Testing

@testable import ReplayCache

/// Pushers and collectors at once: a collector takes its steps between two requests of a pusher.
struct CommitProtocolTests {
    private let scratch: Scratch
    private let laptop: Laptop
    private let place: Place

    init() async throws {
        scratch = try Scratch()
        laptop = try await Laptop("laptop", in: scratch)
        place = try scratch.place()
    }

    @discardableResult
    private func collect(days: Double) async throws -> GarbageTotals? {
        let home = scratch.at("collector-\(UInt64.random(in: 0 ... .max))")
        let collector = try await Laptop(home: home, folder: laptop.folder, transfer: ActingRemote.later(days: days))
        var options = GarbageOptions()
        options.insists = true
        return try await collector.workspace.collectGarbage(at: place, options: options).garbage
    }

    /// Pushes files and deletes their entries, so that their objects are garbage to a collector a month later.
    private func makeGarbage(_ files: [String: [UInt8]]) async throws {
        let other = try await Laptop("other", in: scratch)
        for (name, bytes) in files { try Tree.write(bytes, to: other.at(name)) }
        try await other.push(to: place)
        let entries = try await other.entries(at: place)
        try await other.commit(entries.map { .del(.init(path: $0.key, was: $0.value)) }, to: place)
    }

    /// A pusher with a collector that acts once, when `condition` holds.
    private func pusher(
        sinceBoot: @escaping @Sendable () -> Int64 = { Machine.sinceBoot() },
        when condition: @escaping @Sendable (ActingRemote.Request, ActingRemote.Moment) -> Bool,
        _ act: @escaping @Sendable () async throws -> Void
    ) async throws -> Laptop {
        let hasActed = Mutex(false)
        var options = ActingRemote.acting { request, moment in
            guard condition(request, moment), !hasActed.withLock({ $0 }) else { return }
            hasActed.withLock { $0 = true }
            try await act()
        }
        options.sinceBoot = sinceBoot
        return try await Laptop("pusher", in: scratch, transfer: options)
    }

    private static func isSegment(_ request: ActingRemote.Request) -> Bool {
        guard case .put(let key) = request else { return false }
        return key.hasPrefix("log/")
    }

    private func expectFetchable(_ files: [String: [UInt8]]) async throws {
        let pod = try await Laptop("pod-\(UInt64.random(in: 0 ... .max))", in: scratch)
        let fetch = try await pod.fetch(from: place)
        #expect(fetch.failure == nil)
        for (name, bytes) in files { #expect(try Tree.read(pod.at(name)) == bytes, "\(name)") }
    }

    private func currentKey(of bytes: [UInt8]) async throws -> ObjectKey? {
        try await laptop.repository(at: place).store.object(of: try Digest.of(bytes))?.key
    }

    private let text = Array("a game that was deleted".utf8)

    @Test func aPushWithNothingToCommitAsksNothing() async throws {
        try laptop.write("one", to: "one.txt")
        let first = try await laptop.push(to: place)
        // Creation and log aside: before and after the one commit.
        let lists = Mutex<[String]>([])
        let options = ActingRemote.acting { request, moment in
            if case .list(let prefix) = request, moment == .before { lists.withLock { $0.append(prefix) } }
        }
        #expect(first.entriesAdded == 1)
        let same = try await Laptop(home: laptop.home, folder: laptop.folder, transfer: options)
        #expect(try await same.push(to: place).requests == RequestCounts(list: 1))
        try laptop.write("two", to: "two.txt")
        _ = try await same.push(to: place)
        #expect(lists.withLock { $0 } == ["log/", "log/", "gc/", "gc/"])
    }

    @Test func whatWasCondemnedBeforeIsStoredUnderTheNextGeneration() async throws {
        try await makeGarbage(["g.txt": text])
        try await collect(days: 31)
        try Tree.write(text, to: laptop.at("new.txt"))
        let push = try await laptop.push(to: place)
        #expect(push.objectsUploaded == 1)
        #expect(try await currentKey(of: text)?.generation == 1)
        #expect(try await collect(days: 32.1)?.removed == 1)
        try await expectFetchable(["new.txt": text])
    }

    /// The collector condemns between the pusher's look and its commit: only a look after the commit tells.
    @Test func whatIsCondemnedBeforeTheCommitLandsIsStoredAgain() async throws {
        try await makeGarbage(["g.txt": text])
        let pusher = try await pusher(when: { request, moment in moment == .before && Self.isSegment(request) }) {
            try await collect(days: 31)
        }
        try Tree.write(text, to: pusher.at("new.txt"))
        try await pusher.push(to: place)
        #expect(try await currentKey(of: text)?.generation == 1)
        // Two days of collectors later all is there.
        try await collect(days: 32.1)
        try await collect(days: 33.2)
        try await expectFetchable(["new.txt": text])
    }

    @Test func aKeyThatWasKnownToBeGoodIsLookedAtAgainBeforeALaterCommit() async throws {
        try await makeGarbage(["g.txt": text])
        let pusher = try await pusher(when: { request, moment in
            moment == .after && request == .list("gc/")
        }) { try await collect(days: 31) }
        try Tree.write(text, to: pusher.at("new.txt"))
        try await pusher.push(to: place)
        #expect(try await currentKey(of: text)?.generation == 1)
        try await collect(days: 32.1)
        try await expectFetchable(["new.txt": text])
    }

    /// Neither the file nor the recipe is condemned alone: the parts are.
    @Test func aRecipeOfPartsThatAreCondemnedIsMadeAnew() async throws {
        let old = SampleBytes.large(40 << 20)
        let new = Array(old.prefix(32 << 20)) + Array("another end".utf8)
        try await makeGarbage(["old.bin": old])
        let pusher = try await pusher(when: { request, moment in
            guard case .put(let key) = request else { return false }
            return moment == .before && key.hasSuffix(".recipe")
        }) { try await collect(days: 31) }
        try Tree.write(new, to: pusher.at("new.bin"))
        let push = try await pusher.push(to: place)
        #expect(push.entriesAdded == 1)
        #expect(try await currentKey(of: new)?.generation == 1)
        #expect(try await collect(days: 32.1)?.removed ?? 0 >= 3)
        try await expectFetchable(["new.bin": new])
    }

    @Test func aLargeFileWhoseRecipeIsCondemnedIsStoredAgain() async throws {
        let bytes = SampleBytes.large(40 << 20)
        try await makeGarbage(["old.bin": bytes])
        let pusher = try await pusher(when: { request, moment in moment == .before && Self.isSegment(request) }) {
            try await collect(days: 31)
        }
        try Tree.write(bytes, to: pusher.at("new.bin"))
        try await pusher.push(to: place)
        try await collect(days: 32.1)
        try await collect(days: 33.2)
        try await expectFetchable(["new.bin": bytes])
    }

    /// A checkpoint's files are in no catalog: what was condemned is copied at the place.
    @Test(arguments: [100, 40 << 20])
    func aCheckpointIsStoredAgainWithoutACatalog(_ count: Int) async throws {
        let bytes = SampleBytes.large(count)
        try await makeGarbage(["old.bin": bytes])
        let pusher = try await pusher(when: { request, moment in moment == .before && Self.isSegment(request) }) {
            try await collect(days: 31)
        }
        try Tree.write(bytes, to: scratch.at("model.pt"))
        _ = try await pusher.workspace.pushCheckpoint(
            [scratch.at("model.pt")],
            to: place,
            CheckpointDescription(run: "fox")
        )
        #expect(try await currentKey(of: bytes)?.generation == 1)
        try await collect(days: 32.1)
        _ = try await Laptop("pod", in: scratch).workspace.fetchCheckpoint(
            CheckpointReference("fox@latest"),
            from: place,
            into: scratch.at("restored")
        )
        #expect(try Tree.read(scratch.at("restored/model.pt")) == bytes)
    }

    /// A machine that sleeps between the look and the commit, once it is told to.
    private final class Sleep: Sendable {
        private let state = Mutex((isArmed: false, nanoseconds: Int64(0)))

        var now: Int64 { Machine.sinceBoot() + state.withLock { $0.nanoseconds } }
        /// The manifest is read just before the first commit of a process.
        func isTime(_ request: ActingRemote.Request, _ moment: ActingRemote.Moment) -> Bool {
            state.withLock { $0.isArmed } && moment == .before && request == .get("replaycache.json")
        }
        func arm() { state.withLock { $0.isArmed = true } }
        func sleep(hours: Int64) { state.withLock { $0.nanoseconds = hours * 3600 * 1_000_000_000 } }
    }

    /// The machine sleeps for a day and more between the look and the commit: the collector does all its work meanwhile.
    @Test func aPusherThatSleptLooksAgainBeforeItCommits() async throws {
        try await makeGarbage(["g.txt": text])
        let sleep = Sleep()
        let pusher = try await pusher(sinceBoot: { sleep.now }, when: { sleep.isTime($0, $1) }) {
            try await collect(days: 31)
            try await collect(days: 32.1)
            sleep.sleep(hours: 26)
        }
        _ = try await pusher.entries(at: place)
        sleep.arm()
        try Tree.write(text, to: pusher.at("new.txt"))
        let segments = try Tree.files(below: "\(place.directory)/log").count
        try await pusher.push(to: place)
        // Found out before, not after: one segment.
        #expect(try Tree.files(below: "\(place.directory)/log").count == segments + 1)
        try await expectFetchable(["new.txt": text])
    }

    @Test func aPusherThatSleptForAWeekStartsOver() async throws {
        try laptop.write("zero", to: "zero.txt")
        try await laptop.push(to: place)
        let sleep = Sleep()
        let pusher = try await pusher(sinceBoot: { sleep.now }, when: { sleep.isTime($0, $1) }) {
            sleep.sleep(hours: 8 * 24)
        }
        _ = try await pusher.entries(at: place)
        sleep.arm()
        try pusher.write("one", to: "one.txt")
        let error = await #expect(throws: ReplayCacheError.self) { try await pusher.push(to: place) }
        #expect(error?.code == .busy)
        #expect(try await pusher.push(to: place).entriesAdded == 1)
    }

    @Test func aCollectorKeepsWhatIsCommittedBeforeItReadsTheLogAgain() async throws {
        try await makeGarbage(["g.txt": text])
        try await collect(days: 31)
        // A pusher that died between its commit and its second look.
        let digest = try Digest.of(text)
        let size = Int64(text.count)
        let repository = try await laptop.repository(at: place)
        let segment = Segment(
            repository: repository.id,
            writer: newWriterName(),
            hlc: HLC.next(after: try await repository.store.newestHLC(), serverTime: .now()),
            operations: [.put(.init(path: "replays/new.txt", sha256: digest, was: nil, size: size, mtime: 0))]
        )
        let (key, bytes) = try segment.encoded(number: 0)
        try Tree.write(bytes, to: "\(place.directory)/\(key.remoteKey)")
        #expect(try await collect(days: 32.1)?.removed == 0)
        try await expectFetchable(["new.txt": text])
        // Who needs the content next stores it anew, and then the old key may go.
        try Tree.write(text, to: laptop.at("third.txt"))
        #expect(try await laptop.push(to: place).objectsUploaded == 1)
        #expect(try await collect(days: 33.2)?.removed == 1)
        try await expectFetchable(["new.txt": text, "third.txt": text])
    }
}
