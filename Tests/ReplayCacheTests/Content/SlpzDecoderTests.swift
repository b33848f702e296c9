import ReplayCacheTestSupport
import ReplayGenerator
import Testing

@testable import ReplayCache

/// Replays kept by another tool come back as they were, and files that lie are refused.
struct SlpzDecoderTests {
    private static let roomy = 64 << 20

    @Test(arguments: SlippiVersion.steps)
    func replaysOfEveryVersionComeBackBitForBit(_ version: SlippiVersion) throws {
        let replay = game(version).bytes()
        #expect(try SlpzDecoder.decode(SlpzSample.file(of: replay), maximum: replay.count) == replay)
    }

    @Test(arguments: [ReplaySpec.Damage.noGameEnd, .twoGameEnds, .noMetadata, .trailingBytes(70_000)])
    func unusualClosedReplaysComeBackBitForBit(_ damage: ReplaySpec.Damage) throws {
        var spec = game(.init(3, 14))
        spec.damage = damage
        let replay = spec.bytes()
        #expect(try SlpzDecoder.decode(SlpzSample.file(of: replay), maximum: Self.roomy) == replay)
    }

    @Test(
        .disabled(if: SharedReplays.files.isEmpty, "the shared replays are not on this machine"),
        arguments: SharedReplays.files.filter { $0.expected.parseable }
    )
    func publishedReplaysComeBackBitForBit(_ file: ReplayManifest.File) throws {
        let replay = try SharedReplays.bytes(of: file.file)
        guard let packed = try? SlpzSample.file(of: replay, level: 1) else {
            // The codec takes no unfinished replays, and none with an event that ends after them.
            #expect(!file.expected.complete)
            return
        }
        #expect(try SlpzDecoder.decode(packed, maximum: Self.roomy) == replay)
    }

    /// Written down by hand from the codec's description: two commands whose events alternate.
    @Test
    func columnsBecomeEventsAgain() throws {
        let table: [UInt8] = [0x35, 10, 0x36, 0, 2, 0x41, 0, 3, 0x40, 0, 2]
        let start: [UInt8] = [0x36, 8, 9]
        let columns: [UInt8] = [0, 0, 0, 3, 0x41, 0x40, 0x41] + [1, 2] + [0xA, 0xD, 0xB, 0xE, 0xC, 0xF]
        let file = try file(table: table, start: start, rest: [0x7D], columns: columns)
        let events: [UInt8] = [0x41, 0xA, 0xB, 0xC, 0x40, 1, 2, 0x41, 0xD, 0xE, 0xF]
        let head: [UInt8] = Array("{U".utf8) + [3] + Array("raw[$U#l".utf8) + [0, 0, 0, 25]
        #expect(try SlpzDecoder.decode(file, maximum: 1000) == head + table + start + events + [0x7D])
    }

