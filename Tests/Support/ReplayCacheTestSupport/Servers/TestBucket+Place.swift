package import ReplayCache

extension TestBucket {
    /// What a user would have set to reach the bucket as `s3:`.
    package func variables(port: Int? = nil) -> [String: String] {
        let scheme = server.endpoint.isSecure ? "https" : "http"
        var variables = [
            "AWS_ENDPOINT_URL": "\(scheme)://127.0.0.1:\(port ?? server.port)", "AWS_REGION": server.region,
            "AWS_ACCESS_KEY_ID": server.accessKey, "AWS_SECRET_ACCESS_KEY": server.secretKey,
            "AWS_EC2_METADATA_DISABLED": "true",
        ]
        variables["AWS_CA_BUNDLE"] = server.certificateFile
        return variables
    }

    /// A place in the bucket; `port` of a proxy instead of the server's own.
    package func place(prefix: String = "replaycache", port: Int? = nil) throws -> Place {
        try Place(
            prefix.isEmpty ? "s3:\(name)" : "s3:\(name)/\(prefix)",
            environment: EnvironmentVariables(variables(port: port))
        )
    }
}

/// Kinds of places that the engine is tried on.
package enum PlaceKind: String, Sendable, CaseIterable, CustomStringConvertible {
    case directory, bucket

    package var description: String { rawValue }

    /// An absent directory, or the empty prefix of a bucket.
    package func place(in scratch: Scratch) async throws -> Place {
        switch self {
        case .directory: try scratch.place()
        case .bucket: try await TestServer.shared(.quirks(.generic)).makeBucket().place()
        }
    }
}
