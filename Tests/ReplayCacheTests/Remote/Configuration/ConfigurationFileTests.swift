import Testing

@testable import ReplayCache

/// Files as AWS and rclone write them.
struct ConfigurationFileTests {
    @Test func valuesGoToTheEndOfTheLineAndCommentsAreLeftOut() {
        let text =
            "\u{FEFF}# first\r\nlost = 1\r\n[ a ]\r\n; note\r\n  Key = x=y ; z # w  \r\nempty =\r\nnone\r\n[b]\nkey=2\n[a]\nkey2=3"
        let file = ConfigurationFile(text)
        #expect(file["a"] == ["key": Secret("x=y ; z # w"), "empty": Secret(""), "key2": Secret("3")])
        #expect(file["b"] == ["key": Secret("2")])
        #expect(file["c"] == nil)
        #expect(file.firstLine == "lost = 1")
    }

    @Test func indentedLinesBelongToTheSettingAbove() {
        let text =
            "[services x]\ns3 =\n  endpoint_url = https://a\nec2 =\n  endpoint_url = https://b\n[default]\n  region =\n  output = json"
        let file = ConfigurationFile(text)
        #expect(file["services x"]?["s3.endpoint_url"] == Secret("https://a"))
        #expect(file["services x"]?["ec2.endpoint_url"] == Secret("https://b"))
        // Indented alike: a setting of its own.
        #expect(file["default"]?["output"] == Secret("json"))
    }

    @Test func noBytesMakeItTrap() {
        var state: UInt64 = 1
        let alphabet = Array("[]=;#\r\n\t ab\u{FEFF}{\0\u{85}".utf8)
        for _ in 0..<2000 {
            var bytes: [UInt8] = []
            for _ in 0..<40 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                bytes.append(alphabet[Int(state >> 33) % alphabet.count])
            }
            let text = String(decoding: bytes, as: UTF8.self)
            _ = ConfigurationFile(text)
            _ = ServerAddress.parse(text)
            _ = EnvironmentVariables.variables(in: bytes)
            _ = Timestamp(rfc3339: text)
            _ = try? RcloneTarget(text, FakeSettings().environment)
            _ = try? Place("s3:\(text)", environment: FakeSettings().environment)
        }
    }

    /// An address as users paste it.
    struct Address: Sendable, CustomTestStringConvertible {
        let text: String
        /// Nil for what is no address.
        let endpoint: String?
        var path: [String] = []

        var testDescription: String { text }
    }

    @Test(arguments: [
        Address(text: "https://host.example", endpoint: "https://host.example"),
        Address(text: "HTTPS://Host.Example:443/", endpoint: "https://host.example"),
        Address(text: "host.example:9000", endpoint: "https://host.example:9000"),
        Address(text: "http://127.0.0.1:9000/a//b/?x=1#y", endpoint: "http://127.0.0.1:9000", path: ["a", "b"]),
        Address(text: "http://[::1]:9000", endpoint: "http://[::1]:9000"),
        Address(text: "localhost", endpoint: "https://localhost"),
        Address(text: "http://minio:9000", endpoint: "http://minio:9000"),
        Address(text: "host", endpoint: nil), Address(text: "https://", endpoint: nil),
        Address(text: "ftp://host.example", endpoint: nil),
        Address(text: "https://user:pw@host.example", endpoint: nil),
        Address(text: "https://host.example:0", endpoint: nil), Address(text: "https://host.example:x", endpoint: nil),
        Address(text: "https://host.example:65536", endpoint: nil),
        Address(text: "https://ho st.example", endpoint: nil),
        Address(text: "https://.host", endpoint: nil), Address(text: "https://[x]", endpoint: nil),
        Address(text: "https://host.example:", endpoint: nil), Address(text: Canary.secret, endpoint: nil),
    ])
    func addressesAreReadOrRefused(_ address: Address) {
        let found = ServerAddress.parse(address.text)
        #expect(found?.endpoint.description == address.endpoint)
        if let found { #expect(found.path == address.path) }
    }

    @Test func onlyThisMachineMayBeSpokenToWithoutEncryption() async throws {
        for host in ["localhost", "127.0.0.1", "127.8.9.1:90", "[::1]:1"] {
            #expect(throws: Never.self) { try ServerAddress("http://\(host)", named: "X") }
        }
        for host in ["minio:9000", "10.0.0.1", "127.evil.example", "127.0.0.1.evil.example", "0127.0.0.1", "[::2]"] {
            let error = try #require(
                await refusal { _ = try ServerAddress("http://\(host)", named: "AWS_ENDPOINT_URL") }
            )
            #expect(error.code == .configuration)
            #expect(error.message == "the endpoint http://\(host) in AWS_ENDPOINT_URL is not encrypted")
            #expect(error.hint?.contains("https://") == true)
        }
    }
}
