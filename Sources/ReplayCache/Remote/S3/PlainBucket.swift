internal import Synchronization

/// A bucket, or a prefix of one, as other programs lay it out: paths are keys, and objects may be replaced at any time
/// (`providers.md` section 5).
///
/// What `import` reads and `export` writes. A repository is an ``S3Remote``, even in the same bucket.
package final class PlainBucket: Sendable {
    let client: S3Client
    let connection: S3Connection
    let counts = Mutex(MeteredRemote.Meter())
    /// What is given up for good where the server does not have it, or does not let us.
    let abilities = Mutex(Abilities())

    struct Abilities: Sendable {
        var copies = true
        var conditionalCopies = true
    }

    package convenience init(_ connection: S3Connection, settings: RemoteSettings = RemoteSettings()) {
        self.init(connection, settings: settings, pacing: RetryPacing())
    }

    init(_ connection: S3Connection, settings: RemoteSettings = RemoteSettings(), pacing: RetryPacing) {
        self.connection = connection
        client = S3Client(connection, settings: settings, pacing: pacing)
    }

    /// The bucket of a place, whatever is in it.
    ///
    /// An address that was remembered from an earlier run is tried with one request, and asked for again if nobody there
    /// knows us. `home` is `$REPLAYCACHE_HOME`.
    ///
    /// - Throws: ``ReplayCacheError``, as ``S3Connection/resolve(_:environment:home:http:needsWrite:now:)`` does.
    package static func open(
        _ place: BucketPlace,
        environment: EnvironmentVariables,
        home: String,
        settings: RemoteSettings = RemoteSettings(),
        needsWrite: Bool = false
    ) async throws -> PlainBucket {
        func resolve() async throws -> PlainBucket {
            let connection = try await S3Connection.resolve(
                place,
                environment: environment,
                home: home,
                needsWrite: needsWrite
            )
            return PlainBucket(connection, settings: settings)
        }
        let bucket = try await resolve()
        guard bucket.connection.isRemembered else { return bucket }
        do {
            _ = try await bucket.listing.page(base: bucket.key(""), startAfter: nil, token: nil, count: 1)
            bucket.counts.withLock { $0.requests.list += 1 }
            return bucket
        } catch let error as ReplayCacheError where error.circumstance == .stranger {
            try await S3Connection.forget(place, environment: environment, home: home)
            return try await resolve()
        }
    }

    /// Requests that were made and bytes that went over the wire; a copy counts as a PUT without bytes.
    package var meter: MeteredRemote.Meter {
        var meter = counts.withLock { $0 }
        meter.retries = client.retries
        return meter
    }

    /// Calls that are worth having under way at once.
    package var parallelism: Int { client.limit.ceiling }

    /// The largest body that one PUT takes, in bytes.
    package var maximumPutByteCount: Int64 { connection.provider.maximumPutByteCount }

    /// The whole key of a name below the prefix of the place.
    package func key(_ name: String) -> String {
        connection.prefix.isEmpty ? name : "\(connection.prefix)/\(name)"
    }

    /// What every page of this bucket is read with.
    var listing: S3Listing { S3Listing(client: client, takesAnyKey: true) }

    /// Hands out what is below the prefix, page by page in byte order of the keys, after the key `after` if it is given.
    ///
    /// One request a page of a thousand. Names are as the server tells them: ``PlainItem/path()`` checks them.
    package func list(after: String? = nil, _ page: ([PlainItem]) async throws -> Void) async throws {
        let base = key("")
        try await listing.pages(base: base, after: after) { found in
            counts.withLock { $0.requests.list += 1 }
            try await page(
                found.map { item in
                    PlainItem(
                        key: item.key,
                        name: String(decoding: item.key.utf8.dropFirst(base.utf8.count), as: UTF8.self),
                        byteCount: item.byteCount,
                        etag: EntityTag.plain(item.etag),
                        modified: item.modified
                    )
                }
            )
        }
    }

    /// Whether something is stored under a name that is no item of a listing: one request.
    package func holds(_ name: String) async throws -> Bool {
        counts.withLock { $0.requests.list += 1 }
        let found = try await listing.page(base: key(name), startAfter: nil, token: nil, count: 1)
        return found.items.first.map { $0.key.utf8.elementsEqual(key(name).utf8) } ?? false
    }
}

/// What became of an object in a plain bucket.
package struct PlainBucketError: Error, Sendable, Equatable {
    package enum Reason: Sendable, Equatable {
        /// It is not there any more.
        case gone
        /// Another one stands under its key now.
        case changed
        /// The bytes to be sent are not those that were announced.
        case bodyChanged
        /// The server cannot copy it, or may not.
        case notCopied
    }
    package let reason: Reason
    package let key: String

    package init(_ reason: Reason, _ key: String) {
        self.reason = reason
        self.key = key
    }

    package func classified() -> ReplayCacheError {
        let name = DisplayText.escaped(key)
        let (code, message): (ReplayCacheError.Code, String) =
            switch reason {
            case .gone: (.conflict, "\(name) was removed from the bucket while it was being read")
            case .changed: (.conflict, "\(name) was replaced in the bucket while it was being read")
            case .bodyChanged: (.integrity, "the bytes of \(name) changed while they were sent")
            case .notCopied: (.unavailable, "the server does not copy \(name)")
            }
        return ReplayCacheError(code, message, hint: "run the same command again", subject: key)
    }
}
