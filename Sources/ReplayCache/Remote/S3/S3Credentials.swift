/// What requests are signed with.
package struct S3Credentials: Sendable, Equatable {
    /// Not a secret, but shown only as ``shownKeyID``.
    package let accessKeyID: String
    package let secretAccessKey: Secret
    package let sessionToken: Secret?
    /// When the provider stops taking them; nil when they last.
    package let expiration: Timestamp?
    /// Where they were found, for people, never a value: `B2_KEY_ID and B2_APP_KEY in the environment`.
    package let source: String

    package init(
        accessKeyID: String,
        secretAccessKey: Secret,
        sessionToken: Secret? = nil,
        expiration: Timestamp? = nil,
        source: String
    ) {
        self.accessKeyID = accessKeyID
        self.secretAccessKey = secretAccessKey
        self.sessionToken = sessionToken
        self.expiration = expiration
        self.source = source
    }

    /// Enough of the key id to recognise it (`providers.md` section 8), to stand after `key id`.
    ///
    /// Of a short one nothing but its length is told: it may have been cut off as it was pasted.
    package var shownKeyID: String {
        guard accessKeyID.count < 12 else { return "\(accessKeyID.prefix(4))…\(accessKeyID.suffix(4))" }
        return "of \(accessKeyID.count) \(accessKeyID.count == 1 ? "character" : "characters")"
    }

    /// `key AKIA…2345`, or `key with an id of 5 characters`.
    package var shownKey: String { accessKeyID.count < 12 ? "key with an id \(shownKeyID)" : "key \(shownKeyID)" }
}

/// Where credentials come from.
///
/// Some expire while a push runs.
package protocol S3CredentialSource: Sendable {
    /// The current credentials; with `isReloading` those that were given last were refused, and a source that can get
    /// others gets them.
    ///
    /// - Throws: ``ReplayCacheError`` with code `configuration` that names the variables or files to look at.
    func credentials(isReloading: Bool) async throws -> S3Credentials
}

/// Credentials that do not change.
package struct FixedS3Credentials: S3CredentialSource {
    private let value: S3Credentials

    package init(_ value: S3Credentials) { self.value = value }

    package func credentials(isReloading: Bool) -> S3Credentials { value }
}
