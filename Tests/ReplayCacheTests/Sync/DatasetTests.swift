import ReplayCacheTestSupport
import Synchronization
import Testing

@testable import ReplayCache

/// What it means that a selection is frozen: the same files for ever, whatever becomes of their entries.
struct DatasetTests {
    private let scratch: Scratch
    private let laptop: Laptop

    init() async throws {
        scratch = try Scratch()
        laptop = try await Laptop("laptop", in: scratch)
    }

    // MARK: Fetching

    @Test(arguments: PlaceKind.allCases)
    func whatWasFrozenIsFetchedWhateverThePathsHoldNow(_ kind: PlaceKind) async throws {
        let place = try await kind.place(in: scratch)
        try laptop.writeFiles(["a.slp", "b.slp", "c.slp"])
        try await laptop.push(to: place)
        let frozen = try #require(try await laptop.freeze("all", at: place))
        #expect(frozen.files == 3)
        try laptop.write("second a", to: "a.slp")
        try laptop.write("first d", to: "d.slp")
        try await laptop.push(to: place)
        try await laptop.remove("replays/b.slp", at: place)

        let pod = try await Laptop("pod", in: scratch)
        let summary = try await pod.fetch(from: place) { $0.selection.dataset = "all" }
        #expect(summary.failure == nil)
        #expect(summary.filesPlaced == 3)
        #expect(try pod.files() == ["a.slp", "b.slp", "c.slp"])
        #expect(["a.slp", "b.slp"].map(pod.text) == ["first a.slp", "first b.slp"])
        // Times are those of the versions that were frozen.
        let file = try OpenFile.reading(pod.at("a.slp")).status()
        #expect(file.mtimeNanoseconds == 1_700_000_000_000_000_000)
        let again = try await pod.fetch(from: place) { $0.selection.dataset = "all" }
        #expect(again.filesPlaced == 0)
        #expect(again.filesInStep == 3)
        #expect(again.deletedElsewhere == 0)

        // Back to what is there now, and to the dataset again: neither is a change of this folder's own.
        #expect(try await pod.fetch(from: place).failure == nil)
        #expect(["a.slp", "d.slp"].map(pod.text) == ["second a", "first d"])
        #expect(try await pod.fetch(from: place) { $0.selection.dataset = "all" }.failure == nil)
        #expect(pod.text("a.slp") == "first a.slp")
    }

    @Test
    func aFileThatWasChangedHereIsAConflictWithTheDatasetToo() async throws {
        let place = try scratch.place()
        try laptop.writeFiles(["a.slp", "b.slp"])
        try await laptop.push(to: place)
        try await laptop.freeze("all", at: place)
        let pod = try await Laptop("pod", in: scratch)
        try pod.write("mine", to: "a.slp")
        let summary = try await pod.fetch(from: place) { $0.selection.dataset = "all" }
        #expect(summary.conflicts == 1)
        #expect(pod.text("a.slp") == "mine")
        #expect(pod.text("b.slp") == "first b.slp")
        let forced = try await pod.fetch(from: place) {
            $0.selection.dataset = "all"
            $0.isForced = true
        }
        #expect(forced.failure == nil)
        #expect(pod.text("a.slp") == "first a.slp")
        #expect(try pod.files().contains { $0.hasPrefix("a.slp.replaced-") })
    }

    @Test
    func aFetchThatDeletesLeavesWhatTheDatasetHas() async throws {
        let place = try scratch.place()
        try laptop.writeFiles(["a.slp", "b.slp"])
        try await laptop.push(to: place)
        try await laptop.freeze("all", at: place)
        try await laptop.remove("replays/b.slp", at: place)
        let pod = try await Laptop("pod", in: scratch)
        for _ in 1...2 {
            let summary = try await pod.fetch(from: place) {
                $0.selection.dataset = "all"
                $0.deletion = DeletionOptions(maximum: 10)
            }
            #expect(summary.filesDeleted == 0)
        }
        #expect(try pod.files() == ["a.slp", "b.slp"])
    }

