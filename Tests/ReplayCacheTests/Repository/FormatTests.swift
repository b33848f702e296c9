import ReplayCacheTestSupport
import Testing

@testable import ReplayCache

/// Names and texts of the repository format (`design.md` section 3).
struct FormatTests {
    private static let hex = String(repeating: "ab", count: 32)

    // MARK: Digests and keys

    @Test
    func aDigestIsWhatSha256Says() throws {
        // FIPS 180-4 examples.
        #expect(
            try Digest.of(Array("abc".utf8)).hex == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        )
        #expect(try Digest.of([]).hex == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    }

    @Test
    func aDigestComesBackFromItsTextAndItsBytes() throws {
        let digest = try Digest.of(Array("abc".utf8))
        #expect(Digest(hex: digest.hex) == digest)
        #expect(Digest(bytes: digest.bytes) == digest)
        #expect(digest.short == "ba7816bf")
    }

    @Test(
        arguments: [
            "", "ab", String(repeating: "A", count: 64), String(repeating: "g", count: 64),
            String(repeating: "a", count: 63), String(repeating: "a", count: 65), String(repeating: "é", count: 32),
        ]
    )
    func whatIsNotLowerCaseHexadecimalIsNoDigest(_ text: String) { #expect(Digest(hex: text) == nil) }

    @Test
    func theKeyOfAnObjectFollowsTheLayout() throws {
        let digest = try #require(Digest(hex: Self.hex))
        let table: [(key: ObjectKey, text: String)] = [
            (ObjectKey(digest: digest, form: .content(.raw)), "objects/ab/\(Self.hex).raw"),
            (ObjectKey(digest: digest, form: .content(.zst)), "objects/ab/\(Self.hex).zst"),
            (ObjectKey(digest: digest, form: .recipe), "objects/ab/\(Self.hex).recipe"),
            (ObjectKey(digest: digest, generation: 12, form: .content(.zst)), "objects/ab/\(Self.hex).12.zst"),
        ]
        for (key, text) in table {
            #expect(key.remoteKey.string == text)
            #expect(ObjectKey(text) == key)
        }
    }

    @Test(
        arguments: [
            "", "objects/ab/\(hex)", "objects/ab/\(hex).", "objects/ab/\(hex).gz", "objects/ac/\(hex).zst",
            "objects/ab/\(hex).0.zst", "objects/ab/\(hex).01.zst", "objects/ab/\(hex).-1.zst",
            "objects/ab/\(hex).+1.zst",
            "objects/ab/\(hex).1.2.zst", "objects/ab/\(hex.uppercased()).zst", "objects//ab/\(hex).zst",
            "/objects/ab/\(hex).zst", "objects/ab/\(hex).zst/", "object/ab/\(hex).zst", "objects/ab/../\(hex).zst",
            "objects/ab/\(hex).99999999999999999999.zst", "objects/ab/\(hex).ZST",
        ]
    )
    func otherTextsAreNoObjectKeys(_ text: String) { #expect(ObjectKey(text) == nil) }

    @Test
    func theKeyOfASegmentSortsByTimeAndComesBack() throws {
        let text = "log/20261123T220753123Z-00000000000000ff-3.0123abcd.ndjson.zst"
        let key = try #require(SegmentKey(text))
        #expect(key.remoteKey.string == text)
        #expect(key.hlc.milliseconds == 1_795_471_673_123)
        #expect(key.writer == "00000000000000ff")
        #expect(key.number == 3)
        let later = HLC(milliseconds: key.hlc.milliseconds + 1)
        #expect(
            key.remoteKey < SegmentKey(hlc: later, writer: "0000000000000000", number: 0, check: "00000000").remoteKey
        )
    }

    @Test(
        arguments: [
            "", "log/", "log/20261123T220753123Z-00000000000000ff-3.0123abcd.ndjson",
            "log/20261123T220753123Z-00000000000000ff-03.0123abcd.ndjson.zst",
            "log/20261123T220753123Z-00000000000000ff--3.0123abcd.ndjson.zst",
            "log/20261123T220753123Z-00000000000000FF-3.0123abcd.ndjson.zst",
            "log/20261123T220753123Z-0000000000000ff-3.0123abcd.ndjson.zst",
            "log/20261123T220753123Z-00000000000000ff-3.0123abc.ndjson.zst",
            "log/20261323T220753123Z-00000000000000ff-3.0123abcd.ndjson.zst",
            "log/20261123T220753Z-00000000000000ff-3.0123abcd.ndjson.zst",
            "log/x/20261123T220753123Z-00000000000000ff-3.0123abcd.ndjson.zst",
            "base/20261123T220753123Z-00000000000000ff-3.0123abcd.ndjson.zst",
        ]
    )
    func otherTextsAreNoSegmentKeys(_ text: String) { #expect(SegmentKey(text) == nil) }

    // MARK: Time

    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00Z", "19700101T000000000Z"),
            (1_795_471_673_123, "2026-11-23T22:07:53.123Z", "20261123T220753123Z"),
            (951_782_400_000, "2000-02-29T00:00:00Z", "20000229T000000000Z"),
            (-1, "1969-12-31T23:59:59.999Z", "19691231T235959999Z"),
            (253_402_300_799_999, "9999-12-31T23:59:59.999Z", "99991231T235959999Z"),
        ]
    )
    func aTimeIsWrittenAsTheCalendarHasIt(_ milliseconds: Int64, _ rfc3339: String, _ sortable: String) {
        let time = Timestamp(milliseconds: milliseconds)
        #expect(time.rfc3339 == rfc3339)
        #expect(time.sortable == sortable)
        #expect(Timestamp(sortable: sortable) == time)
        #expect(HLC(text: HLC(milliseconds: milliseconds).text)?.milliseconds == milliseconds)
    }

