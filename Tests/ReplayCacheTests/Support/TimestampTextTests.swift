import Testing

@testable import ReplayCache

/// The times that servers write, and what looks like one.
struct TimestampTextTests {
    @Test(arguments: [
        ("Tue, 24 Nov 2026 15:00:00 GMT", "2026-11-24T15:00:00Z"),
        // The example of RFC 9110 section 5.6.7.
        ("Sun, 06 Nov 1994 08:49:37 GMT", "1994-11-06T08:49:37Z"),
        ("Thu, 29 Feb 2024 23:59:59 GMT", "2024-02-29T23:59:59Z"),
        // Servers that forget the zero.
        ("Sun, 6 Nov 1994 08:49:37 GMT", "1994-11-06T08:49:37Z"),
    ])
    func aDateOfHTTPIsRead(_ text: String, _ expected: String) {
        #expect(Timestamp(httpDate: text)?.rfc3339 == expected)
    }

    @Test(arguments: [
        "", "now", "Tue, 24 Nov 2026 15:00:00", "Tue, 24 Nov 2026 15:00:00 CET", "Tue, 31 Feb 2026 15:00:00 GMT",
        "Tue, 24 Nov 2026 24:00:00 GMT", "Tue, 24 Nov 2026 15:61:00 GMT", "Tue, 24 Now 2026 15:00:00 GMT",
        "Tue, 24 Nov 26 15:00:00 GMT", "Tue, 24 Nov 99999 15:00:00 GMT", "Tue, 24 Nov -026 15:00:00 GMT",
        "Tue, ٢٤ Nov 2026 15:00:00 GMT", "Tue, 0 Nov 2026 15:00:00 GMT", "1; 24 Nov 2026 15:00:00 GMT; x",
        "Tue, 24 Nov 2026 1500:00 GMT", "Tue, 24 Nov 2026 15:00: GMT", "Tue, 24 Nov 2026 15:0000 GMT",
    ])
    func whatIsNoDateOfHTTPIsNone(_ text: String) {
        #expect(Timestamp(httpDate: text) == nil)
    }

    @Test(arguments: [
        ("2026-11-24T15:00:00.000Z", "2026-11-24T15:00:00Z"), ("2026-11-24T15:00:00Z", "2026-11-24T15:00:00Z"),
        ("2026-11-24T15:00:00.5Z", "2026-11-24T15:00:00.500Z"),
        ("2026-11-24T15:00:00.123456789Z", "2026-11-24T15:00:00.123Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"), ("9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"),
    ])
    func aTimeOfXMLIsRead(_ text: String, _ expected: String) {
        #expect(Timestamp(utc: text)?.rfc3339 == expected)
    }

    @Test(arguments: [
        "", "Z", ".Z", "2026-11-24", "2026-11-24T15:00:00", "2026-11-24T15:00:00+01:00", "2026-11-24 15:00:00Z",
        "2026-13-24T15:00:00Z", "2026-11-31T15:00:00Z", "2026-11-24T15:00:00.1.2Z", "2026-11-24T15:00:00.xZ",
        "12026-11-24T15:00:00Z", "2026-11-24T15:00:00.é́́Z", "-2026-11-24T15:00:00Z", "2026-1124T15:00:00Z",
        "2026-11-24T1500:00Z", "2026-11-24T15:00:00.12xZ", "2026-11-24T15:00:00.1234xZ", "2026-11-24T15:00:00.Z",
    ])
    func whatIsNoTimeOfXMLIsNone(_ text: String) {
        #expect(Timestamp(utc: text) == nil)
    }

    @Test
    func whatIsPrintedIsReadAgain() {
        for milliseconds: Int64 in [0, 1, 999, 1_795_532_400_000, 951_782_400_123, -62_135_596_800_000] {
            let time = Timestamp(milliseconds: milliseconds)
            #expect(Timestamp(utc: time.rfc3339) == time)
            #expect(time.basic == "\(time.sortable.prefix(15))Z")
        }
    }
}
