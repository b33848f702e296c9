import FoundationEssentials
import ReplayCacheTestSupport
import Testing

@testable import ReplayCache

/// What Backblaze tells of a key, what is kept of it, and what is refused before anything moves.
struct B2AccountTests {
    private let scratch: Scratch
    private let keys = FakeSettings(["B2_KEY_ID": "0012345678abcdef", "B2_APP_KEY": Canary.secret])

    init() throws { scratch = try Scratch() }

    private static func answer(
        host: String = "https://s3.us-west-004.backblazeb2.com",
        allowed: String = #""capabilities":["listFiles","readFiles","writeFiles"],"buckets":null,"namePrefix":null"#,
        account: String = "acc"
    ) -> String {
        """
        {"accountId":"\(account)","authorizationToken":"\(Canary.token)","apiInfo":{"groupsApi":{},"storageApi":{
        "apiUrl":"https://api004.backblazeb2.com","s3ApiUrl":"\(host)","allowed":{\(allowed)}}}}
        """
    }

    private func resolve(
        _ http: FakeExchange,
        at place: String = "b2:bucket/p",
        settings: FakeSettings? = nil,
        needsWrite: Bool = false
    ) async throws -> S3Connection {
        let environment = (settings ?? keys).environment
        guard case .bucket(let bucket) = try Place(place, environment: environment).kind else {
            throw ReplayCacheError(.usage, "no bucket")
        }
        return try await S3Connection.resolve(
            bucket,
            environment: environment,
            home: scratch.at("home"),
            http: http,
            needsWrite: needsWrite
        )
    }

    @Test func theAccountTellsTheServerAndIsAskedOnce() async throws {
        let http = FakeExchange.always(200, Self.answer())
        let found = try await resolve(http)
        #expect(found.endpoint.description == "https://s3.us-west-004.backblazeb2.com")
        #expect(found.region == "us-west-004")
        #expect(found.provider == .b2)
        let request = try #require(http.requests.first)
        #expect(request.url == "https://api.backblazeb2.com/b2api/v4/b2_authorize_account")
        let pair = Data("0012345678abcdef:\(Canary.secret)".utf8).base64EncodedString()
        #expect(request.headers.map(\.value) == ["Basic \(pair)"])
        let again = try await resolve(http)
        #expect(again.endpoint == found.endpoint)
        #expect(http.requests.count == 1)
        #expect(again.findings.contains { $0 == .init("account", "remembered from an earlier run") })
    }

    @Test func whatIsKeptIsForTheOwnerAloneAndHoldsNoSecret() async throws {
        _ = try await resolve(FakeExchange.always(200, Self.answer()))
        let folder = scratch.at("home/accounts")
        let name = try #require(try Tree.files(below: folder).first)
        #expect(try Tree.files(below: folder).count == 1)
        let text = try #require(Tree.text("\(folder)/\(name)"))
        #expect(!Canary.leaks(text))
        #expect(!text.contains("0012345678abcdef") && !name.contains("0012345678abcdef"))
        let modes = try await Program.run("stat", ["-c", "%a", ".", name], in: folder)
        #expect(modes.output == "700\n600\n")
    }

    @Test func aForgottenAccountIsAskedForAgain() async throws {
        let http = FakeExchange.always(200, Self.answer())
        _ = try await resolve(http)
        let place = try BucketPlace(service: .b2, path: "bucket/p")
        try await S3Connection.forget(place, environment: keys.environment, home: scratch.at("home"))
        #expect(try Tree.files(below: scratch.at("home/accounts")).isEmpty)
        _ = try await resolve(http)
        #expect(http.requests.count == 2)
    }

