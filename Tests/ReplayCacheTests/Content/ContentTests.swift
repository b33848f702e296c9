import ReplayCacheTestSupport
import Testing

@testable import ReplayCache

/// Paths, patterns, sizes and texts.
struct ContentTests {
    @Test(
        arguments: [
            "a", "replays/mewtwo/Game_1.slp", "…/ä/日本", "a b/c\nd", ".hidden", "...", "a/..b/c..", "\u{301}",
            String(repeating: "x", count: 255), String(repeating: "y/", count: 1500) + "z",
        ]
    )
    func aPathBelowARootIsTaken(_ text: String) throws { #expect(try LogicalPath(text).string == text) }

    @Test(
        arguments: [
            ("", "empty"), ("/a", "absolute"), ("a/", "empty component"), ("a//b", "empty component"), ("..", "\"..\""),
            ("../a", "\"..\""), ("a/../b", "\"..\""), ("a/..", "\"..\""), (".", "\".\""), ("./a", "\".\""),
            ("a\0b", "NUL"), (String(repeating: "x", count: 256), "255"), (String(repeating: "é", count: 128), "255"),
            (String(repeating: "x/", count: 1600), "3,072"),
        ]
    )
    func aPathThatCouldLeadElsewhereIsRefusedWithItsReason(_ text: String, _ reason: String) {
        #expect {
            try LogicalPath(text)
        } throws: { ($0 as? LogicalPathError)?.reason.contains(reason) == true }
    }

    @Test
    func pathsCompareByBytes() throws {
        let composed = try LogicalPath("\u{E9}")
        let decomposed = try LogicalPath("e\u{301}")
        #expect(composed != decomposed)
        #expect(Set([composed, decomposed]).count == 2)
        #expect(decomposed < composed)
        #expect(try LogicalPath("a-b") < LogicalPath("a/x"))
        #expect(try LogicalPath("Z") < LogicalPath("a"))
    }

