extension S3Connection {
    /// Finds out how to reach a bucket: server, region and credentials, from the environment and files.
    ///
    /// For B2 the account is asked where its server is, unless a file in `home` remembers; for AWS a container or a cloud machine
    /// may be asked for credentials.
    ///
    /// `home` is `$REPLAYCACHE_HOME`. With `needsWrite` a key that may only read is refused at once, where that is known.
    ///
    /// - Throws: ``ReplayCacheError`` with code `configuration`, `quota` or `unavailable`.
    package static func resolve(
        _ place: BucketPlace,
        environment: EnvironmentVariables = .process,
        home: String,
        http: any HTTPExchanging = HTTPClient.shared,
        needsWrite: Bool = false,
        now: @escaping @Sendable () -> Timestamp = { Timestamp.now() }
    ) async throws -> S3Connection {
        throw ReplayCacheError(.configuration, "\(place) cannot be reached by this version")
    }
}

extension BucketPlace {
    /// What local state is keyed by.
    func canonical(_ environment: EnvironmentVariables) throws -> String { "\(service.scheme)\(path)" }
}
