/// Makes a base of the state of a place: a database of its own with exactly the schema of `schema/base.sql`, in the order
/// that compresses best, without what has aged (`docs/format.md`, "Base").
///
/// Blocks: one pass over each table, whatever their number of rows in memory.
struct BaseWriter {
    /// The database of the place.
    let place: String
    let placeID: Int64
    let catalog: String
    /// The place's own time, which the age of history is measured by.
    let now: Timestamp
    var limits = CompactionLimits()

    /// Makes the file at `path`, which must not exist, and returns the time of the newest segment in it.
    @discardableResult
    func write(to path: String) throws -> HLC? {
        let database = try Database(path: path)
        // A file that is lost in a crash is made again.
        try database.query("PRAGMA journal_mode = OFF") { _ in }
        try database.execute("PRAGMA synchronous = OFF; PRAGMA temp_store = FILE; PRAGMA temp.cache_size = -16000")
        try database.transaction {
            try Schema.makeBase(in: database)
            try database.execute("PRAGMA user_version = \(Schema.baseVersion)")
        }
        try database.attach(place, as: "place", .readOnly)
        try database.attach(catalog, as: "catalog", .readOnly)
        try database.transaction {
            try selectHistory(in: database)
            try numberContents(in: database)
            try copy(in: database)
        }
        try database.execute("DETACH place")
        try database.execute("DETACH catalog")
        // Tables whole and in order, one after the other, and nothing of what stood in a page before.
        try database.execute("VACUUM main")
        let newest = try database.first("SELECT max(hlc) FROM main.segment") { $0.optionalInt64(0) } ?? nil
        return newest.map(HLC.init(milliseconds:))
    }

    /// Works out which versions stay restorable: each for a while after another took its place, however old it is itself.
    private func selectHistory(in database: Database) throws {
        try database.execute(
            """
            CREATE TEMP TABLE kept (
                path TEXT, segment INTEGER, line INTEGER, PRIMARY KEY (path, segment, line)
            ) WITHOUT ROWID;
            CREATE TEMP TABLE dropped (content INTEGER PRIMARY KEY);
            """
        )
        let cutoffs: [SQLiteValue] = [
            .integer(now.milliseconds - limits.historyAge), .integer(now.milliseconds - limits.tombstoneAge),
        ]
        try database.run(
            """
            WITH version AS (
                SELECT h.path, h.content, h.hlc, s.key, h.segment, h.line, 1 AS is_old
                FROM place.history h JOIN place.segment s ON s.id = h.segment
                UNION ALL
                SELECT e.path, e.content, s.hlc, s.key, e.segment, e.line, 0
                FROM place.entry e JOIN place.segment s ON s.id = e.segment
                WHERE e.path IN (SELECT path FROM place.history)
            ), followed AS (
                SELECT *, lead(hlc, 1, hlc) OVER (PARTITION BY path ORDER BY hlc, key, line) AS replaced_at FROM version
            )
            INSERT INTO temp.kept (path, segment, line)
            SELECT path, segment, line FROM followed
            WHERE is_old AND (replaced_at >= ?1 OR content IS NULL AND hlc >= ?2)
            """,
            cutoffs
        )
        try database.run(
            """
            INSERT OR IGNORE INTO temp.dropped
            SELECT content FROM (
                SELECT h.content FROM place.history h WHERE \(Self.isDropped("h"))
                UNION ALL SELECT h.was FROM place.history h WHERE \(Self.isDropped("h"))
                UNION ALL SELECT e.was FROM place.entry e WHERE NOT (\(Self.isKept("e", cutoff: "?1")))
            ) WHERE content IS NOT NULL
            """,
            cutoffs[1]
        )
        // Which contents a dataset names stands in its list, which may not be here. What none names is condemned in time.
        try database.execute("DELETE FROM temp.dropped WHERE EXISTS (SELECT 1 FROM place.dataset WHERE NOT is_dropped)")
    }

    private static func isDropped(_ history: String) -> String {
        """
        NOT EXISTS (SELECT 1 FROM temp.kept k
            WHERE k.path = \(history).path AND k.segment = \(history).segment AND k.line = \(history).line)
        """
    }

    /// Whether an entry is shown, or a tombstone that is young enough.
    private static func isKept(_ entry: String, cutoff: String) -> String {
        """
        \(entry).content IS NOT NULL
            OR (SELECT hlc FROM place.segment s WHERE s.id = \(entry).segment) >= \(cutoff)
        """
    }

