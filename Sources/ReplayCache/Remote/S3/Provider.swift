/// What is different about a provider of S3 buckets, as data (`s3-compat.md` section 4, `providers.md`).
///
/// The client asks these values and never for a name; the servers that tests run play the same rows.
package struct Provider: Sendable, Hashable, Encodable {
    /// The name of a row, also in `--json` output.
    package enum Name: String, Sendable, Hashable, CaseIterable, Encodable {
        case aws, b2, r2, gcs, runpod, generic
    }

    /// Where the region that is signed comes from.
    package enum RegionRule: String, Sendable, Hashable, Encodable {
        /// Always `auto`.
        case auto
        /// The second label of the endpoint's host: `s3.us-west-004.backblazeb2.com`.
        case endpointLabel
        /// The data center in the endpoint's host: `s3api-eu-ro-1.runpod.io` has `EU-RO-1`.
        case dataCenter
        /// What the user says, else `us-east-1`; a redirect to another region is followed.
        case configured
    }

    /// Whether the store keeps what was overwritten or deleted.
    package enum Versions: String, Sendable, Hashable, Encodable {
        case never, possible, always
    }

    package let name: Name
    /// For people: `Backblaze B2`.
    package let title: String
    package let regionRule: RegionRule
    /// `https://host/bucket/key` rather than `https://bucket.host/key`.
    package let usesPathStyle: Bool
    /// Whether `POST ?delete` removes up to 1,000 keys.
    package let hasBulkDelete: Bool
    package let versions: Versions
    /// Longest body of a PUT, in bytes.
    package let maximumPutByteCount: Int64
    /// A connection idle for this long is not used again: the server may be about to close it.
    package let idleSeconds: Int
    /// The most requests a second that a new account may make; nil when nothing is documented.
    package let requestsPerSecond: Int?
    /// Whether a write to one key a second is the limit, answered by 429.
    package let limitsWritesPerKey: Bool
    /// Whether a listing may repeat a token or come empty although more follows.
    package let repeatsListTokens: Bool
    /// Whether requests that are right are refused now and then as if the key lacked the right.
    package let refusesAtRandom: Bool
    /// Whether a container or a cloud machine may have keys for it.
    package let hasMachineCredentials: Bool
    /// What to do about keys that are not known; nil for what helps everywhere.
    package let keyAdvice: String?
    /// What to do about a bucket that is not there; nil for what helps everywhere.
    package let bucketAdvice: String?
    /// What the host of an endpoint of this provider ends in; nil when any will do.
    package let hostSuffix: String?
}

extension Provider {
    /// AWS S3 (`providers.md` section 3).
    package static let aws = Provider(
        name: .aws,
        title: "AWS S3",
        regionRule: .configured,
        usesPathStyle: false,
        hasBulkDelete: true,
        versions: .possible,
        maximumPutByteCount: 5 << 30,
        idleSeconds: 15,
        requestsPerSecond: nil,
        limitsWritesPerKey: false,
        repeatsListTokens: false,
        refusesAtRandom: false,
        hasMachineCredentials: true,
        keyAdvice: nil,
        bucketAdvice: nil,
        hostSuffix: ".amazonaws.com"
    )

    /// Backblaze B2 through its S3 API (`providers.md` section 1): its connections say `Keep-Alive: timeout=5`.
    package static let b2 = Provider(
        name: .b2,
        title: "Backblaze B2",
        regionRule: .endpointLabel,
        usesPathStyle: true,
        hasBulkDelete: true,
        versions: .always,
        maximumPutByteCount: 5_000_000_000,
        idleSeconds: 4,
        requestsPerSecond: 500,
        limitsWritesPerKey: false,
        repeatsListTokens: false,
        refusesAtRandom: false,
        hasMachineCredentials: false,
        keyAdvice: "create an application key (the master key does not work) and set B2_KEY_ID and B2_APP_KEY",
        bucketAdvice: nil,
        hostSuffix: ".backblazeb2.com"
    )

    /// Cloudflare R2 (`providers.md` section 2).
    package static let r2 = Provider(
        name: .r2,
        title: "Cloudflare R2",
        regionRule: .auto,
        usesPathStyle: true,
        hasBulkDelete: true,
        versions: .never,
        maximumPutByteCount: (5 << 30) - (5 << 20),
        idleSeconds: 60,
        requestsPerSecond: nil,
        limitsWritesPerKey: true,
        repeatsListTokens: false,
        refusesAtRandom: false,
        hasMachineCredentials: false,
        keyAdvice: nil,
        bucketAdvice: "check its name; a bucket of the EU or FedRAMP jurisdiction needs .eu or .fedramp in R2_ENDPOINT",
        hostSuffix: ".r2.cloudflarestorage.com"
    )

    /// Google Cloud Storage through its XML API with HMAC keys (`providers.md` section 4a).
    package static let gcs = Provider(
        name: .gcs,
        title: "Google Cloud Storage",
        regionRule: .auto,
        usesPathStyle: true,
        hasBulkDelete: false,
        versions: .possible,
        maximumPutByteCount: 5 << 30,
        idleSeconds: 60,
        requestsPerSecond: nil,
        limitsWritesPerKey: true,
        repeatsListTokens: false,
        refusesAtRandom: false,
        hasMachineCredentials: false,
        keyAdvice: nil,
        bucketAdvice: nil,
        hostSuffix: "storage.googleapis.com"
    )

    /// A RunPod network volume through its S3 API (`providers.md` section 6).
    package static let runpod = Provider(
        name: .runpod,
        title: "RunPod volume",
        regionRule: .dataCenter,
        usesPathStyle: true,
        hasBulkDelete: false,
        versions: .never,
        maximumPutByteCount: 500_000_000,
        idleSeconds: 15,
        requestsPerSecond: nil,
        limitsWritesPerKey: false,
        repeatsListTokens: true,
        refusesAtRandom: true,
        hasMachineCredentials: false,
        keyAdvice: nil,
        bucketAdvice: nil,
        hostSuffix: ".runpod.io"
    )

    /// Any other server: MinIO, Ceph, rclone, OpenStack.
    ///
    /// Bulk delete is tried, and given up where it is not answered.
    package static let generic = Provider(
        name: .generic,
        title: "S3-compatible server",
        regionRule: .configured,
        usesPathStyle: true,
        hasBulkDelete: true,
        versions: .possible,
        maximumPutByteCount: 5 << 30,
        idleSeconds: 15,
        requestsPerSecond: nil,
        limitsWritesPerKey: false,
        repeatsListTokens: false,
        refusesAtRandom: false,
        hasMachineCredentials: true,
        keyAdvice: nil,
        bucketAdvice: nil,
        hostSuffix: nil
    )

    /// The table.
    package static let all = [aws, b2, r2, gcs, runpod, generic]

    /// The row for the host of an endpoint.
    package static func serving(host: String) -> Provider {
        let host = host.lowercased()
        return all.first { row in row.hostSuffix.map { host.hasSuffix($0) } ?? false } ?? generic
    }
}
