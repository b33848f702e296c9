extension S3Connection {
    /// Finds out how to reach a bucket: server, region and credentials, from the environment and files.
    ///
    /// For B2 the account is asked where its server is, unless a file in `home` remembers; for AWS a container or a cloud
    /// machine may be asked for credentials.
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
        let address = try BucketAddress.of(place, environment)
        try await BlockingPool.shared.run { try address.certificateFile?.check(environment) }
        let search = CredentialSearch(place: place, environment: environment, provider: address.provider, http: http)
        let credentials = try await search.credentials()
        var findings = Findings(place, address, credentials)
        var isRemembered = false
        let endpoint: S3Endpoint
        switch address.server {
        case .endpoint(let known): endpoint = known
        case .account(let api):
            let discovery = B2Discovery(api: api, http: http, certificateFile: address.certificateFile?.path)
            let lookup = B2Lookup(discovery: discovery, cache: B2AccountCache(home: home), credentials: credentials)
            let found = try await lookup.account { account in
                try account.preflight(
                    bucket: place.bucket,
                    prefix: place.prefix,
                    needsWrite: needsWrite,
                    shownKey: credentials.shownKey
                )
            }
            endpoint = try discovery.endpoint(of: found.account)
            isRemembered = found.isRemembered
            findings.add("account", found.remark)
        }
        let region = try RegionSetting.of(endpoint, address.provider, configured: address.region)
        findings.add("endpoint", "\(endpoint), from \(address.source)")
        findings.add("region", "\(region.name), from \(region.source)")
        return S3Connection(
            provider: address.provider,
            endpoint: endpoint,
            region: region.name,
            bucket: place.bucket,
            prefix: place.prefix,
            usesPathStyle: address.usesPathStyle,
            credentials: RefreshingCredentials(credentials, now: now) { try await search.credentials() },
            certificateFile: address.certificateFile?.path,
            isRemembered: isRemembered,
            findings: findings.all
        )
    }

    /// Forgets what B2 told of the account of a place, so that the next ``resolve`` asks again.
    ///
    /// For a server that is not found any more, and for keys that are refused (`providers.md` section 1). Nothing to do
    /// for other providers.
    package static func forget(
        _ place: BucketPlace,
        environment: EnvironmentVariables = .process,
        home: String
    ) async throws {
        let address = try BucketAddress.of(place, environment)
        guard case .account(let api) = address.server else { return }
        let search = CredentialSearch(
            place: place,
            environment: environment,
            provider: address.provider,
            http: HTTPClient.shared
        )
        try B2AccountCache(home: home).forget(try await search.credentials().accessKeyID, api: api)
    }
}

/// Collects what `doctor` prints.
private struct Findings {
    private(set) var all: [S3Connection.Finding] = []

    init(_ place: BucketPlace, _ address: BucketAddress, _ credentials: S3Credentials) {
        add("provider", address.provider.title)
        add("bucket", place.bucket)
        add("prefix", place.prefix.isEmpty ? "none" : DisplayText.escaped(place.prefix))
        add("credentials", credentials.source)
        add("key id", credentials.shownKeyID)
        if let file = address.certificateFile {
            add("certificates", "\(DisplayText.escaped(file.path)), from \(file.source)")
        }
    }

    mutating func add(_ setting: String, _ text: String) { all.append(S3Connection.Finding(setting, text)) }
}

/// An account from the cache, else from Backblaze.
private struct B2Lookup {
    let discovery: B2Discovery
    let cache: B2AccountCache
    let credentials: S3Credentials

    struct Found {
        let account: B2Account
        /// Where it was found, for people.
        let remark: String
        var isRemembered = false
    }

    /// The account, which passed `check`.
    ///
    /// What is remembered and does not pass is asked for again: the bucket may be new.
    func account(_ check: (B2Account) throws -> Void) async throws -> Found {
        if let known = try remembered(check) {
            return Found(account: known, remark: "remembered from an earlier run", isRemembered: true)
        }
        let account = try await discovery.account(credentials)
        try check(account)
        do {
            try await BlockingPool.shared.run { [cache, discovery, credentials] in
                try cache.keep(account, of: credentials.accessKeyID, api: discovery.api)
            }
        } catch let error as FileError {
            // The next run asks again, which is all that is lost.
            return Found(account: account, remark: "asked Backblaze; it cannot be remembered: \(error)")
        }
        return Found(account: account, remark: "asked Backblaze")
    }

    private func remembered(_ check: (B2Account) throws -> Void) throws -> B2Account? {
        guard let known = try cache.account(of: credentials.accessKeyID, api: discovery.api) else { return nil }
        do {
            _ = try discovery.endpoint(of: known)
            try check(known)
            return known
        } catch is ReplayCacheError {
            return nil
        }
    }
}
