import ReplayCacheTestSupport
import Testing

@testable import ReplayCache

/// Lists of condemned keys as bytes and as names.
struct CondemnedListTests {
    @Test func aListReadsAsItWasWritten() throws {
        let keys = try (0..<300).map { number in
            ObjectKey(
                digest: try Digest.of([UInt8(number % 256), UInt8(number / 256)]),
                generation: number,
                form: .recipe
            )
        }
        #expect(try CondemnedList.decode(CondemnedList(keys: keys).encoded()).keys == keys)
    }

    @Test func aNameReadsAsItWasWritten() throws {
        let key = CondemnedListKey(time: Timestamp(milliseconds: 1_795_471_673_123), id: "0123456789abcdef")
        #expect(key.remoteKey.string == "gc/20261123T220753123Z-0123456789abcdef.json.zst")
        #expect(CondemnedListKey(key.remoteKey.string) == key)
    }

    @Test(arguments: [
        "gc/20261123T220753123Z-0123456789abcdef.json", "gc/20261123T220753123Z-0123456789ABCDEF.json.zst",
        "gc/20261123T220753123Z-0123.json.zst", "gc/../20261123T220753123Z-0123456789abcdef.json.zst",
        "gc/20260231T220753123Z-0123456789abcdef.json.zst", "log/20261123T220753123Z-0123456789abcdef.json.zst", "gc/",
    ])
    func otherNamesAreNone(_ name: String) { #expect(CondemnedListKey(name) == nil) }

    /// Whoever writes to the bucket may write anything.
    @Test func aListThatIsCutShortOrHugeIsRefused() throws {
        let bytes = try CondemnedList(keys: [ObjectKey(digest: try Digest.of([1]), form: .recipe)]).encoded()
        #expect(throws: (any Error).self) { try CondemnedList.decode(Array(bytes.dropLast(3))) }
        #expect(throws: (any Error).self) { try CondemnedList.decode([]) }
        let text = [UInt8](repeating: 32, count: CondemnedList.maximumByteCount + 1)
        var bomb: [UInt8] = []
        try ZstdCompressor(level: 1, byteCount: Int64(text.count)).compress(text.span, isLast: true, into: &bomb)
        #expect(throws: SegmentError.self) { try CondemnedList.decode(bomb) }
    }
}