    @Test(arguments: ["", "{}", "no json", #"{"endpoint":"https://evil.example"}"#])
    func aDamagedMemoryIsNoObstacle(_ content: String) async throws {
        let http = FakeExchange.always(200, Self.answer())
        _ = try await resolve(http)
        let folder = scratch.at("home/accounts")
        let name = try #require(try Tree.files(below: folder).first)
        try Tree.write(content, to: "\(folder)/\(name)")
        #expect(try await resolve(http).region == "us-west-004")
        #expect(http.requests.count == 2)
    }

    @Test func aHomeThatCannotBeWrittenIsNoObstacle() async throws {
        try Tree.write("in the way", to: scratch.at("home"))
        let found = try await resolve(FakeExchange.always(200, Self.answer()))
        #expect(found.findings.contains { $0.setting == "account" && $0.text.contains("cannot be remembered") })
    }

    @Test func anotherKeyIsAnotherAccount() async throws {
        let http = FakeExchange.always(200, Self.answer())
        _ = try await resolve(http)
        _ = try await resolve(http, settings: keys.with(["B2_KEY_ID": "0099999999abcdef"]))
        _ = try await resolve(http, settings: keys.with(["B2_API_URL": "https://api001.backblazeb2.com"]))
        #expect(http.requests.count == 3)
    }

    @Test func rcloneNamesTheNativeHost() async throws {
        let settings = FakeSettings([
            "RCLONE_CONFIG_HUB_TYPE": "b2", "RCLONE_CONFIG_HUB_ACCOUNT": "id", "RCLONE_B2_KEY": Canary.secret,
            "RCLONE_CONFIG_HUB_ENDPOINT": "api.backblazeb2.com",
        ])
        let http = FakeExchange.always(200, Self.answer())
        let found = try await resolve(http, at: "rclone:hub:bucket", settings: settings)
        #expect(found.region == "us-west-004")
        #expect(http.requests.first?.url == "https://api.backblazeb2.com/b2api/v4/b2_authorize_account")
    }

    @Test(arguments: [
        (
            4,
            #"{"apiInfo":{"storageApi":{"s3ApiUrl":"u","allowed":{"capabilities":["x"],"buckets":[{"id":"1","name":"b"},{"id":"2","name":null}],"namePrefix":"p/"}}}}"#
        ),
        (
            3,
            #"{"apiInfo":{"storageApi":{"s3ApiUrl":"u","capabilities":["x"],"bucketId":"1","bucketName":"b","namePrefix":"p/"}}}"#
        ),
        (2, #"{"s3ApiUrl":"u","allowed":{"capabilities":["x"],"bucketId":"1","bucketName":"b","namePrefix":"p/"}}"#),
    ])
    func everyVersionOfTheAnswerIsRead(_ version: Int, _ text: String) throws {
        let account = try JSON.decode(B2Authorization.self, from: text.utf8).account
        #expect(account == B2Account(endpoint: "u", capabilities: ["x"], buckets: ["b"], namePrefix: "p/"))
    }

    @Test func anAnswerMayLackEverything() throws {
        #expect(try JSON.decode(B2Authorization.self, from: "{}".utf8).account == nil)
        let bare = try JSON.decode(B2Authorization.self, from: #"{"s3ApiUrl":"u","x":[1]}"#.utf8).account
        #expect(bare == B2Account(endpoint: "u", capabilities: nil, buckets: nil, namePrefix: nil))
        let gone = try JSON.decode(
            B2Authorization.self,
            from: #"{"s3ApiUrl":"u","allowed":{"bucketId":"1","bucketName":null}}"#.utf8
        )
        #expect(gone.account?.buckets == [])
    }

    /// The limits of a key and what they say of `b2:bucket/melee/x`.
    struct Limits: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var place = "b2:bucket/melee/x"
        var capabilities: [String]? = ["listFiles", "readFiles", "writeFiles"]
        var buckets: [String]?
        var namePrefix: String?
        var needsWrite = true
        /// What the error names; nil when all is well.
        var refused: [String]?
    }

    @Test(arguments: [
        Limits(testDescription: "none"),
        Limits(testDescription: "nothing said", capabilities: nil),
        Limits(testDescription: "this bucket", buckets: ["other", "bucket"], namePrefix: "melee/"),
        Limits(testDescription: "the same prefix", namePrefix: "melee/x/"),
        Limits(testDescription: "the start of a name", namePrefix: "mel"),
        Limits(testDescription: "may only read", capabilities: ["listFiles", "readFiles"], needsWrite: false),
        Limits(
            testDescription: "may only read, and must write",
            capabilities: ["readFiles", "listFiles"],
            refused: ["lacks writeFiles", "listFiles, readFiles"]
        ),
        Limits(testDescription: "may only write", capabilities: ["writeFiles"], refused: ["listFiles and readFiles"]),
        Limits(testDescription: "other buckets", buckets: ["z", "other"], refused: ["\"other\", \"z\"", "bucket"]),
        Limits(testDescription: "a bucket that is gone", buckets: [], refused: ["gone"]),
        Limits(
            testDescription: "another prefix",
            namePrefix: "fox/",
            refused: ["\"fox/\"", "b2:bucket/fox/replaycache"]
        ),
        Limits(testDescription: "a longer prefix", namePrefix: "melee/x/y/", refused: ["\"melee/x/y/\""]),
        Limits(testDescription: "the whole bucket", place: "b2:bucket", namePrefix: "fox/", refused: ["\"fox/\""]),
    ])
    func aKeyThatCannotDoItIsRefusedBeforeAnythingMoves(_ limits: Limits) async throws {
        struct Allowed: Encodable {
            let capabilities: [String]?
            let buckets: [[String: String]]?
            let namePrefix: String?
        }
        let allowed = try JSON.text(
            Allowed(
                capabilities: limits.capabilities,
                buckets: limits.buckets?.map { ["id": "1", "name": $0] },
                namePrefix: limits.namePrefix
            )
        )
        let http = FakeExchange.always(200, Self.answer(allowed: String(allowed.dropFirst().dropLast())))
        guard let names = limits.refused else {
            #expect(try await resolve(http, at: limits.place, needsWrite: limits.needsWrite).region == "us-west-004")
            return
        }
        let error = try #require(
            await refusal { _ = try await resolve(http, at: limits.place, needsWrite: limits.needsWrite) }
        )
        #expect(error.code == .configuration)
        #expect(error.isWellFormed)
        for name in names + ["0012…cdef"] { #expect(error.allText.contains(name), "\(error.allText)") }
        #expect(!error.allText.contains("0012345678abcdef"))
    }

    @Test func aBucketThatIsNewToTheMemoryIsAskedForAgain() async throws {
        let old = #""capabilities":["listFiles","readFiles"],"buckets":[{"id":"1","name":"other"}]"#
        _ = try await resolve(FakeExchange.always(200, Self.answer(allowed: old)), at: "b2:other")
        let http = FakeExchange.always(200, Self.answer())
        #expect(try await resolve(http).bucket == "bucket")
        #expect(http.requests.count == 1)
    }

    /// An answer and the error that it becomes.
    struct Failure: Sendable, CustomTestStringConvertible {
        let status: Int
        var code = ""
        let expected: ReplayCacheError.Code
        let names: String

        var testDescription: String { "\(status) \(code)" }
    }

    @Test(arguments: [
        Failure(status: 401, code: "unauthorized", expected: .configuration, names: "B2_KEY_ID and B2_APP_KEY"),
        Failure(status: 401, code: "bad_auth_token", expected: .configuration, names: "0012…cdef"),
        Failure(status: 400, code: "bad_request", expected: .configuration, names: "B2_KEY_ID"),
        Failure(status: 403, code: "storage_cap_exceeded", expected: .quota, names: "00:00 UTC"),
        Failure(status: 403, code: "transaction_cap_exceeded", expected: .quota, names: "Caps & Alerts"),
        Failure(status: 403, code: "download_cap_exceeded", expected: .quota, names: "cap"),
        Failure(status: 403, code: "access_denied", expected: .configuration, names: "access_denied"),
        Failure(status: 429, code: "too_many_requests", expected: .unavailable, names: "busy"),
        Failure(status: 500, expected: .unavailable, names: "busy"),
        Failure(status: 503, code: "service_unavailable", expected: .unavailable, names: "busy"),
        Failure(status: 302, expected: .unavailable, names: "B2_API_URL"),
        Failure(status: 401, code: Canary.secret, expected: .configuration, names: "status 401"),
    ])
    func refusalsSayWhoMustDoWhat(_ failure: Failure) async throws {
        let body = #"{"status":\#(failure.status),"code":"\#(failure.code)","message":"\#(Canary.secret)"}"#
        let error = try #require(await refusal { _ = try await resolve(FakeExchange.always(failure.status, body)) })
        #expect(error.code == failure.expected)
        #expect(error.isWellFormed)
        #expect(error.allText.contains(failure.names), "\(error.allText)")
        #expect(!Canary.leaks(Canary.texts(of: error)))
        #expect(!Tree.exists(scratch.at("home/accounts")))
    }

    @Test(arguments: HTTPFailure.Kind.allCases)
    func aNetworkThatFailsIsToBeTriedAgain(_ kind: HTTPFailure.Kind) async throws {
        let http = FakeExchange { _ in throw HTTPFailure(kind, Canary.secret) }
        let error = try #require(await refusal { _ = try await resolve(http) })
        #expect(error.code == (kind == .certificate || kind == .certificateFile ? .configuration : .unavailable))
        #expect(error.isWellFormed)
        #expect(!Canary.leaks(Canary.texts(of: error)))
    }

    @Test(arguments: [
        ("the master key", B2AccountTests.answer(account: "0012345678abcdef"), "master key"),
        ("a host of others", B2AccountTests.answer(host: "https://s3.us-west-004.evil.example"), "evil.example"),
        ("plain http", B2AccountTests.answer(host: "http://s3.us-west-004.backblazeb2.com"), "not encrypted"),
        ("loopback from afar", B2AccountTests.answer(host: "http://127.0.0.1"), "127.0.0.1"),
        ("no server", "{}", "B2_ENDPOINT"),
    ])
    func anAccountThatCannotBeUsedIsRefusedAndNotKept(_ name: String, _ body: String, _ word: String) async throws {
        let error = try #require(await refusal { _ = try await resolve(FakeExchange.always(200, body)) })
        #expect(error.code == .configuration)
        #expect(error.allText.contains(word), "\(error.allText)")
        #expect(!Tree.exists(scratch.at("home/accounts")))
    }

    @Test func whatIsNoAnswerAtAllIsToBeTriedAgain() async throws {
        let error = try #require(await refusal { _ = try await resolve(FakeExchange.always(200, "<html>")) })
        #expect(error.code == .unavailable)
    }

    @Test func aTestServerMayNameATestServer() async throws {
        let http = FakeExchange.always(200, Self.answer(host: "http://127.0.0.1:9000"))
        let found = try await resolve(http, settings: keys.with(["B2_API_URL": "http://127.0.0.1:8000/"]))
        #expect(http.requests.first?.url == "http://127.0.0.1:8000/b2api/v4/b2_authorize_account")
        #expect(found.endpoint.description == "http://127.0.0.1:9000")
        #expect(found.region == "us-east-1")
    }
}
