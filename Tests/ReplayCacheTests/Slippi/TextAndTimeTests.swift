import Testing

@testable import ReplayCache

/// Texts and time stamps in the forms that replays have them.
struct TextAndTimeTests {
    @Test(
        arguments: [
            ([0x82, 0x60, 0x82, 0x61], "AB"), ([0x41, 0x81, 0x94, 0x31], "A#1"), ([0x82, 0xA9, 0x81, 0x41], "か、"),
            ([0x83, 0x7A, 0x83, 0x80, 0x83, 0x96], "ホムヶ"), ([0xB1], "ｱ"), ([0x81, 0x40, 0x81, 0x60], " ~"),
            ([0x81, 0x66, 0x81, 0x68], "'\""), ([0x41, 0x00, 0x42], "A"), ([0x88, 0x9F], "亜"), ([], ""),
        ] as [([UInt8], String)]
    )
    func shiftJISIsDecodedAndFolded(_ bytes: [UInt8], _ text: String) {
        #expect(ShiftJIS.foldedText(bytes[...]) == text)
    }

    @Test(
        arguments: [
            ([0x82], "\u{FFFD}"), ([0x41, 0x82], "A\u{FFFD}"), ([0x82, 0x20], "\u{FFFD} "),
            ([0xFF, 0x41], "\u{FFFD}A"),
            ([0x80, 0x41], "\u{FFFD}A"),
        ] as [([UInt8], String)]
    )
    func badSequencesBecomeReplacementCharacters(_ bytes: [UInt8], _ text: String) {
        #expect(ShiftJIS.foldedText(bytes[...]) == text)
    }

    @Test(
        arguments: [
            ("2018-06-22T07:52:59Z", 1_529_653_979_000, true), ("2018-06-22T07:52:59", 1_529_653_979_000, false),
            ("2018-06-22T07:52:59.446Z", 1_529_653_979_446, true), ("2018-06-22T07:52:59\0", 1_529_653_979_000, false),
            ("2018-06-22T07:52:59+0900", 1_529_621_579_000, true),
            ("2018-06-22T07:52:59-01:30", 1_529_659_379_000, true),
            ("2000-02-29T00:00:00Z", 951_782_400_000, true), ("1969-12-31T23:59:59Z", -1000, true),
        ] as [(String, Int64, Bool)]
    )
    func startTimeIsReadInEveryForm(_ text: String, _ milliseconds: Int64, _ hasZone: Bool) {
        #expect(StartTime(metadata: text) == StartTime(millisecondsSince1970: milliseconds, hasZone: hasZone))
    }

    @Test(arguments: [
        "", "yesterday", "2018-06-22", "2018-13-22T07:52:59Z", "2018-06-22T25:52:59Z", "2018-06-22T07:52:59?",
    ])
    func nonsenseIsNoStartTime(_ text: String) {
        #expect(StartTime(metadata: text) == nil)
    }

    @Test
    func matchIdsHoldTimes() {
        let session = StartTime(matchID: "mode.unranked-2022-12-20T06:52:39.18-0")
        #expect(session == StartTime(millisecondsSince1970: 1_671_519_159_180, hasZone: true))
        #expect(StartTime(matchID: "mode.ranked") == nil)
    }

    @Test
    func ubjsonKeepsWhatItReadBeforeDamage() {
        let whole: [UInt8] = [0x7B] + text("a") + [0x53] + text("x") + text("b") + [0x69, 0xFF] + [0x7D]
        var reader = UBJSONReader(whole[...])
        #expect(reader.readObject() == .object(["a": .string("x"), "b": .integer(-1)]))
        #expect(!reader.isDamaged)
        reader = UBJSONReader(whole.dropLast(2))
        #expect(reader.readObject() == .object(["a": .string("x")]))
        #expect(reader.isDamaged)
    }

    @Test
    func ubjsonRefusesDeepNestingAndHugeLengths() {
        let nested = [UInt8](repeating: 0x7B, count: 1) + (0..<5000).flatMap { _ in text("a") + [0x7B] }
        var reader = UBJSONReader(nested[...])
        _ = reader.readObject()
        #expect(reader.isDamaged)
        let huge: [UInt8] = [0x7B] + text("a") + [0x53, 0x4C, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]
        reader = UBJSONReader(huge[...])
        #expect(reader.readObject() == .object([:]))
        #expect(reader.isDamaged)
    }

    private func text(_ text: String) -> [UInt8] {
        [0x55, UInt8(text.utf8.count)] + Array(text.utf8)
    }
}