    @Test
    func aMillisecondInNanosecondsIsThatMillisecond() {
        for milliseconds in Int64(1_790_000_000_000)..<1_790_000_001_000 {
            #expect(Timestamp(nanoseconds: milliseconds * 1_000_000).milliseconds == milliseconds)
            #expect(Timestamp(nanoseconds: milliseconds * 1_000_000 + 999_999).milliseconds == milliseconds)
        }
        #expect(Timestamp(nanoseconds: -1).milliseconds == -1)
        #expect(Timestamp(nanoseconds: .min).milliseconds == -9_223_372_036_855)
    }

    @Test(
        arguments: [
            "", "20261123", "20260231T000000000Z", "20261123T240000000Z", "20261123T236000000Z", "20261123T220760123Z",
            "20261123t220753123Z", "20261123T220753123z", "20261123T220753123+", "2026112３T220753123Z",
            "+0261123T220753123Z", "20250229T000000000Z", "20260001T000000000Z", "20260100T000000000Z",
        ]
    )
    func aTextThatIsNoTimeIsRefused(_ text: String) {
        #expect(Timestamp(sortable: text) == nil)
        #expect(HLC(text: text) == nil)
    }

    @Test
    func theClockFollowsThePlaceAndNeverStandsStill() {
        let time = Timestamp(milliseconds: 1000)
        #expect(HLC.next(after: nil, serverTime: time).milliseconds == 1000)
        #expect(HLC.next(after: HLC(milliseconds: 500), serverTime: time).milliseconds == 1000)
        #expect(HLC.next(after: HLC(milliseconds: 1000), serverTime: time).milliseconds == 1001)
        #expect(HLC.next(after: HLC(milliseconds: 5000), serverTime: time).milliseconds == 5001)
    }

    // MARK: Recipes

    private static func recipe(size: Int64) throws -> Recipe {
        let parts = try (0..<Recipe.partCount(forSize: size)).map { index in
            let digest = try Digest.of(Array("part \(index)".utf8))
            return Recipe.Part(
                sha256: digest,
                key: ObjectKey(digest: digest, form: .content(.zst)).remoteKey.string,
                encodedSize: 10
            )
        }
        return Recipe(size: size, parts: parts)
    }

    @Test(arguments: [(33 << 20) + 0, (32 << 20) + 1, 48 << 20, 64 << 20, (64 << 20) + 5] as [Int64])
    func aRecipeComesBackAndItsPartsCoverTheFile(_ size: Int64) throws {
        let recipe = try Self.recipe(size: size)
        #expect(try Recipe.decode(recipe.encoded(), size: size) == recipe)
        let ranges = recipe.parts.indices.map(recipe.range)
        #expect(ranges.first?.lowerBound == 0)
        #expect(ranges.last?.upperBound == size)
        #expect(zip(ranges, ranges.dropFirst()).allSatisfy { $0.upperBound == $1.lowerBound })
        #expect(ranges.allSatisfy { !$0.isEmpty && $0.count <= 16 << 20 })
    }

    @Test
    func aRecipeForAnotherSizeIsRefused() throws {
        let size: Int64 = 48 << 20
        let bytes = try Self.recipe(size: size).encoded()
        for other in [size - 1, size + 1, 0, -1, 1 << 60, Int64.max] {
            #expect(throws: (any Error).self) { try Recipe.decode(bytes, size: other) }
        }
    }

    @Test
    func aRecipeWhosePartsAreNotWhatTheirKeysSayIsRefused() throws {
        let size: Int64 = 48 << 20
        let good = String(decoding: try Self.recipe(size: size).encoded(), as: UTF8.self)
        let other = try Digest.of([1]).hex
        let first = try #require(try Self.recipe(size: size).parts.first)
        let wrong = [
            good.replacing(first.key, with: "objects/\(other.prefix(2))/\(other).zst"),
            good.replacing(first.key, with: "../\(first.key)"),
            good.replacing("16777216", with: "8388608"),
            good.replacing("\"size\":\(size)", with: "\"size\":1000000000000000000"),
            String(good.dropLast(10)),
            "",
            "[]",
        ]
        for text in wrong {
            #expect(text != good)
            #expect(throws: (any Error).self) { try Recipe.decode(Array(text.utf8), size: size) }
        }
    }

    // MARK: The manifest

    @Test
    func theManifestHasTheFieldsOfTheFormat() throws {
        let text = String(decoding: try Manifest(repository: "id").encoded(), as: UTF8.self)
        #expect(
            text == #"{"encryption":"none","format":1,"hash":"sha256","partSize":16777216,"repository":"id"}"#
        )
        #expect(try Manifest.decode(Array(text.utf8), at: "here") == Manifest(repository: "id"))
    }

    @Test(
        arguments: [
            (#"{"format":2,"anything":true}"#, "format 2"),
            (#"{"encryption":"age","format":1,"hash":"sha256","partSize":16777216,"repository":"id"}"#, "age"),
            (#"{"encryption":"none","format":1,"hash":"blake3","partSize":16777216,"repository":"id"}"#, "blake3"),
            (#"{"encryption":"none","format":1,"hash":"sha256","partSize":4096,"repository":"id"}"#, "4096"),
            (#"{"format":1}"#, "lacks"),
            ("not json", "cannot be read"),
            ("", "cannot be read"),
        ]
    )
    func whatThisProgramCannotReadIsRefusedByName(_ manifest: String, _ named: String) {
        #expect {
            try Manifest.decode(Array(manifest.utf8), at: "/mnt/place")
        } throws: { error in
            guard let error = error as? ReplayCacheError else { return false }
            return error.code == .unsupportedFormat && error.message.contains(named)
                && error.message.contains("/mnt/place")
        }
    }
}
