import ReplayCacheTestSupport
import Testing

@testable import ReplayCache

/// Nothing that prints, reflects or encodes shows a secret, alone or inside of other things.
struct SecretTests {
    private static let secret = Secret(Canary.secret)
    private static let credentials = S3Credentials(
        accessKeyID: "AKIAEXAMPLE12",
        secretAccessKey: secret,
        sessionToken: Secret(Canary.token),
        source: "a test"
    )
    private static let connection = S3Connection(
        provider: .aws,
        endpoint: S3Endpoint(host: "s3.amazonaws.com"),
        region: "us-east-1",
        bucket: "fox",
        prefix: "",
        credentials: FixedS3Credentials(credentials)
    )

    /// What a secret may be in when it is printed.
    private enum Holder: String, CaseIterable {
        case itself, optional, list, dictionary, key, credentials, source, connection, remote, error

        var value: Any {
            switch self {
            case .itself: secret
            case .optional: Optional(secret) as Any
            case .list: [secret]
            case .dictionary: ["key": secret]
            case .key: [secret: 1]
            case .credentials: SecretTests.credentials
            case .source: FixedS3Credentials(SecretTests.credentials)
            case .connection: SecretTests.connection
            case .remote: S3Remote(SecretTests.connection)
            case .error: CarriedSecret(secret: secret)
            }
        }
    }

    @Test(arguments: Holder.allCases)
    private func noTextHasIt(_ holder: Holder) {
        let texts = Canary.texts(of: holder.value)
        #expect(!texts.isEmpty)
        #expect(!Canary.leaks(texts))
    }

    private struct CarriedSecret: Error, Encodable { let secret: Secret }

    @Test
    func errorsThatCarryOneDoNotTellIt() {
        let error = ReplayCacheError(CarriedSecret(secret: Self.secret), doing: "testing")
        #expect(error.code == .unclassified)
        #expect(!Canary.leaks(error.allText + Canary.texts(of: error)))
    }

    @Test
    func aSignatureDoesNotHoldIt() throws {
        let message = SigV4.Message(
            method: "GET",
            path: "/",
            query: "",
            headers: [(name: "host", value: "h")],
            payloadHash: S3Request.hashOfNothing
        )
        let signed = try SigV4(region: "auto").sign(message, with: Self.credentials, at: "20261124T150000Z")
        #expect(!Canary.leaks(Canary.texts(of: signed)))
    }

    @Test
    func secretsAreComparedByWhatTheyAre() {
        #expect(Secret("a") == Secret("a"))
        #expect(Secret("a") != Secret("b"))
        #expect(Secret("").isEmpty)
    }
}
