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

    @Test
    func totalsGrowUntilTheyAreFinal() {
        let progress = Progress()
        progress.begin("pushing")
        #expect(progress.snapshot.itemsTotal == nil && progress.snapshot.isTotalFinal)
        progress.setTotal(items: 3, bytes: 30, isFinal: false)
        progress.advance(items: 1, bytes: 10)
        #expect(progress.snapshot.itemsTotal == 3 && progress.snapshot.bytesTotal == 30)
        #expect(!progress.snapshot.isTotalFinal)
        progress.setTotal(items: 5, bytes: 50, isFinal: true)
        #expect(progress.snapshot.isTotalFinal)
        #expect(progress.snapshot.itemsDone == 1 && progress.snapshot.bytesDone == 10)
        let number = progress.snapshot.phaseNumber
        progress.begin("pushing")
        #expect(progress.snapshot.phaseNumber == number + 1)
        #expect(progress.snapshot.bytesDone == 0)
    }
}
