import ReplayCacheTestSupport
import Testing

@testable import ReplayCache

/// What the progress line shows is what was done: at the end, all of it, large files included.
struct ProgressTests {
    @Test
    func everyByteIsCountedOnce() async throws {
        let scratch = try Scratch()
        let laptop = try await Laptop("laptop", in: scratch)
        let place = try scratch.place()
        // Two copies of one content, a large file with equal parts, and a file of its own.
        for name in ["a.bin", "b.bin"] { try laptop.write("copied", to: name) }
        try laptop.write("single", to: "c.bin")
        try laptop.write("", to: "large.bin")
        try Tree.truncate(laptop.at("large.bin"), to: 3 * Recipe.partByteCount)

        let pushing = Progress()
        let there = try await Workspace.open(home: laptop.home, progress: pushing)
        _ = try await there.push(laptop.folder, to: place, options: PushOptions())
        #expect(pushing.snapshot.itemsDone == 4)
        #expect(pushing.snapshot.bytesDone == 18 + 3 * Recipe.partByteCount)
        #expect(pushing.snapshot.bytesDone == pushing.snapshot.bytesTotal)

        let fetching = Progress()
        let here = try await Workspace.open(home: scratch.at("pod-home"), progress: fetching)
        _ = try await here.fetch(from: place, into: scratch.at("pod"), options: FetchOptions())
        #expect(fetching.snapshot.itemsDone == 4)
        #expect(fetching.snapshot.bytesDone == fetching.snapshot.bytesTotal)
    }
}