    /// Gives contents new numbers in the order of the paths that hold them, so that the columns of neighbours are alike.
    ///
    /// What nothing refers to is left out where this base drops what referred to it and there are no datasets, and where its
    /// object is condemned; else it may be a part of a large file, which only a recipe names.
    private func numberContents(in database: Database) throws {
        try database.execute("CREATE TEMP TABLE number (new INTEGER PRIMARY KEY, old INTEGER NOT NULL UNIQUE)")
        let cutoff: [SQLiteValue] = [.integer(now.milliseconds - limits.tombstoneAge)]
        func number(_ query: String, _ values: [SQLiteValue] = []) throws {
            try database.run("INSERT OR IGNORE INTO temp.number (old) \(query)", values)
        }
        try number("SELECT content FROM place.entry WHERE content IS NOT NULL ORDER BY path")
        try number(
            """
            SELECT was FROM place.entry e WHERE was IS NOT NULL AND (\(Self.isKept("e", cutoff: "?1"))) ORDER BY path
            """,
            cutoff
        )
        try number(
            """
            SELECT content FROM place.history h WHERE content IS NOT NULL AND NOT \(Self.isDropped("h")) ORDER BY path
            """
        )
        try number("SELECT was FROM place.history h WHERE was IS NOT NULL AND NOT \(Self.isDropped("h")) ORDER BY path")
        try number("SELECT content FROM place.checkpoint_file ORDER BY identity, name")
        try number("SELECT list FROM place.dataset ORDER BY name, list")
        try number(
            """
            SELECT c.id FROM place.content c
            WHERE c.encoding IS NOT NULL AND c.id NOT IN (SELECT content FROM temp.dropped) AND NOT EXISTS (
                SELECT 1 FROM catalog.condemned k
                WHERE k.place = ? AND k.digest = c.digest AND k.generation = c.generation)
            ORDER BY c.id
            """,
            [.integer(placeID)]
        )
        // A remark may come before what tells where the content stands.
        try number(
            """
            SELECT g.content FROM place.game g JOIN place.content c ON c.id = g.content
            WHERE c.encoding IS NULL AND c.id NOT IN (SELECT content FROM temp.dropped) ORDER BY g.content
            """
        )
    }

    private func copy(in database: Database) throws {
        func renumbered(_ column: String) -> String {
            "(SELECT new FROM temp.number WHERE old = \(column))"
        }
        func insert(_ table: String, _ columns: String, _ query: String, _ values: [SQLiteValue] = []) throws {
            try database.run("INSERT INTO main.\(table) (\(columns)) \(query)", values)
        }
        try insert(
            "repository",
            "key, value",
            "SELECT key, value FROM place.repository WHERE key = 'repository'"
        )
        let segment = "id, key, hlc, writer, host"
        try insert("segment", segment, "SELECT \(segment) FROM place.segment ORDER BY id")
        try insert(
            "content",
            "id, encoding, generation, segment, line, size, encoded_size, digest",
            """
            SELECT n.new, c.encoding, c.generation, c.segment, iif(c.line IS NULL, NULL, 0), c.size, c.encoded_size, c.digest
            FROM temp.number n JOIN place.content c ON c.id = n.old ORDER BY n.new
            """
        )
        try insert(
            "entry",
            "path, segment, line, was, content, mtime",
            """
            SELECT e.path, e.segment, iif(EXISTS (SELECT 1 FROM temp.kept k WHERE k.path = e.path), e.line, 0),
                \(renumbered("e.was")), \(renumbered("e.content")), e.mtime
            FROM place.entry e WHERE \(Self.isKept("e", cutoff: "?1")) ORDER BY e.path
            """,
            [.integer(now.milliseconds - limits.tombstoneAge)]
        )
        try insert(
            "history",
            "path, content, was, mtime, hlc, segment, line",
            """
            SELECT h.path, \(renumbered("h.content")), \(renumbered("h.was")), h.mtime, h.hlc, h.segment, h.line
            FROM temp.kept k JOIN place.history h ON h.path = k.path AND h.segment = k.segment AND h.line = k.line
            ORDER BY h.path, h.hlc, h.segment, h.line
            """
        )
        try copyGames(in: database)
        for (table, columns) in [
            ("checkpoint", "identity, run, name, step, parent, metrics, git_revision, dataset, note, segment, line"),
            ("unknown_operation", "segment, line, text"),
        ] {
            try insert(table, columns, "SELECT \(columns) FROM place.\(table)")
        }
        try insert(
            "checkpoint_file",
            "identity, name, content",
            "SELECT identity, name, \(renumbered("content")) FROM place.checkpoint_file ORDER BY identity, name"
        )
        try insert(
            "dataset",
            "name, list, segment, line, files, size, selection, is_dropped",
            """
            SELECT name, \(renumbered("list")), segment, line, files, size, selection, is_dropped
            FROM place.dataset ORDER BY 1, 2
            """
        )
    }

    /// Games in the order of their contents; names that stand in several rows are brought together.
    private func copyGames(in database: Database) throws {
        try database.execute(
            """
            CREATE TEMP TABLE same_person (old INTEGER PRIMARY KEY, new INTEGER NOT NULL);
            INSERT INTO temp.same_person (old, new)
            SELECT id, dense_rank() OVER (ORDER BY first) FROM (
                SELECT id, min(id) OVER (PARTITION BY display_name, connect_code, name_tag) AS first FROM place.person)
            ORDER BY id;
            INSERT OR IGNORE INTO main.person (id, display_name, connect_code, name_tag)
            SELECT s.new, p.display_name, p.connect_code, p.name_tag
            FROM temp.same_person s JOIN place.person p ON p.id = s.old ORDER BY s.new;
            """
        )
        let ports = (1...4).map { port in
            "(SELECT new FROM temp.same_person WHERE old = g.person\(port)), g.player\(port)"
        }
        let plain = [
            "reader", "version", "is_teams", "is_complete", "problem", "end_method", "tiebreaker", "played_on",
            "started_at",
            "match_id", "winner_ports", "stage", "game", "started_at_seconds", "last_frame", "seed", "start_stocks",
        ]
        let packed = (1...4).map { "person\($0), player\($0)" }
        try database.run(
            """
            INSERT INTO main.game (content, segment, line, \((plain + packed).joined(separator: ", ")))
            SELECT n.new, g.segment, 0, \((plain.map { "g.\($0)" } + ports).joined(separator: ", "))
            FROM temp.number n JOIN place.game g ON g.content = n.old ORDER BY n.new
            """
        )
    }
}
