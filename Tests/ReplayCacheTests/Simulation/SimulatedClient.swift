import ReplayCacheTestSupport
import ReplayGenerator
import Synchronization

@testable import ReplayCache

/// A machine with a home and a folder that changes, pushes, fetches and gets killed.
final class SimulatedClient {
    /// What it may rely on: pushes that were acknowledged.
    struct Acknowledged: Sendable {
        /// As `path digest`.
        var versions: Set<String> = []
        /// Of its run of checkpoints.
        var steps: Set<Int64> = []
        /// As `name@digest`.
        var datasets: Set<String> = []
    }

    let number: Int
    let folder: String
    private(set) var acknowledged = Acknowledged()
    /// The home of the process that runs, or ran last.
    private(set) var home: String

    private let simulation: Simulation
    private var random: SeededGenerator
    private var processCount = 0
    private var step: Int64 = 0
    private var fileNumber = 0
    private let heard = EventsHeard()

    init(_ number: Int, in simulation: Simulation) throws {
        self.number = number
        self.simulation = simulation
        random = SeededGenerator(seed: simulation.seed &* 1_000_003 &+ UInt64(number))
        folder = try simulation.scratch.folder("client-\(number)")
        home = simulation.scratch.at("client-\(number)-home-0")
    }

    var run: String { "run-\(number)" }

    /// Does `count` things, some of them again after it was killed.
    func work(_ count: Int) async throws {
        for _ in 0..<count {
            guard await simulation.scheduler.turn(number, "goes on") == .proceed else { continue }
            try edit()
            let action = Int.random(in: 0..<21, using: &random)
            let isForced = Int.random(in: 0..<5, using: &random) == 0
            try await process { workspace in
                switch action {
                case 0..<7: try await push(workspace, isForced: isForced)
                case 7..<9: try await push(workspace, isForced: isForced, deletes: true)
                case 9..<11: try await fetch(workspace, isForced: isForced)
                case 11: try await fetch(workspace, isForced: isForced, deletes: true)
                case 12..<15: try await collect(workspace)
                case 15: try await remove(workspace)
                case 16..<18: try await restore(workspace)
                case 20: try await freeze(workspace)
                default: try await pushCheckpoint(workspace)
                }
            }
        }
    }

    /// Runs one process of the program.
    private func process(_ body: (Workspace) async throws -> Void) async throws {
        let next = simulation.scratch.at("client-\(number)-home-\(processCount + 1)")
        let session = SimulatedSession(
            client: number,
            scheduler: simulation.scheduler,
            home: home,
            nextHome: next
        )
        heard.events.withLock { $0.removeAll() }
        do {
            var transfer = TransferOptions()
            transfer.wrap = simulation.wrap(session)
            transfer.compaction = simulation.compaction
            transfer.sinceBoot = { [place = simulation.place] in place.now.milliseconds * 1_000_000 }
            let workspace = try await Workspace.open(home: home, transfer: transfer) { [heard] event in
                heard.events.withLock { $0.append(event) }
            }
            try await body(workspace)
            simulation.scheduler.note("\(number): done")
        } catch  where session.isDead {
            simulation.scheduler.noteKilled(number)
        } catch let error as ReplayCacheError where error.code == .notFound && error.message.hasPrefix("no repository")
        {
            note(error)
        } catch let error as ReplayCacheError where error.code == .busy {
            // Days went by in the middle of a push, or the log was compacted.
            note(error)
        } catch let error as ReplayCacheError where error.code == .usage {
            // An empty folder takes nothing along, and what was never there cannot be removed or restored.
            note(error)
        }
        guard session.isDead else { return }
        processCount += 1
        home = next
    }

    /// The path of the place differs from run to run.
    private func note(_ error: ReplayCacheError) {
        simulation.scheduler.note(
            "\(number): \(error.message.split(separator: " at /")[0].split(separator: ": /")[0])"
        )
    }

    // MARK: The folder

    private static let names = ["a/1", "a/2", "a/3", "b/1", "b/2", "c"]

    private func name() -> String { Self.names[Int.random(in: 0..<Self.names.count, using: &random)] }

    private func edit() throws {
        for _ in 0..<Int.random(in: 0...3, using: &random) {
            let path = "\(folder)/\(name())"
            let other = "\(folder)/\(name())"
            switch Int.random(in: 0..<6, using: &random) {
            case 0 where Tree.exists(path): try Tree.remove(path)
            case 1 where Tree.exists(path) && !Tree.exists(other): try Tree.move(path, to: other)
            case 2 where Tree.exists(path) && path != other:
                try Tree.write(try Tree.read(path), to: other, modifiedAt: 1_700_000_000)
            default: try Tree.write(try content(), to: path, modifiedAt: 1_700_000_000)
            }
        }
    }

