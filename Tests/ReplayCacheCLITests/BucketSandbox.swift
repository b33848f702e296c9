import ReplayCache
import ReplayCacheTestSupport
import Testing

/// A folder in which the command runs with the settings that lead to a bucket at a test server.
struct BucketSandbox {
    let sandbox: CommandLineSandbox
    let bucket: TestBucket
    /// Where the repository is, as it is written on a command line.
    let place: String
    /// Whose settings are used.
    let provider: Provider

    /// `server` is one of its own for what concerns a whole server.
    init(_ provider: Provider = .aws, server: TestServer? = nil, behaviour: ServerBehaviour? = nil) async throws {
        sandbox = try CommandLineSandbox()
        let server = if let server { server } else { try await TestServer.shared(.quirks(provider)) }
        bucket = try await server.makeBucket()
        if let behaviour { try bucket.behave(behaviour) }
        self.provider = provider
        place = "\(Self.scheme(provider)):\(bucket.name)/repo"
        try sandbox.write("slp/a.slp", "first")
        try sandbox.write("slp/b.slp", "second")
    }

    private static func scheme(_ provider: Provider) -> String {
        switch provider.name {
        case .b2: "b2"
        case .r2: "r2"
        default: "s3"
        }
    }

    /// The variables that lead to the bucket.
    var environment: [String: String] {
        let server = bucket.server
        let address = server.endpoint.description
        var result =
            switch provider.name {
            case .b2: ["B2_KEY_ID": server.accessKey, "B2_APP_KEY": server.secretKey, "B2_API_URL": address]
            case .r2: ["R2_ACCESS_KEY": server.accessKey, "R2_SECRET_KEY": server.secretKey, "R2_ENDPOINT": address]
            default:
                [
                    "AWS_ACCESS_KEY_ID": server.accessKey, "AWS_SECRET_ACCESS_KEY": server.secretKey,
                    "AWS_ENDPOINT_URL": address,
                ]
            }
        // No test asks the metadata service of the machine that it runs on.
        result["AWS_EC2_METADATA_DISABLED"] = "true"
        result["AWS_REGION"] = server.region
        if let file = server.certificateFile { result["AWS_CA_BUNDLE"] = file }
        return result
    }

    /// The variables of keys that expire.
    func temporary(_ given: S3Credentials) -> [String: String] {
        [
            "AWS_ACCESS_KEY_ID": given.accessKeyID, "AWS_SECRET_ACCESS_KEY": given.secretAccessKey.reveal(),
            "AWS_SESSION_TOKEN": given.sessionToken?.reveal() ?? "",
        ]
    }

    /// Runs the command; `changes` go before the usual variables, and empty ones are as good as unset.
    func run(
        _ arguments: [String],
        machine: String = "laptop",
        changes: [String: String] = [:]
    ) async throws -> CommandLineResult {
        try await sandbox.run(
            try sandbox.configuration(
                arguments,
                machine: machine,
                environment: environment.merging(changes) { $1 }
            )
        )
    }

    /// Pushes the folder, without a word about it.
    func push(changes: [String: String] = [:]) async throws -> CommandLineResult {
        try await run(["push", "slp", place], changes: changes)
    }
}

extension CommandLineResult {
    /// The lines of standard error that begin with a word.
    func errors(_ word: String) -> [String] {
        errors.split(separator: "\n").map(String.init).filter { $0.hasPrefix("\(word): ") }
    }
}
