package import ReplayCache
import Synchronization

/// A machine with a catalog and a folder of its own.
package struct Laptop: Sendable {
    /// What `REPLAYCACHE_HOME` would be.
    package let home: String
    /// The folder that is synced.
    package let folder: String
    /// The library, as its users have it.
    package let workspace: Workspace
    private let heard: EventLog

    /// Makes home and folder below the scratch directory.
    package init(
        _ name: String,
        in scratch: Scratch,
        transfer: TransferOptions = TransferOptions()
    ) async throws {
        try await self.init(home: scratch.at("\(name)-home"), folder: try scratch.folder(name), transfer: transfer)
    }

    /// Opens a home, which may exist.
    package init(home: String, folder: String, transfer: TransferOptions = TransferOptions()) async throws {
        self.home = home
        self.folder = folder
        let heard = EventLog()
        self.heard = heard
        workspace = try await Workspace.open(home: home, transfer: transfer) { heard.append($0) }
    }

    /// The same folder after the catalog was lost.
    package func withoutCatalog() async throws -> Laptop {
        try Tree.remove(home)
        return try await Laptop(home: home, folder: folder)
    }

    /// The absolute path of a file in the folder.
    package func at(_ path: String) -> String { "\(folder)/\(path)" }

    /// Writes a file in the folder.
    package func write(_ text: String, to path: String) throws {
        try Tree.write(text, to: at(path), modifiedAt: 1_700_000_000)
    }

    /// The text of a file in the folder, nil when there is none.
    package func text(_ path: String) -> String? { Tree.text(at(path)) }

    /// All files in the folder, sorted.
    package func files() throws -> [String] { try Tree.files(below: folder) }

    /// Pushes the folder.
    @discardableResult
    package func push(
        to place: Place,
        _ change: (inout PushOptions) throws -> Void = { _ in }
    ) async throws -> SyncSummary {
        var options = try PushOptions()
        try change(&options)
        return try await workspace.push(folder, to: place, options: options)
    }

    /// Fetches into the folder.
    @discardableResult
    package func fetch(
        from place: Place,
        _ change: (inout FetchOptions) throws -> Void = { _ in }
    ) async throws -> SyncSummary {
        var options = try FetchOptions()
        try change(&options)
        return try await workspace.fetch(from: place, into: folder, options: options)
    }

    /// The digests of all entries at a place by path.
    package func entries(at place: Place) async throws -> [String: Digest] {
        let rows = Mutex<[String: Digest]>([:])
        try await workspace.list(place) { entry in rows.withLock { $0[entry.path] = entry.sha256 } }
        return rows.withLock { $0 }
    }

    /// Publishes operations, as another version of the program might.
    package func commit(_ operations: [ReplayCache.Operation], to place: Place) async throws {
        let repository = try await repository(at: place)
        try await repository.commit(operations)
    }

    /// The repository at a place, through a handle of its own on this machine's catalog.
    package func repository(at place: Place) async throws -> Repository {
        try await Repository.openForWriting(place, catalog: try Catalog(home: home), insistsOnNew: false)
    }

    /// All events so far.
    package var events: [SyncEvent] { heard.all }

    /// What was said so far about one kind of event: the paths, or the messages of warnings.
    package func told(_ kind: EventKind) -> [String] {
        events.compactMap { EventKind.of($0).kind == kind ? EventKind.of($0).subject : nil }
    }
}

/// The cases of ``SyncEvent`` without their values.
package enum EventKind: Sendable {
    case started, planned, created, deferred, failed, conflict, behind, deletedElsewhere, refused, placed, moved
    case retired, removed
    case linked, wouldLink
    case wouldRemove, restored, wouldRestore, lost, published, committed, retrying, warning, objectDamaged, healed,
        sameGame, unreadable

    static func of(_ event: SyncEvent) -> (kind: EventKind, subject: String) {
        switch event {
        case .started(let command, _, _, _, _): (.started, command)
        case .planned(let files, _): (.planned, "\(files)")
        case .created(let place): (.created, place)
        case .deferred(let path, _): (.deferred, path)
        case .failed(let path, _): (.failed, path)
        case .conflict(let path): (.conflict, path)
        case .behind(let path): (.behind, path)
        case .deletedElsewhere(let path): (.deletedElsewhere, path)
        case .refused(let path, _): (.refused, path)
        case .placed(let path): (.placed, path)
        case .moved(let from, _): (.moved, from)
        case .retired(let path): (.retired, path)
        case .removed(let path): (.removed, path)
        case .wouldRemove(let path): (.wouldRemove, path)
        case .linked(let path, _, _): (.linked, path)
        case .wouldLink(let path, _, _): (.wouldLink, path)
        case .restored(let path): (.restored, path)
        case .wouldRestore(let path): (.wouldRestore, path)
        case .lost(let path, _, _): (.lost, path)
        case .published(let path): (.published, path)
        case .committed(let files): (.committed, "\(files)")
        case .retrying(let what, _, _): (.retrying, what)
        case .objectDamaged(let key, _, _): (.objectDamaged, key)
        case .healed(let path): (.healed, path)
        case .sameGame(let path, _): (.sameGame, path)
        case .unreadable(let path, _): (.unreadable, path)
        case .damaged(let message), .warning(let message): (.warning, message)
        }
    }
}

private final class EventLog: Sendable {
    private let events = Mutex<[SyncEvent]>([])

    var all: [SyncEvent] { events.withLock { $0 } }

    func append(_ event: SyncEvent) { events.withLock { $0.append(event) } }
}
