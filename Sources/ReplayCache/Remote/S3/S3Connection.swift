/// Where an S3 server listens.
package struct S3Endpoint: Sendable, Hashable, CustomStringConvertible {
    package let isSecure: Bool
    /// Lower case; an IPv6 address without brackets.
    package let host: String
    /// Nil for the scheme's own.
    package let port: Int?

    package init(isSecure: Bool = true, host: String, port: Int? = nil) {
        self.isSecure = isSecure
        self.host = host
        self.port = port == (isSecure ? 443 : 80) ? nil : port
    }

    /// The value of the `Host` header, which is signed: with the port only when it is not the scheme's own.
    package var authority: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return port.map { "\(name):\($0)" } ?? name
    }

    package var description: String { "\(isSecure ? "https" : "http")://\(authority)" }
}

/// All that is needed to reach a bucket: what reading the configuration ends in.
package struct S3Connection: Sendable {
    package let provider: Provider
    package let endpoint: S3Endpoint
    package let region: String
    package let bucket: String
    /// What the keys of the repository begin with, without slashes at its ends; may be empty.
    package let prefix: String
    /// Whether the bucket stands in the path rather than in the host.
    package let usesPathStyle: Bool
    package let credentials: any S3CredentialSource
    /// A file of certificates to trust instead of the system's (`AWS_CA_BUNDLE`, `SSL_CERT_FILE`).
    package let certificateFile: String?
    /// Whether the endpoint was remembered from an earlier run, and the provider may have moved it since.
    package let isRemembered: Bool
    /// Where each setting was found, for people; never a secret.
    package let findings: [Finding]

    /// One setting and where it was found.
    package struct Finding: Sendable, Equatable {
        /// What was set: `endpoint`, `region`, `credentials`.
        package let setting: String
        /// What `doctor` prints: a value only where it is no secret.
        package let text: String

        package init(_ setting: String, _ text: String) {
            self.setting = setting
            self.text = text
        }
    }

    package init(
        provider: Provider,
        endpoint: S3Endpoint,
        region: String,
        bucket: String,
        prefix: String,
        usesPathStyle: Bool? = nil,
        credentials: any S3CredentialSource,
        certificateFile: String? = nil,
        isRemembered: Bool = false,
        findings: [Finding] = []
    ) {
        self.provider = provider
        self.endpoint = endpoint
        self.region = region
        self.bucket = bucket
        self.prefix = prefix
        // A dot in the bucket would not match the wildcard of the provider's certificate.
        self.usesPathStyle = usesPathStyle ?? (provider.usesPathStyle || bucket.contains("."))
        self.credentials = credentials
        self.certificateFile = certificateFile
        self.isRemembered = isRemembered
        self.findings = findings
    }
}
