import ReplayCacheTestSupport
import ReplayGenerator
import Synchronization

@testable import ReplayCache

/// The engine on several machines at one place, with every request in an order that a seed decides.
///
/// Clients are killed at any request, the power of the place fails, hours pass. What must hold is looked at after each
/// commit, and all of it at the end.
final class Simulation: Sendable {
    let seed: UInt64
    let scratch: Scratch
    /// What the clients call the place.
    let name: Place
    let place: SimulatedPlace
    let scheduler: Scheduler
    private let observer: SimulatedObserver
    private let contents = Mutex<Set<Digest>>([])
    private let clientCount: Int

    init(seed: UInt64, losesEvery: Int? = nil) async throws {
        self.seed = seed
        var random = SeededGenerator(seed: seed &+ 77)
        var ways = SimulatedPlace.Ways()
        ways.acknowledgesDurably = Bool.random(using: &random)
        ways.tellsTime = Bool.random(using: &random)
        ways.pageCount = [1000, 3][Int.random(in: 0...1, using: &random)]
        ways.losesEvery = losesEvery
        ways.segmentLimit = [256, 8, 3, 1][Int.random(in: 0...3, using: &random)]
        ways.forgets = Bool.random(using: &random)
        clientCount = Int.random(in: 2...4, using: &random)
        // Around the time that the machine believes in: how old the last contact is decides what is listed.
        let start = Timestamp.now().milliseconds + Int64.random(in: -200...2, using: &random) * 3_600_000
        place = SimulatedPlace(ways: ways, now: Timestamp(milliseconds: start))
        scheduler = Scheduler(
            seed: seed,
            clients: clientCount,
            crashes: Int.random(in: 0...6, using: &random),
            place: place
        )
        scratch = try Scratch()
        name = try Place(scratch.folder("place"))
        observer = try await SimulatedObserver(place: place, at: name, home: scratch.at("observer"))
    }

    /// A content that somebody had.
    func know(_ digest: Digest) { _ = contents.withLock { $0.insert(digest) } }

    /// How the clients compact.
    var compaction: CompactionLimits {
        var limits = CompactionLimits()
        limits.segments = place.ways.segmentLimit
        guard !place.ways.forgets else { return limits }
        limits.historyAge = 10_000 * 86_400_000
        limits.tombstoneAge = limits.historyAge
        return limits
    }

    func wrap(_ session: SimulatedSession) -> @Sendable (any Remote) -> any Remote {
        { [place, observer] _ in
            SimulatedRemote(
                place: place,
                session: session,
                committed: { key, bytes in await observer.commit(key, bytes) },
                removed: { key in await observer.removed(key) }
            )
        }
    }

    /// Runs all clients to their ends and returns what was wrong.
    func run() async throws -> [String] {
        try await Timestamp.$simulatedClock.withValue({ [place] in place.now }) {
            try await OneAtATime.$isOn.withValue(true) { try await runClients() }
        }
        return place.violations
    }

    private func runClients() async throws {
        var random = SeededGenerator(seed: seed &+ 78)
        let clients = try await withThrowingTaskGroup(of: Finished.self) { group in
            for number in 0..<clientCount {
                let count = Int.random(in: 4...8, using: &random)
                group.addTask { try await self.work(number, count) }
            }
            var finished: [Finished] = []
            for try await client in group { finished.append(client) }
            return finished
        }
        try await look(at: clients)
    }

    private struct Finished: Sendable {
        let number: Int
        let home: String
        let folder: String
        let run: String
        let acknowledged: SimulatedClient.Acknowledged
    }

    private func work(_ number: Int, _ count: Int) async throws -> Finished {
        defer { scheduler.finish(number) }
        let client = try SimulatedClient(number, in: self)
        do {
            try await client.work(count)
        } catch {
            // Nothing that happens here is a reason to fail.
            place.report("client \(number) failed: \(error)")
        }
        return Finished(
            number: number,
            home: client.home,
            folder: client.folder,
            run: client.run,
            acknowledged: client.acknowledged
        )
    }

    // MARK: When all is quiet

    private func look(at clients: [Finished]) async throws {
        try await observer.checkEverything()
        let dump = try await observer.dump()
        let versions = try await observer.versions()
        if try await observer.dump(inOrderOf: seed, at: name, home: scratch.at("shuffled")) != dump {
            place.report("another order of merging leads to another state")
        }
        guard place.item(Manifest.key) != nil else { return }
        for client in clients {
            for version in client.acknowledged.versions.subtracting(versions).sorted() {
                place.report("client \(client.number) was told that it published \(version)")
            }
            let steps = try await observer.steps(of: client.run)
            for step in client.acknowledged.steps.subtracting(steps).sorted() {
                place.report("client \(client.number) was told that it published checkpoint \(step)")
            }
            for reference in client.acknowledged.datasets.subtracting(try await observer.datasets()).sorted() {
                place.report("client \(client.number) was told that it froze \(reference)")
            }
            let difference = Set(comparable(try await state(of: client.home))).symmetricDifference(comparable(dump))
            if !difference.isEmpty {
                let rows = difference.sorted().joined(separator: "\n    ")
                place.report("client \(client.number) has another state than the rest:\n    \(rows)")
            }
            for path in try Tree.files(below: client.folder) where !path.contains(PlacedFile.temporaryPrefix) {
                let digest = try Digest.of(try Tree.read("\(client.folder)/\(path)"))
                guard contents.withLock({ !$0.contains(digest) }) else { continue }
                place.report("\(path) of client \(client.number) has bytes that nobody wrote")
            }
        }
        try await fetchEverything()
    }

    /// The rows that all machines have alike: bases carry the numbers of lines only where they order something, and what
    /// they forget is missing where one was taken.
    private func comparable(_ dump: [String]) -> [String] {
        dump.compactMap { row in
            guard !row.hasPrefix("checkpoint") else { return row }
            if place.ways.forgets {
                let fields = row.split(separator: " ")
                return fields.first == "entry" && fields[2] != "-" ? "\(fields[1]) \(fields[2])" : nil
            }
            guard !row.hasPrefix("segment") else { return nil }
            return row.split(separator: ".ndjson.zst:").enumerated().map { index, part in
                index == 0 ? String(part) : String(part.drop { $0.isNumber })
            }.joined(separator: " ")
        }
    }

    /// What a machine knows after it has caught up.
    private func state(of home: String) async throws -> [String] {
        let catalog = try await BlockingPool.shared.run { try Catalog(home: home) }
        return try await Repository.open(name, catalog: catalog, settings: settings(home)).store.dump()
    }

    private func settings(_ home: String) -> RemoteSettings {
        var settings = RemoteSettings()
        settings.wrap = wrap(SimulatedSession(client: -1, scheduler: nil, home: home, nextHome: home))
        return settings
    }

    /// A new machine gets every file.
    private func fetchEverything() async throws {
        let folder = try scratch.folder("pod")
        var transfer = TransferOptions()
        transfer.wrap = settings("").wrap
        let workspace = try await Workspace.open(home: scratch.at("pod-home"), transfer: transfer)
        _ = try await workspace.fetch(from: name, into: folder)
        for (path, digest) in try await observer.entries() where path.hasPrefix("replays/") {
            let file = "\(folder)/\(path.dropFirst("replays/".count))"
            guard Tree.exists(file), try Digest.of(try Tree.read(file)) == digest else {
                place.report("a new machine did not get \(path)")
                continue
            }
        }
    }
}
