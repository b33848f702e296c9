import ReplayGenerator
import Testing

@testable import ReplayCache

/// The reader on thousands of damaged replays: it must neither trap nor read without bound.
///
/// A failure prints the round; the seed is fixed, so the round repeats.
struct ReplayFuzzTests {
    @Test(arguments: [SlippiVersion(0, 1), .init(2, 0), .init(3, 7), .init(3, 14), .init(3, 18)])
    func mutatedReplaysNeverTrapTheReader(_ version: SlippiVersion) throws {
        var spec = ReplaySpec(version: version, frames: 40, seed: 3)
        spec.players[0].character = 14
        spec.players[1].character = 18
        spec.players[1].nameTag = "かな"
        spec.isOnline = true
        spec.geckoListBytes = 600
        try readMutations(of: spec.bytes(), rounds: 500, seed: UInt64(version.minor))
    }

    @Test(
        .disabled(if: SharedReplays.files.isEmpty, "the shared replays are not on this machine"),
        arguments: SharedReplays.files
    )
    func mutatedSharedReplaysNeverTrapTheReader(_ file: ReplayManifest.File) throws {
        // The ends are what decides; a short file keeps the rounds fast.
        let bytes = try SharedReplays.bytes(of: file.file)
        let ends = Array(bytes.prefix(20_000)) + Array(bytes.suffix(min(20_000, max(0, bytes.count - 20_000))))
        try readMutations(of: ends, rounds: 30, seed: UInt64(bytes.count))
    }

    private func readMutations(of original: [UInt8], rounds: Int, seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for round in 0..<rounds {
            let bytes = mutated(original, &random)
            let source = InstrumentedSource(bytes)
            let metadata = try ReplayReader.read(source)
            #expect(source.bytesRead <= 2 * bytes.count + 64 * ReplayReader.headBytes, "round \(round)")
            #expect(source.largestRead <= EventWalk.windowBytes, "round \(round)")
            #expect(metadata.players.count <= 4, "round \(round)")
            #expect(metadata.eventRange.map { $0.upperBound <= bytes.count } ?? true, "round \(round)")
            #expect(!(metadata.isComplete && metadata.eventRange == nil), "round \(round)")
        }
    }

    /// Overwrites a few bytes, most of them where lengths and tables are, and cuts some files short.
    private func mutated(_ original: [UInt8], _ random: inout SeededGenerator) -> [UInt8] {
        var bytes = original
        guard !bytes.isEmpty else { return bytes }
        for _ in 0..<Int.random(in: 1...6, using: &random) {
            let nearHead = min(bytes.count, 80)
            let nearTail = max(0, bytes.count - 300)
            let index =
                switch Int.random(in: 0..<3, using: &random) {
                case 0: Int.random(in: 0..<nearHead, using: &random)
                case 1: Int.random(in: nearTail..<bytes.count, using: &random)
                default: bytes.indices.randomElement(using: &random) ?? 0
                }
            let extremes: [UInt8] = [0x00, 0x7F, 0x80, 0xFF, 0x38, 0x39]
            bytes[index] = extremes.randomElement(using: &random) ?? 0
        }
        if Int.random(in: 0..<3, using: &random) == 0 {
            bytes.removeLast(Int.random(in: 0..<bytes.count, using: &random))
        }
        return bytes
    }
}
