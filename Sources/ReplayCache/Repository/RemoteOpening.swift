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
        let path = try path(of: place)
        let parent = path.split(separator: "/").dropLast().joined(separator: "/")
        guard let above = try? OpenFile.directory("/\(parent)") else { throw missing(place) }
        try Machine.makeDirectories(path)
        // What is committed would be lost with the name of its folder.
        try above.synchronize()
        return try DirectoryRemote(path: path)
    }

    /// The name of something in a place that is not this program's litter nor the desktop's; nil when there is none.
    ///
    /// A listing would not do: it leaves out names that are no keys, such as those with spaces.
    static func foreignItem(in place: Place) throws -> String? {
        guard let path = place.localDirectory, let directory = try? OpenFile.directory(path) else { return nil }
        return try directory.items().map(\.name).sorted().first { !IgnoreRules.alwaysIgnores($0) }
    }

    private static func existing(_ place: Place) throws -> DirectoryRemote? {
        do {
            return try DirectoryRemote(path: try path(of: place))
        } catch let error as FileError {
            guard error.isNotFound else { throw error }
            return nil
        }
    }

    private static func path(of place: Place) throws -> String {
        if let path = place.localDirectory { return path }
        throw ReplayCacheError(
            .usage,
            "buckets such as \(place) are not supported by this version",
            hint: "use a directory, for example /mnt/backup/replays",
            subject: place.canonical
        )
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
