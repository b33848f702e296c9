import ReplayGenerator
import Testing

@testable import ReplayCache

/// Whatever a server writes is read or refused, and never ends the process.
struct HostileXMLTests {
    private static let samples = [
        """
        <?xml version="1.0" encoding="UTF-8"?>
        <ListVersionsResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>b</Name><IsTruncated>true</IsTruncated>
        <NextKeyMarker>k</NextKeyMarker><NextVersionIdMarker>v</NextVersionIdMarker>
        <Version><Key>a&amp;b</Key><VersionId>v</VersionId><LastModified>2026-11-24T15:00:00.000Z</LastModified>
        <Size>12</Size></Version><DeleteMarker><Key>ä</Key><LastModified>2026-11-24T15:00:00Z</LastModified></DeleteMarker>
        </ListVersionsResult>
        """,
        """
        <e:Error xmlns:e="x"><e:Code>RequestTimeTooSkewed</e:Code><e:Message><![CDATA[a]]>&#x41;</e:Message>
        <e:ServerTime>2026-11-24T15:00:00Z</e:ServerTime><e:Region>eu-west-1</e:Region><Empty/></e:Error>
        """,
        "<DeleteResult><!-- --><Error><Key>k</Key><Code>c</Code><Message/></Error><Deleted/></DeleteResult>",
    ].map { Array($0.utf8) }

    /// Reads in every way; how it goes does not matter.
    private static func readAll(_ bytes: [UInt8]) {
        _ = try? ListPage(bytes)
        _ = try? DeleteResult(bytes)
        _ = S3ErrorBody(bytes)
    }

    @Test(arguments: samples.indices)
    func cutAnywhereItIsNoDocument(_ index: Int) {
        let sample = Self.samples[index]
        for count in sample.indices.dropLast() {
            let cut = Array(sample.prefix(count))
            Self.readAll(cut)
            // White space at the end may be missing.
            if sample[count...].contains(where: { $0 > 32 }) {
                #expect(throws: XMLError.self) { try XMLReader.read(cut) { _ in } }
            }
        }
    }

    @Test(arguments: 1...8)
    func changedAnywhereItIsReadOrRefused(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let marks = Array("<>/&;!?[]\"'=: \u{0}x".utf8) + [0x80, 0xC3, 0xFF]
        for _ in 0..<400 {
            var bytes = Self.samples[Int.random(in: 0..<Self.samples.count, using: &random)]
            for _ in 0..<Int.random(in: 1...6, using: &random) where !bytes.isEmpty {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                let mark = marks[Int.random(in: 0..<marks.count, using: &random)]
                switch Int.random(in: 0..<5, using: &random) {
                case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
                case 1: bytes[place] = mark
                case 2: bytes.insert(mark, at: place)
                case 3: bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 1..<40, using: &random)))
                default: bytes.insert(contentsOf: bytes[place..<min(bytes.count, place + 60)], at: place)
                }
            }
            Self.readAll(bytes)
        }
    }

    @Test(arguments: [
        "<!DOCTYPE ListBucketResult>", "<!DOCTYPE l [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;&a;&a;\">]>",
        "<!DOCTYPE l SYSTEM \"file:///etc/passwd\">", "<!DOCTYPE l PUBLIC \"x\" \"http://127.0.0.1:1/\">",
        "<!DOCTYPE l [<!ENTITY % p SYSTEM \"file:///etc/passwd\">%p;]>",
    ])
    func aDocumentTypeIsRefusedBeforeItDoesAnything(_ declaration: String) {
        let text = "<?xml version=\"1.0\"?>\(declaration)<ListBucketResult><Name>&b;</Name></ListBucketResult>"
        var seen: [XMLReader.Event] = []
        #expect(throws: XMLError.self) { try XMLReader.read(Array(text.utf8)) { seen.append($0) } }
        #expect(seen.isEmpty)
        Self.readAll(Array(text.utf8))
    }

    @Test(arguments: [33, 1000, 100_000])
    func elementsThatNestTooDeepAreRefused(_ depth: Int) {
        for text in [
            String(repeating: "<a>", count: depth) + String(repeating: "</a>", count: depth),
            String(repeating: "<Contents>", count: depth - 1) + "<Key/>",
        ] {
            let bytes = Array("<ListBucketResult>\(text)</ListBucketResult>".utf8)
            #expect(throws: XMLError.self) { try XMLReader.read(bytes) { _ in } }
            Self.readAll(bytes)
        }
    }

    @Test
    func anEndThatBelongsToNoStartIsNotTold() {
        // The parser tells the end of an empty element even after it was stopped at its start.
        let text = String(repeating: "<a>", count: 32) + "<b/>"
        var depth = 0
        #expect(throws: XMLError.self) {
            try XMLReader.read(Array(text.utf8)) { event in
                if case .start = event { depth += 1 } else { depth -= 1 }
                #expect(depth >= 0)
            }
        }
        #expect(depth == 32)
    }

    @Test
    func oneErrorOfTheReceiverEndsTheReading() {
        struct Enough: Error {}
        var count = 0
        #expect(throws: Enough.self) {
            try XMLReader.read(Array("<a><b/><c/><d/></a>".utf8)) { event in
                count += 1
                if event == .start("b") { throw Enough() }
            }
        }
        #expect(count == 2)
    }

    @Test
    func aDocumentInAnotherEncodingIsReadAsText() throws {
        let text = "<Error><Code>Ä</Code></Error>"
        var wide: [UInt8] = [0xFE, 0xFF]
        for unit in text.utf16 { wide += [UInt8(unit >> 8), UInt8(unit & 255)] }
        #expect(S3ErrorBody(wide)?.code == "Ä")
        let latin = Array("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><Error><Code>".utf8) + [0xC4]
        #expect(S3ErrorBody(latin + Array("</Code></Error>".utf8))?.code == "Ä")
    }

    @Test
    func manyAttributesAndLongNamesAreBorneWith() {
        let attributes = (0..<20_000).map { "a\($0)=\"\(String(repeating: "v", count: 20))\"" }.joined(separator: " ")
        let name = String(repeating: "n", count: 1 << 20)
        Self.readAll(Array("<Error \(attributes)><\(name)/><Code>A</Code></Error>".utf8))
    }
}
