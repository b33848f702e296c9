/// Opens the remote of a place.
enum RemoteOpening {
    /// The remote of an existing place.
    static func open(_ place: Place) throws -> any Remote {
        guard let remote = try existing(place) else { throw missing(place) }
        return remote
    }

    /// The remote of a place that may not exist yet: for a directory the last component is created.
    static func openCreating(_ place: Place) throws -> any Remote {
        if let remote = try existing(place) { return remote }
        let parent = place.directory.split(separator: "/").dropLast().joined(separator: "/")
        guard let above = try? OpenFile.directory("/\(parent)") else { throw missing(place) }
        try Machine.makeDirectories(place.directory)
        // What is committed would be lost with the name of its folder.
        try above.synchronize()
        return try DirectoryRemote(path: place.directory)
    }

    /// The name of something in a place that is not this program's litter nor the desktop's; nil when there is none.
    ///
    /// A listing would not do: it leaves out names that are no keys, such as those with spaces.
    static func foreignItem(in place: Place) throws -> String? {
        guard let directory = try? OpenFile.directory(place.directory) else { return nil }
        return try directory.items().map(\.name).sorted().first { !IgnoreRules.alwaysIgnores($0) }
    }

    private static func existing(_ place: Place) throws -> DirectoryRemote? {
        do {
            return try DirectoryRemote(path: place.directory)
        } catch {
            guard error.isNotFound else { throw error }
            return nil
        }
    }

    private static func missing(_ place: Place) -> ReplayCacheError {
        ReplayCacheError(
            .notFound,
            "no repository here: \(place) does not exist",
            hint: "check the path and that the disk is mounted; `replaycache push DIR \(place)` creates a repository",
            subject: place.canonical
        )
    }
}
