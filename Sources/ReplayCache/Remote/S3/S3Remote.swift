internal import Synchronization

/// A repository in a bucket.
///
/// Objects appear when the server has taken all bytes and found the digest that was signed; what was acknowledged is
/// durable.
package final class S3Remote: Remote {
    private let client: S3Client
    private let connection: S3Connection
    /// Given up for good where the server does not have it.
    private let hasBulkDelete: Mutex<Bool>

    /// Keys in one request of a bulk delete, and items in one page: the limits of S3.
    private static let pageCount = 1000
    /// Far more than a page of a thousand long keys.
    private static let maximumPageByteCount = 16 << 20
    /// Pages without progress that are borne with (`s3-compat.md` section 3: RunPod).
    private static let maximumIdlePages = 10

    package init(_ connection: S3Connection, settings: RemoteSettings = RemoteSettings()) {
        self.connection = connection
        client = S3Client(connection, settings: settings)
        hasBulkDelete = Mutex(connection.provider.hasBulkDelete)
    }

    package var acknowledgesDurably: Bool { true }

    package var parallelism: Int { client.limit.ceiling }

    package var retries: RetryCounts { client.retries }

    /// The region that answers, and how far this machine's clock is behind, in milliseconds; for `doctor`.
    package var learnt: (region: String, clockOffset: Int64, serverTime: Timestamp?) {
        (client.region, client.clockOffset, client.serverTime)
    }

    // MARK: Objects

    package func put(_ key: RemoteKey, _ body: RemoteBody, durability: Durability) async throws {
        guard body.byteCount <= connection.provider.maximumPutByteCount else { throw RemoteError(.tooLarge, key) }
        var request = S3Request(purpose: .put, method: .put, key: path(key.string))
        request.payloadHash = body.digest.hex
        try await told {
            _ = try await client.send(request, upload: { try VerifiedBody(body, key: key).upload })
        }
    }

    package func get(
        _ key: RemoteKey,
        maximum: Int64,
        _ begin: @escaping @Sendable () throws -> ByteReceiver
    ) async throws {
        let request = S3Request(purpose: .get, method: .get, key: path(key.string))
        try await told(missing: key) {
            _ = try await client.send(
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
                let response = try await client.send(request).response
                guard let size = response["content-length"].flatMap({ Int64($0) }), size >= 0,
                    let modified = response["last-modified"].flatMap({ Timestamp(httpDate: $0) })
                else { throw S3Failure(request, notS3: response, "no size or time of \(key)") }
                return RemoteItem(key: key, byteCount: size, modified: modified)
            }
        } catch let error as RemoteError where error.reason == .notFound {
            return nil
        }
    }

    package func barrier() async throws -> Timestamp {
        if let time = client.serverTime { return time }
        // Any answer tells the time.
        _ = try await page(prefix: "", startAfter: nil, token: nil, count: 1)
        guard let time = client.serverTime else {
            throw ReplayCacheError(
                .unavailable,
                "\(connection.endpoint.host) does not tell the time",
                hint: "its answers lack the header Date: a proxy may be removing it"
            )
        }
        return time
    }

    // MARK: Listing

    @discardableResult
    package func list(
        prefix: String,
        after: RemoteKey?,
        _ page: @Sendable ([RemoteItem]) async throws -> Void
    ) async throws -> Timestamp? {
        var last = after.map { path($0.string) }
        var token: String?
        var idlePages = 0
        var seenTokens: Set<String> = []
        while true {
            let found = try await self.page(prefix: prefix, startAfter: token == nil ? last : nil, token: token)
            // A store that forgets its order, or gives a page again, must not make us go back.
            let fresh = found.items.filter { item in
                last.map { $0.utf8.lexicographicallyPrecedes(item.key.utf8) } ?? true
            }
            .sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
            try await page(fresh.compactMap(item))
            last = fresh.last?.key ?? last
            guard found.isTruncated else { return client.serverTime }
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

    private func page(prefix: String, startAfter: String?, token: String?, count: Int = pageCount) async throws
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
    private func read(_ request: S3Request) async throws -> ListPage {
        try await told {
            var tries = 0
            while true {
                let answer = try await client.send(request, .collected(maximum: Self.maximumPageByteCount))
                do {
                    return try ListPage(answer.body)
                } catch let error as XMLError {
                    tries += 1
                    if let inner = S3ErrorBody(answer.body) {
                        throw S3Failure(
                            trouble: .of(status: answer.response.status, code: inner.code, message: inner.message),
                            request: request,
                            status: answer.response.status,
                            code: inner.code,
                            message: inner.message
                        )
                    }
                    guard tries < 5 else { throw S3Failure(request, notS3: answer.response, error.description) }
                }
            }
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
        let found = try await page(prefix: "", startAfter: nil, token: nil, count: 10)
        let base = connection.prefix.isEmpty ? 0 : connection.prefix.count + 1
        // RunPod shows where it keeps the parts of uploads.
        return found.items.map { String($0.key.dropFirst(base)) }.first {
            !$0.isEmpty && !$0.hasPrefix(".s3compat_uploads/")
        }
    }

    // MARK: Removing

    package func delete(_ keys: [RemoteKey]) async throws {
        if connection.provider.versions == .always {
            // A name alone would only hide the object, which stays and costs.
            for key in keys { try await deleteVersions(of: key) }
            return
        }
        var rest = keys[...]
        while !rest.isEmpty, hasBulkDelete.withLock({ $0 }), rest.count > 1 {
            let batch = rest.prefix(Self.pageCount)
            guard try await deleteTogether(Array(batch)) else { break }
            rest = rest.dropFirst(batch.count)
        }
        for key in rest { try await delete(path(key.string), version: nil) }
    }

    private func delete(_ path: String, version: String?) async throws {
        var request = S3Request(purpose: .delete, method: .delete, key: path)
        if let version { request.query = [(name: "versionId", value: version)] }
        do {
            try await told { _ = try await client.send(request) }
        } catch let error as S3Failure where error.trouble == .noKey {
            return
        }
    }

    private func deleteVersions(of key: RemoteKey) async throws {
        var keyMarker: String?
        var versionMarker: String?
        while true {
            var request = S3Request(purpose: .list, method: .get)
            request.query = [(name: "versions", value: ""), (name: "prefix", value: path(key.string))]
            if let keyMarker { request.query.append((name: "key-marker", value: keyMarker)) }
            if let versionMarker { request.query.append((name: "version-id-marker", value: versionMarker)) }
            let found = try await read(request)
            for item in found.items where item.key == path(key.string) {
                try await delete(item.key, version: item.version)
            }
            guard found.isTruncated, let next = found.nextKeyMarker, next == path(key.string) else { return }
            guard (next, found.nextVersionMarker) != (keyMarker ?? "", versionMarker) else { return }
            keyMarker = next
            versionMarker = found.nextVersionMarker
        }
    }

    /// False where the server has no bulk delete.
    private func deleteTogether(_ keys: [RemoteKey]) async throws -> Bool {
        let objects = keys.map { "<Object><Key>\(path($0.string).xmlEscaped)</Key></Object>" }.joined()
        let body = Array("<Delete><Quiet>true</Quiet>\(objects)</Delete>".utf8)
        var request = S3Request(purpose: .delete, method: .post, query: [(name: "delete", value: "")])
        request.payloadHash = try Digest.of(body).hex
        request.headers = [
            (name: "content-md5", value: Base64.encode(try MD5.digest(of: body))),
            (name: "content-type", value: "application/xml"),
        ]
        do {
            let answer = try await client.send(
                request,
                upload: {
                    HTTPClient.Upload(byteCount: Int64(body.count)) { offset, buffer in
                        ByteArraySource(body).read(at: offset, into: &buffer)
                    }
                }
            )
            if let refusal = try DeleteResult(answer.body).refusals.first(where: { $0.code != "NoSuchKey" }) {
                throw S3Failure(
                    trouble: .of(status: 400, code: refusal.code, message: refusal.message),
                    request: S3Request(purpose: .delete, method: .delete, key: refusal.key),
                    status: 200,
                    code: refusal.code,
                    message: refusal.message
                )
            }
            return true
        } catch let failure as S3Failure where failure.trouble == .unsupported {
            hasBulkDelete.withLock { $0 = false }
            return false
        } catch let failure as S3Failure {
            throw await explained(failure)
        }
    }

    // MARK: Names and errors

    /// The whole key of a name below the repository's prefix.
    private func path(_ name: String) -> String {
        connection.prefix.isEmpty ? name : name.isEmpty ? connection.prefix + "/" : "\(connection.prefix)/\(name)"
    }

    /// Turns failures into errors for people; with `missing`, the absence of that key into ``RemoteError``.
    private func told<Value>(missing key: RemoteKey? = nil, _ body: () async throws -> Value) async throws -> Value {
        do {
            return try await body()
        } catch let failure as S3Failure {
            if let key, failure.trouble == .noKey { throw RemoteError(.notFound, key) }
            throw await explained(failure)
        }
    }

    private func explained(_ failure: S3Failure) async -> any Error {
        let credentials = try? await connection.credentials.credentials(isReloading: false)
        return failure.classified(connection, credentials: credentials, signedRegion: client.region)
    }
}

/// A body whose digest is checked as it is read: the last piece is only handed out when all bytes are those that were
/// signed, since some servers take whatever comes.
private final class VerifiedBody: Sendable {
    private struct State {
        let context: SHA256Context
        var isDone = false
    }

    private let body: RemoteBody
    private let key: RemoteKey
    private let state: Mutex<State>

    init(_ body: RemoteBody, key: RemoteKey) throws {
        self.body = body
        self.key = key
        state = Mutex(State(context: try SHA256Context()))
    }

    var upload: HTTPClient.Upload {
        HTTPClient.Upload(byteCount: body.byteCount) { [self] offset, buffer in try fill(offset, &buffer) }
    }

    private func fill(_ offset: Int64, _ buffer: inout [UInt8]) throws -> Int {
        let count = try body.source.read(at: offset, into: &buffer)
        try state.withLock { state in
            try state.context.update(buffer.span.extracting(0..<count))
            let end = offset + Int64(count)
            // A source that grew is as wrong as one that shrank.
            guard end <= body.byteCount, count == buffer.count || end == body.byteCount else {
                throw RemoteError(.bodyChanged, key)
            }
            if end == body.byteCount, !state.isDone {
                state.isDone = true
                guard try state.context.finish() == body.digest else { throw RemoteError(.bodyChanged, key) }
            }
        }
        return count
    }
}

extension String {
    fileprivate var xmlEscaped: String {
        replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
    }
}