    @Test
    func aPathHasACollectionANameAndAPlaceBelowOthers() throws {
        let path = try LogicalPath("replays/fox/a.slp")
        #expect(path.collection == "replays")
        #expect(path.name == "a.slp")
        #expect(try path.below(LogicalPath("x/y")).string == "x/y/replays/fox/a.slp")
        #expect(throws: LogicalPathError.self) {
            try path.below(LogicalPath(String(repeating: "x/", count: 1530) + "x"))
        }
    }

    @Test(
        arguments: [
            ("*.slp", "a.slp", true), ("*.slp", "fox/a.slp", true), ("*.slp", "a.slpx", false),
            ("Game_*", "x/Game_1", true),
            ("fox/*", "fox/a/b", true), ("fox/*", "old/fox/a", true), ("fox/*", "foxes/a", false),
            ("?.txt", "ab.txt", false),
            ("[ab].txt", "x/b.txt", true), ("[!ab].txt", "b.txt", false), ("a", "b/a", true), ("a", "ab", false),
            ("*.SLP", "a.slp", false), ("ä*", "x/äb", true),
            ("?.txt", "ä.txt", true), ("??.txt", "ä.txt", false), ("[!a]?.txt", "ä.txt", false),
            ("[à-ü].txt", "ä.txt", true), ("[à-ü].txt", "a.txt", false), ("[^b].txt", "a.txt", true),
            ("*a*b*c", "xaybzbc", true), ("*a*b*c", "xaybzb", false), ("**", "", true), ("", "", true),
            ("?", "", false),
            ("[", "[", true), ("[ab", "[ab", true), ("[]]", "]", true), ("[!]]", "]", false), ("[a-]", "-", true),
            ("[a\\]]", "]", true), ("\\*", "*", true), ("\\*", "a", false), ("\\", "\\", true), ("a[b]c", "abc", true),
            ("*日?", "x/日本", true), ("*/", "a/", true), ("a\u{308}", "ä", false),
        ]
    )
    func aPatternMatchesFromAnySlashOn(_ pattern: String, _ path: String, _ isMatch: Bool) {
        #expect(Glob.matches(pattern, path: path) == isMatch)
    }

    @Test
    func litterIsPassedOver() {
        let rules = IgnoreRules(patterns: ["*.bak", "old/*"])
        let ignored = [
            ".git", ".DS_Store", "Thumbs.db", "desktop.ini", ".replaycacheignore", "a.tmp", "a.part", "a.partial",
            "a.crdownload", "a.swp", "a~", ".replaycache-0.part", "a.bak",
        ]
        for name in ignored { #expect(rules.ignores(name: name, path: "fox/\(name)"), "\(name)") }
        for name in ["a.slp", "git", "a.temp", "part", "tmp", ".hidden", "a.bak.slp"] {
            #expect(!rules.ignores(name: name, path: "fox/\(name)"), "\(name)")
        }
        #expect(rules.ignores(name: "a.slp", path: "old/a.slp"))
    }

    @Test
    func aRootSaysWhatToIgnore() throws {
        let scratch = try Scratch()
        try Tree.write("# comment\n\n  *.bak  \r\nold/*\n", to: scratch.at(".replaycacheignore"))
        let rules = try IgnoreRules(root: OpenFile.directory(scratch.path))
        #expect(rules.ignores(name: "a.bak", path: "a.bak"))
        #expect(rules.ignores(name: "a", path: "old/a"))
        #expect(!rules.ignores(name: "# comment", path: "# comment"))
        #expect(!rules.ignores(name: "a", path: "a"))
    }

    @Test(
        arguments: [
            (0, "0 B"), (999, "999 B"), (1000, "1.00 kB"), (41_900_000, "41.9 MB"), (999_499, "999 kB"),
            (999_500, "1.00 MB"), (2_200_000_000_000, "2.20 TB"), (9_996, "10.0 kB"), (-1500, "-1.50 kB"),
            (Int64.max, "9.22 EB"), (Int64.min, "-9.22 EB"),
        ]
    )
    func sizesAreWrittenInPowersOfTen(_ bytes: Int64, _ text: String) {
        #expect(ByteCount(bytes).description == text)
    }

    @Test(
        arguments: [
            (1.005, 1, "1.0"), (2.25, 1, "2.3"), (-0.04, 1, "0.0"), (-1.5, 0, "-2"), (0.0001, 4, "0.0001"),
            (.nan, 2, "0"), (.infinity, 2, "0"), (1e300, 2, "0"), (12, 0, "12"),
        ] as [(Double, Int, String)]
    )
    func decimalsAreRounded(_ value: Double, _ places: Int, _ text: String) {
        #expect(Decimals.format(value, places: places) == text)
    }

    @Test
    func numbersAreGroupedAndPadded() {
        #expect(
            [0, 999, 1000, 1_234_567, -1234].map(Decimals.grouped) == ["0", "999", "1,000", "1,234,567", "-1,234"]
        )
        #expect(Decimals.padded(7, to: 3) == "007")
        #expect(Decimals.padded(1234, to: 3) == "1234")
    }

    @Test
    func controlAndBidirectionalCharactersAreSeenAndDoNotAct() {
        let table = [
            ("plain ä 日本", "plain ä 日本"), ("a\u{1B}[31mb", "a\\u{1b}[31mb"), ("a\nb\tc\0", "a\\u{a}b\\u{9}c\\u{0}"),
            ("\u{202E}gnp", "\\u{202e}gnp"), ("\u{2066}x\u{2069}", "\\u{2066}x\\u{2069}"), ("\u{9B}x", "\\u{9b}x"),
            ("a\u{2028}b", "a\\u{2028}b"),
        ]
        for (text, shown) in table { #expect(DisplayText.escaped(text) == shown) }
        #expect(DisplayText.quoted(String(repeating: "x", count: 300)).count == 203)
    }

    @Test
    func aHashReadsFilesOfEveryLength() throws {
        for count in [0, 1, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 3 << 20] {
            let bytes = SampleBytes.random(count, seed: UInt64(count))
            let (digest, length) = try Digest.of(ByteArraySource(bytes))
            #expect(length == Int64(count))
            #expect(try digest == Digest.of(bytes))
        }
    }
}
