internal import Synchronization

/// One object at a time.
extension PlainBucket {
    /// What came with the bytes of an object.
    package struct Received: Sendable, Equatable {
        /// The modification time of the file in nanoseconds since 1970, by what the program that stored it wrote there;
        /// nil when it wrote none.
        package let modificationTime: Int64?
        package let byteCount: Int64
    }

    /// Reads the object that a listing told of, in order, a piece at a time, on a thread that may block.
    ///
    /// `begin` makes a receiver for each try: what an earlier one got is to be thrown away, and so is everything when
    /// this throws. One request; nothing is asked of the server that not all have, as the answer itself tells which
    /// version it is.
    ///
    /// - Throws: ``PlainBucketError`` when it is gone or another one by now.
    package func get(
        _ item: PlainItem,
        _ begin: @escaping @Sendable () throws -> ByteReceiver
    ) async throws -> Received {
        counts.withLock { $0.requests.get += 1 }
        let count = Mutex<Int64>(0)
        var request = S3Request(purpose: .get, method: .get, key: item.key)
        request.byteCount = item.byteCount
        return try await explaining(item.key) { [request, self] in
            try await client.send(
                request,
                .streamed {
                    let receive = try begin()
                    count.withLock { $0 = 0 }
                    return { [self] piece in
                        counts.withLock { $0.bytesDownloaded += Int64(piece.count) }
                        let total = count.withLock { count in
                            count += Int64(piece.count)
                            return count
                        }
                        guard total <= item.byteCount else { throw PlainBucketError(.changed, item.key) }
                        try receive(piece)
                    }
                }
            ) { answer in
                let total = count.withLock { $0 }
                let isListed = item.etag == nil || EntityTag.plain(answer.response["etag"]) == item.etag
                guard isListed, total == item.byteCount else { throw PlainBucketError(.changed, item.key) }
                return Received(
                    modificationTime: PlainTime.nanoseconds(in: answer.response.headers),
                    byteCount: total
                )
            }
        }
    }

    /// Stores a file under its path, in place of what is there, with its modification time in nanoseconds since 1970
    /// where rclone looks for it.
    ///
    /// Readers see all of it or nothing. At most ``maximumPutByteCount``.
    ///
    /// - Throws: ``PlainBucketError/Reason/bodyChanged`` when the bytes are not those of the body's digest, in which case
    ///   nothing is stored; ``ReplayCacheError`` for all else.
    package func put(_ path: LogicalPath, _ body: RemoteBody, mtime: Int64) async throws {
        counts.withLock { $0.requests.put += 1 }
        var request = S3Request(purpose: .put, method: .put, key: key(path.string))
        request.payloadHash = body.digest.hex
        request.byteCount = body.byteCount
        request.headers = [(name: PlainTime.secondsHeader, value: PlainTime.seconds(nanoseconds: mtime))]
        if connection.provider.name == .b2 {
            // What its own API calls it: rclone's b2 remotes look there.
            let milliseconds = Timestamp(nanoseconds: mtime).milliseconds
            request.headers.append((name: PlainTime.millisecondsHeader, value: "\(milliseconds)"))
        }
        try await explaining(key(path.string)) { [request, self] in
            guard body.byteCount <= maximumPutByteCount else {
                // What the server would say once it had all of it.
                throw S3Failure(trouble: .refused, request: request, code: "EntityTooLarge")
            }
            try await client.send(request) { [self] in
                try VerifiedBody(body, changed: PlainBucketError(.bodyChanged, key(path.string))).upload
            }
        }
        counts.withLock { $0.bytesUploaded += body.byteCount }
    }

    /// Whether the server may copy from another bucket to this one: the same server answers for both.
    ///
    /// Whether the key of this one may read the other shows when it tries.
    package func sharesServer(with source: PlainBucket) -> Bool {
        client.knowledge.address.endpoint == source.client.knowledge.address.endpoint
            && client.knowledge.address.region == source.client.knowledge.address.region
    }

    /// Whether both are one bucket, whatever their prefixes.
    package func isSameBucket(as other: PlainBucket) -> Bool {
        connection.bucket == other.connection.bucket
            && client.knowledge.address.endpoint == other.client.knowledge.address.endpoint
    }

