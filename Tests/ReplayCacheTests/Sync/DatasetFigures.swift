import ReplayCacheTestSupport
import Synchronization
import Testing

@testable import ReplayCache

/// What datasets of whole libraries take.
///
/// `REPLAYCACHE_FIGURES=1000000 swift test -c release --filter DatasetFigures` prints it for a million replays; the suite
/// looks at a few thousand.
struct DatasetFigures {
    private let count = Machine.environment("REPLAYCACHE_FIGURES").flatMap { Int($0) } ?? 4000

    @Test
    func aLibraryIsFrozenPlannedAndCompared() async throws {
        let scratch = try Scratch()
        let place = try scratch.place()
        let laptop = try await Laptop("laptop", in: scratch)
        try laptop.write("one", to: "one.txt")
        try await laptop.push(to: place)
        let repository = try await laptop.repository(at: place)
        try await repository.store.fill(count: count)
        // So that the log is the one that the store knows.
        try await repository.compact()
        try await tell("freeze") {
            let frozen = try #require(try await laptop.freeze("all", at: place))
            #expect(frozen.files == count + 1)
        }
        var some = Selection()
        some.sample = Selection.Sample(count: count / 2, seed: 1, strata: [])
        try await tell("freeze a sample") { _ = try await laptop.freeze("some", at: place, some) }
        try await tell("fetch plan") {
            let summary = try await laptop.fetch(from: place) {
                $0.selection.dataset = "all"
                $0.isDryRun = true
            }
            #expect(summary.filesPlaced + summary.filesInStep == count + 1)
        }
        let lines = Mutex(0)
        try await tell("diff") {
            let summary = try await laptop.workspace.compareDatasets("some", "all", at: place) { _ in
                lines.withLock { $0 += 1 }
            }
            #expect(summary.difference?.filesAdded == count + 1 - count / 2)
        }
        #expect(lines.withLock { $0 } == count + 1 - count / 2)
    }

    private func tell(_ what: String, _ body: () async throws -> Void) async throws {
        let time = try await ContinuousClock().measure(body)
        guard count > 4000 else { return }
        let status = Tree.text("/proc/self/status") ?? ""
        let peak = status.split(separator: "\n").first { $0.hasPrefix("VmHWM") } ?? ""
        print("\(what), \(count) entries: \(time), \(peak)")
    }
}

extension PlaceStore {
    fileprivate func fill(count: Int) throws {
        try database.execute("DELETE FROM entry; DELETE FROM segment; DELETE FROM content; DELETE FROM sqlite_sequence")
        try SyntheticPlace.fill(database, count: count)
    }
}
