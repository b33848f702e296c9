/// A bucket and the prefix of a repository in it.
///
/// Whose bucket it is, and where its server listens, is a matter of configuration.
package struct BucketPlace: Sendable, CustomStringConvertible {
    /// Whose settings lead to the bucket.
    package enum Service: Sendable, Equatable {
        /// The variables `B2_…` (`providers.md` section 1).
        case b2
        /// The variables `R2_…` (`providers.md` section 2).
        case r2
        /// The variables and files of AWS, which other servers use too (`providers.md` section 3).
        case s3
        /// A remote of rclone's configuration, never an alias (`providers.md` section 5).
        case rclone(remote: String)

        static func named(_ scheme: String) -> Service? {
            switch scheme {
            case "b2": .b2
            case "r2": .r2
            case "s3": .s3
            default: nil
            }
        }

        /// What stands before the bucket.
        var scheme: String {
            switch self {
            case .b2: "b2:"
            case .r2: "r2:"
            case .s3: "s3:"
            case .rclone(let remote): "rclone:\(remote):"
            }
        }
    }

    package let service: Service
    package let bucket: String
    /// Without slashes at its ends; empty for a repository at the top of the bucket.
    package let prefix: String

    /// Reads `bucket/prefix`; slashes too many are fine.
    package init(service: Service, path: some StringProtocol) throws {
        let components = String(path).split(separator: "/").map(String.init)
        self.service = service
        bucket = components.first ?? ""
        prefix = components.dropFirst().joined(separator: "/")
        try Self.check(bucket: bucket, scheme: service.scheme)
        try Self.check(prefix: components.dropFirst(), scheme: service.scheme)
    }

    package var description: String { "\(service.scheme)\(path)" }

    /// `bucket/prefix`, or `bucket`.
    var path: String { prefix.isEmpty ? bucket : "\(bucket)/\(prefix)" }

    /// The usual rules, and what buckets made before them may have: capitals and underscores
    /// (docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html).
    private static func check(bucket: String, scheme: String) throws {
        guard !bucket.isEmpty else {
            throw ReplayCacheError(
                .usage,
                "\"\(scheme)\" names no bucket",
                hint: "write \(scheme)BUCKET or \(scheme)BUCKET/PREFIX",
                subject: scheme
            )
        }
        // Such a name is not repeated: someone may have put a key in it.
        guard !bucket.contains(":"), !bucket.contains("@") else {
            throw ReplayCacheError(
                .usage,
                "the name of a bucket after \"\(scheme)\" holds a colon or an at sign",
                hint: "write \(scheme)BUCKET/PREFIX; keys belong in variables, never in the name of a place",
                subject: scheme
            )
        }
        func isLetterOrDigit(_ byte: UInt8) -> Bool {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: false
            }
        }
        let bytes = Array(bucket.utf8)
        let isName =
            (3...63).contains(bytes.count) && bytes.allSatisfy { isLetterOrDigit($0) || "-._".utf8.contains($0) }
            && bytes.first.map(isLetterOrDigit) == true && bytes.last.map(isLetterOrDigit) == true
            && !bucket.contains("..") && IPAddress.v4(bucket) == nil
        guard isName else {
            throw ReplayCacheError(
                .usage,
                "\(DisplayText.quoted(bucket)) is no name of a bucket",
                hint: "bucket names have 3 to 63 letters, digits, hyphens and dots",
                subject: bucket
            )
        }
    }

    /// Keys have at most 1,024 bytes (`providers.md` section 3), of which the repository needs up to 512.
    private static let maximumPrefixByteCount = 511

    private static func check(prefix components: ArraySlice<String>, scheme: String) throws {
        let byteCount = components.reduce(-1) { $0 + $1.utf8.count + 1 }
        func refuse(_ reason: String) -> ReplayCacheError {
            ReplayCacheError(
                .usage,
                "the prefix after \"\(scheme)\" \(reason)",
                hint: "choose a plain one, for example \(scheme)BUCKET/replaycache",
                subject: scheme
            )
        }
        guard byteCount <= maximumPrefixByteCount else { throw refuse("is longer than 511 bytes") }
        for component in components {
            guard component != ".", component != ".." else { throw refuse("has a \"\(component)\" component") }
            // U+FFFD is what bytes that are no UTF-8 were repaired to: keys with it would be others.
            guard
                !component.unicodeScalars.contains(where: {
                    $0.properties.generalCategory == .control || $0.value == 0xFFFD
                })
            else { throw refuse("has a control character or is not UTF-8") }
        }
    }
}
