import Testing

@testable import ReplayCache

/// Pages of listings, as servers write them and as they should not.
struct ListDecoderTests {
    private static let time = "<LastModified>2026-11-24T15:00:00.000Z</LastModified>"

    private static func contents(_ key: String, size: String = "7") -> String {
        "<Contents><Key>\(key)</Key>\(time)<ETag>&quot;x&quot;</ETag><Size>\(size)</Size></Contents>"
    }

    private static func page(_ content: String, root: String = "ListBucketResult") -> [UInt8] {
        Array(
            "<?xml version=\"1.0\"?>\n<\(root) xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\(content)</\(root)>"
                .utf8
        )
    }

    @Test
    func aPageHasItsItemsInOrder() throws {
        let page = try ListPage(
            Self.page(
                "<Name>b</Name><Prefix></Prefix><IsTruncated>true</IsTruncated>"
                    + "<NextContinuationToken>1/+=YQ==</NextContinuationToken>" + Self.contents("b")
                    + Self.contents("a &amp; b &#228;", size: "0")
                    + "<CommonPrefixes><Prefix>dir/</Prefix></CommonPrefixes>"
            )
        )
        #expect(page.items.map(\.key) == ["b", "a & b ä"])
        #expect(page.items.map(\.byteCount) == [7, 0])
        #expect(page.items.first?.modified == Timestamp(utc: "2026-11-24T15:00:00Z"))
        #expect(page.isTruncated)
        #expect(page.continuationToken == "1/+=YQ==")
    }

    @Test
    func versionsAndMarkersAreTold() throws {
        let version = "<Key>a</Key><VersionId>v1</VersionId>\(Self.time)"
        let page = try ListPage(
            Self.page(
                "<NextKeyMarker>a</NextKeyMarker><NextVersionIdMarker>v1</NextVersionIdMarker>"
                    + "<Version>\(version)<Size>3</Size><Owner><ID>Size</ID><Key>other</Key></Owner></Version>"
                    + "<DeleteMarker>\(version)</DeleteMarker>",
                root: "ListVersionsResult"
            )
        )
        #expect(page.items.map(\.version) == ["v1", "v1"])
        #expect(page.items.map(\.byteCount) == [3, 0])
        #expect(page.items.map(\.key) == ["a", "a"])
        #expect(page.nextKeyMarker == "a" && page.nextVersionMarker == "v1")
        #expect(!page.isTruncated)
    }

    @Test(arguments: ["ns0", "s3", "a-b"])
    func namesMayHaveAPrefix(_ prefix: String) throws {
        let text = """
            <\(prefix):ListBucketResult xmlns:\(prefix)="http://s3.amazonaws.com/doc/2006-03-01/">
            <\(prefix):Contents><\(prefix):Key>k</\(prefix):Key><\(prefix):Size>1</\(prefix):Size>
            <\(prefix):LastModified>2026-11-24T15:00:00Z</\(prefix):LastModified></\(prefix):Contents>
            </\(prefix):ListBucketResult>
            """
        #expect(try ListPage(Array(text.utf8)).items.map(\.key) == ["k"])
    }

    @Test
    func fieldsOfOneItemAreNotThoseOfTheNext() {
        let second = "<Contents><Key>b</Key><Size>1</Size></Contents>"
        #expect(throws: XMLError.self) { try ListPage(Self.page(Self.contents("a") + second)) }
    }

    @Test
    func whitespaceThatKeepsAConnectionAliveIsNothing() throws {
        let page = try ListPage(Self.page(" \n \t" + Self.contents("a") + "\n"))
        #expect(page.items.count == 1)
    }

    @Test
    func megabytesOfTextAreRead() throws {
        let key = String(repeating: "k", count: 4 << 20)
        #expect(try ListPage(Self.page(Self.contents(key))).items.first?.key.utf8.count == 4 << 20)
    }

    @Test(arguments: [
        "-1", "99999999999999999999", "", "7 ", "0x7", "7.0", "seven", "+ 7", "９",
    ])
    func aSizeThatIsNoneIsRefused(_ size: String) {
        #expect(throws: XMLError.self) { try ListPage(Self.page(Self.contents("a", size: size))) }
    }

    @Test
    func theLargestSizeIsASize() throws {
        #expect(try ListPage(Self.page(Self.contents("a", size: "\(Int64.max)"))).items.first?.byteCount == .max)
    }

    @Test(arguments: [
        "", "null", "{}", "<html><body>proxy</body></html>", "<Error><Code>SlowDown</Code></Error>",
        "<ListBucketResult>", "<ListBucketResult/><ListBucketResult/>", "<ListAllMyBucketsResult/>",
        "<ListBucketResult><Contents></ListBucketResult></Contents>",
        "<ListBucketResult><Contents/></ListBucketResult>",
        "<ListBucketResult><Contents><Key>a</Key><Size>1</Size></Contents></ListBucketResult>",
        "<ListBucketResult><Contents><Size>1</Size>\(time)</Contents></ListBucketResult>",
        "<ListBucketResult><Contents><Key>a</Key>\(time)</Contents></ListBucketResult>",
        "<ListBucketResult>&unknown;</ListBucketResult>", "<ListBucketResult>\u{0}</ListBucketResult>",
        "<?xml version=\"1.0\" encoding=\"no-such\"?><ListBucketResult/>", "\u{FEFF}",
    ])
    func whatIsNoPageIsRefused(_ text: String) {
        #expect(throws: XMLError.self) { try ListPage(Array(text.utf8)) }
    }

    @Test
    func theAnswerToABulkDeleteTellsWhatIsStillThere() throws {
        let text = """
            <DeleteResult><Deleted><Key>gone</Key></Deleted>
            <Error><Key>a &lt; b</Key><Code>AccessDenied</Code><Message>no</Message></Error>
            <Error><Key>c</Key></Error></DeleteResult>
            """
        #expect(
            try DeleteResult(Array(text.utf8)).refusals == [
                .init(key: "a < b", code: "AccessDenied", message: "no"), .init(key: "c", code: "", message: nil),
            ]
        )
        #expect(try DeleteResult(Array("<DeleteResult/>".utf8)).refusals.isEmpty)
        for text in ["", "<Error><Code>x</Code></Error>", "<html/>", "<DeleteResult>"] {
            #expect(throws: XMLError.self) { try DeleteResult(Array(text.utf8)) }
        }
    }

    @Test(
        arguments: [
            ("<Error><Code>A</Code><Message>m</Message></Error>", "A"),
            ("<Error xmlns=\"x\"><Code>A</Code></Error>", "A"),
            ("<e:Error xmlns:e=\"x\"><e:Code>A</e:Code></e:Error>", "A"),
            // The first counts, and only right below the root.
            ("<Error><Code>A</Code><Code>B</Code></Error>", "A"),
            ("<Error><Detail><Code>B</Code></Detail></Error>", nil),
            ("<Error><Code></Code></Error>", nil), ("<Error/>", nil), ("<Errors><Code>A</Code></Errors>", nil),
            ("<Error><Code>A</Code>", nil), ("", nil), ("Error", nil),
        ] as [(String, String?)]
    )
    func anErrorHasACode(_ text: String, _ code: String?) {
        #expect(S3ErrorBody(Array(text.utf8))?.code == code)
    }
}
