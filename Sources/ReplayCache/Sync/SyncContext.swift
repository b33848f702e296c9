internal import SystemPackage

/// What every operation needs: the catalog, and where to tell how it goes.
package struct SyncContext: Sendable {
    package let catalog: Catalog
    package var progress: Progress
    /// How requests are to go; what happens on the way goes to `report`.
    package var remoteSettings: RemoteSettings
    package let report: @Sendable (SyncEvent) -> Void
    /// When logs are compacted.
    package var compaction: CompactionLimits

    package init(
        catalog: Catalog,
        progress: Progress = Progress(),
        transfer: TransferOptions = TransferOptions(),
        report: @escaping @Sendable (SyncEvent) -> Void = { _ in }
    ) {
        self.catalog = catalog
        self.progress = progress
        remoteSettings = transfer.settings { report($0.event) }
        compaction = transfer.compaction
        self.report = report
    }

    /// The same, without telling how far it is.
    var withoutProgress: SyncContext {
        var context = self
        context.progress = Progress()
        return context
    }

    /// Opens the repository at a place for reading.
    func repository(at place: Place) async throws -> Repository {
        try await Repository.open(place, catalog: catalog, settings: remoteSettings).configured(for: self)
    }

    /// Opens the repository at a place for writing, creating it in an empty or absent place.
    func writableRepository(at place: Place, insistsOnNew: Bool = false) async throws -> Repository {
        try await Repository.openForWriting(
            place,
            catalog: catalog,
            settings: remoteSettings,
            insistsOnNew: insistsOnNew
        ).configured(for: self)
    }

    func report(_ warnings: [Repository.Warning], into summary: inout SyncSummary) {
        for warning in warnings {
            report(warning.event)
            if warning.isDamage { summary.logDamaged = true }
        }
    }
}

extension SyncContext {
    /// Keeps the log of a repository short, after a last commit.
    ///
    /// What goes wrong is told and is no failure of the push.
    func compact(_ repository: Repository, into summary: inout SyncSummary) async {
        guard repository.hasCommitted else { return }
        let warnings = await repository.compactIfWorthwhile(compaction) { progress.begin("compacting") }
        report(warnings, into: &summary)
    }
}

extension Repository.Warning {
    /// The same for people.
    var event: SyncEvent { isDamage ? .damaged(message) : .warning(message) }
}

/// A local directory that takes part in an operation.
struct LocalRoot: Sendable {
    let id: RootID
    let directory: OpenFile
    /// Canonical.
    let path: String

    /// Opens the directory at `path` and gives it a row.
    static func open(_ path: String, catalog: Catalog) async throws -> LocalRoot {
        let canonical = try canonicalPath(path)
        let directory = try openDirectory(canonical)
        return LocalRoot(id: try await catalog.root(path: canonical), directory: directory, path: canonical)
    }

    private static func openDirectory(_ path: String) throws -> OpenFile {
        do {
            return try OpenFile.directory(path)
        } catch {
            guard error.errno == .notDirectory else { throw error }
            throw ReplayCacheError(.usage, "\(path) is a file", hint: "name the folder that it is in", subject: path)
        }
    }

    private static func canonicalPath(_ path: String) throws -> String {
        do {
            return try Machine.canonicalPath(path)
        } catch {
            guard error.isNotFound else { throw error }
            throw ReplayCacheError(.usage, "the folder \(path) does not exist", hint: "check the path", subject: path)
        }
    }

    /// A path below this root as a relative one; nil when it is elsewhere.
    func relativePath(of other: String) -> String? {
        guard let canonical = try? Machine.canonicalPath(other), canonical.hasPrefix(path + "/") else { return nil }
        return String(canonical.dropFirst(path.count + 1))
    }

    /// Keeps other fetches out of the folder as long as this value lives; they would take each other's files for strangers'.
    func claim() throws {
        guard directory.tryLock() else {
            throw ReplayCacheError(
                .busy,
                "another fetch is writing to \(path)",
                hint: "wait for it, or fetch into another folder",
                subject: path
            )
        }
    }

    /// Refuses a folder that may not exist yet, before anything is made.
    static func refuseOverlap(of path: String, with place: Place) throws {
        var existing = FilePath(path).lexicallyNormalized()
        var missing: [String] = []
        while let name = existing.lastComponent, (try? Machine.canonicalPath(existing.string)) == nil {
            missing.insert(name.string, at: 0)
            existing.removeLastComponent()
        }
        var canonical = FilePath(try Machine.canonicalPath(existing.isEmpty ? "." : existing.string))
        for name in missing { canonical.append(name) }
        try refuseOverlap(ofCanonical: canonical.string, with: place)
    }

    /// A repository inside the folder that is pushed into it, or the reverse, would swallow itself.
    func refuseOverlap(with place: Place) throws { try Self.refuseOverlap(ofCanonical: path, with: place) }

    private static func refuseOverlap(ofCanonical path: String, with place: Place) throws {
        func contains(_ outer: String, _ inner: String) -> Bool {
            inner == outer || inner.hasPrefix(outer == "/" ? "/" : outer + "/")
        }
        // A bucket is on another machine.
        guard let repository = place.localDirectory else { return }
        guard contains(path, repository) || contains(repository, path) else { return }
        throw ReplayCacheError(
            .usage,
            "the folder \(path) and the repository \(place) lie inside each other",
            hint: "choose a remote outside the folder",
            subject: path
        )
    }
}
