internal import Synchronization

/// How objects go, with all their versions.
extension S3Remote {
    package func delete(_ keys: [RemoteKey]) async throws {
        if connection.provider.versions == .always {
            // A name alone would only hide the object, which stays and costs.
            for key in keys { try await deleteVersions(of: key) }
            return
        }
        var rest = keys[...]
        while !rest.isEmpty, hasBulkDelete.withLock({ $0 }), rest.count > 1 {
            let batch = rest.prefix(S3Listing.pageCount)
            guard try await deleteTogether(Array(batch)) else { break }
            rest = rest.dropFirst(batch.count)
        }
        for key in rest { try await delete(path(key.string), version: nil) }
    }

    private func delete(_ path: String, version: String?) async throws {
        var request = S3Request(purpose: .delete, method: .delete, key: path)
        if let version { request.query = [(name: "versionId", value: version)] }
        try await told {
            do {
                try await client.send(request)
            } catch let failure as S3Failure where failure.trouble == .noKey {
                // Google Cloud says so; others are content.
            }
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
            let found = try await listing.read(request)
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
        let upload: S3Client.UploadFactory = {
            HTTPClient.Upload(byteCount: Int64(body.count)) { offset, buffer in
                ByteArraySource(body).read(at: offset, into: &buffer)
            }
        }
        let bulk = request
        return try await told {
            do {
                try await client.send(bulk, upload: upload) { try Self.check(DeleteResult($0.body)) }
                return true
            } catch let failure as S3Failure where failure.trouble == .unsupported {
                hasBulkDelete.withLock { $0 = false }
                return false
            }
        }
    }

    /// Throws the failure of a key that is still there: one that passes only if all do, since then all are sent again.
    private static func check(_ result: DeleteResult) throws {
        let failures = result.refusals.map { refusal in
            S3Failure(
                trouble: .of(status: 500, code: refusal.code, message: refusal.message),
                request: S3Request(purpose: .delete, method: .delete, key: refusal.key),
                status: 200,
                code: refusal.code,
                message: refusal.message
            )
        }
        .filter { $0.trouble != .noKey }
        if let failure = failures.first(where: { $0.trouble.remedy.backoff == nil }) ?? failures.first { throw failure }
    }
}

extension String {
    fileprivate var xmlEscaped: String {
        replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
    }
}