    /// Lets the server copy the object that a listing of `source` told of to a name in this bucket; no byte of it passes
    /// here.
    ///
    /// The copy is of that very version: the request says so, where the server takes it, and the ETag of the copy is
    /// compared, which is the MD5 of its bytes (``PlainItem/hasContentETag``).
    ///
    /// - Throws: ``PlainBucketError/Reason/notCopied`` when the server cannot, does not, may not, or tells nothing that
    ///   shows that it did: the bytes are to be sent then; ``PlainBucketError/Reason/changed`` and
    ///   ``PlainBucketError/Reason/gone``; ``ReplayCacheError`` for what an upload would meet as well.
    package func copy(_ item: PlainItem, from source: PlainBucket, to name: RemoteKey) async throws {
        guard let etag = item.etag, item.hasContentETag, item.byteCount <= maximumPutByteCount,
            sharesServer(with: source), abilities.withLock({ $0.copies })
        else { throw PlainBucketError(.notCopied, item.key) }
        let isConditional = abilities.withLock { $0.conditionalCopies }
        do {
            let copied = try await copy(item, etag, from: source, to: name, isConditional: isConditional)
            guard copied?.lowercased() == etag.lowercased() else { throw PlainBucketError(.notCopied, item.key) }
        } catch let failure as S3Failure where isConditional && Self.isUnsupported(failure) {
            abilities.withLock { $0.conditionalCopies = false }
            try await copy(item, from: source, to: name)
        } catch let failure as S3Failure {
            throw await told(failure, item)
        }
    }

    /// The ETag of the copy, as the server tells it.
    private func copy(
        _ item: PlainItem,
        _ etag: String,
        from source: PlainBucket,
        to name: RemoteKey,
        isConditional: Bool
    ) async throws -> String? {
        counts.withLock { $0.requests.put += 1 }
        var request = S3Request(purpose: .copy, method: .put, key: key(name.string))
        request.headers = [
            (name: "x-amz-copy-source", value: PercentEncoding.path("/\(source.connection.bucket)/\(item.key)"))
        ]
        if isConditional { request.headers.append((name: "x-amz-copy-source-if-match", value: "\"\(etag)\"")) }
        return try await client.send(
            request,
            upload: { HTTPClient.Upload(byteCount: 0) { _, _ in 0 } },
            .collected(maximum: 1 << 20)
        ) { answer in
            EntityTag.plain(try CopyResult(answer.body).etag)
        }
    }

    private static func isUnsupported(_ failure: S3Failure) -> Bool {
        failure.trouble == .unsupported || (failure.status == 400 && failure.trouble == .refused)
    }

    /// What a failed copy means.
    private func told(_ failure: S3Failure, _ item: PlainItem) async -> any Error {
        // What failed after all tries, or is not allowed, would cost as much for every object.
        if [.denied, .unsupported, .noBucket, .notS3, .transient].contains(failure.trouble) {
            abilities.withLock { $0.copies = false }
        }
        switch failure.trouble {
        case .noKey: return PlainBucketError(.gone, item.key)
        case .refused where failure.status == 412 || failure.code == "PreconditionFailed":
            return PlainBucketError(.changed, item.key)
        // An upload needs no right to read, and asks nothing that is not there.
        case .denied, .unsupported, .refused, .notS3, .transient, .noBucket:
            return PlainBucketError(.notCopied, item.key)
        default:
            return failure.classified(
                connection,
                credentials: try? await connection.credentials.credentials(isReloading: false)
            )
        }
    }

    private func explaining<Value>(_ key: String, _ body: () async throws -> Value) async throws -> Value {
        try await client.explaining {
            do {
                return try await body()
            } catch let failure as S3Failure where failure.trouble == .noKey {
                throw PlainBucketError(.gone, key)
            }
        }
    }
}

/// What is told of a copy.
struct CopyResult: Sendable {
    private(set) var etag: String?

    /// - Throws: ``XMLError`` for what is no such answer.
    init(_ body: [UInt8]) throws {
        final class Fields {
            var depth = 0
            var root = ""
            var etag: String?
        }
        let fields = Fields()
        try XMLReader.read(body) { event in
            switch event {
            case .start(let name):
                if fields.depth == 0 { fields.root = name }
                fields.depth += 1
            case .end(let name, let text):
                fields.depth -= 1
                if fields.depth == 1, name == "ETag" { fields.etag = text }
            }
        }
        guard fields.root == "CopyObjectResult" else { throw XMLError("the answer tells nothing of a copy") }
        etag = fields.etag
    }
}
