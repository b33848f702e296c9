internal import Synchronization

/// An object of a plain bucket that is to be imported: read once, and copied by the server where that is possible.
struct BucketObject: Sendable {
    let item: PlainItem
    let bucket: PlainBucket
    /// What lets the server copy; nil to send the bytes.
    let copier: BucketCopier?
    /// What an earlier import found, if the object is unchanged since.
    let known: ImportedObject?
    let room: Room

    /// Where contents are kept between reading and storing.
    struct Room: Sendable {
        let folder: OpenFile
        let memory = AsyncSemaphore(capacity: 64 << 20)
        let disk = AsyncSemaphore(capacity: 4 << 30)

        /// Waits until there is room for so many bytes.
        func lease(_ byteCount: Int64) async throws -> SpoolLease {
            let budget = byteCount <= Spool.memoryByteCount ? memory : disk
            let weight = Int(clamping: byteCount) + 4096
            try await budget.enter(weight)
            return SpoolLease(weight, of: budget)
        }
    }

    /// What an object holds.
    struct Reading: Sendable {
        let content: SpooledContent
        /// By what stored it, else by the bucket; nanoseconds since 1970 UTC.
        let mtime: Int64
        /// To be given back when the content is stored.
        let lease: SpoolLease
    }

    /// One request.
    func read() async throws -> Reading {
        let lease = try await room.lease(item.byteCount)
        let latest = Mutex<Spool?>(nil)
        let received = try await bucket.get(item) { [room, item] in
            let spool = try Spool(in: room.folder, maximum: item.byteCount)
            latest.withLock { $0 = spool }
            return { try spool.append($0) }
        }
        guard let spool = latest.withLock({ $0 }) else { throw PlainBucketError(.gone, item.key) }
        return Reading(
            content: try spool.finish(),
            mtime: received.modificationTime ?? item.modified.nanoseconds,
            lease: lease
        )
    }

    /// What lets the server make the object of the content that was read; nil to send the bytes.
    func copy(of content: SpooledContent) -> ObjectWriter.ServerCopy? {
        guard let copier, item.hasContentETag, content.byteCount <= Recipe.threshold else { return nil }
        return { [item, bucket] in try await copier.copy(item, content, from: bucket, to: $0) }
    }
}

/// Lets the server copy objects of a plain bucket into a repository that it serves too.
struct BucketCopier: Sendable {
    /// Where the repository is.
    let target: PlainBucket
    let report: @Sendable (SyncEvent) -> Void
    private let hasTold = Flag()

    private final class Flag: Sendable {
        private let isSet = Atomic(false)
        func set() -> Bool { !isSet.exchange(true, ordering: .relaxed) }
    }

    init(target: PlainBucket, report: @escaping @Sendable (SyncEvent) -> Void) {
        self.target = target
        self.report = report
    }

    /// Makes `key` of the object that `content` was read from; false when its bytes are to be sent instead.
    ///
    /// The bytes that were hashed must have the MD5 that both ETags say: then the copy holds what its name promises.
    func copy(
        _ item: PlainItem,
        _ content: SpooledContent,
        from source: PlainBucket,
        to key: RemoteKey
    ) async throws -> Bool {
        let tag = try await BlockingPool.shared.run {
            var bytes = [UInt8](repeating: 0, count: Int(content.byteCount))
            let count = try content.source.read(at: 0, into: &bytes)
            return count == bytes.count ? try MD5.digest(of: bytes).hexadecimal : ""
        }
        guard tag == item.etag?.lowercased() else { return false }
        do {
            try await target.copy(item, from: source, to: key)
            return true
        } catch let error as PlainBucketError {
            if error.reason == .notCopied, hasTold.set() {
                let name = DisplayText.escaped(item.key)
                report(.warning("the server does not copy \(name); what it does not copy is sent"))
            }
            return false
        }
    }
}
