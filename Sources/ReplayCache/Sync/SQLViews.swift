/// The databases of this machine as one: the documented views of all of them, in one connection.
struct SQLViews: Sendable {
    let catalog: String
    let places: [NamedPlace]

    /// SQLite attaches ten databases at most; the catalog is one of them.
    static let maximumPlaceCount = 9

    /// The views of a place, which are joined.
    private static let placeViews = ["entries", "replays", "players", "checkpoints", "datasets"]

    /// Attaches the databases read-only and makes the views.
    ///
    /// Blocks.
    func make(in database: Database) throws {
        try database.attach(catalog, as: "catalog", .readOnly)
        try database.execute(
            """
            CREATE TEMP VIEW files AS SELECT * FROM catalog.files;
            CREATE TEMP VIEW duplicates AS SELECT * FROM catalog.duplicates;
            CREATE TEMP VIEW local_replays AS SELECT * FROM catalog.replays;
            CREATE TEMP VIEW local_players AS SELECT * FROM catalog.players;
            """
        )
        // Without a place there are its views, and nothing in them.
        if places.isEmpty { try Schema.makeBase(in: database) }
        let schemas = places.isEmpty ? [(name: "", schema: "main")] : try attach(in: database)
        for view in Self.placeViews {
            let local =
                view == "replays"
                ? """
                , (SELECT min(root.path || '/' || file_path.path) FROM catalog.content JOIN catalog.file
                    ON file.content = content.id JOIN catalog.file_path ON file_path.file = file.id
                    JOIN catalog.root ON root.id = file_path.root WHERE content.digest = theirs.digest) AS local_path
                """ : ""
            let parts = schemas.map { "SELECT '\($0.name)' AS place, *\(local) FROM \($0.schema).\(view) AS theirs" }
            try database.execute("CREATE TEMP VIEW \(view) AS \(parts.joined(separator: " UNION ALL "))")
        }
    }

    private func attach(in database: Database) throws -> [(name: String, schema: String)] {
        try places.prefix(Self.maximumPlaceCount).map { place in
            try database.attach(place.path, as: place.name, .readOnly)
            let quoted = place.canonical.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''")
            return (quoted, place.name)
        }
    }

    /// The views that there are, in the order in which people are told of them.
    static let names = ["files", "duplicates", "local_replays", "local_players"] + placeViews
}

/// A place that was used from here, with the name that its database has in SQL.
struct NamedPlace: Sendable, Equatable {
    let name: String
    let canonical: String
    let path: String

    /// Names places after their buckets or folders; one that was named before keeps its name when others come.
    static func naming(_ places: [KnownPlace]) -> [NamedPlace] {
        var taken: Set = ["main", "temp", "catalog"]
        return places.map { place in
            let name = stem(of: place.canonical)
            var candidate = name
            var number = 2
            while !taken.insert(candidate).inserted {
                candidate = "\(name)_\(number)"
                number += 1
            }
            return NamedPlace(name: candidate, canonical: place.canonical, path: place.path)
        }
    }

    /// The last component that tells something, as a word that SQL takes for a name.
    private static func stem(of canonical: String) -> String {
        let words = canonical.split { $0 == "/" || $0 == ":" || $0 == "@" }.map { component in
            let letters = component.lowercased().unicodeScalars.map { scalar -> Character in
                switch scalar {
                case "a"..."z", "0"..."9": Character(scalar)
                default: "_"
                }
            }
            return String(letters.split(separator: "_").joined(separator: "_").prefix(40))
        }.filter { !$0.isEmpty }
        let word = words.last { $0 != "replaycache" } ?? "remote"
        return word.first?.isNumber == true || Database.isKeyword(word) ? "remote_\(word)" : word
    }
}