    @Test
    func aReplayLargerThanTheCallerTakesIsRefused() throws {
        let replay = game(.init(3, 18)).bytes()
        let file = try SlpzSample.file(of: replay)
        #expect(throws: SlpzError.tooLarge(maximum: replay.count - 1)) {
            try SlpzDecoder.decode(file, maximum: replay.count - 1)
        }
    }

    @Test
    func aBombIsGivenUpAtTheLengthThatItClaims() throws {
        let zeros = [UInt8](repeating: 0, count: 32 << 20)
        var frame: [UInt8] = []
        try ZstdCompressor(level: 1, byteCount: Int64(zeros.count)).compress(zeros.span, isLast: true, into: &frame)
        let parts = try SlpzSample.Parts(game(.init(3, 18)).bytes())
        for claimed in [4, 1000, 31 << 20] {
            let file = SlpzSample.file(
                table: parts.table,
                start: parts.start,
                rest: [],
                frame: frame,
                decodedCount: claimed
            )
            #expect(throws: SlpzError.lyingLength) { try SlpzDecoder.decode(file, maximum: Self.roomy) }
        }
    }

    @Test(arguments: Lie.all)
    func aFileThatContradictsItselfIsRefused(_ lie: Lie) throws {
        let parts = try SlpzSample.Parts(game(.init(2, 0)).bytes())
        var columns = SlpzSample.columns(of: parts.events)
        var (table, start) = (parts.table, parts.start)
        lie.tell(&table, &start, &columns)
        var file = try file(table: table, start: start, rest: parts.rest, columns: columns)
        lie.tellInFile(&file)
        #expect(
            performing: {
                try SlpzDecoder.decode(file, maximum: Self.roomy)
            },
            throws: { ($0 as? SlpzError).map { "\($0)".contains(lie.reason) } ?? false }
        )
    }

    /// One thing wrong with an otherwise good file, and what is said about it.
    struct Lie: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let reason: String
        var tell: @Sendable (_ table: inout [UInt8], _ start: inout [UInt8], _ columns: inout [UInt8]) -> Void
        var tellInFile: @Sendable (inout [UInt8]) -> Void

        init(
            _ description: String,
            _ reason: String,
            parts: @escaping @Sendable (inout [UInt8], inout [UInt8], inout [UInt8]) -> Void = { _, _, _ in },
            file: @escaping @Sendable (inout [UInt8]) -> Void = { _ in }
        ) {
            testDescription = description
            self.reason = reason
            tell = parts
            tellInFile = file
        }

        static let all = [
            Lie("nothing", "not a compressed replay", file: { $0 = [] }),
            Lie("a header alone", "not a compressed replay", file: { $0.removeSubrange(23...) }),
            Lie("a replay", "not a compressed replay", file: { $0 = ReplaySpec(frames: 200).bytes() }),
            Lie("later version", "later version of slpz: format 1", file: { $0[3] = 1 }),
            Lie("table in the header", "not a compressed replay", file: { $0[7] = 23 }),
            Lie("parts in another order", "not a compressed replay", file: { $0[11] = 0 }),
            Lie("frame beyond the end", "not a compressed replay", file: { $0[16] = 0x7F }),
            Lie(
                "claims four gigabytes",
                "more than",
                file: { $0.replaceSubrange(20..<24, with: [255, 255, 255, 255]) }
            ),
            Lie("claims nothing", "not as long", file: { $0.replaceSubrange(20..<24, with: [0, 0, 0, 3]) }),
            Lie("claims a byte more", "not as long", file: { $0[23] &+= 1 }),
            Lie("frame cut short", "cannot be decoded", file: { $0.removeLast() }),
            Lie("bytes behind the frame", "cannot be decoded", file: { $0 += [1, 2, 3, 4, 5] }),
            Lie("frame damaged", "cannot be decoded", file: { $0[$0.count - 10] ^= 0xFF }),
            Lie("no table", "no table", parts: { table, _, _ in table[0] = 0x36 }),
            Lie("empty table", "no table", parts: { table, _, _ in table[1] = 0 }),
            Lie("table cut off", "table of event sizes is cut off", parts: { table, _, _ in table.removeLast() }),
            Lie("no Game Start", "Game Start event is cut off", parts: { _, start, _ in start = [] }),
            Lie("Game Start cut off", "Game Start event is cut off", parts: { _, start, _ in start.removeLast() }),
            Lie("another event", "Game Start event is cut off", parts: { _, start, _ in start[0] = 0x37 }),
            Lie("too many events", "more events than it has", parts: { _, _, columns in columns[0] = 0xFF }),
            Lie("fewer events", "do not fit", parts: { _, _, columns in columns[3] &-= 1 }),
            Lie("unlisted event", "does not list", parts: { _, _, columns in columns[4] = 0xEE }),
            Lie("another event in its place", "do not fit", parts: { _, _, columns in columns[4] = 0x38 }),
            Lie("payload cut off", "do not fit", parts: { _, _, columns in columns.removeLast() }),
            Lie("bytes too many", "do not fit", parts: { _, _, columns in columns += [0] }),
            Lie("a larger size", "do not fit", parts: { table, _, _ in table[7] &+= 1 }),
        ]
    }

    /// A failure prints the round; the seed is fixed, so the round repeats.
    @Test(arguments: [SlippiVersion(0, 1), .init(2, 0), .init(3, 18)])
    func damagedFilesNeitherTrapNorGrow(_ version: SlippiVersion) throws {
        var spec = game(version)
        spec.frames = 30
        let replay = spec.bytes()
        let file = try SlpzSample.file(of: replay)
        let parts = try SlpzSample.Parts(replay)
        let columns = SlpzSample.columns(of: parts.events)
        var random = SeededGenerator(seed: UInt64(version.minor))
        for round in 0..<1500 {
            // Damage in the file, or in the columns before they are compressed: the frame's checksum hides the latter.
            let damaged =
                round.isMultiple(of: 2)
                ? mutated(file, &random)
                : try self.file(
                    table: mutated(parts.table, &random),
                    start: parts.start,
                    rest: parts.rest,
                    columns: mutated(columns, &random)
                )
            do {
                let decoded = try SlpzDecoder.decode(damaged, maximum: replay.count)
                #expect(decoded.count <= replay.count, "round \(round)")
            } catch {
                #expect(error is SlpzError, "round \(round)")
            }
        }
    }

    private func mutated(_ original: [UInt8], _ random: inout SeededGenerator) -> [UInt8] {
        var bytes = original
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            let limit = Bool.random(using: &random) ? min(bytes.count, 40) : bytes.count
            let extremes: [UInt8] = [0x00, 0x01, 0x17, 0x18, 0x35, 0x38, 0x7F, 0x80, 0xFF]
            bytes[Int.random(in: 0..<limit, using: &random)] = extremes.randomElement(using: &random) ?? 0
        }
        if Int.random(in: 0..<4, using: &random) == 0 {
            bytes.removeLast(Int.random(in: 0..<bytes.count, using: &random))
        }
        return bytes.isEmpty ? [0] : bytes
    }

    private func file(table: [UInt8], start: [UInt8], rest: [UInt8], columns: [UInt8]) throws -> [UInt8] {
        var frame: [UInt8] = []
        try ZstdCompressor(level: 1, byteCount: Int64(columns.count)).compress(columns.span, isLast: true, into: &frame)
        return SlpzSample.file(table: table, start: start, rest: rest, frame: frame, decodedCount: columns.count)
    }

    private func game(_ version: SlippiVersion) -> ReplaySpec {
        var spec = ReplaySpec(version: version, frames: 400, seed: 11)
        spec.players[0].character = 14
        spec.isOnline = true
        spec.rollbackInterval = version >= .init(3, 7) ? 60 : nil
        spec.hasItems = true
        spec.geckoListBytes = 3000
        return spec
    }
}
