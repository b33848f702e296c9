internal import Synchronization

/// Remembers what was read of a bucket, so that a later import passes over what is unchanged, and one that was interrupted
/// goes on where it was.
///
/// Objects are gathered, since a transaction for each would cost as much as reading it; a crash costs what was gathered.
final class ImportMemory: Sendable {
    private let catalog: Catalog
    private let bucket: Int64
    private let pending = Mutex<[ImportedObject]>([])

    private static let maximumCount = 128

    /// `bucket` is named as a place without a prefix.
    init(catalog: Catalog, bucket: String) async throws {
        self.catalog = catalog
        self.bucket = try await catalog.importBucket(bucket)
    }

    /// Those of `items` that were read before and are unchanged, by their keys.
    func recall(_ items: [PlainItem]) async throws -> [String: ImportedObject] {
        try await catalog.imported(items, bucket: bucket)
    }

    /// Remembers an object, with what was found in it until ``settle()``.
    func note(_ object: ImportedObject) async throws {
        let isDue = pending.withLock { pending in
            pending.append(object)
            return pending.count >= Self.maximumCount
        }
        if isDue { try await flush() }
    }

    /// Puts into the catalog what was gathered.
    func flush() async throws {
        let batch = pending.withLock { pending in
            defer { pending.removeAll(keepingCapacity: true) }
            return pending
        }
        try await catalog.remember(batch, bucket: bucket)
    }

    /// To be called when all that was noted is committed.
    func settle() async throws {
        try await flush()
        try await catalog.forgetImportedReplays(bucket: bucket)
    }
}
