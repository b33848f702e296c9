import ReplayCacheTestSupport
import Synchronization
import Testing

@testable import ReplayCache

/// Who else has to do with datasets: collectors, bases, copies, checkpoints, older versions.
struct DatasetKeepingTests {
    private let scratch: Scratch
    private let laptop: Laptop

    init() async throws {
        scratch = try Scratch()
        laptop = try await Laptop("laptop", in: scratch)
    }

    @Test(arguments: PlaceKind.allCases)
    func collectorsKeepWhatADatasetNames(_ kind: PlaceKind) async throws {
        let place = try await kind.place(in: scratch)
        try laptop.writeFiles(["a.slp", "b.slp", "c.slp"])
        try await laptop.push(to: place)
        try await laptop.freeze("ab", at: place, Selection(paths: ["a.slp", "b.slp"]))
        for name in ["a", "c"] { try await laptop.remove("replays/\(name).slp", at: place) }
        #expect(try await scratch.collect(place, days: 31).condemned == 1)
        #expect(try await scratch.collect(place, days: 33).removed == 1)
        let pod = try await Laptop("pod", in: scratch)
        #expect(try await pod.fetch(from: place) { $0.selection.dataset = "ab" }.failure == nil)
        #expect(try pod.files() == ["a.slp", "b.slp"])
        // A look at a directory goes by the clock of this machine.
        guard kind == .bucket else { return }
        let later = try await Laptop("later", in: scratch, transfer: ActingRemote.later(days: 33))
        let verified = try await later.workspace.verify(place)
        #expect(verified.failure == nil)
        #expect(verified.verification?.objects == 3)
    }

    @Test
    func aCollectorThatCannotReadAListCollectsNothing() async throws {
        let depot = try await Depot(.directory, in: scratch)
        try laptop.writeFiles(["a.slp", "b.slp"])
        try await laptop.push(to: depot.place)
        let frozen = try #require(try await laptop.freeze("a", at: depot.place, Selection(paths: ["a.slp"])))
        try await laptop.remove("replays/b.slp", at: depot.place)
        let key = try #require(try depot.keys("objects/").first { $0.contains(frozen.sha256.hex) })
        try depot.remove(key)
        let error = await #expect(throws: ReplayCacheError.self) { try await scratch.collect(depot.place, days: 31) }
        #expect(error?.code == .integrity)
        #expect(try depot.keys("gc/").isEmpty)
        let pod = try await Laptop("pod", in: scratch)
        let verified = try await pod.workspace.verify(depot.place)
        #expect(verified.verification?.contentsLost == 1)
        #expect(verified.failure?.code == .integrity)
        #expect(pod.told(.failed).contains("dataset a"))
    }

    /// As the references of a content age, a base forgets where it is, unless a dataset may name it.
    @Test
    func aBaseKeepsWhatOnlyADatasetNames() async throws {
        let old = try await OldRepository(.directory, in: scratch)
        let bytes = Array("old game".utf8)
        let key = try old.depot.plantObject(bytes, hoursAgo: 24 * 200)
        let list = DatasetList.line(key.digest, "replays/old.slp")
        let listKey = try old.depot.plantObject(list, hoursAgo: 24 * 200)
        func object(_ key: ObjectKey, _ bytes: [UInt8]) -> ReplayCache.Operation {
            let size = Int64(bytes.count)
            return .obj(.init(sha256: key.digest, size: size, key: key.remoteKey.string, encodedSize: size))
        }
        let path = "replays/old.slp"
        let put = Operation.Put(path: path, sha256: key.digest, was: nil, size: Int64(bytes.count), mtime: 5)
        try old.commit(daysAgo: 199, [object(key, bytes), .put(put)])
        try old.commit(
            daysAgo: 198,
            [
                object(listKey, list),
                .dataset(
                    .init(
                        name: "old",
                        sha256: listKey.digest,
                        size: Int64(list.count),
                        files: 1,
                        bytes: Int64(bytes.count)
                    )
                ),
            ]
        )
        try old.commit(daysAgo: 197, [.del(.init(path: path, was: key.digest))])
        try await old.compact(by: laptop, daysAgo: 2)
        for key in try old.depot.keys("log/").dropLast() { try old.depot.remove(key) }
        let pod = try await Laptop("pod", in: scratch)
        let summary = try await pod.fetch(from: old.depot.place) { $0.selection.dataset = "old" }
        #expect(summary.failure == nil)
        #expect(pod.text("old.slp") == "old game")
        // No path tells the time any more: that of the commit stands in.
        let status = try OpenFile.reading(pod.at("old.slp")).status()
        let row = try #require(try await pod.datasets(at: old.depot.place).first)
        #expect(status.mtimeNanoseconds == Timestamp(milliseconds: row.committedMilliseconds).nanoseconds)
        #expect(try await scratch.collect(old.depot.place, days: 1).condemned == 0)
    }