    @Test
    func otherCriteriaAndSharesChooseAmongWhatWasFrozen() async throws {
        let place = try scratch.place()
        try laptop.writeFiles((0..<20).map { "\($0 % 2 == 0 ? "even" : "odd")/\($0).slp" })
        try await laptop.push(to: place)
        try await laptop.freeze("all", at: place)
        try await laptop.remove("replays/even/4.slp", at: place)
        let pod = try await Laptop("pod", in: scratch)
        try await pod.fetch(from: place) {
            $0.selection = Selection(paths: ["even/*"])
            $0.selection.dataset = "all"
        }
        #expect(try pod.files().count == 10)
        #expect(pod.text("even/4.slp") == "first even/4.slp")
        var shares: [String] = []
        for index in 1...2 {
            let other = try await Laptop("share-\(index)", in: scratch)
            try await other.fetch(from: place) {
                $0.selection.dataset = "all"
                $0.shard = try Shard("\(index)/2")
            }
            shares += try other.files()
        }
        #expect(shares.count == 20)
        #expect(Set(shares).count == 20)
    }

    @Test
    func aFolderThatDoesNotExistYetIsPlannedFromTheList() async throws {
        let place = try scratch.place()
        try laptop.writeFiles(["a.slp", "b.slp"])
        try await laptop.push(to: place)
        try await laptop.freeze("all", at: place)
        try await laptop.remove("replays/b.slp", at: place)
        var options = try FetchOptions()
        options.selection.dataset = "all"
        options.isDryRun = true
        let absent = scratch.at("absent")
        let summary = try await laptop.workspace.fetch(from: place, into: absent, options: options)
        #expect(summary.filesPlaced == 2)
        #expect(!Tree.exists(absent))
    }

    // MARK: Names

    @Test
    func aNameMeansOneListForEver() async throws {
        let place = try scratch.place()
        try laptop.writeFiles(["a.slp"])
        try await laptop.push(to: place)
        let first = try #require(try await laptop.freeze("all", at: place))
        let log = try Tree.files(below: "\(place.directory)/log").count
        #expect(try await laptop.freeze("all", at: place) == first)
        #expect(try Tree.files(below: "\(place.directory)/log").count == log)
        try laptop.writeFiles(["b.slp"])
        try await laptop.push(to: place)
        let error = await #expect(throws: ReplayCacheError.self) { try await laptop.freeze("all", at: place) }
        #expect(error?.code == .usage)
        #expect(try await laptop.datasets(at: place) == [first])
        // The same files under another name are the same list, stored once.
        try await laptop.freeze("a", at: place, Selection(paths: ["a.slp"]))
        #expect(try await laptop.datasets(at: place).map(\.sha256) == [first.sha256, first.sha256])
    }

    @Test(arguments: ["", "a/b", "a@b", "..", "x\0", String(repeating: "n", count: 256)])
    func aNameThatIsNoneIsRefused(_ name: String) async throws {
        let place = try scratch.place()
        try laptop.writeFiles(["a.slp"])
        try await laptop.push(to: place)
        let error = await #expect(throws: ReplayCacheError.self) { try await laptop.freeze(name, at: place) }
        #expect(error?.code == .usage)
        #expect(try await laptop.datasets(at: place).isEmpty)
    }

