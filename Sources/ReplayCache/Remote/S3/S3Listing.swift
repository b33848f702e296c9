/// What is in a bucket, a page at a time, in byte order, whatever its server makes of pages and tokens.
struct S3Listing: Sendable {
    let client: S3Client
    /// Whether keys may hold what XML cannot: a page that cannot be read is asked for again with its keys encoded.
    var takesAnyKey = false

    /// Keys in one request of a bulk delete, and items in one page: the limits of S3.
    static let pageCount = 1000
    /// Far more than a page of a thousand long keys.
    private static let maximumPageByteCount = 16 << 20
    /// Pages without progress that are borne with (`s3-compat.md` section 3: RunPod).
    private static let maximumIdlePages = 10

    private var connection: S3Connection { client.connection }

    /// Hands out what begins with `base` and comes after `after`; both are whole keys.
    func pages(
        base: String,
        after: String?,
        _ body: ([ListPage.Item]) async throws -> Void
    ) async throws {
        var last = after
        var token: String?
        var idlePages = 0
        var seenTokens: Set<String> = []
        /// What the page before held.
        var delivered: Set<String> = []
        while true {
            let found = try await page(base: base, startAfter: token == nil ? last : nil, token: token)
            // A store that gives a page again must not make us go back.
            let fresh = found.items.filter { item in
                item.key.utf8.starts(with: base.utf8)
                    && last.map { $0.utf8.lexicographicallyPrecedes(item.key.utf8) } ?? true
            }
            .sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
            if token != nil, let last { try checkOrder(of: found, after: last, delivered) }
            delivered = fresh.isEmpty ? delivered : Set(fresh.map(\.key))
            try await body(fresh)
            last = fresh.last?.key ?? last
            guard found.isTruncated else { return }
            idlePages = fresh.isEmpty ? idlePages + 1 : 0
            guard idlePages <= Self.maximumIdlePages else {
                throw ReplayCacheError(
                    .unavailable,
                    "\(connection.endpoint.host) lists \(connection.bucket) in circles",
                    hint: "try again later; a RunPod volume does this while it still reads its files"
                )
            }
            token = found.continuationToken
            // The same token twice, or a page with nothing new: go on behind the last key instead.
            if fresh.isEmpty || token.map({ !seenTokens.insert($0).inserted }) ?? true { token = nil }
        }
    }

    /// A page that follows another holds what comes after it: a key from before was not told of then, and a listing must
    /// not pass for whole without it.
    private func checkOrder(of page: ListPage, after last: String, _ delivered: Set<String>) throws {
        let stray = page.items.first { item in
            !last.utf8.lexicographicallyPrecedes(item.key.utf8) && !delivered.contains(item.key)
        }
        guard let stray else { return }
        throw ReplayCacheError(
            .unavailable,
            "\(connection.endpoint.host) lists \(connection.bucket) out of order",
            hint: "try again; a server that goes on doing so cannot hold a repository",
            subject: stray.key
        )
    }

    /// One page.
    func page(base: String, startAfter: String?, token: String?, count: Int = pageCount) async throws -> ListPage {
        var request = S3Request(purpose: .list, method: .get)
        request.query = [
            (name: "list-type", value: "2"), (name: "max-keys", value: "\(count)"), (name: "prefix", value: base),
        ]
        if let token { request.query.append((name: "continuation-token", value: token)) }
        if let startAfter { request.query.append((name: "start-after", value: startAfter)) }
        guard takesAnyKey else { return try await read(request) }
        // Only then: servers do not agree on what becomes of a plus sign (`s3-compat.md` section 3).
        if let page = try await client.explaining({
            try await client.send(request, .collected(maximum: Self.maximumPageByteCount)) { try? ListPage($0.body) }
        }) {
            return page
        }
        request.query.append((name: "encoding-type", value: "url"))
        return try await read(request)
    }

    /// Sends a listing until its answer can be read.
    func read(_ request: S3Request) async throws -> ListPage {
        try await client.explaining {
            try await client.send(request, .collected(maximum: Self.maximumPageByteCount)) { try ListPage($0.body) }
        }
    }
}

extension S3Client {
    /// Turns failures of `body` into errors for people.
    func explaining<Value>(_ body: () async throws -> Value) async throws -> Value {
        do {
            return try await body()
        } catch let failure as S3Failure {
            let credentials = try? await connection.credentials.credentials(isReloading: false)
            throw failure.classified(connection, credentials: credentials)
        }
    }
}
