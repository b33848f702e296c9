extension Workspace {
    /// Runs a statement over the documented views (`docs/catalog.md`), read-only.
    ///
    /// SQLite's memory in this process is bounded from then on. Of more than nine remotes the first nine are looked at, and a
    /// warning tells so.
    ///
    /// `timeout` is how long SQLite may work on it; nil for as long as it takes.
    ///
    /// - Throws: ``ReplayCacheError`` with code `usage` for a statement that is not valid or would change something, `quota`
    ///   for one that takes too long or makes too much.
    public func sql(
        _ statement: String,
        timeout: Duration? = nil,
        header: ([String]) throws -> Void,
        _ body: ([SQLCell]) throws -> Void
    ) async throws {
        try await wrapping("running SQL") {
            let places = NamedPlace.naming(try await context.catalog.knownPlaces())
            if places.count > SQLViews.maximumPlaceCount {
                let left = places.dropFirst(SQLViews.maximumPlaceCount).map(\.canonical).joined(separator: ", ")
                context.report(.warning("SQLite joins ten databases at most; not looked at: \(left)"))
            }
            try await SQLSession.run(
                statement,
                in: SQLViews(catalog: Catalog.path(in: context.catalog.home), places: places),
                timeout: timeout,
                header: header,
                body
            )
        }
    }

    /// The database files of this machine, the catalog first, for other programs to read.
    public func databases() async throws -> [DatabaseRow] {
        try await wrapping("looking for databases") {
            let home = try Machine.canonicalPath(context.catalog.home)
            let places = NamedPlace.naming(try await context.catalog.knownPlaces())
            return try [DatabaseRow(kind: "catalog", name: "catalog", remote: nil, path: Catalog.path(in: home))]
                + places.map { place in
                    DatabaseRow(
                        kind: "remote",
                        name: place.name,
                        remote: place.canonical,
                        path: try Machine.canonicalPath(place.path)
                    )
                }
        }
    }
}
