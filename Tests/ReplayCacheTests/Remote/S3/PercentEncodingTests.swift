import ReplayGenerator
import Testing

@testable import ReplayCache

/// Encoded once, every byte but the few that stay (`s3-compat.md` section 1).
struct PercentEncodingTests {
    @Test(arguments: [
        ("", "", ""), ("log/a-b_c.d~e", "log/a-b_c.d~e", "log%2Fa-b_c.d~e"), ("a b", "a%20b", "a%20b"),
        ("a+b", "a%2Bb", "a%2Bb"), ("100%", "100%25", "100%25"), ("%20", "%2520", "%2520"), ("ä", "%C3%A4", "%C3%A4"),
        ("a//b/../c", "a//b/../c", "a%2F%2Fb%2F..%2Fc"), ("?#[]@!$&'()*,;=:", encodedMarks, encodedMarks),
        ("\u{0}\u{7F}\n", "%00%7F%0A", "%00%7F%0A"), ("🦊", "%F0%9F%A6%8A", "%F0%9F%A6%8A"),
        // Neither composed nor decomposed.
        ("e\u{301}", "e%CC%81", "e%CC%81"), ("\u{E9}", "%C3%A9", "%C3%A9"),
        ("\\\"^`{|}", "%5C%22%5E%60%7B%7C%7D", "%5C%22%5E%60%7B%7C%7D"),
    ])
    func textIsEncoded(_ text: String, path: String, query: String) {
        #expect(PercentEncoding.path(text) == path)
        #expect(PercentEncoding.query(text) == query)
    }

    private static let encodedMarks = "%3F%23%5B%5D%40%21%24%26%27%28%29%2A%2C%3B%3D%3A"

    @Test
    func aQueryIsSortedAsItIsEncoded() {
        let query = PercentEncoding.query([
            (name: "prefix", value: "a b"), (name: "list-type", value: "2"), (name: "a", value: "z"),
            (name: "a", value: "é"), (name: "A", value: ""), (name: "a-", value: "1"), (name: "a=", value: "2"),
        ])
        #expect(query == "A=&a=%C3%A9&a=z&a%3D=2&a-=1&list-type=2&prefix=a%20b")
    }

    @Test(arguments: 1...4)
    func whatIsEncodedIsPlainAndCanBeDecoded(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<200 {
            let scalars = (0..<Int.random(in: 0..<40, using: &random)).map { _ in
                Unicode.Scalar(UInt32.random(in: 0..<0x3000, using: &random)) ?? "x"
            }
            let text = String(String.UnicodeScalarView(scalars))
            for encoded in [PercentEncoding.path(text), PercentEncoding.query(text)] {
                #expect(encoded.utf8.allSatisfy { $0 < 128 && $0 > 32 })
                #expect(Array(Self.decoded(encoded)) == Array(text.utf8), "seed \(seed)")
            }
        }
    }

    private static func decoded(_ text: String) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let first = rest.popFirst() {
            guard first == UInt8(ascii: "%") else {
                bytes.append(first)
                continue
            }
            bytes.append(UInt8(Substring(rest.prefix(2)), radix: 16) ?? 0)
            rest = rest.dropFirst(2)
        }
        return bytes
    }
}
