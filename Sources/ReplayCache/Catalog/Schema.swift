/// Opens databases with the settings and the schema that this program expects.
package enum Schema {
    /// The catalog's migrations in order; the number of the last one is its version.
    ///
    /// Files are frozen once released.
    private static let catalogMigrations: [[UInt8]] = [
        PackageResources.m0001_catalog_sql, PackageResources.m0002_reader_sql,
        PackageResources.m0003_engine_sql, PackageResources.m0004_games_sql, PackageResources.m0005_import_sql,
        PackageResources.m0006_events_sql,
    ]

    /// The version of a base, and of a place's database here, that this program makes.
    static let baseVersion = 4

    /// The version of a base that `schema/base.sql` makes by itself: the oldest one there is.
    static let firstBaseVersion = 3

    /// The version of the catalog that this program makes.
    static var catalogVersion: Int { catalogMigrations.count }

    /// Opens the catalog, making or migrating it as needed.
    package static func openCatalog(at path: String) throws -> Database {
        let database = try open(path)
        try upgrade(database, to: catalogMigrations.count, name: "the catalog \(path)") { version in
            for migration in catalogMigrations[version...] { try database.execute(text(migration)) }
            try ReplayRows.storeNames(in: database)
        }
        try refreshViews(of: database)
        return database
    }

    /// Makes the documented views anew when another version of this program made them.
    private static func refreshViews(of database: Database) throws {
        let mark = try Digest.of(PackageResources.views_sql).hex
        let current = "SELECT value FROM setting WHERE key = 'views'"
        guard try database.first(current, [], { $0.text(0) }) != mark else { return }
        try database.transaction {
            try database.execute(text(PackageResources.views_sql))
            try database.run("INSERT OR REPLACE INTO setting (key, value) VALUES ('views', ?)", .text(mark))
        }
    }

    /// Opens the database of a place, making it when it does not exist and making it anew when it is of an older layout:
    /// the log at the place has all of it.
    package static func openPlace(at path: String) throws -> Database {
        let database = try open(path)
        try upgrade(database, to: baseVersion, name: "the state of the place in \(path)") { version in
            guard version < firstBaseVersion else {
                try upgradeBase(in: database, from: version)
                return try makeIndexes(in: database)
            }
            try dropEverything(in: database)
            try makeBase(in: database)
            try makeIndexes(in: database)
        }
        return database
    }

    /// Makes the tables and views of a base (`schema/base.sql` and what later versions added) in an empty database.
    static func makeBase(in database: Database, version: Int = baseVersion) throws {
        try database.execute(text(PackageResources.base_sql))
        try upgradeBase(in: database, from: firstBaseVersion, to: version)
        try ReplayRows.storeNames(in: database)
    }

    /// Adds to a base, or to a place's database here, what later versions than its own have.
    static func upgradeBase(in database: Database, from version: Int, to last: Int = baseVersion) throws {
        for script in baseAdditions[(version - firstBaseVersion)..<(last - firstBaseVersion)] {
            try database.execute(text(script))
        }
    }

    /// What each version after the first adds, in order; frozen once released, since bases of all versions lie at places.
    private static let baseAdditions: [[UInt8]] = [PackageResources.base_4_sql]

    /// Makes the indexes without which nothing can be merged into a place's database or planned from it.
    static func makeIndexes(in database: Database) throws {
        try database.execute(text(PackageResources.base_local_sql))
    }

    /// Makes the index by which players are merged into a place's database, unless it is there: a pod that asks a base merges
    /// none, and hundreds of thousands of names take a tenth of a second.
    static func makePersonIndex(in database: Database) throws {
        try database.run(
            "CREATE INDEX IF NOT EXISTS main.person_names ON person (connect_code, display_name, name_tag)"
        )
    }

    /// Makes the tables that questions by character to a place's database are answered from, which must not be there.
    static func makeCharacterTable(in database: Database) throws {
        try database.execute(text(PackageResources.base_later_sql))
    }

    /// Forgets what only makes questions faster.
    static func dropTablesOfQuestions(in database: Database) throws {
        let triggers = try database.all("SELECT name FROM main.sqlite_schema WHERE type = 'trigger'") { $0.text(0) }
        for trigger in triggers { try database.execute("DROP TRIGGER main.\"\(trigger)\"") }
        for table in ["counted_apart", "character_game", "game_character"] {
            try database.execute("DROP TABLE IF EXISTS main.\(table)")
        }
    }

    private static func dropEverything(in database: Database) throws {
        let items = try database.all(
            "SELECT type, name FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%'"
        ) { "\($0.text(0)) \"\($0.text(1))\"" }
        for item in items { try database.execute("DROP \(item)") }
    }

    private static func open(_ path: String) throws -> Database {
        let database = try Database(path: path)
        // WAL keeps its index in shared memory, which network file systems do not have (sqlite.org/wal.html).
        let journal = Machine.isNetworkFileSystem(path) ? "TRUNCATE" : "WAL"
        try database.query("PRAGMA journal_mode = \(journal)") { _ in }
        try database.execute("PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = OFF; PRAGMA temp_store = FILE")
        return database
    }

    /// Brings `PRAGMA user_version` up to `version`.
    ///
    /// Two processes may do so at once: the second finds it done.
    private static func upgrade(
        _ database: Database,
        to version: Int,
        name: String,
        _ migrate: (Int) throws -> Void
    ) throws {
        func current() throws -> Int { try database.first("PRAGMA user_version") { $0.int(0) } ?? 0 }
        func refuseNewer(_ found: Int) throws {
            guard found <= version else { throw newer(name, found, than: version) }
        }
        let found = try current()
        try refuseNewer(found)
        guard found < version else { return }
        try database.transaction {
            let found = try current()
            try refuseNewer(found)
            guard found < version else { return }
            try migrate(found)
            try database.execute("PRAGMA user_version = \(version)")
        }
    }

    /// The error of a database that a later version has changed.
    static func newer(_ name: String, _ found: Int, than version: Int) -> ReplayCacheError {
        ReplayCacheError(
            .unsupportedFormat,
            "\(name) was written by a newer replaycache (schema \(found), this program knows \(version))",
            hint: "install a newer replaycache, or set REPLAYCACHE_HOME to another folder"
        )
    }

    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}