    @Test
    func whatADatasetNamesAndNobodyKnowsIsNamed() async throws {
        let depot = try await Depot(.directory, in: scratch)
        try laptop.writeFiles(["a.slp"])
        try await laptop.push(to: depot.place)
        let known = try Digest.of(Array("first a.slp".utf8))
        let list =
            DatasetList.line(known, "replays/a.slp") + DatasetList.line(try Digest.of([1]), "replays/gone.slp")
        try await laptop.plantList(list, files: 2, named: "half", at: depot)
        let pod = try await Laptop("pod", in: scratch)
        let summary = try await pod.fetch(from: depot.place) { $0.selection.dataset = "half" }
        #expect(summary.failure?.code == .integrity)
        #expect(summary.filesFailed == 1)
        #expect(pod.told(.failed) == ["replays/gone.slp"])
        #expect(try pod.files() == ["a.slp"])
    }

    // MARK: Elsewhere

    @Test(arguments: PlaceKind.allCases)
    func aCopyHasTheDatasetsAndWhatTheyName(_ kind: PlaceKind) async throws {
        let place = try await kind.place(in: scratch)
        let target = try scratch.place("target")
        try laptop.writeFiles(["a.slp", "b.slp"])
        try await laptop.push(to: place)
        let frozen = try #require(try await laptop.freeze("all", at: place))
        try await laptop.remove("replays/b.slp", at: place)
        let summary = try await laptop.workspace.copy(place, to: target)
        #expect(summary.datasetsCopied == 1)
        let copied = try await laptop.datasets(at: target)
        #expect(copied.map(\.reference) == [frozen.reference])
        #expect(copied.map(\.selection) == [frozen.selection])
        // An entry that the target never had, and its bytes only because of the dataset.
        #expect(try await scratch.collect(target, days: 40).condemned == 0)
        let pod = try await Laptop("pod", in: scratch)
        #expect(try await pod.fetch(from: target) { $0.selection.dataset = "all" }.failure == nil)
        #expect(try pod.files() == ["a.slp", "b.slp"])
        #expect(try await laptop.workspace.copy(place, to: target).datasetsCopied == 0)
    }

    /// A collector at the target comes between the look at a content that no path shows there and the commit of the list.
    @Test
    func aCopyStoresAgainWhatIsCondemnedMeanwhile() async throws {
        let place = try scratch.place()
        let depot = try await Depot(.bucket, in: scratch)
        try laptop.writeFiles(["a.slp", "b.slp"])
        try await laptop.push(to: place)
        try await laptop.freeze("all", at: place)
        try await laptop.push(to: depot.place)
        for name in ["a", "b"] { try await laptop.remove("replays/\(name).slp", at: depot.place) }
        try await laptop.remove("replays/b.slp", at: place)
        let hasActed = Mutex(false)
        let copier = try await Laptop(
            "copier",
            in: scratch,
            transfer: ActingRemote.acting { request, moment in
                guard case .put(let key) = request, key.hasPrefix("log/"), moment == .before,
                    !hasActed.withLock({ $0 })
                else { return }
                hasActed.withLock { $0 = true }
                let condemned = try await scratch.collect(depot.place, days: 31).condemned
                #expect(condemned > 0)
            }
        )
        #expect(try await copier.workspace.copy(place, to: depot.place).failure == nil)
        try await scratch.collect(depot.place, days: 33)
        let pod = try await Laptop("pod", in: scratch)
        #expect(try await pod.fetch(from: depot.place) { $0.selection.dataset = "all" }.failure == nil)
        #expect(try pod.files() == ["a.slp", "b.slp"])
    }

