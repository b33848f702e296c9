import ReplayCacheTestSupport
import Testing

@testable import ReplayCache

/// Sets of large files, published and fetched whole.
struct CheckpointSyncTests {
    private let scratch: Scratch
    private let trainer: Laptop
    private let pod: Laptop
    private let place: Place

    init() async throws {
        scratch = try Scratch()
        trainer = try await Laptop("trainer", in: scratch)
        pod = try await Laptop("pod", in: scratch)
        place = try scratch.place()
    }

    private func description(step: Int64, name: String? = nil) -> CheckpointDescription {
        var description = CheckpointDescription(run: "fox")
        description.step = step
        description.name = name
        return description
    }

    private func publish(_ files: [String], step: Int64) async throws -> SyncSummary {
        try await trainer.workspace.pushCheckpoint(files.map(trainer.at), to: place, description(step: step))
    }

    private func fetch(_ reference: String, isForced: Bool = false) async throws -> SyncSummary {
        let reference = try CheckpointReference(reference)
        let (summary, _) = try await pod.workspace.fetchCheckpoint(
            reference,
            from: place,
            into: pod.folder,
            isForced: isForced
        )
        return summary
    }

    @Test
    func aSecondVersionWithOneChangedPartSendsThatPartAndTheRecipe() async throws {
        var bytes = SampleBytes.large(40 << 20)
        try Tree.write(bytes, to: trainer.at("model.pt"))
        #expect(try await publish(["model.pt"], step: 1).objectsUploaded == 3)
        for index in 20 << 20..<(20 << 20) + 1000 { bytes[index] ^= 0xFF }
        try Tree.write(bytes, to: trainer.at("model.pt"))
        let second = try await publish(["model.pt"], step: 2)
        #expect(second.objectsUploaded == 1)
        #expect(second.objectsReused == 2)
        // The part, the recipe, the segment.
        #expect(second.requests.put == 3)
        #expect(second.bytesRaw == 16 << 20)
        #expect(try await fetch("fox@2").filesPlaced == 1)
        #expect(try Tree.read(pod.at("model.pt")) == bytes)
    }

    @Test
    func aFileWhoseOwnPartsRepeatIsStored() async throws {
        let zeros = [UInt8](repeating: 0, count: 70 << 20)
        try Tree.write(zeros, to: trainer.at("zeros.pt"))
        try Tree.write(zeros + [1], to: trainer.at("more.pt"))
        _ = try await publish(["zeros.pt", "more.pt"], step: 1)
        #expect(try await fetch("fox").filesPlaced == 2)
        #expect(try Tree.read(pod.at("zeros.pt")) == zeros)
        #expect(try Tree.read(pod.at("more.pt")) == zeros + [1])
    }

    @Test
    func publishingTheSameAgainChangesNothing() async throws {
        try trainer.write("weights", to: "model.pt")
        _ = try await publish(["model.pt"], step: 1)
        let again = try await publish(["model.pt"], step: 1)
        #expect(again.requests.put == 0)
        #expect(again.entriesAdded == 0)
        #expect(try await trainer.workspace.checkpoints(of: "fox", at: place).count == 1)
    }

