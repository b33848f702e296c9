/// What is in a bucket, a page at a time.
extension S3Remote {
    /// Far more than a page of a thousand long keys.
    private static let maximumPageByteCount = 16 << 20
    /// Pages without progress that are borne with (`s3-compat.md` section 3: RunPod).
    private static let maximumIdlePages = 10

    @discardableResult
    package func list(
        prefix: String,
        after: RemoteKey?,
        _ page: @Sendable ([RemoteItem]) async throws -> Void
    ) async throws -> Timestamp? {
        let base = path(prefix)
        var last = after.map { path($0.string) }
        var token: String?
        var idlePages = 0
        var seenTokens: Set<String> = []
        /// What the page before held.
        var delivered: Set<String> = []
        while true {
            let found = try await self.page(prefix: prefix, startAfter: token == nil ? last : nil, token: token)
            // A store that gives a page again must not make us go back.
            let fresh = found.items.filter { item in
                item.key.utf8.starts(with: base.utf8)
                    && last.map { $0.utf8.lexicographicallyPrecedes(item.key.utf8) } ?? true
            }
            .sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
            if token != nil, let last { try checkOrder(of: found, after: last, delivered) }
            delivered = fresh.isEmpty ? delivered : Set(fresh.map(\.key))
            try await page(fresh.compactMap(item))
            last = fresh.last?.key ?? last
            guard found.isTruncated else { return client.knowledge.serverTime }
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

    func page(prefix: String, startAfter: String?, token: String?, count: Int = pageCount) async throws
        -> ListPage
    {
        var request = S3Request(purpose: .list, method: .get)
        request.query = [
            (name: "list-type", value: "2"), (name: "max-keys", value: "\(count)"),
            (name: "prefix", value: path(prefix)),
        ]
        if let token { request.query.append((name: "continuation-token", value: token)) }
        if let startAfter { request.query.append((name: "start-after", value: startAfter)) }
        return try await read(request)
    }

    /// Sends a listing until its answer can be read.
    func read(_ request: S3Request) async throws -> ListPage {
        try await told {
            try await client.send(request, .collected(maximum: Self.maximumPageByteCount)) { try ListPage($0.body) }
        }
    }

    private func item(_ found: ListPage.Item) -> RemoteItem? {
        let base = connection.prefix.isEmpty ? "" : connection.prefix + "/"
        // Names that are no keys are not ours: somebody else's files beside the repository.
        guard found.key.hasPrefix(base), let key = RemoteKey(String(found.key.dropFirst(base.count))) else {
            return nil
        }
        return RemoteItem(key: key, byteCount: found.byteCount, modified: found.modified)
    }

    package func foreignName() async throws -> String? {
        let found = try await page(prefix: "", startAfter: nil, token: nil, count: 1000)
        let base = connection.prefix.isEmpty ? 0 : connection.prefix.count + 1
        // RunPod shows where it keeps the parts of uploads.
        return found.items.map { String($0.key.dropFirst(base)) }.first {
            !$0.isEmpty && !$0.hasPrefix(".s3compat_uploads/")
        }
    }
}
