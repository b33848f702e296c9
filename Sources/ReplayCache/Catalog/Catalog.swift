/// The local database: which files exist and what is in them, and what roots and places agreed on (`design.md` section 4).
///
/// All of it can be rebuilt from the folders and the places. Calls run on a queue of the catalog's own; another process
/// may use the same catalog at the same time.
package actor Catalog {
    nonisolated let executor = QueueExecutor(label: "replaycache.catalog")
    package nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe executor.asUnownedSerialExecutor()
    }

    /// The folder of this and the places' databases.
    package nonisolated let home: String
    let database: Database
    private nonisolated let interrupter: Interrupter

    /// Opens the catalog in `home`, creating both as needed, readable by their owner only.
    package init(home: String) throws {
        try Machine.makeDirectories(home, mode: 0o700)
        try Machine.makeDirectories("\(home)/places", mode: 0o700)
        self.home = home
        database = try Schema.openCatalog(at: Self.path(in: home))
        interrupter = database.interrupter
    }

    /// Runs `body`, whose running statement ends when the task is cancelled.
    ///
    /// For a connection of one's own: the statement of another task would end as well.
    nonisolated func interruptible<Value>(_ body: () async throws -> Value) async throws -> Value {
        try await withTaskCancellationHandler(operation: body, onCancel: { interrupter.interrupt() })
    }

    /// The catalog's database file.
    package static func path(in home: String) -> String { "\(home)/catalog.sqlite" }

    /// The folder to use when none is given: `$REPLAYCACHE_HOME`, `$XDG_DATA_HOME/replaycache` or
    /// `~/.local/share/replaycache`.
    package static func defaultHome() throws -> String {
        if let home = Machine.environment("REPLAYCACHE_HOME") { return home }
        if let data = Machine.environment("XDG_DATA_HOME") { return "\(data)/replaycache" }
        if let home = Machine.environment("HOME") { return "\(home)/.local/share/replaycache" }
        throw ReplayCacheError(
            .configuration,
            "there is no place for the catalog: neither REPLAYCACHE_HOME nor HOME is set",
            hint: "set REPLAYCACHE_HOME to a folder on a local disk"
        )
    }

    /// The row of a root, made on first use.
    ///
    /// `path` is canonical.
    package func root(path: String) throws -> RootID {
        try database.run("INSERT OR IGNORE INTO root (path) VALUES (?)", .text(path))
        return RootID(rawValue: try id("SELECT id FROM root WHERE path = ?", path))
    }

    /// The row of a place and the file of its database, made on first use.
    package func place(_ place: Place) throws -> PlaceRecord {
        try database.run(
            "INSERT OR IGNORE INTO place (canonical, database) VALUES (?, ?)",
            .text(place.canonical),
            .text(try Self.databaseName(of: place))
        )
        guard let record = try knownPlace(place) else {
            throw ReplayCacheError(.busy, "the catalog was replaced while it was in use", hint: "try again")
        }
        return record
    }

    /// The file of a place's database, below the catalog's folder, before a base took its place.
    static func databaseName(of place: Place) throws -> String {
        "places/\(try Digest.of(Array(place.canonical.utf8)).hex.prefix(16)).sqlite"
    }

    /// The same, found out without changing the catalog or needing one.
    ///
    /// Blocks.
    static func databaseName(of place: Place, in home: String) throws -> String {
        let path = path(in: home)
        guard (try? Machine.canonicalPath(path)) != nil else { return try databaseName(of: place) }
        do {
            let find = "SELECT database FROM place WHERE canonical = ?"
            let database = try Database(path: path, mode: .readOnly)
            return try database.first(find, [.text(place.canonical)]) { $0.text(0) } ?? databaseName(of: place)
        } catch is SQLiteError {
            // A catalog that cannot be read is told where it is examined itself.
            return try databaseName(of: place)
        }
    }

    /// The row of a place that was used before; nil when it was not.
    package func knownPlace(_ place: Place) throws -> PlaceRecord? {
        try database.first("SELECT id, database FROM place WHERE canonical = ?", [.text(place.canonical)]) { row in
            PlaceRecord(id: row.int64(0), path: "\(home)/\(row.text(1))")
        }
    }

    /// Puts another file in the place of a place's database and returns the name of the one that was there.
    func setDatabase(_ name: String, of place: Int64) throws -> String? {
        try database.transaction {
            let old = try database.first("SELECT database FROM place WHERE id = ?", [.integer(place)]) { $0.text(0) }
            try database.run("UPDATE place SET database = ? WHERE id = ?", .text(name), .integer(place))
            return old
        }
    }

    /// The names of all places' databases, below the catalog's folder.
    func placeDatabaseNames() throws -> [String] { try database.all("SELECT database FROM place") { $0.text(0) } }

    /// The database files of all places that were used from here; one that somebody removed is passed over.
    package func knownPlaces() throws -> [KnownPlace] {
        let places = try database.all("SELECT id, canonical, database FROM place ORDER BY id") { row in
            KnownPlace(id: row.int64(0), canonical: row.text(1), path: "\(home)/\(row.text(2))")
        }
        return places.filter { (try? Machine.canonicalPath($0.path)) != nil }
    }

    private func id(_ sql: String, _ name: String) throws -> Int64 {
        guard let id = try database.first(sql, [.text(name)], { $0.int64(0) }) else {
            throw ReplayCacheError(.busy, "the catalog was replaced while it was in use", hint: "try again")
        }
        return id
    }

    /// The row of a content, made on first use.
    func content(_ digest: Digest, size: Int64) throws -> Int64 {
        let find = "SELECT id FROM content WHERE digest = ?"
        if let id = try database.first(find, [.blob(digest.bytes)], { $0.int64(0) }) { return id }
        try database.run("INSERT INTO content (digest, size) VALUES (?, ?)", .blob(digest.bytes), .integer(size))
        return database.lastInsertedRowID
    }
}

/// The row of a root.
package struct RootID: RawRepresentable, Sendable, Hashable {
    package let rawValue: Int64

    package init(rawValue: Int64) { self.rawValue = rawValue }
}

/// The row of a place, and where its database is.
package struct PlaceRecord: Sendable {
    package let id: Int64
    package let path: String
}

/// A place that was used from here.
package struct KnownPlace: Sendable {
    package let id: Int64
    package let canonical: String
    package let path: String
}
