import ReplayCache
import ReplayCacheTestSupport
import Testing

/// `doctor` when the way to the server is not as it should be.
struct DoctorNetworkTests {
    let sandbox: CommandLineSandbox

    init() throws { sandbox = try CommandLineSandbox() }

    private func variables(_ endpoint: String) -> [String: String] {
        [
            "AWS_ENDPOINT_URL": endpoint, "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE0000",
            "AWS_SECRET_ACCESS_KEY": "canary-secret-of-a-test", "AWS_EC2_METADATA_DISABLED": "true",
        ]
    }

    @Test(arguments: [(20 * 60, "fail", 5), (-5 * 60, "warn", 0)])
    func aClockThatIsOffIsMeasured(_ seconds: Int, _ status: String, _ exitStatus: Int) async throws {
        let server = try await TestServer.start(.quirks(.generic))
        var behaviour = ServerBehaviour()
        behaviour.clockOffsetSeconds = seconds
        try server.behave(behaviour)
        let bucket = try await server.makeBucket()
        let found = try await sandbox.diagnose("s3:\(bucket.name)/melee", environment: bucket.awsVariables())
        #expect(found.exitStatus == exitStatus, "\(found.text)")
        #expect(found.status("clock") == status)
        #expect(found.message("clock").contains(seconds > 0 ? " behind that of" : " ahead of that of"))
        #expect(found.hint("clock").hasPrefix("set the clock"))
        // Requests are signed for the server's time.
        #expect(found.status("put") == "ok")
        #expect(try bucket.objects().isEmpty)
    }

    @Test(arguments: [200, 302])
    func aPageOfAProxyIsNoServer(_ status: Int) async throws {
        let server = try await TestServer.start(.quirks(.generic))
        let bucket = try await server.makeBucket()
        var behaviour = ServerBehaviour()
        behaviour.html = status
        try server.behave(behaviour)
        let found = try await sandbox.diagnose("s3:\(bucket.name)/melee", environment: bucket.awsVariables())
        #expect(found.exitStatus == 7, "\(found.text)")
        #expect(found.message("bucket").contains("does not answer like an S3 server"))
        #expect(found.hint("bucket").contains("proxy"))
    }

    @Test func aRefusedConnectionIsStatus7() async throws {
        let found = try await sandbox.diagnose("s3:fox/melee", environment: variables("http://127.0.0.1:1"))
        #expect(found.exitStatus == 7)
        #expect(found.names("fail") == ["connection"])
        #expect(found.message("clock") == "there is no connection to the server")
    }

    @Test func aNameThatNobodyKnowsIsStatus7() async throws {
        let found = try await sandbox.diagnose("s3:fox/melee", environment: variables("https://s3.melee.invalid"))
        #expect(found.exitStatus == 7)
        #expect(found.names("fail") == ["dns"])
        #expect(found.message("connection") == "the server's name is not known")
    }

    @Test func anEndpointWithoutEncryptionIsRefused() async throws {
        let found = try await sandbox.diagnose("s3:fox/melee", environment: variables("http://s3.melee.invalid"))
        #expect(found.exitStatus == 5)
        #expect(found.names("fail") == ["remote"])
        #expect(found.message("remote").contains("is not encrypted"))
    }

    @Test(.enabled(if: Program.exist("openssl")))
    func certificatesAreCheckedForTrustAndName() async throws {
        var options = TestServer.Options()
        options.usesTLS = true
        let server = try await TestServer.start(.quirks(.generic), options: options)
        let bucket = try await server.makeBucket()
        let place = "s3:\(bucket.name)/melee"
        var settings = bucket.awsVariables()
        let untrusted = try await sandbox.diagnose(place, environment: settings)
        #expect(untrusted.exitStatus == 5, "\(untrusted.text)")
        #expect(untrusted.names("fail") == ["connection"])

        settings["AWS_CA_BUNDLE"] = server.certificateFile
        let trusted = try await sandbox.diagnose(place, environment: settings)
        #expect(trusted.exitStatus == 0, "\(trusted.text)")
        #expect(trusted.message("connection").hasPrefix("TLS, the certificate is trusted"))
        #expect(trusted.message("certificates").hasSuffix("from AWS_CA_BUNDLE"))

        settings["AWS_ENDPOINT_URL"] = "https://other.localhost:\(server.port)"
        let otherName = try await sandbox.diagnose(place, environment: settings)
        #expect(otherName.exitStatus == 5, "\(otherName.text)")
        #expect(otherName.message("connection").contains("the certificate of other.localhost is not to be trusted"))
    }

    @Test func addressesOfProxiesAreToldAndNotTheirPasswords() async throws {
        var settings = variables("https://s3.melee.invalid")
        settings["HTTPS_PROXY"] = "http://user:canary-password@127.0.0.1:1"
        let found = try await sandbox.diagnose("s3:fox/melee", environment: settings)
        #expect(found.message("proxy") == "http://127.0.0.1:1 from HTTPS_PROXY")
        #expect(found.status("dns") == "skipped")
        #expect(found.exitStatus == 7)
        #expect(!found.text.contains("canary-password"))
    }

    @Test func backblazeThatIsFullOrAwayIsTold() async throws {
        let server = try await TestServer.start(.quirks(.b2))
        let bucket = try await server.makeBucket()
        var behaviour = ServerBehaviour()
        for (status, code, exitStatus) in [(403, "transaction_cap_exceeded", 6), (503, "service_unavailable", 7)] {
            behaviour.b2Error = .init(status, code)
            try server.behave(behaviour)
            let found = try await sandbox.diagnose("b2:\(bucket.name)", environment: bucket.b2Variables())
            #expect(found.exitStatus == exitStatus, "\(found.text)")
            #expect(found.names("fail") == ["account"])
        }
    }
}