    /// New bytes, or bytes that others have too.
    private func content() throws -> [UInt8] {
        fileNumber += 1
        let isShared = Int.random(in: 0..<3, using: &random) == 0
        let name = isShared ? "shared \(Int.random(in: 0..<4, using: &random))" : "\(number)/\(fileNumber)"
        let count = Int.random(in: 1...40, using: &random)
        let bytes = Array(String(repeating: "content \(name)\n", count: isShared ? 20 : count).utf8)
        simulation.know(try Digest.of(bytes))
        return bytes
    }

    private func files() throws -> [String: Digest] {
        var result: [String: Digest] = [:]
        for path in try Tree.files(below: folder) where Self.names.contains(path) {
            result["replays/\(path)"] = try Digest.of(try Tree.read("\(folder)/\(path)"))
        }
        return result
    }

    // MARK: What it does

    private func push(_ workspace: Workspace, isForced: Bool, deletes: Bool = false) async throws {
        let files = try files()
        var options = try PushOptions()
        options.isForced = isForced
        if deletes { options.deletion = DeletionOptions(maximum: 1000) }
        let how = "\(isForced ? " by force" : "")\(deletes ? " and deletes" : "")"
        simulation.scheduler.note("\(number): pushes \(files.keys.sorted())\(how)")
        _ = try await workspace.push(folder, to: simulation.name, options: options)
        var left: Set<String> = []
        for event in heard.events.withLock({ $0 }) {
            switch event {
            case .conflict(let path), .behind(let path), .deletedElsewhere(let path): left.insert(path)
            case .deferred(let path, _), .failed(let path, _): left.insert("replays/\(path)")
            default: continue
            }
        }
        for (path, digest) in files where !left.contains(path) {
            acknowledged.versions.insert("\(path) \(digest.hex)")
        }
    }

    private func fetch(_ workspace: Workspace, isForced: Bool, deletes: Bool = false) async throws {
        var options = try FetchOptions()
        options.isForced = isForced
        if deletes { options.deletion = DeletionOptions(maximum: 1000) }
        simulation.scheduler.note("\(number): fetches\(isForced ? " by force" : "")\(deletes ? " and deletes" : "")")
        _ = try await workspace.fetch(from: simulation.name, into: folder, options: options)
    }

    private func collect(_ workspace: Workspace) async throws {
        simulation.scheduler.note("\(number): collects")
        var options = GarbageOptions()
        options.insists = true
        _ = try await workspace.collectGarbage(at: simulation.name, options: options)
    }

    private func remove(_ workspace: Workspace) async throws {
        let path = "replays/\(name())"
        simulation.scheduler.note("\(number): removes \(path)")
        var options = RemoveOptions(paths: [try LogicalPath(path)])
        options.maximum = 1000
        _ = try await workspace.remove(at: simulation.name, options: options)
    }

    private func restore(_ workspace: Workspace) async throws {
        let path = Bool.random(using: &random) ? "replays" : "replays/\(name())"
        simulation.scheduler.note("\(number): restores \(path)")
        var options = RestoreOptions(path: try LogicalPath(path))
        options.isRecursive = path == "replays"
        _ = try await workspace.restore(at: simulation.name, options: options)
    }

    private func freeze(_ workspace: Workspace) async throws {
        // Few names, so that others have them, or give them at once.
        let name = "set-\(Int.random(in: 0..<3, using: &random))"
        simulation.scheduler.note("\(number): freezes \(name)")
        let options = FreezeOptions(name: name, selection: Selection())
        let frozen = try await workspace.freezeDataset(at: simulation.name, options: options)
        if let dataset = frozen.dataset { acknowledged.datasets.insert(dataset.reference) }
    }

    private func pushCheckpoint(_ workspace: Workspace) async throws {
        step += 1
        let weights = simulation.scratch.at("client-\(number)-weights")
        try Tree.write(try content(), to: "\(weights)/model", modifiedAt: 1_700_000_000)
        try Tree.write(try content(), to: "\(weights)/optimizer", modifiedAt: 1_700_000_000)
        var description = CheckpointDescription(run: run)
        description.name = "step"
        description.step = step
        simulation.scheduler.note("\(number): pushes checkpoint \(step)")
        _ = try await workspace.pushCheckpoint([weights], to: simulation.name, description)
        acknowledged.steps.insert(step)
    }
}

private final class EventsHeard: Sendable {
    let events = Mutex<[SyncEvent]>([])
}
