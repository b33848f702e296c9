import ReplayCache
import ReplayCacheTestSupport
import Testing

/// What a person reads when a bucket is not to be had: one sentence that names the thing, what to do, and the status.
struct BucketErrorTests {
    private struct Case: CustomTestStringConvertible {
        let name: String
        var provider = Provider.aws
        var usesTLS = false
        var behaviour: @Sendable (inout ServerBehaviour) -> Void = { _ in }
        /// What is different about the variables.
        var changes: @Sendable (BucketSandbox) throws -> [String: String] = { _ in [:] }
        /// Nil for the bucket that is there.
        var place: String?
        let status: Int
        /// What the error has to say.
        let message: [String]
        let hint: String

        var testDescription: String { name }
    }

    private static func always(_ status: Int, html: Bool = false) -> @Sendable (inout ServerBehaviour) -> Void {
        { $0.nextErrors = [.init(status, html: html, count: 1000)] }
    }

    private static let keys = [
        Case(
            name: "a secret that does not fit",
            changes: { _ in ["AWS_SECRET_ACCESS_KEY": "not-the-one"] },
            status: 5,
            message: ["secret does not fit the key id", "repl…ekey", "AWS_SECRET_ACCESS_KEY"],
            hint: "copy key and secret again"
        ),
        Case(
            name: "a key id that nobody has",
            changes: { _ in ["AWS_ACCESS_KEY_ID": "AKIAUNKNOWN12345"] },
            status: 5,
            message: ["does not know the key id", "AKIA…2345", "AWS_ACCESS_KEY_ID"],
            hint: "copy key and secret again"
        ),
        Case(
            name: "a key that R2 does not know",
            provider: .r2,
            changes: { _ in ["R2_ACCESS_KEY": "0123456789abcdef0123456789abcdef"] },
            status: 5,
            message: ["Cloudflare R2 does not know the key id", "0123…cdef", "R2_ACCESS_KEY"],
            hint: "copy key and secret again"
        ),
        Case(
            name: "a key that Backblaze does not know",
            provider: .b2,
            changes: { _ in ["B2_APP_KEY": "not-the-one"] },
            status: 5,
            message: ["Backblaze refuses the key", "B2_APP_KEY"],
            hint: "belong together"
        ),
        Case(
            name: "a key that may not write",
            behaviour: { $0.denied = [.put] },
            status: 5,
            message: ["may not write to the bucket", "repl…ekey"],
            hint: "give the key that right"
        ),
        Case(
            name: "a key for another prefix",
            behaviour: { $0.allowedPrefix = "elsewhere/" },
            status: 5,
            message: ["the key", "may not", "below repo/"],
            hint: "made for this bucket and prefix"
        ),
        Case(
            name: "a token that has expired",
            changes: { try $0.temporary($0.bucket.server.temporaryCredentials(lifetimeSeconds: -10)) },
            status: 5,
            message: ["credentials have expired", "AWS_ACCESS_KEY_ID"],
            hint: "with their session token"
        ),
        Case(
            name: "a token that is none",
            changes: { _ in ["AWS_SESSION_TOKEN": "made-up"] },
            status: 5,
            message: ["does not take the session token", "AWS_ACCESS_KEY_ID"],
            hint: "unset a token that is left over"
        ),
    ]

    private static let buckets = [
        Case(
            name: "no such bucket",
            place: "s3:nobody-has-this/repo",
            status: 5,
            message: ["there is no bucket \"nobody-has-this\" at 127.0.0.1:"],
            hint: "check its name"
        ),
        Case(
            name: "a bucket of another jurisdiction",
            provider: .r2,
            place: "r2:nobody-has-this/repo",
            status: 5,
            message: ["no bucket \"nobody-has-this\""],
            hint: ".eu or .fedramp in R2_ENDPOINT"
        ),
        Case(
            name: "a cap that is reached",
            provider: .b2,
            behaviour: { $0.cap = true },
            status: 6,
            message: ["a cap of the account is reached", "Backblaze B2"],
            hint: "Caps & Alerts"
        ),
        Case(
            name: "a region that the server does not tell",
            behaviour: { $0.redirect = .init(status: 301, region: "eu-west-3", header: false) },
            status: 5,
            message: ["is not in the region \"us-east-1\""],
            hint: "AWS_REGION"
        ),
    ]

