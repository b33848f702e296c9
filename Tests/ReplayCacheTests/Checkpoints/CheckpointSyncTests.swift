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
    func linksInAFolderArePublishedAsWhatTheyLeadTo() async throws {
        try trainer.write("weights", to: "blobs/1")
        try trainer.write("{}", to: "ck/config.json")
        try trainer.write("litter", to: "ck/.DS_Store")
        try Tree.link(trainer.at("ck/model.safetensors"), to: "../blobs/1")
        #expect(try await publish(["ck"], step: 1).filesSeen == 2)
        _ = try await fetch("fox")
        #expect(try pod.files() == ["config.json", "model.safetensors"])
        #expect(pod.text("model.safetensors") == "weights")
        #expect(try Tree.status(pod.at("model.safetensors")).kind == .regular)
    }

    /// Runs a push that must be refused, name `name`, and leave nothing at the place.
    private func expectRefusal(of files: [String], naming name: String, run: String = "fox") async throws {
        for isDryRun in [true, false] {
            let files = files.map(trainer.at)
            let description = CheckpointDescription(run: run)
            await #expect {
                try await trainer.workspace.pushCheckpoint(files, to: place, description, isDryRun: isDryRun)
            } throws: { error in
                guard let error = error as? ReplayCacheError else { return false }
                return error.code == .usage && error.description.contains(name) && error.hint != nil
            }
        }
        #expect(!Tree.exists(place.directory))
    }

    @Test(arguments: ["opt.part", "shards/opt.tmp", "model.pt~", "model.pt.replaced-01234567"])
    func aFolderWithATemporaryFileIsNotPublishedWithoutIt(_ name: String) async throws {
        try trainer.write("weights", to: "ck/model.pt")
        try trainer.write("half", to: "ck/\(name)")
        try await expectRefusal(of: ["ck"], naming: "ck/\(name)")
    }

    @Test
    func aFolderWithALinkToNowhereIsNotPublishedWithoutIt() async throws {
        try trainer.write("weights", to: "ck/model.pt")
        try Tree.link(trainer.at("ck/latest.pt"), to: "missing.pt")
        try await expectRefusal(of: ["ck"], naming: "ck/latest.pt")
    }

    @Test(.timeLimit(.minutes(1)))
    func aPipeIsRefusedAtOnce() async throws {
        try trainer.write("weights", to: "ck/model.pt")
        _ = try await Program.run("mkfifo", [trainer.at("ck/pipe"), trainer.at("pipe")])
        try await expectRefusal(of: ["ck"], naming: "ck/pipe")
        try await expectRefusal(of: ["pipe"], naming: "pipe")
    }

    @Test
    func whatAFetchWouldNotPlaceIsNotPublished() async throws {
        for path in ["w.part", "ck.tmp/model.pt", ".DS_Store"] { try trainer.write("weights", to: path) }
        try await expectRefusal(of: ["w.part"], naming: "w.part")
        try await expectRefusal(of: ["ck.tmp"], naming: "ck.tmp")
        try await expectRefusal(of: [".DS_Store"], naming: ".DS_Store")
        try await expectRefusal(of: ["ck.tmp/model.pt"], naming: "fox.tmp", run: "fox.tmp")
    }

    @Test(arguments: ["latest", "5000", "-1", "best:loss", "a@b", "a/b", ""])
    func aNameThatReadsAsAnotherChoiceIsRefused(_ name: String) async throws {
        try trainer.write("weights", to: "model.pt")
        await #expect {
            try await trainer.workspace.pushCheckpoint(
                [trainer.at("model.pt")],
                to: place,
                description(step: 1, name: name)
            )
        } throws: { ($0 as? ReplayCacheError)?.code == .usage }
        #expect(!Tree.exists(place.directory))
    }

    @Test(
        arguments: [
            ("latest.pkl", "latest.pkl", "latest.pkl"), ("5000.pt", "5000.pt", "5000.pt"),
            ("5000/model.pt", "5000", "checkpoint-5000"), ("v1.5/model.pt", "v1.5", "v1.5"), (".pt", ".pt", ".pt"),
            ("model.pt", "model.pt", "model"),
        ]
    )
    func aDefaultNameChoosesItsCheckpoint(_ file: String, _ pushed: String, _ name: String) async throws {
        try trainer.write("weights", to: file)
        _ = try await publish([pushed], step: 1)
        try trainer.write("other weights", to: "other.bin")
        _ = try await publish(["other.bin"], step: 5000)
        #expect(try await trainer.workspace.checkpoints(of: "fox", at: place).map(\.name) == ["other", name])
        _ = try await fetch("fox@\(name)")
        #expect(pod.text(file.split(separator: "/").last.map(String.init) ?? "") == "weights")
    }

    @Test
    func metricsThatComeLaterDoNotMakeAStepTheLatest() async throws {
        for step in 1...2 as ClosedRange<Int64> {
            try trainer.write("weights \(step)", to: "\(step)/model.pt")
            _ = try await publish(["\(step)/model.pt"], step: step)
        }
        var evaluated = description(step: 1)
        evaluated.metrics = ["score": 3]
        _ = try await trainer.workspace.pushCheckpoint([trainer.at("1/model.pt")], to: place, evaluated)
        #expect(try await pod.workspace.checkpoints(of: "fox", at: place).map(\.step) == [2, 1])
        _ = try await fetch("fox@latest")
        #expect(pod.text("model.pt") == "weights 2")
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