    @Test
    func theSameFilesWithAnotherMetricBringTheMetric() async throws {
        try trainer.write("weights", to: "model.pt")
        var description = description(step: 1)
        for (index, loss) in [0.5, 0.25].enumerated() {
            description.metrics = ["val_loss": loss]
            let files = [trainer.at("model.pt")]
            let summary = try await trainer.workspace.pushCheckpoint(files, to: place, description)
            #expect(summary.objectsUploaded == (index == 0 ? 1 : 0))
            #expect(
                try await pod.workspace.checkpoints(of: "fox", at: place).map(\.metrics) == [["val_loss": Metric(loss)]]
            )
        }
    }

    @Test
    func aDryRunPublishesNothing() async throws {
        try trainer.write("weights", to: "model.pt")
        let files = [trainer.at("model.pt")]
        let first = try await trainer.workspace.pushCheckpoint(files, to: place, description(step: 1), isDryRun: true)
        #expect(first.dryRun)
        #expect(!Tree.exists(place.directory))
        _ = try await publish(["model.pt"], step: 1)
        try trainer.write("more weights", to: "model.pt")
        let before = try Tree.listing(of: place.directory)
        let second = try await trainer.workspace.pushCheckpoint(files, to: place, description(step: 2), isDryRun: true)
        #expect(second.filesSeen == 1)
        #expect(second.bytesRaw == 12)
        #expect(try Tree.listing(of: place.directory) == before)
    }

    @Test
    func aFolderIsASetWithItsTree() async throws {
        try trainer.write("weights", to: "step-1/model.pt")
        try trainer.write("state", to: "step-1/optimizer/state.pt")
        _ = try await publish(["step-1"], step: 1)
        let row = try #require(try await trainer.workspace.checkpoints(of: nil, at: place).first)
        #expect(row.name == "step-1")
        #expect(row.files.map(\.name) == ["model.pt", "optimizer/state.pt"])
        #expect(row.size == 12)
        _ = try await fetch("fox@step-1")
        #expect(try pod.files() == ["model.pt", "optimizer/state.pt"])
    }

    @Test
    func checkpointsAreListedNewestFirst() async throws {
        for step in [100, 300, 200] as [Int64] {
            try trainer.write("weights \(step)", to: "model.pt")
            _ = try await publish(["model.pt"], step: step)
        }
        let rows = try await trainer.workspace.checkpoints(of: "fox", at: place)
        #expect(rows.map(\.step) == [300, 200, 100])
        _ = try await fetch("fox@latest")
        #expect(pod.text("model.pt") == "weights 300")
        // The older ones are still whole, although the path holds another content now.
        _ = try await fetch("fox@100", isForced: true)
        #expect(pod.text("model.pt") == "weights 100")
    }

    @Test
    func aSetIsPlacedWholeOrNotAtAllWhenAFileIsInTheWay() async throws {
        try trainer.write("weights", to: "a.pt")
        try trainer.write("state", to: "b.pt")
        _ = try await publish(["a.pt", "b.pt"], step: 1)
        try pod.write("mine", to: "b.pt")
        let summary = try await fetch("fox")
        #expect(summary.conflicts == 1)
        #expect(summary.failure?.code == .conflict)
        #expect(try pod.files() == ["b.pt"])
        #expect(pod.text("b.pt") == "mine")
        _ = try await fetch("fox", isForced: true)
        let mark = try Digest.of(Array("mine".utf8)).short
        #expect(try pod.files() == ["a.pt", "b.pt", "b.pt.replaced-\(mark)"])
    }

    @Test
    func aSetIsPlacedWholeOrNotAtAllWhenAnObjectIsMissing() async throws {
        try trainer.write("weights", to: "a.pt")
        try trainer.write("state", to: "b.pt")
        _ = try await publish(["a.pt", "b.pt"], step: 1)
        let lost = try Digest.of(Array("state".utf8)).hex
        let object = try #require(try Tree.files(below: place.directory).first { $0.contains(lost) })
        try Tree.remove("\(place.directory)/\(object)")
        await #expect {
            try await fetch("fox")
        } throws: { ($0 as? ReplayCacheError)?.code == .integrity }
        #expect(try pod.files().isEmpty)
    }

    @Test
    func aContentThatASetHasTwiceIsDownloadedOnce() async throws {
        for name in ["a.pt", "b.pt", "deep/c.pt"] { try trainer.write("weights", to: "set/\(name)") }
        try trainer.write("state", to: "set/state.pt")
        _ = try await publish(["set"], step: 1)
        let summary = try await fetch("fox")
        #expect(summary.objectsDownloaded == 2)
        #expect(summary.filesPlaced == 4)
        #expect(try pod.files() == ["a.pt", "b.pt", "deep/c.pt", "state.pt"])
        #expect(pod.text("deep/c.pt") == "weights")
    }

    @Test
    func aLaterStepReplacesAnEarlierOneButNoEditOfIt() async throws {
        for step in 1...2 as ClosedRange<Int64> {
            try trainer.write("weights \(step)", to: "model.pt")
            _ = try await publish(["model.pt"], step: step)
        }
        for step in 1...2 {
            let summary = try await fetch("fox@\(step)")
            #expect(summary.conflicts == 0)
            #expect(summary.filesPlaced == 1)
            #expect(pod.text("model.pt") == "weights \(step)")
            #expect(try pod.files() == ["model.pt"])
        }
        try pod.write("edited", to: "model.pt")
        #expect(try await fetch("fox@1").conflicts == 1)
        #expect(pod.text("model.pt") == "edited")
        #expect(try pod.files() == ["model.pt"])
    }

    @Test
    func aSetThatIsThereIsNotFetchedAgain() async throws {
        try trainer.write("weights", to: "a.pt")
        _ = try await publish(["a.pt"], step: 1)
        _ = try await fetch("fox")
        let again = try await fetch("fox")
        #expect(again.filesInStep == 1)
        #expect(again.objectsDownloaded == 0)
    }

    @Test
    func anUnknownRunNamesTheKnownOnes() async throws {
        try trainer.write("weights", to: "a.pt")
        _ = try await publish(["a.pt"], step: 1)
        await #expect {
            try await fetch("falco")
        } throws: { error in
            guard let error = error as? ReplayCacheError else { return false }
            return error.code == .usage && error.hint?.contains("fox") == true
        }
    }

    @Test
    func whatCannotBeASetIsRefused() async throws {
        try trainer.write("weights", to: "a/model.pt")
        try trainer.write("weights", to: "b/model.pt")
        _ = try scratch.folder("trainer/empty")
        for files in [["a/model.pt", "b/model.pt"], ["a", "b/model.pt"], ["empty"]] {
            await #expect {
                try await publish(files, step: 1)
            } throws: { ($0 as? ReplayCacheError)?.code == .usage }
        }
        await #expect(throws: ReplayCacheError.self) { try await publish(["missing.pt"], step: 1) }
        await #expect(throws: ReplayCacheError.self) {
            try await trainer.workspace.pushCheckpoint([trainer.at("a")], to: place, CheckpointDescription(run: "a/b"))
        }
    }

    @Test
    func aPushOfReplaysAndCheckpointsLeavesEachOtherAlone() async throws {
        try trainer.write("weights", to: "model.pt")
        _ = try await publish(["model.pt"], step: 1)
        try pod.write("game", to: "game.txt")
        try await pod.push(to: place)
        #expect(
            try await pod.entries(at: place).keys.sorted() == ["checkpoints/fox/model.pt", "replays/game.txt"]
        )
        try await pod.fetch(from: place) { $0.from = try LogicalPath("checkpoints") }
        #expect(try pod.files() == ["fox/model.pt", "game.txt"])
    }
}
