internal import SystemPackage

/// Finds the newest base of a place that can be believed and puts it where the state of the place is kept.
struct BaseReader {
    let place: Place
    let remote: MeteredRemote
    let catalog: Catalog

    /// The state that a base gives.
    struct Taken {
        /// Nil when no base can be believed.
        var store: PlaceStore?
        var warnings: [Repository.Warning] = []
    }

    /// The bases of a place, newest first, without those whose time is ahead of the place's own.
    static func list(_ remote: MeteredRemote) async throws -> (bases: [ListedBase], answered: Timestamp?) {
        let collector = ListedBases()
        let answered = try await remote.list(prefix: BaseKey.prefix, after: nil) { items in
            for item in items {
                guard let key = BaseKey(item.key.string) else { continue }
                guard key.hlc.milliseconds - item.modified.milliseconds <= LogReader.clockTolerance else { continue }
                await collector.add(ListedBase(key: key, byteCount: item.byteCount, modified: item.modified))
            }
        }
        return (await collector.bases.sorted { $0.key.remoteKey > $1.key.remoteKey }, answered)
    }

    private actor ListedBases {
        var bases: [ListedBase] = []
        func add(_ base: ListedBase) { bases.append(base) }
    }

    /// Takes the newest of `bases` (newest first) that can be believed, in place of the state that is kept now.
    ///
    /// The old database stays whole until the new one is in its place, and whoever has it open goes on with it: the new one
    /// has a name of its own, so that no log of one is ever taken for the other's.
    func take(_ bases: [ListedBase]) async throws -> Taken {
        var taken = Taken()
        for base in bases {
            do {
                taken.store = try await take(base)
                return taken
            } catch let error as BaseError {
                let message = "\(base.key.remoteKey) \(error); it is left out"
                taken.warnings.append(.init(message: message, isDamage: true))
            } catch let error as RemoteError where error.reason == .notFound {
                // Removed meanwhile, as one is that has two successors.
                continue
            }
        }
        return taken
    }

    private func take(_ base: ListedBase) async throws -> PlaceStore {
        let record = try await catalog.place(place)
        let folder = PlaceFolder(home: catalog.home)
        let inUse = try await catalog.placeDatabaseNames()
        try await BlockingPool.shared.run { try folder.removeStrays(except: inUse) }
        let name = try folder.newName(for: place)
        let draft = folder.path(of: name) + PlaceFolder.draftSuffix
        do {
            try await BaseFile.bring(base, from: remote, into: try folder.create(name + PlaceFolder.draftSuffix))
            try await Self.makeReady(draft, base)
            try await BlockingPool.shared.run { try folder.finish(name) }
        } catch {
            folder.removeDatabase(name + PlaceFolder.draftSuffix)
            throw error
        }
        let old = try await catalog.setDatabase("places/\(name)", of: record.id)
        let store = try await PlaceStore.open(
            PlaceRecord(id: record.id, path: folder.path(of: name)),
            home: catalog.home
        )
        if let old, old != "places/\(name)" { folder.removeDatabase(String(old.dropFirst("places/".count))) }
        return store
    }

    /// Checks a base and makes what it does not carry, both at once: either reads all of it, and each takes a core.
    ///
    /// Nothing is written while the check reads: SQLite's locks see to that. On what is damaged one of the two fails, and
    /// nobody has seen the file by then.
    private static func makeReady(_ path: String, _ base: ListedBase) async throws {
        try await BlockingPool.shared.run { try BaseFile.checkForm(path) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await BlockingPool.shared.run { try BaseFile.checkContent(path, key: base.key) } }
            group.addTask { try await BlockingPool.shared.run { try prepare(path, base) } }
            try await group.waitForAll()
        }
    }

    /// Makes what a base does not carry.
    private static func prepare(_ path: String, _ base: ListedBase) throws {
        do {
            let database = try Database(path: path)
            try database.distrustFile()
            try database.query("PRAGMA journal_mode = OFF") { _ in }
            // As much again goes to sorting the digests.
            try database.execute("PRAGMA synchronous = OFF; PRAGMA cell_size_check = ON; PRAGMA cache_size = -16000")
            try BaseFile.waitForLocks(in: database)
            let version = try database.first("PRAGMA user_version") { $0.int(0) } ?? 0
            try database.transaction {
                try Schema.upgradeBase(in: database, from: version)
                try database.execute("PRAGMA user_version = \(Schema.baseVersion)")
                try Schema.makeIndexes(in: database)
                // Names are this program's to give.
                try database.execute("DELETE FROM character_name; DELETE FROM stage_name; DELETE FROM set_aside")
                try ReplayRows.storeNames(in: database)
                try database.run("DELETE FROM repository WHERE key <> 'repository'")
                try PlaceStore.remember(base, covered: nil, in: database)
            }
        } catch let error as SQLiteError where !error.isOfTheMachine {
            // A digest that stands there twice.
            throw BaseError("is damaged: \(error.message)")
        }
    }
}

/// The folder of the places' databases.
struct PlaceFolder: Sendable {
    let home: String

    /// Ends the name of a database that is not ready.
    static let draftSuffix = ".part"

    /// What is older than this and belongs to nobody was left by a run that was killed.
    private static let strayAge: Int64 = 24 * 3_600_000_000_000

    func path(of name: String) -> String { "\(home)/places/\(name)" }

    /// A name that no database ever had.
    func newName(for place: Place) throws -> String {
        let stem = try Catalog.databaseName(of: place).dropFirst("places/".count).dropLast(".sqlite".count)
        return "\(stem).\(newWriterName()).sqlite"
    }

    func create(_ name: String) throws -> OpenFile {
        try OpenFile.directory("\(home)/places").creating(name, mode: 0o600)
    }

    func finish(_ name: String) throws {
        let folder = try OpenFile.directory("\(home)/places")
        try folder.rename(name + Self.draftSuffix, to: name, in: folder, replacing: true)
    }

    /// Removes a database with its log; whoever has it open keeps it until he closes it.
    func removeDatabase(_ name: String) {
        guard let folder = try? OpenFile.directory("\(home)/places") else { return }
        // What cannot be removed now is a stray that a later run removes.
        for suffix in ["", "-wal", "-shm", "-journal"] { try? folder.remove(name + suffix) }
    }

    /// Removes what killed runs left behind.
    func removeStrays(except inUse: [String]) throws {
        let folder = try OpenFile.directory("\(home)/places")
        let names = Set(inUse)
        for item in try folder.items() where item.name.contains(".sqlite") {
            let database = item.name.split(separator: ".sqlite").first.map { "places/\($0).sqlite" } ?? ""
            guard !names.contains(database), let status = try? folder.status(of: item.name),
                Machine.now() - status.mtimeNanoseconds > Self.strayAge
            else { continue }
            try? folder.remove(item.name)
        }
    }
}
