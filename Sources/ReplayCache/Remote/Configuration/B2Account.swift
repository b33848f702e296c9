/// What Backblaze tells of an account and of what a key may do there (`b2_authorize_account`).
package struct B2Account: Sendable, Equatable, Codable {
    /// The server of the S3 API, `https://s3.us-west-004.backblazeb2.com`.
    package let endpoint: String
    /// `listFiles`, `writeFiles`, …; nil when nothing was said.
    package let capabilities: [String]?
    /// The buckets that the key is limited to; nil for all.
    package let buckets: [String]?
    /// What names of files must begin with; nil for anything.
    package let namePrefix: String?

    /// Whether the key may work with a bucket and a prefix.
    ///
    /// - Throws: ``ReplayCacheError`` with code `configuration` that names what the key may do.
    package func preflight(bucket: String, prefix: String, needsWrite: Bool, shownKey: String) throws {
        func refuse(_ reason: String, _ hint: String) -> ReplayCacheError {
            ReplayCacheError(.configuration, "the B2 \(shownKey) \(reason)", hint: hint, subject: "b2:\(bucket)")
        }
        if let buckets, !buckets.contains(bucket) {
            let names = buckets.sorted().map { DisplayText.quoted($0) }.joined(separator: ", ")
            throw refuse(
                buckets.isEmpty
                    ? "is limited to a bucket that is gone" : "does not reach \(bucket): it is limited to \(names)",
                buckets.isEmpty
                    ? "make an application key for \(bucket) in the console"
                    : "use such a bucket, or make an application key for \(bucket) in the console"
            )
        }
        let keys = prefix.isEmpty ? "" : "\(prefix)/"
        if let namePrefix, !keys.utf8.starts(with: namePrefix.utf8) {
            let place = "b2:\(bucket)/\(namePrefix)\(namePrefix.hasSuffix("/") ? "replaycache" : "/replaycache")"
            throw refuse(
                "is limited to names that begin with \(DisplayText.quoted(namePrefix))",
                namePrefix.hasSuffix("/") ? "use \(DisplayText.escaped(place))" : "make an application key without it"
            )
        }
        guard let capabilities else { return }
        let needed = ["listFiles", "readFiles"] + (needsWrite ? ["writeFiles"] : [])
        let missing = needed.filter { !capabilities.contains($0) }
        guard !missing.isEmpty else { return }
        let able = capabilities.sorted().map { DisplayText.escaped($0) }.joined(separator: ", ")
        throw refuse(
            "lacks \(missing.joined(separator: " and ")): it has \(able.isEmpty ? "nothing" : able)",
            "make an application key with \(needsWrite ? "read and write" : "read") access to \(bucket) in the console"
        )
    }
}

/// The answer of `b2_authorize_account` in any version.
///
/// Version 4 nests the limits of the key twice, 3 once, and 2 not at all. All fields may be absent.
struct B2Authorization: Decodable {
    private struct APIInfo: Decodable { let storageApi: Storage? }

    private struct Storage: Decodable {
        let s3ApiUrl: String?
        let allowed: Allowed?
        let capabilities: [String]?
        let bucketId: String?
        let bucketName: String?
        let namePrefix: String?
    }

    private struct Allowed: Decodable {
        let capabilities: [String]?
        let buckets: [Bucket]?
        let bucketId: String?
        let bucketName: String?
        let namePrefix: String?
    }

    private struct Bucket: Decodable {
        /// Null when the bucket is gone.
        let name: String?
    }

    private let apiInfo: APIInfo?
    private let s3ApiUrl: String?
    private let allowed: Allowed?
    /// Of the master key, the key id as well.
    let accountId: String?

    /// What is worth keeping; nil when the answer does not tell the server.
    ///
    /// The token is not even read.
    var account: B2Account? {
        let storage = apiInfo?.storageApi
        let limits = storage?.allowed ?? allowed
        guard let endpoint = storage?.s3ApiUrl ?? s3ApiUrl else { return nil }
        return B2Account(
            endpoint: endpoint,
            capabilities: limits?.capabilities ?? storage?.capabilities,
            buckets: buckets(storage, limits),
            namePrefix: limits?.namePrefix ?? storage?.namePrefix
        )
    }

    private func buckets(_ storage: Storage?, _ limits: Allowed?) -> [String]? {
        if let several = limits?.buckets { return several.compactMap(\.name) }
        let name = limits?.bucketName ?? storage?.bucketName
        guard name != nil || (limits?.bucketId ?? storage?.bucketId) != nil else { return nil }
        return name.map { [$0] } ?? []
    }
}