    private static let lines = [
        Case(
            name: "a proxy that refuses",
            // The test server has no answer to CONNECT.
            changes: {
                ["AWS_ENDPOINT_URL": "https://storage.invalid", "https_proxy": $0.bucket.server.endpoint.description]
            },
            status: 5,
            message: ["the proxy between here and storage.invalid lets nothing through"],
            hint: "https_proxy"
        ),
        Case(
            name: "a proxy that is not there",
            changes: { _ in ["AWS_ENDPOINT_URL": "https://storage.invalid", "https_proxy": "http://127.0.0.1:9"] },
            status: 7,
            message: ["storage.invalid cannot be reached"],
            hint: "check the proxy in https_proxy"
        ),
        Case(
            name: "a proxy that speaks HTML",
            behaviour: always(200, html: true),
            status: 7,
            message: ["127.0.0.1 does not answer like an S3 server"],
            hint: "proxy or a log-in page"
        ),
        Case(
            name: "a proxy that forbids",
            behaviour: always(403, html: true),
            status: 7,
            message: ["127.0.0.1 does not answer like an S3 server", "403"],
            hint: "proxy or a log-in page"
        ),
        Case(
            name: "a proxy that wants a name",
            behaviour: always(407, html: true),
            status: 7,
            message: ["127.0.0.1 does not answer like an S3 server", "407"],
            hint: "HTTPS_PROXY"
        ),
        Case(
            name: "nobody listens",
            changes: { _ in ["AWS_ENDPOINT_URL": "http://127.0.0.1:1"] },
            status: 7,
            message: ["127.0.0.1:1 cannot be reached"],
            hint: "check the network and the endpoint"
        ),
        Case(
            name: "no such host",
            changes: { _ in ["AWS_ENDPOINT_URL": "https://storage.invalid"] },
            status: 7,
            message: ["the name storage.invalid is not known"],
            hint: "spelling of the endpoint"
        ),
        Case(
            name: "a certificate of nobody",
            usesTLS: true,
            changes: { _ in ["AWS_CA_BUNDLE": ""] },
            status: 5,
            message: ["the certificate of 127.0.0.1 is not to be trusted"],
            hint: "AWS_CA_BUNDLE"
        ),
        Case(
            name: "a certificate for another name",
            usesTLS: true,
            changes: { ["AWS_ENDPOINT_URL": "https://other.localhost:\($0.bucket.server.port)"] },
            status: 5,
            message: ["the certificate of other.localhost is not to be trusted"],
            hint: "check the endpoint's name"
        ),
        Case(
            name: "a file of certificates that is not there",
            usesTLS: true,
            changes: { ["AWS_CA_BUNDLE": $0.sandbox("none.pem")] },
            status: 5,
            message: [
                "file of trusted certificates", "none.pem", "that AWS_CA_BUNDLE names cannot be read: No such file",
            ],
            hint: "AWS_CA_BUNDLE"
        ),
        Case(
            name: "a server without encryption that is not this machine",
            changes: { _ in ["AWS_ENDPOINT_URL": "http://storage.invalid"] },
            status: 5,
            message: ["AWS_ENDPOINT_URL", "storage.invalid"],
            hint: "https://"
        ),
    ]

