internal import Synchronization

/// A repository in a bucket.
///
/// Objects appear when the server has taken all bytes and found the digest that was signed; what was acknowledged is
/// durable.
package final class S3Remote: Remote {
    let client: S3Client
    let connection: S3Connection
    /// Given up for good where the server does not have it.
    let hasBulkDelete: Mutex<Bool>

    package convenience init(_ connection: S3Connection, settings: RemoteSettings = RemoteSettings()) {
        self.init(connection, settings: settings, pacing: RetryPacing())
    }

    init(_ connection: S3Connection, settings: RemoteSettings = RemoteSettings(), pacing: RetryPacing) {
        self.connection = connection
        client = S3Client(connection, settings: settings, pacing: pacing)
        hasBulkDelete = Mutex(connection.provider.hasBulkDelete)
    }

    package var acknowledgesDurably: Bool { true }

    package var parallelism: Int { client.limit.ceiling }

    package var retries: RetryCounts { client.retries }

    /// The region that answers, and how far this machine's clock is behind, in milliseconds, as far as was learnt.
    package var learnt: (region: String, clockOffset: Int64, serverTime: Timestamp?) {
        let address = client.knowledge.address
        return (address.region, address.clockOffset, client.knowledge.serverTime)
    }

    // MARK: Objects

    package func put(_ key: RemoteKey, _ body: RemoteBody, durability: Durability) async throws {
        var request = S3Request(purpose: .put, method: .put, key: path(key.string))
        request.payloadHash = body.digest.hex
        request.byteCount = body.byteCount
        try await told {
            guard body.byteCount <= connection.provider.maximumPutByteCount else {
                // What the server would say once it had all of it.
                throw S3Failure(trouble: .refused, request: request, code: "EntityTooLarge")
            }
            try await client.send(
                request,
                upload: { try VerifiedBody(body, changed: RemoteError(.bodyChanged, key)).upload }
            )
        }
    }

    package func get(
        _ key: RemoteKey,
        maximum: Int64,
        _ begin: @escaping @Sendable () throws -> ByteReceiver
    ) async throws {
        var request = S3Request(purpose: .get, method: .get, key: path(key.string))
        request.byteCount = maximum
        try await told(missing: key) { [request] in
            try await client.send(
                request,
                .streamed {
                    let receive = try begin()
                    let count = Mutex<Int64>(0)
                    return { piece in
                        let total = count.withLock { count in
                            count += Int64(piece.count)
                            return count
                        }
                        guard total <= maximum else { throw RemoteError(.tooLarge, key) }
                        try receive(piece)
                    }
                }
            )
        }
    }

    package func head(_ key: RemoteKey) async throws -> RemoteItem? {
        let request = S3Request(purpose: .head, method: .head, key: path(key.string))
        do {
            return try await told(missing: key) {
                try await client.send(request) { answer in
                    let response = answer.response
                    guard let size = response["content-length"].flatMap({ Int64($0) }), size >= 0,
                        let modified = response["last-modified"].flatMap({ Timestamp(httpDate: $0) })
                    else { throw S3Failure(request, notS3: response, "no size or time of \(key)") }
                    return RemoteItem(key: key, byteCount: size, modified: modified)
                }
            }
        } catch let error as RemoteError where error.reason == .notFound {
            return nil
        }
    }

    package func barrier() async throws -> Timestamp {
        if let time = client.knowledge.serverTime { return time }
        // Any answer tells the time.
        _ = try await listing.page(base: path(""), startAfter: nil, token: nil, count: 1)
        guard let time = client.knowledge.serverTime else {
            throw ReplayCacheError(
                .unavailable,
                "\(connection.endpoint.host) does not tell the time",
                hint: "its answers lack the header Date: a proxy may be removing it"
            )
        }
        return time
    }

    // MARK: Names and errors

    /// The whole key of a name below the repository's prefix.
    func path(_ name: String) -> String {
        connection.prefix.isEmpty ? name : name.isEmpty ? connection.prefix + "/" : "\(connection.prefix)/\(name)"
    }

    /// Turns failures into errors for people; with `missing`, the absence of that key into ``RemoteError``.
    @discardableResult
    func told<Value>(missing key: RemoteKey? = nil, _ body: () async throws -> Value) async throws -> Value {
        try await client.explaining {
            do {
                return try await body()
            } catch let failure as S3Failure where failure.trouble == .noKey {
                guard let key else { throw failure }
                throw RemoteError(.notFound, key)
            }
        }
    }
}
