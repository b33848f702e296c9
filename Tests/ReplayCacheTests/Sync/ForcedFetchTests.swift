import ReplayCacheTestSupport
import ReplayGenerator
import Testing

@testable import ReplayCache

/// What `fetch --force` must not lose.
struct ForcedFetchTests {
    private let scratch: Scratch
    private let mine: Laptop
    private let theirs: Laptop
    private let place: Place

    init() async throws {
        scratch = try Scratch()
        mine = try await Laptop("mine", in: scratch)
        theirs = try await Laptop("theirs", in: scratch)
        place = try scratch.place()
    }

    private func force() async throws -> SyncSummary {
        try await mine.fetch(from: place) { $0.isForced = true }
    }

    private func kept(_ text: String, digits: Range<Int> = 0..<8) throws -> String {
        let hex = Array(try Digest.of(Array(text.utf8)).hex)
        return "\(SyncRule.file).replaced-\(String(hex[digits]))"
    }

    @Test
    func aGameThatIsBeingRecordedIsLeftAloneAndCounted() async throws {
        try Tree.write(SampleBytes.replay(), to: theirs.at("live.slp"))
        try await theirs.push(to: place)
        for seed in 2...3 as ClosedRange<UInt64> {
            let recording = SampleBytes.replay(seed: seed, damage: .growing)
            if Tree.exists(mine.at("live.slp")) { try Tree.remove(mine.at("live.slp")) }
            try Tree.write(recording, to: mine.at("live.slp"))
            let summary = try await force()
            #expect(summary.filesDeferred == 1)
            #expect(summary.filesPlaced == 0)
            #expect(summary.objectsDownloaded == 0)
            #expect(summary.failure == nil)
            #expect(try Tree.read(mine.at("live.slp")) == recording)
        }
        #expect(mine.told(.deferred) == ["live.slp", "live.slp"])
        #expect(try mine.files() == ["live.slp"])
    }

    @Test
    func aGameThatWasCutOffIsKeptUnderItsContent() async throws {
        try Tree.write(SampleBytes.replay(), to: theirs.at("live.slp"))
        try await theirs.push(to: place)
        for seed in 2...3 as ClosedRange<UInt64> {
            try Tree.remove(mine.folder)
            _ = try scratch.folder("mine")
            let recording = SampleBytes.replay(seed: seed, damage: .growing)
            try Tree.write(recording, to: mine.at("live.slp"), modifiedAt: 1_700_000_000)
            #expect(try await force().filesPlaced == 1)
            let name = "live.slp.replaced-\(try Digest.of(recording).short)"
            #expect(try mine.files() == ["live.slp", name])
            #expect(try Tree.read(mine.at(name)) == recording)
        }
    }

    @Test
    func aKeptFileThatWasEditedIsNotOverwritten() async throws {
        try await theirs.publish("theirs", to: place)
        try mine.write("mine", to: SyncRule.file)
        #expect(try await force().filesPlaced == 1)
        try mine.write("edited since", to: kept("mine"))
        try mine.write("mine", to: SyncRule.file)
        #expect(try await force().filesPlaced == 1)
        #expect(mine.text(SyncRule.file) == "theirs")
        #expect(mine.text(try kept("mine")) == "edited since")
        #expect(mine.text(try kept("mine", digits: 8..<16)) == "mine")
        #expect(try await mine.push(to: place).entriesAdded == 0)
    }

    @Test
    func whereEveryNameToKeepItIsTakenNothingIsTouched() async throws {
        try await theirs.publish("theirs", to: place)
        try mine.write("mine", to: SyncRule.file)
        for start in stride(from: 0, to: 64, by: 8) {
            try mine.write("taken", to: kept("mine", digits: start..<start + 8))
        }
        let before = try mine.files()
        let summary = try await force()
        #expect(summary.filesFailed == 1)
        #expect(mine.text(SyncRule.file) == "mine")
        #expect(try mine.files() == before)
    }
}
