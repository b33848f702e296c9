import ReplayCache
import ReplayCacheTestSupport
import Subprocess
import Testing

/// `doctor` at buckets: it names what is wrong, and leaves nothing behind.
struct DoctorBucketTests {
    let sandbox: CommandLineSandbox

    init() throws { sandbox = try CommandLineSandbox() }

    private func bucket(_ provider: Provider = .generic) async throws -> TestBucket {
        try await TestServer.shared(.quirks(provider)).makeBucket()
    }

    // MARK: All is well

    @Test(arguments: TestServer.Kind.everyProvider)
    func aSoundBucketOfAnyProviderIsFoundSound(_ kind: TestServer.Kind) async throws {
        let bucket = try await TestServer.shared(kind).makeBucket()
        let found = try await sandbox.diagnose("s3:\(bucket.name)/melee", environment: bucket.awsVariables())
        #expect(found.exitStatus == 0, "\(found.text)")
        #expect(found.names("ok").count == found.checks.count)
        #expect(
            ["dns", "connection", "clock", "bucket", "list", "put", "get", "head", "delete", "repository"]
                .filter { found.status($0) == nil } == []
        )
        #expect(try bucket.shownNames() == [])
        #expect(try bucket.stats().operations["PutObject"] == 1)
    }

    @Test func ofB2NoVersionStaysBehind() async throws {
        let bucket = try await bucket(.b2)
        let found = try await sandbox.diagnose("b2:\(bucket.name)/melee", environment: bucket.b2Variables())
        #expect(found.exitStatus == 0, "\(found.text)")
        #expect(found.message("account") == "asked Backblaze")
        #expect(found.message("capabilities").contains("versions pile up"))
        #expect(found.message("credentials").contains("B2_KEY_ID and B2_APP_KEY in the environment"))
        #expect(try bucket.objects().isEmpty)
    }

    @Test func r2IsReachedByItsOwnVariables() async throws {
        let bucket = try await bucket(.r2)
        let found = try await sandbox.diagnose("r2:\(bucket.name)", environment: bucket.r2Variables())
        #expect(found.exitStatus == 0, "\(found.text)")
        #expect(found.message("configuration") == "Cloudflare R2, bucket \(bucket.name), prefix none")
        #expect(found.message("endpoint").hasSuffix("from R2_ENDPOINT"))
        #expect(try bucket.objects().isEmpty)
    }

    @Test func aRepositoryAndWhatIsKnownOfItAreNamed() async throws {
        let bucket = try await bucket()
        let place = "s3:\(bucket.name)/melee"
        try sandbox.write("slp/a.slp", "x")
        let pushed = try await sandbox.run("push", "slp", place, environment: bucket.awsVariables())
        #expect(pushed.status == 0, "\(pushed.errors)")
        let before = try bucket.shownNames()
        let found = try await sandbox.diagnose(place, environment: bucket.awsVariables())
        #expect(found.exitStatus == 0)
        #expect(found.message("repository").hasSuffix(", format 1"))
        #expect(found.message("state").hasPrefix("sound, "))
        #expect(found.message("catalog").hasPrefix("sound, "))
        #expect(try bucket.shownNames() == before)
    }

    @Test func aBucketWithOtherThingsAtThePlaceIsWarnedOf() async throws {
        let bucket = try await bucket()
        try bucket.plant("notes.txt", [1])
        let found = try await sandbox.diagnose("s3:\(bucket.name)", environment: bucket.awsVariables())
        #expect(found.exitStatus == 0)
        #expect(found.names("warn") == ["repository"])
        #expect(found.hint("repository").contains("name a prefix"))
        #expect(try bucket.shownNames() == ["notes.txt"])
    }

    // MARK: Keys and rights

    @Test func aWrongSecretIsNamedAndNeverTold() async throws {
        let bucket = try await bucket()
        let variables = bucket.awsVariables(secret: "canary-secret-of-a-test")
        let found = try await sandbox.diagnose("s3:\(bucket.name)/melee", environment: variables)
        #expect(found.exitStatus == 5)
        #expect(found.names("fail") == ["bucket"])
        #expect(found.message("bucket").contains("the secret does not fit the key id"))
        #expect(found.names("skipped") == ["list", "put", "get", "head", "delete", "repository"])
        #expect(found.message("put") == "the bucket cannot be used")
    }

    @Test func aWrongKeyIDIsNamed() async throws {
        let bucket = try await bucket()
        let variables = bucket.awsVariables(keyID: "AKIDUNKNOWN0000")
        let found = try await sandbox.diagnose("s3:\(bucket.name)/melee", environment: variables)
        #expect(found.exitStatus == 5)
        #expect(found.message("bucket").contains("does not know the key id AKID…0000"))
    }

    @Test func backblazeRefusesAWrongKeyBeforeAnythingElse() async throws {
        let bucket = try await bucket(.b2)
        let variables = bucket.b2Variables(secret: "canary-secret-of-a-test")
        let found = try await sandbox.diagnose("b2:\(bucket.name)/melee", environment: variables)
        #expect(found.exitStatus == 5)
        #expect(found.message("configuration").hasPrefix("Backblaze refuses the key"))
        #expect(found.message("dns") == "the settings do not lead to a server")
        #expect(found.status("state") == "ok")
    }

    @Test func aMissingBucketIsStatus5() async throws {
        let bucket = try await bucket()
        let found = try await sandbox.diagnose("s3:absent-\(bucket.name)", environment: bucket.awsVariables())
        #expect(found.exitStatus == 5)
        #expect(found.names("fail") == ["bucket"])
        #expect(found.message("bucket").hasPrefix("there is no bucket \"absent-"))
    }

    @Test func aReadOnlyKeyIsNoFailure() async throws {
        let bucket = try await bucket()
        var behaviour = ServerBehaviour()
        behaviour.denied = [.put, .delete, .bulkDelete]
        try bucket.behave(behaviour)
        let found = try await sandbox.diagnose("s3:\(bucket.name)/notes", environment: bucket.awsVariables())
        #expect(found.exitStatus == 0, "\(found.text)")
        #expect(found.names("warn") == ["put"])
        #expect(found.message("put").hasPrefix("read-only: fetch works, push does not"))
        #expect(found.status("get") == "ok")
        #expect(found.status("head") == "ok")
        #expect(found.names("skipped") == ["delete"])
        #expect(try bucket.stats().operations["DeleteObject"] == nil)
    }

    @Test(arguments: [ServerBehaviour.Operation.get, .head])
    func aRightThatIsMissingIsNamedAndTheProbeIsRemoved(_ operation: ServerBehaviour.Operation) async throws {
        let bucket = try await bucket()
        var behaviour = ServerBehaviour()
        behaviour.denied = [operation]
        try bucket.behave(behaviour)
        let found = try await sandbox.diagnose("s3:\(bucket.name)/melee", environment: bucket.awsVariables())
        #expect(found.exitStatus == 5)
        #expect(found.names("fail") == [operation.rawValue.lowercased()])
        #expect(found.status("delete") == "ok")
        #expect(try bucket.shownNames() == [])
    }

    @Test func withoutTheRightToListTheOthersAreTriedAllTheSame() async throws {
        let bucket = try await bucket()
        var behaviour = ServerBehaviour()
        behaviour.denied = [.list]
        try bucket.behave(behaviour)
        let found = try await sandbox.diagnose("s3:\(bucket.name)/melee", environment: bucket.awsVariables())
        #expect(found.exitStatus == 5)
        #expect(found.names("fail") == ["list"])
        #expect(["put", "get", "head", "delete"].allSatisfy { found.status($0) == "ok" })
        #expect(try bucket.shownNames() == [])
    }

    @Test func whatMayNotBeRemovedIsNamed() async throws {
        let bucket = try await bucket()
        var behaviour = ServerBehaviour()
        behaviour.denied = [.delete, .bulkDelete]
        try bucket.behave(behaviour)
        let found = try await sandbox.diagnose("s3:\(bucket.name)/melee", environment: bucket.awsVariables())
        #expect(found.exitStatus == 0)
        #expect(found.names("warn").first == "delete")
        #expect(try bucket.shownNames() == ["melee/doctor-probe"])
        #expect(found.message("delete").contains("\(bucket.name)/melee/doctor-probe of this check stays"))

        // Another check leaves no second one, and a key that may not write either is not confused by it.
        _ = try await sandbox.diagnose("s3:\(bucket.name)/melee", environment: bucket.awsVariables())
        #expect(try bucket.shownNames() == ["melee/doctor-probe"])
        behaviour.denied = [.put, .delete, .bulkDelete]
        try bucket.behave(behaviour)
        let reader = try await sandbox.diagnose("s3:\(bucket.name)/melee", environment: bucket.awsVariables())
        #expect(reader.exitStatus == 0, "\(reader.text)")
        #expect(["get", "head"].allSatisfy { reader.status($0) == "ok" })

        try sandbox.write("slp/a.slp", "x")
        let place = "s3:\(bucket.name)/melee"
        let pushed = try await sandbox.run("push", "slp", place, environment: bucket.awsVariables())
        #expect(pushed.errors.contains("which `replaycache doctor` left there"), "\(pushed.errors)")
    }

    @Test func aCapOfTheAccountIsStatus6() async throws {
        let bucket = try await bucket(.b2)
        var behaviour = ServerBehaviour()
        behaviour.cap = true
        try bucket.behave(behaviour)
        let found = try await sandbox.diagnose("b2:\(bucket.name)/melee", environment: bucket.b2Variables())
        #expect(found.exitStatus == 6)
        #expect(found.message("bucket").contains("a cap of the account is reached"))
    }

    @Test func aServerThatFailsHalfWayIsCleanedUp() async throws {
        let bucket = try await bucket()
        var behaviour = ServerBehaviour()
        behaviour.nextErrors = [.init(500, count: 100, operation: .get)]
        try bucket.behave(behaviour)
        let found = try await sandbox.diagnose("s3:\(bucket.name)/melee", environment: bucket.awsVariables())
        #expect(found.exitStatus == 7)
        #expect(found.names("fail") == ["get"])
        #expect(try bucket.shownNames() == [])
    }

    @Test func anInterruptionLeavesNothingBehind() async throws {
        let bucket = try await bucket()
        var behaviour = ServerBehaviour()
        // Keeps the doctor waiting between the object's coming and going.
        behaviour.nextErrors = [.init(503, "SlowDown", retryAfter: 20, count: 100, operation: .get)]
        try bucket.behave(behaviour)
        let status = try await sandbox.run(
            ["doctor", "s3:\(bucket.name)/melee"],
            environment: bucket.awsVariables(),
            until: { (try? bucket.stats().operations["GetObject"]) ?? 0 > 0 },
            .interrupt
        )
        #expect(status == 130)
        #expect(try bucket.stats().operations["PutObject"] == 1)
        #expect(try bucket.shownNames() == [])
    }
}
