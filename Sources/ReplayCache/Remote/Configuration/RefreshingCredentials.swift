/// Credentials that are fetched again before they expire, or when they were refused.
actor RefreshingCredentials: S3CredentialSource {
    /// A signature must still be good when it arrives, and the next set may be slow to come (`providers.md` section 3).
    static let margin = Duration.seconds(300)
    /// Of many requests that were refused at once, one reloads.
    static let pause = Duration.seconds(10)

    private let fetch: @Sendable () async throws -> S3Credentials
    private let now: @Sendable () -> Timestamp
    private var current: S3Credentials
    private var fetched: Timestamp
    private var running: Task<S3Credentials, any Error>?

    init(
        _ first: S3Credentials,
        now: @escaping @Sendable () -> Timestamp,
        fetch: @escaping @Sendable () async throws -> S3Credentials
    ) {
        current = first
        fetched = now()
        self.now = now
        self.fetch = fetch
    }

    func credentials(isReloading: Bool) async throws -> S3Credentials {
        let time = now()
        let isRecent = time < fetched.advanced(by: Self.pause)
        guard isReloading && !isRecent || isDue(at: time) else { return current }
        do {
            return try await refreshed()
        } catch {
            // What is due but not expired is better than nothing.
            guard !isReloading, let expiration = current.expiration, now() < expiration else { throw error }
            return current
        }
    }

    private func isDue(at time: Timestamp) -> Bool {
        current.expiration.map { $0 <= time.advanced(by: Self.margin) } ?? false
    }

    private func refreshed() async throws -> S3Credentials {
        // Owned by the actor and awaited by all who need it. Not cancelled with one of them: the others wait for it too,
        // and it ends by itself after a request or two with time limits.
        let task = running ?? Task { try await fetch() }
        running = task
        defer { if running == task { running = nil } }
        let value = try await task.value
        // Who wakes late must not put these in place of newer ones.
        if running == task {
            current = value
            fetched = now()
        }
        return value
    }
}

extension Timestamp {
    fileprivate func advanced(by duration: Duration) -> Timestamp {
        Timestamp(milliseconds: milliseconds + duration.components.seconds * 1000)
    }
}
