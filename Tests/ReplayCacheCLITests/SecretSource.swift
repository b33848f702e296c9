import ReplayCache
import ReplayCacheTestSupport

/// A place from which the command gets the keys of a bucket, each with canaries for secrets.
enum SecretSource: String, CaseIterable {
    case environment, files, profile, rclone, container, machine, b2, b2Files, r2

    /// Keys that a test knows by heart, and where they were put.
    struct Planted {
        let bucket: BucketSandbox
        /// As on a command line.
        let place: String
        /// The variables that lead to the keys.
        let environment: [String: String]
        let canaries: SecretCanaries
        /// The files that hold secrets since the test put them there.
        let files: Set<String>

        func run(
            _ arguments: [String],
            machine: String = "laptop",
            changes: [String: String] = [:]
        ) async throws -> CommandLineResult {
            try await bucket.sandbox.run(
                try bucket.sandbox.configuration(
                    arguments,
                    machine: machine,
                    environment: environment.merging(changes) { $1 }
                )
            )
        }
    }

    private static let token = "tOkEn0cAnArY0DoNoTpRiNt+/=="
    private static let secret = "cAnArY0sEcReT0vAlUe0DoNoTpRiNt"
    private static let login = "aGeNt0cAnArY0DoNoTpRiNt"

    private var provider: Provider {
        switch self {
        case .b2, .b2Files: .b2
        case .r2: .r2
        default: .aws
        }
    }

    /// What hands out keys, or tells of accounts, is programmed for a whole server.
    private var needsOwnServer: Bool { [.container, .machine, .b2].contains(self) }

    private func server() async throws -> TestServer {
        guard needsOwnServer else { return try await TestServer.shared(.quirks(provider)) }
        let server = try await TestServer.start(.quirks(provider))
        var behaviour = ServerBehaviour()
        behaviour.metadata = .init(
            authorization: self == .container ? Self.login : nil,
            secret: Self.secret,
            token: Self.token
        )
        try server.behave(behaviour)
        return server
    }

    /// Puts the keys of a server where this source has them.
    func plant() async throws -> Planted {
        let server = try await server()
        let bucket = try await BucketSandbox(provider, server: server)
        let sandbox = bucket.sandbox
        let (id, secret, address) = (server.accessKey, server.secretKey, server.endpoint.description)
        var environment = ["AWS_REGION": server.region, "AWS_EC2_METADATA_DISABLED": "true"]
        if provider.name == .aws { environment["AWS_ENDPOINT_URL"] = address }
        var place = bucket.place
        var files: Set<String> = []
        func write(_ name: String, _ text: String) throws {
            try sandbox.write(name, text)
            files.insert(name)
        }
        switch self {
        case .environment, .r2, .b2: environment = bucket.environment
        case .files:
            try write("id", "\(id)\n")
            try write("secret", "\(secret)\n")
            environment["AWS_ACCESS_KEY_ID_FILE"] = sandbox("id")
            environment["AWS_SECRET_ACCESS_KEY_FILE"] = sandbox("secret")
        case .b2Files:
            try write("id", id)
            try write("secret", secret)
            environment["B2_API_URL"] = address
            environment["B2_KEY_ID_FILE"] = sandbox("id")
            environment["B2_APP_KEY_FILE"] = sandbox("secret")
        case .profile:
            try write(
                "home/.aws/credentials",
                "[default]\naws_access_key_id = \(id)\naws_secret_access_key = \(secret)\n"
            )
        case .rclone:
            place = "rclone:store:\(bucket.bucket.name)/repo"
            try write(
                "home/.config/rclone/rclone.conf",
                "[store]\ntype = s3\nprovider = Other\nregion = \(server.region)\nendpoint = \(address)\n"
                    + "access_key_id = \(id)\nsecret_access_key = \(secret)\n"
            )
        case .container:
            environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = "\(address)/v2/credentials/role"
            environment["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = Self.login
        case .machine:
            environment["AWS_EC2_METADATA_DISABLED"] = nil
            environment["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = address
        }
        return Planted(
            bucket: bucket,
            place: place,
            environment: environment,
            canaries: SecretCanaries([secret, Self.secret, Self.token, Self.login], keyID: id),
            files: files
        )
    }
}
