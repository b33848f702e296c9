/// Opens the remote of a place.
struct RemoteOpening {
    let place: Place
    /// Where what is known of accounts is kept.
    let home: String
    let settings: RemoteSettings

    /// The remote of an existing place.
    func open() async throws -> any Remote {
        guard let remote = try await existing(needsWrite: false) else { throw missing() }
        return remote
    }

    /// The remote of a place that may not exist yet: for a directory the last component is created.
    func openCreating() async throws -> any Remote {
        if let remote = try await existing(needsWrite: true) { return remote }
        guard let path = place.localDirectory else { throw missing() }
        let parent = path.split(separator: "/").dropLast().joined(separator: "/")
        guard let above = try? OpenFile.directory("/\(parent)") else { throw missing() }
        try Machine.makeDirectories(path)
        // What is committed would be lost with the name of its folder.
        try above.synchronize()
        return try DirectoryRemote(path: path)
    }

    /// Nil for a directory that does not exist; a bucket shows at the first request whether it does.
    func existing(needsWrite: Bool) async throws -> (any Remote)? {
        switch place.kind {
        case .directory(let path):
            do {
                return try DirectoryRemote(path: path)
            } catch {
                guard error.isNotFound else { throw error }
                return nil
            }
        case .bucket(let bucket):
            let connection = try await resolve(bucket, needsWrite)
            let remote = S3Remote(connection, settings: settings)
            guard connection.isRemembered else { return remote }
            return RenewableRemote(remote) { [self] in
                try await S3Connection.forget(bucket, environment: place.environment, home: home)
                return S3Remote(try await resolve(bucket, needsWrite), settings: settings)
            }
        }
    }

    private func resolve(_ bucket: BucketPlace, _ needsWrite: Bool) async throws -> S3Connection {
        try await S3Connection.resolve(bucket, environment: place.environment, home: home, needsWrite: needsWrite)
    }

    private func missing() -> ReplayCacheError {
        ReplayCacheError(
            .notFound,
            "no repository here: \(place) does not exist",
            hint: "check the path and that the disk is mounted; `replaycache push DIR \(place)` creates a repository",
            subject: place.canonical
        )
    }
}
