internal import FoundationEssentials
internal import Glibc
package import ReplayCache

/// An S3 server on 127.0.0.1 that runs until the last reference is gone, or the process of the tests.
///
/// ``shared(_:)`` starts each kind once; tests keep apart by a bucket each, see ``makeBucket(isVersioned:)``.
package final class TestServer: Sendable {
    /// What runs.
    package enum Kind: Sendable, Hashable, CustomStringConvertible {
        /// `Tests/Servers/quirks3.py`, strict and programmable, with the ways of one provider. Needs python3 alone.
        case quirks(Provider)
        case real(RealServer)

        /// A quirk server of every provider.
        package static let everyProvider: [Kind] = Provider.all.map { .quirks($0) }
        /// All that run here.
        package static let everyAvailable: [Kind] = everyProvider + RealServer.available.map { .real($0) }

        package var description: String {
            switch self {
            case .quirks(let provider): "quirks-\(provider.name.rawValue)"
            case .real(let server): server.rawValue
            }
        }
    }

    /// How a quirk server differs from that of its provider.
    package struct Options: Sendable {
        /// The region to sign for; nil for a usual one of the provider.
        package var region: String?
        /// What the time after which idle connections are closed is multiplied by.
        package var idleScale = 1.0
        /// Listen with a certificate of its own, see ``TestServer/certificateFile``.
        package var usesTLS = false

        package init() {}
    }

    package let kind: Kind
    package let port: Int
    package let region: String
    package let accessKey: String
    package let secretKey: String
    /// The certificate to trust, of a server with TLS.
    package let certificateFile: String?
    private let launch: Launch

    /// Where it listens.
    package var endpoint: S3Endpoint {
        S3Endpoint(isSecure: certificateFile != nil, host: "127.0.0.1", port: port)
    }

    /// What it takes signatures of.
    package var credentials: S3Credentials {
        S3Credentials(accessKeyID: accessKey, secretAccessKey: Secret(secretKey), source: "the test server")
    }

    /// The row that a client is to use with it.
    package var provider: Provider {
        if case .quirks(let provider) = kind { provider } else { .generic }
    }

    /// The server of a kind that all tests of this process share.
    package static func shared(_ kind: Kind) async throws -> TestServer { try await Shared.instance.server(kind) }

    /// Starts one for a single test: for what concerns a whole server, such as connections and clocks.
    package static func start(_ kind: Kind, options: Options = Options()) async throws -> TestServer {
        let directory = try Launch.makeDirectory()
        var arguments: [String]
        switch kind {
        case .real(let server): arguments = [server.rawValue]
        case .quirks(let provider):
            let row = "\(directory)/row.json"
            try Tree.write(Array(try JSONEncoder().encode(provider)), to: row)
            arguments = ["quirks", "--provider", row, "--idle-scale", String(options.idleScale)]
            if let region = options.region { arguments += ["--region", region] }
            if options.usesTLS { arguments.append("--tls") }
        }
        return TestServer(kind, try await Launch.start(arguments, in: directory))
    }

    private init(_ kind: Kind, _ launch: Launch) {
        self.kind = kind
        self.launch = launch
        port = launch.facts.port
        region = launch.facts.region ?? ""
        accessKey = launch.facts.accessKey ?? ""
        secretKey = launch.facts.secretKey ?? ""
        certificateFile = launch.facts.certificate
    }

    /// Makes an empty bucket of a name that no other test uses.
    ///
    /// `isVersioned` is for quirk servers; nil for what is usual at the provider.
    package func makeBucket(isVersioned: Bool? = nil) async throws -> TestBucket {
        let name = "test-\(UInt64.random(in: 0 ... .max))"
        switch kind {
        case .quirks:
            var request: [String: JSONValue] = ["name": .string(name)]
            if let isVersioned { request["versioned"] = .bool(isVersioned) }
            let _: JSONValue = try control("POST", "buckets", request)
        case .real:
            try await Launch.run(["bucket", launch.directory, name])
        }
        return TestBucket(server: self, name: name)
    }

    /// Changes what the whole server does; of what is set for a bucket too, that goes first.
    package func behave(_ behaviour: ServerBehaviour) throws {
        let _: JSONValue = try control("PUT", "behaviour", behaviour)
    }

    /// What it saw so far.
    package func stats() throws -> ServerStats { try control("GET", "stats", JSONValue.null) }

    /// New credentials with a session token, which a quirk server takes until they expire.
    package func temporaryCredentials(lifetimeSeconds: Int = 3600) throws -> S3Credentials {
        let given: JSONValue = try control("POST", "credentials", ["lifetimeSeconds": lifetimeSeconds])
        return S3Credentials(
            accessKeyID: given["key_id"]?.string ?? "",
            secretAccessKey: Secret(given["secret"]?.string ?? ""),
            sessionToken: given["token"]?.string.map { Secret($0) },
            source: "the test server"
        )
    }

    /// Closes the connections that wait for a request, as a server may at any time.
    package func closeIdleConnections() throws {
        let _: JSONValue = try control("POST", "close-idle", JSONValue.null)
    }

    /// A faulty line to this server; clients use its port.
    package func proxy() async throws -> FaultProxy {
        let arguments = ["proxy", "--upstream", String(port)]
        return FaultProxy(self, try await Launch.start(arguments, in: Launch.makeDirectory()))
    }

    /// One call of the control interface, `Tests/Servers/quirks/control.py`.
    func control<Answer: Decodable>(_ method: String, _ call: String, _ value: some Encodable) throws -> Answer {
        try LoopbackHTTP.json(method, port: launch.facts.controlPort ?? port, "/_control/\(call)", value)
    }
}

