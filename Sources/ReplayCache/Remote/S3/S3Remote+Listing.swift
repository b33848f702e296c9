/// What is in a repository's prefix, a page at a time.
extension S3Remote {
    @discardableResult
    package func list(
        prefix: String,
        after: RemoteKey?,
        _ page: @Sendable ([RemoteItem]) async throws -> Void
    ) async throws -> Timestamp? {
        try await listing.pages(base: path(prefix), after: after.map { path($0.string) }) { found in
            try await page(found.compactMap(item))
        }
        return client.knowledge.serverTime
    }

    var listing: S3Listing { S3Listing(client: client) }

    private func item(_ found: ListPage.Item) -> RemoteItem? {
        let base = connection.prefix.isEmpty ? "" : connection.prefix + "/"
        // Names that are no keys are not ours: somebody else's files beside the repository.
        guard found.key.hasPrefix(base), let key = RemoteKey(String(found.key.dropFirst(base.count))) else {
            return nil
        }
        return RemoteItem(key: key, byteCount: found.byteCount, modified: found.modified)
    }

    package func foreignName() async throws -> String? {
        let found = try await listing.page(base: path(""), startAfter: nil, token: nil)
        let base = connection.prefix.isEmpty ? 0 : connection.prefix.count + 1
        // RunPod shows where it keeps the parts of uploads.
        return found.items.map { String($0.key.dropFirst(base)) }.first {
            !$0.isEmpty && !$0.hasPrefix(".s3compat_uploads/")
        }
    }
}