    @Test(arguments: keys + buckets + lines)
    private func itIsToldWhatIsWrongAndWhatToDo(_ row: Case) async throws {
        var options = TestServer.Options()
        options.usesTLS = row.usesTLS
        let own = row.usesTLS ? try await TestServer.start(.quirks(row.provider), options: options) : nil
        var behaviour = ServerBehaviour()
        row.behaviour(&behaviour)
        let bucket = try await BucketSandbox(row.provider, server: own, behaviour: behaviour)
        let changes = try row.changes(bucket)
        let result = try await bucket.run(["push", "slp", row.place ?? bucket.place], changes: changes)
        #expect(result.status == row.status, "\(result.errors)")
        #expect(result.output.isEmpty)
        let errors = result.errors("error")
        #expect(errors.count == 1, "\(result.errors)")
        for part in row.message { #expect(errors.first?.contains(part) == true, "\(result.errors)") }
        #expect(result.errors("hint").count == 1, "\(result.errors)")
        #expect(result.errors("hint").first?.contains(row.hint) == true, "\(result.errors)")
        for text in ["Optional(", "S3Failure", "HTTPFailure", "ReplayCacheError"] {
            #expect(!result.errors.contains(text))
        }

        let json = try await bucket.run(["ls", row.place ?? bucket.place, "--json"], changes: changes)
        guard row.name != "a key that may not write" else { return }
        #expect(json.status == row.status, "\(json.output) \(json.errors)")
        #expect(try json.summary()["exitCode"] == .number(Double(row.status)), "\(json.output)")
    }

    @Test(arguments: [
        (["listFiles", "readFiles"], "replays", "writeFiles"),
        (["listFiles", "readFiles", "writeFiles"], "other/", "other/"),
    ])
    func aKeyOfBackblazeThatCannotDoItIsRefusedBeforeAnythingMoves(
        capabilities: [String],
        prefix: String,
        named: String
    ) async throws {
        let server = try await TestServer.start(.quirks(.b2))
        var behaviour = ServerBehaviour()
        behaviour.b2Allowed = .init(capabilities: capabilities, namePrefix: prefix == "replays" ? nil : prefix)
        try server.behave(behaviour)
        let bucket = try await BucketSandbox(.b2, server: server)
        let result = try await bucket.push()
        #expect(result.status == 5, "\(result.errors)")
        #expect(result.errors("error").first?.contains(named) == true, "\(result.errors)")
        #expect(result.errors("hint").count == 1)
        #expect(try bucket.bucket.stats().requests == 0)
    }

    @Test(arguments: [["ls"], ["fetch"], ["status", "slp"], ["query", "--remote"]])
    func aPlaceWithoutARepositoryMayBeMisspelt(_ command: [String]) async throws {
        let bucket = try await BucketSandbox()
        let place = "s3:\(bucket.bucket.name)/mele"
        let result = try await bucket.run(command + [place] + (command == ["fetch"] ? ["pod"] : []))
        #expect(result.status == 5, "\(result.errors)")
        #expect(
            result.errors == """
                error: no repository here: \(place)
                hint: check bucket and prefix; `replaycache push DIR \(place)` creates one

                """
        )
    }

    // MARK: What works, with a remark

    @Test
    func whatIsOnThisMachineIsReachedPastAnyProxy() async throws {
        let bucket = try await BucketSandbox()
        let proxies = ["http_proxy": "http://127.0.0.1:9", "ALL_PROXY": "http://127.0.0.1:9"]
        let result = try await bucket.push(changes: proxies)
        #expect(result.status == 0, "\(result.errors)")
    }

    @Test(arguments: [301, 307, 400])
    func aBucketInAnotherRegionWorksWithARemark(status: Int) async throws {
        var behaviour = ServerBehaviour()
        behaviour.redirect = .init(status: status, region: "eu-west-3")
        let bucket = try await BucketSandbox(behaviour: behaviour)
        let result = try await bucket.push()
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.errors("warning").count == 1, "\(result.errors)")
        #expect(result.errors("warning").first?.contains("is in eu-west-3; AWS_REGION=eu-west-3") == true)
        #expect(try bucket.bucket.stats().followedRedirects == 0)
    }

    @Test(arguments: [(-1200, "ahead of"), (1200, "behind")])
    func aClockThatIsOffWorksWithAWarning(seconds: Int, direction: String) async throws {
        var behaviour = ServerBehaviour()
        behaviour.clockOffsetSeconds = seconds
        let bucket = try await BucketSandbox(behaviour: behaviour)
        let result = try await bucket.push()
        #expect(result.status == 0, "\(result.errors)")
        let warnings = result.errors("warning")
        #expect(warnings.count == 1, "\(result.errors)")
        #expect(warnings.first?.contains("20 minutes \(direction)") == true, "\(result.errors)")
        let fetched = try await bucket.run(["fetch", bucket.place, "pod"], machine: "pod")
        #expect(fetched.status == 0)
        #expect(try bucket.sandbox.isSameTree("slp", "pod"))
    }

    @Test(arguments: Provider.all)
    func whatIsPushedIsFetchedAtEveryProvider(_ provider: Provider) async throws {
        let bucket = try await BucketSandbox(provider)
        let pushed = try await bucket.push()
        #expect(pushed.status == 0, "\(pushed.errors)")
        let fetched = try await bucket.run(["fetch", bucket.place, "pod"], machine: "pod")
        #expect(fetched.status == 0, "\(fetched.errors)")
        #expect(try bucket.sandbox.isSameTree("slp", "pod"))
    }
}