    @Test
    func anUnknownNameSuggestsNearOnes() async throws {
        let place = try scratch.place()
        try laptop.writeFiles(["a.slp"])
        try await laptop.push(to: place)
        try await laptop.freeze("fox-dittos", at: place)
        for command in ["fetch", "rm", "query", "show", "freeze", "checkpoint"] {
            let error = await #expect(throws: ReplayCacheError.self) {
                let selection = Selection.of(dataset: "fox-ditos")
                switch command {
                case "fetch": try await laptop.fetch(from: place) { $0.selection = selection }
                case "rm":
                    var options = RemoveOptions(paths: [])
                    options.selection = selection
                    _ = try await laptop.workspace.remove(at: place, options: options)
                case "query": _ = try await laptop.workspace.query(selection, in: .place(place))
                case "show": try await laptop.workspace.showDataset("fox-ditos", at: place) { _ in }
                case "freeze": try await laptop.freeze("other", at: place, selection)
                default:
                    var description = CheckpointDescription(run: "r")
                    description.dataset = "fox-ditos"
                    _ = try await laptop.workspace.pushCheckpoint([laptop.at("a.slp")], to: place, description)
                }
            }
            #expect(error?.code == .usage, "\(command)")
            #expect(error?.hint?.contains("fox-dittos") == true, "\(command)")
        }
    }

    @Test
    func nothingSelectedIsNoDataset() async throws {
        let place = try scratch.place()
        try laptop.writeFiles(["a.slp"])
        try await laptop.push(to: place)
        let error = await #expect(throws: ReplayCacheError.self) {
            try await laptop.freeze("none", at: place, Selection(paths: ["nowhere/*"]))
        }
        #expect(error?.code == .usage)
        #expect(try await laptop.datasets(at: place).isEmpty)
    }

    @Test(arguments: PlaceKind.allCases)
    func ofTwoWhoGiveANameAtOnceTheFirstHasItAndTheOtherIsTold(_ kind: PlaceKind) async throws {
        let place = try await kind.place(in: scratch)
        try laptop.writeFiles(["a.slp", "b.slp"])
        try await laptop.push(to: place)
        let hasActed = Mutex(false)
        let slow = try await Laptop(
            "slow",
            in: scratch,
            transfer: ActingRemote.acting { [laptop] request, moment in
                guard case .put(let key) = request, key.hasPrefix("objects/"), moment == .before,
                    !hasActed.withLock({ $0 })
                else { return }
                hasActed.withLock { $0 = true }
                try await laptop.freeze("mine", at: place, Selection(paths: ["a.slp"]))
            }
        )
        let lost = try #require(try await slow.freeze("mine", at: place, Selection(paths: ["b.slp"])))
        // Within one second of the place's clock either may be the first.
        let digits = lost.sha256.hex.prefix(8)
        #expect(slow.told(.warning).contains { $0.contains("mine@\(digits)") } == !lost.isCurrent)
        let rows = try await laptop.datasets(at: place)
        #expect(rows.map(\.isCurrent) == [true, false])
        // Neither is lost: both stay under their digests.
        let pod = try await Laptop("pod", in: scratch)
        try await pod.fetch(from: place) { $0.selection.dataset = "mine" }
        #expect(try pod.files() == [lost.isCurrent ? "b.slp" : "a.slp"])
        try await pod.fetch(from: place) { $0.selection.dataset = rows[1].shortReference }
        #expect(try pod.files() == ["a.slp", "b.slp"])
        // And a base keeps them apart.
        try await laptop.repository(at: place).compact()
        let fresh = try await Laptop("fresh", in: scratch)
        #expect(try await fresh.datasets(at: place).map(\.reference) == rows.map(\.reference))
        #expect(try await fresh.datasets(at: place).map(\.isCurrent) == [true, false])
    }

    // MARK: Comparing

    @Test
    func datasetsAreComparedByContent() async throws {
        let place = try scratch.place()
        try laptop.writeFiles(["kept.slp", "moved.slp", "changed.slp", "gone.slp"])
        try await laptop.push(to: place)
        try await laptop.freeze("old", at: place)
        try Tree.move(laptop.at("moved.slp"), to: laptop.at("elsewhere/moved.slp"))
        try laptop.write("second", to: "changed.slp")
        try laptop.write("more", to: "new.slp")
        try Tree.remove(laptop.at("gone.slp"))
        try await laptop.push(to: place) { $0.deletion = DeletionOptions(maximum: 10) }
        try await laptop.freeze("new", at: place)
        let rows = RowCollector<DatasetFileRow>()
        let summary = try await laptop.workspace.compareDatasets("old", "new", at: place) { rows.append($0) }
        #expect(
            rows.all.map { "\($0.change?.rawValue ?? "") \($0.path) \($0.size ?? -1)" } == [
                "removed replays/changed.slp 17", "removed replays/gone.slp 14", "added replays/changed.slp 6",
                "added replays/new.slp 4",
            ]
        )
        #expect(
            summary.difference
                == DatasetDifference(filesAdded: 2, bytesAdded: 10, filesRemoved: 2, bytesRemoved: 31, filesKept: 2)
        )
        #expect(
            try await laptop.workspace.compareDatasets("old", "old", at: place) { _ in }.difference?.isEmpty == true
        )
    }
}