/// Servers that nobody wrote for this project; `scripts/test` installs them and names them in `REPLAYCACHE_SERVERS`.
package enum RealServer: String, Sendable, CaseIterable {
    case rclone, moto, swift

    /// Those that run here, for `@Test(arguments:)`.
    package static let available: [RealServer] = {
        let names = (ProcessInfo.processInfo.environment["REPLAYCACHE_SERVERS"] ?? "").split(separator: ",")
        return allCases.filter { names.contains(Substring($0.rawValue)) }
    }()

    /// For `.enabled(if:)`.
    package var isAvailable: Bool { Self.available.contains(self) }
}

/// The servers that were started, each once.
private actor Shared {
    static let instance = Shared()
    private var servers: [TestServer.Kind: Task<TestServer, any Error>] = [:]

    func server(_ kind: TestServer.Kind) async throws -> TestServer {
        if let started = servers[kind] { return try await started.value }
        // Its own task, since the test that comes first may be cancelled and others wait for it.
        let starting = Task { try await TestServer.start(kind) }
        servers[kind] = starting
        return try await starting.value
    }
}

/// What `Tests/Servers/testserver.py` started.
final class Launch: Sendable {
    struct Facts: Sendable, Decodable {
        let port: Int
        let keeper: Int32
        let region: String?
        let accessKey: String?
        let secretKey: String?
        let controlPort: Int?
        let certificate: String?
    }

    let facts: Facts
    /// Where the server writes; its keeper removes it.
    let directory: String

    private init(_ facts: Facts, _ directory: String) {
        self.facts = facts
        self.directory = directory
    }

    // The keeper ends the server; it also looks whether this process is still there.
    deinit { kill(facts.keeper, SIGTERM) }

    static func makeDirectory() throws -> String {
        let name = "replaycache-server-\(UInt64.random(in: 0 ... .max))"
        let directory = FileManager.default.temporaryDirectory.appending(path: name)
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        return directory.path
    }

    static func start(_ arguments: [String], in directory: String) async throws -> Launch {
        let parent = String(ProcessInfo.processInfo.processIdentifier)
        let output = try await run(["start", directory, "--parent", parent] + arguments)
        return Launch(try JSONDecoder().decode(Facts.self, from: Data(output.utf8)), directory)
    }

    @discardableResult
    static func run(_ arguments: [String]) async throws -> String {
        let script = "\(Surroundings.packageRoot())/Tests/Servers/testserver.py"
        let result = try await Program.run("python3", [script] + arguments)
        guard result.code == 0 else { throw LoopbackHTTP.Failure(description: result.error) }
        return result.output
    }
}
