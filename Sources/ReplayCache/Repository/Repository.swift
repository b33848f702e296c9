internal import Synchronization

/// A repository at a place: its state on this machine, kept current, and the one way to commit to it.
package final class Repository: Sendable {
    package let place: Place
    package let remote: MeteredRemote
    package let store: PlaceStore
    let catalog: Catalog
    package let id: String
    /// True when this process made the repository.
    package let isNew: Bool

    /// What catching up found out of order, for people.
    package let warnings: [Warning]

    /// A part of the log that was left out.
    package struct Warning: Sendable, Equatable {
        package let message: String
        /// Whether bytes at the place are damaged or break the format, so that what is known of it may lack something.
        package let isDamage: Bool
    }

    let writer = newWriterName()
    let segmentsWritten = Mutex(0)
    /// What is known of keys that collectors have condemned.
    package let watch: CondemnedWatch

    private init(
        place: Place,
        remote: MeteredRemote,
        store: PlaceStore,
        catalog: Catalog,
        id: String,
        isNew: Bool,
        warnings: [Warning]
    ) {
        self.place = place
        self.remote = remote
        self.store = store
        watch = CondemnedWatch(home: store.home)
        self.catalog = catalog
        self.id = id
        self.isNew = isNew
        self.warnings = warnings
    }

    // MARK: Opening

    /// Opens the repository at a place for reading and catches up with its log.
    ///
    /// Writes nothing there, and nothing here about a place that holds no repository.
    package static func open(
        _ place: Place,
        catalog: Catalog,
        settings: RemoteSettings = RemoteSettings()
    ) async throws -> Repository {
        let known = try await knownState(of: place, catalog: catalog)
        let opening = RemoteOpening(place: place, home: catalog.home, settings: settings)
        let remote = try await openRemote(opening, isKnown: known != nil)
        if let known, let repository = try await catchUp(known, place, remote, catalog) { return repository }
        guard let manifest = try await manifest(place, remote, known: known?.id) else {
            throw known == nil ? noRepository(place) : gone(place)
        }
        guard let known else {
            let store = try await PlaceStore.open(try await catalog.place(place), home: catalog.home)
            return try await adopt(manifest, place, remote, store, catalog, [])
        }
        // What is known of the old one is of no use for reading, and what was agreed with it says nothing of this one.
        try await forget(known.store, catalog)
        let what =
            manifest.repository == known.id
            ? "the log at \(place) is older than what was seen here (restored from a backup?); reading it anew"
            : "another repository stands at \(place) now; reading that one"
        let warning = Warning(message: what, isDamage: false)
        return try await adopt(manifest, place, remote, known.store, catalog, [warning])
    }

    /// Opens the repository at a place for writing, creating it in an empty or absent place.
    ///
    /// A place where a repository was known and is gone or replaced is refused unless `insistsOnNew`.
    package static func openForWriting(
        _ place: Place,
        catalog: Catalog,
        settings: RemoteSettings = RemoteSettings(),
        insistsOnNew: Bool
    ) async throws -> Repository {
        let known = try await knownState(of: place, catalog: catalog)
        let opening = RemoteOpening(place: place, home: catalog.home, settings: settings)
        if let known, !insistsOnNew {
            let remote = try await openRemote(opening, isKnown: true)
            if let repository = try await catchUp(known, place, remote, catalog) { return repository }
            guard let manifest = try await manifest(place, remote, known: known.id) else { throw gone(place) }
            if try await known.store.newestHLC() == nil {
                // Nothing was read from the one known, or committed to it: two clients made one at once, and this stands.
                try await forget(known.store, catalog)
                return try await adopt(manifest, place, remote, known.store, catalog, [])
            }
            throw ReplayCacheError(
                .configuration,
                manifest.repository == known.id
                    ? "the log at \(place) is older than what was seen here (restored from a backup?)"
                    : "another repository (\(manifest.repository)) stands at \(place) than the one known here",
                hint: "if that is intended, push with --new to go on with it; nothing is deleted either way",
                subject: place.canonical
            )
        }
        let remote = MeteredRemote(settings.wrap(try await opening.openCreating()))
        let standing = try await standing(place, remote)
        let store = try await PlaceStore.open(try await catalog.place(place), home: catalog.home)
        if known != nil { try await forget(store, catalog) }
        if let standing { return try await adopt(standing, place, remote, store, catalog, []) }
        return try await create(place, remote, store, catalog)
    }

    /// The repository at a place that is to hold one; nil when the place is empty.
    private static func standing(_ place: Place, _ remote: MeteredRemote) async throws -> Manifest? {
        if let manifest = try await manifest(place, remote) { return manifest }
        do {
            try await refuseForeign(place, remote)
            return nil
        } catch {
            // Another client may have made it between the two looks.
            guard let manifest = try await manifest(place, remote) else { throw error }
            return manifest
        }
    }

    private static func forget(_ store: PlaceStore, _ catalog: Catalog) async throws {
        try await store.reset()
        try await catalog.forgetDealings(with: store.record.id)
    }

    private static func create(
        _ place: Place,
        _ remote: MeteredRemote,
        _ store: PlaceStore,
        _ catalog: Catalog
    ) async throws -> Repository {
        let manifest = Manifest(repository: newRepositoryID())
        try await remote.put(Manifest.key, try RemoteBody(manifest.encoded()), durability: .commit)
        try await store.setRepositoryID(manifest.repository)
        // There was nothing to catch up with.
        try await store.setLastCatchUp(try await remote.barrier())
        try await store.setLastContact(Timestamp.now())
        return Repository(
            place: place,
            remote: remote,
            store: store,
            catalog: catalog,
            id: manifest.repository,
            isNew: true,
            warnings: []
        )
    }

    /// The state kept of a repository that was read or made before.
    private struct KnownState {
        let store: PlaceStore
        let id: String
    }

    private static func knownState(of place: Place, catalog: Catalog) async throws -> KnownState? {
        guard let record = try await catalog.knownPlace(place) else { return nil }
        let store = try await PlaceStore.open(record, home: catalog.home)
        guard let id = try await store.repositoryID() else { return nil }
        return KnownState(store: store, id: id)
    }

    private static func openRemote(_ opening: RemoteOpening, isKnown: Bool) async throws -> MeteredRemote {
        do {
            return MeteredRemote(opening.settings.wrap(try await opening.open()))
        } catch let error as ReplayCacheError where error.code == .notFound && isKnown {
            throw gone(opening.place)
        }
    }

    /// Catches up with a repository that was read before; nil when its log no longer has what it had.
    private static func catchUp(
        _ known: KnownState,
        _ place: Place,
        _ remote: MeteredRemote,
        _ catalog: Catalog
    ) async throws -> Repository? {
        // News may be of another format, or of another repository that begins with the same log.
        let found = try await LogReader(place: place, remote: remote, catalog: catalog, store: known.store).catchUp(
            ifSo: { try await manifest(place, remote) != nil },
            isSame: { try await manifest(place, remote, known: known.id)?.repository == known.id }
        )
        guard found.isSameLog else { return nil }
        // Before the first commit there is no log to know the repository by.
        if try await found.store.newestHLC() == nil,
            try await manifest(place, remote, known: known.id)?.repository != known.id
        {
            return nil
        }
        return Repository(
            place: place,
            remote: remote,
            store: found.store,
            catalog: catalog,
            id: known.id,
            isNew: false,
            warnings: found.warnings
        )
    }

    private static func adopt(
        _ manifest: Manifest,
        _ place: Place,
        _ remote: MeteredRemote,
        _ store: PlaceStore,
        _ catalog: Catalog,
        _ warnings: [Warning]
    ) async throws -> Repository {
        let found = try await LogReader(place: place, remote: remote, catalog: catalog, store: store).catchUp()
        try await found.store.setRepositoryID(manifest.repository)
        return Repository(
            place: place,
            remote: remote,
            store: found.store,
            catalog: catalog,
            id: manifest.repository,
            isNew: false,
            warnings: warnings + found.warnings
        )
    }

    /// What stands at a place; nil when no repository does.
    ///
    /// `known` is the id that is expected; another is believed when it was read twice.
    static func manifest(_ place: Place, _ remote: MeteredRemote, known: String? = nil) async throws -> Manifest? {
        do {
            return try await remote.decoded(Manifest.key, maximum: Manifest.maximumByteCount) { bytes in
                let manifest = try Manifest.decode(bytes, at: "\(place)")
                guard known == nil || manifest.repository == known else { throw OtherRepository(manifest: manifest) }
                return manifest
            }
        } catch let other as OtherRepository {
            return other.manifest
        } catch let error as RemoteError where error.reason == .notFound {
            return nil
        }
    }

    /// What `doctor` puts and removes: one name for all, so that of a key that may not delete at most one object stays.
    static let probeName = "doctor-probe"

    /// Refuses to make a repository among other things.
    static func refuseForeign(_ place: Place, _ remote: any Remote) async throws {
        guard let name = try await remote.foreignName() else { return }
        guard name != probeName else {
            throw ReplayCacheError(
                .configuration,
                "\(place) is not empty: it holds \"\(name)\", which `replaycache doctor` left there",
                hint: "remove it with a key that may delete, then run the same command again",
                subject: place.canonical
            )
        }
        throw ReplayCacheError(
            .configuration,
            "\(place) is not empty and not a repository (it holds \(DisplayText.quoted(name)))",
            hint: place.localDirectory == nil
                ? "name a prefix, for example \(place)/replaycache: what is there stays untouched"
                : "name a new folder in it, for example \(place)/replaycache",
            subject: place.canonical
        )
    }

    private static func noRepository(_ place: Place) -> ReplayCacheError {
        ReplayCacheError(
            .notFound,
            "no repository here: \(place)",
            hint: "check \(place.localDirectory == nil ? "bucket and prefix" : "the path"); "
                + "`replaycache push DIR \(place)` creates one",
            subject: place.canonical
        )
    }

    static func gone(_ place: Place) -> ReplayCacheError {
        ReplayCacheError(
            .notFound,
            "the repository that was at \(place) is gone: wiped, moved or not mounted",
            hint: (place.localDirectory == nil
                ? "check bucket and prefix; " : "mount the disk or restore the folder; ")
                + "to start again from what this machine has, push with --new",
            subject: place.canonical
        )
    }

    /// A manifest with another id than was known.
    private struct OtherRepository: Error {
        let manifest: Manifest
    }

    private static func newRepositoryID() -> String {
        // A random UUID, RFC 9562 section 5.4.
        var bytes = (0..<16).map { _ in UInt8.random(in: 0...255) }
        bytes[6] = bytes[6] & 0x0F | 0x40
        bytes[8] = bytes[8] & 0x3F | 0x80
        let digits = bytes.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }
        return [digits[0..<4], digits[4..<6], digits[6..<8], digits[8..<10], digits[10..<16]]
            .map { $0.joined() }.joined(separator: "-")
    }
}
