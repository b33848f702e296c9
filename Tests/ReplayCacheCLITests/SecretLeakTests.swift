import FoundationEssentials
import ReplayCache
import ReplayCacheTestSupport
import Testing

/// Keys come out nowhere: not in what is printed, not in files, not in the bucket, whatever goes right or wrong.
struct SecretLeakTests {
    private static func commands(_ place: String) -> [[String]] {
        [
            ["push", "-v", "slp", place], ["push", "slp", place, "--json"], ["status", "slp", place],
            ["status", "slp", place, "--json"], ["ls", place], ["ls", place, "--json"],
            ["query", "--remote", place, "--json"], ["query", "--remote", place], ["verify", "slp", "-v"],
            ["checkpoint", "push", "slp/a.slp", "--run", "fox", "--remote", place, "-v"],
            ["checkpoint", "log", "--remote", place, "--json"],
            ["checkpoint", "fetch", "fox", "--remote", place], ["dedup", "--remote", place],
            ["fetch", place, "pod", "-v"], ["fetch", place, "pod", "--json"],
        ]
    }

    /// What every source has to do; the full list is for those whose settings reach furthest.
    private static func fewCommands(_ place: String) -> [[String]] {
        [["push", "-v", "slp", place], ["ls", place, "--json"], ["fetch", place, "pod", "-v"]]
    }

    private static func expectNothing(_ planted: SecretSource.Planted) async throws {
        let (canaries, bucket) = (planted.canaries, planted.bucket)
        #expect(try canaries.found(below: bucket.sandbox, except: planted.files).isEmpty)
        #expect(try await canaries.found(in: bucket.bucket).isEmpty)
    }

    @Test(arguments: SecretSource.allCases)
    func noCommandTellsThem(_ source: SecretSource) async throws {
        let planted = try await source.plant()
        let isFull = [.environment, .b2, .rclone].contains(source)
        for command in isFull ? Self.commands(planted.place) : Self.fewCommands(planted.place) {
            let result = try await planted.run(command)
            #expect(result.status == 0, "\(command): \(result.errors)")
            #expect(planted.canaries.found(in: result.outputBytes).isEmpty, "\(command)")
            #expect(planted.canaries.found(in: result.errors).isEmpty, "\(command)")
        }
        try await Self.expectNothing(planted)
        #expect(try !planted.bucket.bucket.objects().isEmpty)
    }

    private struct Failure: CustomTestStringConvertible {
        let name: String
        var behaviour: @Sendable (inout ServerBehaviour) -> Void = { _ in }
        var changes: [String: String] = [:]
        var testDescription: String { name }
    }

    /// A server that quotes whatever a client must not repeat.
    private static func quoting(_ status: Int, _ code: String) -> @Sendable (inout ServerBehaviour) -> Void {
        { behaviour in
            let text = "you sent replaycachesecret0123456789abcdefghijk, of all things"
            behaviour.nextErrors = [.init(status, code, message: text, count: 1000)]
        }
    }

    private static let failures = [
        Failure(name: "may not write", behaviour: { $0.denied = [.put] }),
        Failure(name: "may not list", behaviour: { $0.denied = [.list, .get] }),
        Failure(name: "a cap", behaviour: { $0.cap = true }),
        Failure(name: "a page of HTML", behaviour: { $0.html = 403 }),
        Failure(name: "no bucket", behaviour: quoting(404, "NoSuchBucket")),
        Failure(name: "a signature that is not taken", behaviour: quoting(403, "SignatureDoesNotMatch")),
        Failure(name: "a token that expired", behaviour: quoting(400, "ExpiredToken")),
        Failure(name: "something new", behaviour: quoting(400, "SomethingNew")),
        Failure(name: "another region", behaviour: { $0.redirect = .init(status: 301, region: "x", header: false) }),
        Failure(name: "one fault that passes", behaviour: { $0.nextErrors = [.init(500)] }),
        Failure(name: "a clock that is off", behaviour: { $0.clockOffsetSeconds = 5000 }),
        Failure(name: "no such host", changes: ["AWS_ENDPOINT_URL": "https://storage.invalid"]),
        Failure(name: "nobody listens", changes: ["AWS_ENDPOINT_URL": "http://127.0.0.1:1"]),
        Failure(name: "no encryption", changes: ["AWS_ENDPOINT_URL": "http://storage.invalid"]),
        Failure(name: "no such scheme", changes: ["AWS_ENDPOINT_URL": "ftp://replaycachesecret0123456789abcdefghijk"]),
        Failure(
            name: "a secret in the address",
            changes: ["AWS_ENDPOINT_URL": "https://u:replaycachesecret0123456789abcdefghijk@storage.invalid"]
        ),
        Failure(name: "another key id", changes: ["AWS_ACCESS_KEY_ID": "AKIAUNKNOWN12345"]),
        Failure(name: "half of a set", changes: ["AWS_ACCESS_KEY_ID": ""]),
        Failure(
            name: "variables in the wrong order",
            changes: ["AWS_REGION": "replaycachesecret0123456789abcdefghijk/"]
        ),
    ]

    @Test(arguments: failures)
    private func noErrorTellsThem(_ failure: Failure) async throws {
        let planted = try await SecretSource.environment.plant()
        var behaviour = ServerBehaviour()
        failure.behaviour(&behaviour)
        try planted.bucket.bucket.behave(behaviour)
        for command in [["push", "-v", "slp", planted.place], ["ls", planted.place, "--json"]] {
            let result = try await planted.run(command, changes: failure.changes)
            #expect(planted.canaries.found(in: result.outputBytes).isEmpty, "\(result.output)")
            #expect(planted.canaries.found(in: result.errors).isEmpty, "\(result.errors)")
        }
        try planted.bucket.bucket.behaveNormally()
        try await Self.expectNothing(planted)
    }

    @Test(arguments: ["unauthorized", "bad_auth_token", "storage_cap_exceeded", "internal_error"])
    func noErrorOfBackblazeTellsThem(_ code: String) async throws {
        let planted = try await SecretSource.b2.plant()
        var behaviour = ServerBehaviour()
        let text = "you sent replaycachesecret0123456789abcdefghijk"
        behaviour.b2Error = .init(code == "internal_error" ? 500 : 403, code, message: text)
        try planted.bucket.bucket.server.behave(behaviour)
        let result = try await planted.run(["push", "-v", "slp", planted.place])
        #expect(result.status != 0)
        #expect(planted.canaries.found(in: result.errors + result.output).isEmpty, "\(result.errors)")
        try await Self.expectNothing(planted)
    }

    @Test
    func whatIsKnownOfAnAccountIsForItsOwnerOnly() async throws {
        let planted = try await SecretSource.b2.plant()
        #expect(try await planted.run(["push", "slp", planted.place]).status == 0)
        let folder = planted.bucket.sandbox("laptop-home/accounts")
        let names = planted.bucket.sandbox.files("laptop-home/accounts")
        #expect(names.count == 1)
        #expect(try Self.mode(folder) == 0o700)
        for name in names { #expect(try Self.mode("\(folder)/\(name)") == 0o600) }
    }

    @Test(arguments: ["x hush", "hush", "\u{0}hushhush", "aHVzaA==", "aWQ6aHVzaA==", "Signature=0"])
    func theSearchFindsWhatItIsFor(_ text: String) {
        let canaries = SecretCanaries(["hush", ""], keyID: "id")
        #expect(!canaries.found(in: text).isEmpty)
        #expect(canaries.found(in: "hus h us HUSH").isEmpty)
    }

    private static func mode(_ path: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    }
}
