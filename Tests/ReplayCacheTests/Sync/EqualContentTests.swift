import ReplayCacheTestSupport
import Synchronization
import Testing

@testable import ReplayCache

/// Equal contents that are in hand at the same time are sent once.
struct EqualContentTests {
    private let scratch: Scratch
    private let laptop: Laptop
    private let place: Place

    init() async throws {
        scratch = try Scratch()
        laptop = try await Laptop("laptop", in: scratch)
        place = try scratch.place()
        try await laptop.push(to: place)
    }

    @Test
    func equalPartsOfOneFileAreSentOnce() async throws {
        try laptop.write("", to: "zeros.bin")
        try Tree.truncate(laptop.at("zeros.bin"), to: 8 * Recipe.partByteCount)
        let push = try await laptop.push(to: place)
        #expect(push.objectsUploaded == 1)
        #expect(push.objectsReused == 7)
        // The part, the recipe, the segment.
        #expect(push.requests.put == 3)
    }

    @Test
    func equalFilesOfACheckpointAreSentOnce() async throws {
        let bytes = SampleBytes.random(8 << 20, seed: 1)
        for name in ["best.pt", "latest.pt"] { try Tree.write(bytes, to: laptop.at(name)) }
        let files = ["best.pt", "latest.pt"].map(laptop.at)
        let summary = try await laptop.workspace.pushCheckpoint(files, to: place, CheckpointDescription(run: "fox"))
        #expect(summary.objectsUploaded == 1)
        #expect(summary.requests.put == 2)
    }

    /// How many were inside at once.
    private final class Visitors: Sendable {
        private let counts = Mutex((now: 0, most: 0))

        var most: Int { counts.withLock { $0.most } }

        func visit() async {
            counts.withLock { counts in
                counts.now += 1
                counts.most = max(counts.most, counts.now)
            }
            await Task.yield()
            counts.withLock { $0.now -= 1 }
        }
    }

    @Test
    func theNextOneGoesOnWhenTheFirstIsDoneAndNotBefore() async throws {
        let gate = ContentGate()
        let visitors = Visitors()
        let digest = try Digest.of([1])
        let other = try Digest.of([2])
        // Held throughout: another content is nobody's business.
        await gate.enter(other)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<50 {
                group.addTask {
                    await gate.enter(digest)
                    await visitors.visit()
                    gate.leave(digest)
                }
            }
        }
        #expect(visitors.most == 1)
    }
}