    @Test
    func aCheckpointTellsWhatItWasTrainedOn() async throws {
        let place = try scratch.place()
        try laptop.writeFiles(["a.slp"])
        try await laptop.push(to: place)
        let frozen = try #require(try await laptop.freeze("all", at: place))
        func publish(_ metric: Double, dataset: String?) async throws -> CheckpointRow? {
            var description = CheckpointDescription(run: "fox")
            description.dataset = dataset
            description.metrics = ["loss": metric]
            _ = try await laptop.workspace.pushCheckpoint([laptop.at("a.slp")], to: place, description)
            return try await laptop.workspace.checkpoints(of: "fox", at: place).first
        }
        #expect(try await publish(1, dataset: nil)?.dataset == nil)
        #expect(try await publish(1, dataset: "all")?.dataset == frozen.reference)
        // Another metric does not take that away, and what is told means the list by itself.
        let last = try #require(try await publish(2, dataset: nil))
        #expect(last.dataset == frozen.reference)
        let pod = try await Laptop("pod", in: scratch)
        try await pod.fetch(from: place) { $0.selection.dataset = last.dataset }
        #expect(try pod.files() == ["a.slp"])
    }

    @Test
    func aQueryAndADeletionAreAboutTheContentsOfADataset() async throws {
        let place = try scratch.place()
        try laptop.writeFiles(["a.slp", "b.slp", "c.slp"])
        try await laptop.push(to: place)
        try await laptop.freeze("ab", at: place, Selection(paths: ["a.slp", "b.slp"]))
        try Tree.move(laptop.at("a.slp"), to: laptop.at("moved.slp"))
        try await laptop.push(to: place)
        let selection = Selection.of(dataset: "ab")
        let rows = try await laptop.workspace.query(selection, in: .place(place))
        #expect(rows.map(\.path) == ["replays/b.slp", "replays/moved.slp"])
        #expect(try await laptop.workspace.count(selection, in: .place(place)) == 2)
        var options = RemoveOptions(paths: [])
        options.selection = selection
        options.maximum = 10
        _ = try await laptop.workspace.remove(at: place, options: options)
        #expect(try await laptop.entries(at: place).keys.sorted() == ["replays/c.slp"])
    }

    /// One that reads this as an operation of a later version keeps it; it counts once the version is there.
    @Test
    func anOlderVersionLosesNoDataset() async throws {
        let place = try scratch.place()
        try laptop.writeFiles(["a.slp"])
        try await laptop.push(to: place)
        try await laptop.freeze("all", at: place)
        let catalog = try Catalog(home: laptop.home)
        let record = try await catalog.place(place)
        let database = try Database(path: record.path)
        let operation = try #require(
            try await laptop.repository(at: place).store.datasets().first.map { row in
                Operation.dataset(
                    .init(
                        name: row.name,
                        sha256: row.sha256,
                        size: row.listSize,
                        files: Int64(row.files),
                        bytes: row.bytes
                    )
                )
            }
        )
        try database.run(
            "INSERT INTO unknown_operation (segment, line, text) SELECT segment, line, ? FROM dataset",
            .text(String(decoding: try operation.line(), as: UTF8.self))
        )
        try database.execute("DELETE FROM dataset")
        #expect(try await laptop.datasets(at: place).map(\.name) == ["all"])
        #expect(try database.first("SELECT count(*) FROM unknown_operation", [], { $0.int(0) }) == 0)
    }
}
