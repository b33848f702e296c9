import ReplayCacheTestSupport
import Synchronization
import Testing

@testable import ReplayCache

/// What checkpoints share at a remote.
struct SharingTests {
    private let scratch: Scratch
    private let laptop: Laptop
    private let place: Place

    init() async throws {
        scratch = try Scratch(below: Scratch.memory)
        laptop = try await Laptop("laptop", in: scratch)
        place = try scratch.place()
    }

    private func publish(_ bytes: [UInt8], run: String, step: Int64) async throws {
        try Tree.write(bytes, to: laptop.at("model.pt"))
        var description = CheckpointDescription(run: run)
        description.step = step
        _ = try await laptop.workspace.pushCheckpoint([laptop.at("model.pt")], to: place, description)
    }

    private func rows() async throws -> (rows: [SharingRow], summary: SyncSummary) {
        let rows = Mutex<[SharingRow]>([])
        let summary = try await laptop.workspace.duplicates(
            at: place,
            sharing: { row in rows.withLock { $0.append(row) } },
            { _ in }
        )
        return (rows.withLock { $0 }, summary)
    }

    @Test
    func commonPartsAndFilesAreCountedOnce() async throws {
        // Three parts, of which the last is another one.
        let first = SampleBytes.random(40 << 20, seed: 1)
        var second = first
        second[39 << 20] ^= 1
        try await publish(first, run: "fox", step: 1)
        try await publish(second, run: "fox", step: 2)
        try await publish(first, run: "marth", step: 1)
        let (rows, summary) = try await rows()
        #expect(rows.map(\.run) == ["fox", "marth", nil])
        #expect(rows.map(\.checkpoints) == [2, 1, 3])
        #expect(rows.map(\.bytes) == [80 << 20, 40 << 20, 120 << 20])
        // A recipe for each content, read once.
        #expect(summary.requests.get == 2)
        // Bytes that no encoding makes smaller take about what they are.
        for (row, mebibytes) in zip(rows, [(48, 80), (40, 40), (48, 120)]) {
            #expect(abs(row.bytesStored - Int64(mebibytes.0) << 20) < 1 << 19)
            #expect(abs(row.bytesWithoutSharing - Int64(mebibytes.1) << 20) < 1 << 19)
        }
    }

    @Test
    func aFileOfEqualPartsStoresOne() async throws {
        try await publish([UInt8](repeating: 0, count: 48 << 20), run: "zeros", step: 1)
        let row = try #require(try await rows().rows.last)
        #expect(row.bytesStored > 0)
        #expect(row.bytesWithoutSharing == 3 * row.bytesStored)
    }

    @Test
    func smallFilesAndRemotesWithoutCheckpointsNeedNoRequests() async throws {
        try laptop.write("one", to: "one.txt")
        try await laptop.push(to: place)
        #expect(try await rows().rows.isEmpty)
        try await publish(Array("weights".utf8), run: "r", step: 1)
        let (rows, summary) = try await rows()
        #expect(rows.map(\.run) == ["r", nil])
        #expect(rows.allSatisfy { $0.bytesStored == $0.bytesWithoutSharing })
        #expect(summary.requests.get == 0)
    }

    @Test
    func aDamagedRecipeIsToldAndTheOthersCount() async throws {
        try await publish(SampleBytes.large(34 << 20, seed: 1), run: "a", step: 1)
        try await publish(SampleBytes.large(34 << 20, seed: 2), run: "b", step: 1)
        let recipes = try Tree.files(below: place.directory).filter { $0.hasSuffix(".recipe") }.sorted()
        try Tree.write("{}", to: "\(place.directory)/\(recipes[0])")
        let (rows, summary) = try await rows()
        #expect(summary.failure?.code == .partial)
        #expect(laptop.told(.failed).count == 1)
        #expect(rows.count == 3)
        #expect(rows[2].bytesStored > 0)
    }
}
