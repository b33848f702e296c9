import ReplayCacheTestSupport
import Synchronization
import Testing

@testable import ReplayCache

/// Datasets that are given up, that are damaged, or that are made while collectors are at work.
struct DatasetDropTests {
    private let scratch: Scratch
    private let laptop: Laptop

    init() async throws {
        scratch = try Scratch()
        laptop = try await Laptop("laptop", in: scratch)
    }

    private func drop(_ reference: String, at place: Place, isForced: Bool = false) async throws {
        var options = DropOptions(reference)
        options.isForced = isForced
        _ = try await laptop.workspace.dropDataset(at: place, options: options)
    }

    @Test(arguments: PlaceKind.allCases)
    func aDatasetThatIsDroppedKeepsNothing(_ kind: PlaceKind) async throws {
        let place = try await kind.place(in: scratch)
        try laptop.writeFiles(["a.slp", "b.slp"])
        try await laptop.push(to: place)
        let frozen = try #require(try await laptop.freeze("all", at: place))
        try await laptop.remove("replays/a.slp", at: place)
        #expect(try await scratch.collect(place, days: 31).condemned == 0)
        try await drop("all", at: place)
        #expect(try await laptop.datasets(at: place).isEmpty)
        // The list, and what only it named.
        #expect(try await scratch.collect(place, days: 31).condemned == 2)
        #expect(try await scratch.collect(place, days: 33).removed == 2)
        let pod = try await Laptop("pod", in: scratch)
        #expect(try await pod.fetch(from: place).failure == nil)
        #expect(try pod.files() == ["b.slp"])
        let gone = await #expect(throws: ReplayCacheError.self) {
            try await pod.fetch(from: place) { $0.selection.dataset = frozen.reference }
        }
        #expect(gone?.code == .usage)
    }

    @Test
    func aDryRunDropsNothingAndANameIsNotGivenBackToItsList() async throws {
        let place = try scratch.place()
        try laptop.writeFiles(["a.slp"])
        try await laptop.push(to: place)
        let frozen = try #require(try await laptop.freeze("all", at: place))
        var options = DropOptions("all")
        options.isDryRun = true
        _ = try await laptop.workspace.dropDataset(at: place, options: options)
        #expect(try await laptop.datasets(at: place).map(\.reference) == [frozen.reference])
        try await drop(frozen.shortReference, at: place)
        let refused = await #expect(throws: ReplayCacheError.self) { try await laptop.freeze("all", at: place) }
        #expect(refused?.code == .usage)
        #expect(try await laptop.freeze("again", at: place)?.sha256 == frozen.sha256)
        try laptop.writeFiles(["b.slp"])
        try await laptop.push(to: place)
        #expect(try await laptop.freeze("all", at: place)?.isCurrent == true)
    }

    @Test
    func whatACheckpointWasTrainedOnIsDroppedByForceAlone() async throws {
        let place = try scratch.place()
        try laptop.writeFiles(["a.slp"])
        try await laptop.push(to: place)
        try await laptop.freeze("all", at: place)
        var description = CheckpointDescription(run: "fox")
        description.dataset = "all"
        _ = try await laptop.workspace.pushCheckpoint([laptop.at("a.slp")], to: place, description)
        let refused = await #expect(throws: ReplayCacheError.self) { try await drop("all", at: place) }
        #expect(refused?.code == .usage)
        try await drop("all", at: place, isForced: true)
        #expect(try await laptop.datasets(at: place).isEmpty)
    }

    /// Otherwise nothing could ever be collected again.
    @Test
    func aListThatIsLostIsStoredAgainOrGivenUp() async throws {
        let depot = try await Depot(.directory, in: scratch)
        try laptop.writeFiles(["a.slp", "b.slp"])
        try await laptop.push(to: depot.place)
        let frozen = try #require(try await laptop.freeze("a", at: depot.place, Selection(paths: ["a.slp"])))
        try await laptop.remove("replays/b.slp", at: depot.place)
        func lose() throws {
            let key = try #require(try depot.keys("objects/").first { $0.contains(frozen.sha256.hex) })
            try depot.remove(key)
        }
        try lose()
        var healing = VerifyOptions()
        healing.heals = true
        _ = try await laptop.workspace.verify(depot.place, options: healing)
        let pod = try await Laptop("pod", in: scratch)
        #expect(try await pod.workspace.verify(depot.place).failure == nil)
        #expect(try await scratch.collect(depot.place, days: 31).condemned == 1)
        try lose()
        await #expect(throws: ReplayCacheError.self) { try await scratch.collect(depot.place, days: 33) }
        try await drop("a", at: depot.place)
        #expect(try await scratch.collect(depot.place, days: 33).removed == 1)
    }

    /// A base tells it too, to whoever never reads the segments.
    @Test
    func aMachineThatBeginsWithABaseKnowsWhatWasDropped() async throws {
        let place = try scratch.place()
        try laptop.writeFiles(["a.slp"])
        try await laptop.push(to: place)
        let frozen = try #require(try await laptop.freeze("all", at: place))
        try await drop("all", at: place)
        try await laptop.repository(at: place).compact()
        let pod = try await Laptop("pod", in: scratch)
        #expect(try await pod.datasets(at: place).isEmpty)
        #expect(try await pod.repository(at: place).store.isDropped("all", frozen.sha256))
    }

    // MARK: Collectors

    /// Whoever freezes a condemned content stores it again.
    ///
    /// A path came to show it by a commit whose writer died before it did so itself, after the collector that removes the
    /// object had read the log.
    @Test(arguments: [PlaceKind.directory])
    func whatIsFrozenWhileACollectorRemovesItIsStoredAgain(_ kind: PlaceKind) async throws {
        let old = try await OldRepository(kind, in: scratch)
        let bytes = Array("old game".utf8)
        let key = try old.depot.plantObject(bytes, hoursAgo: 24 * 200)
        let size = Int64(bytes.count)
        let put = Operation.Put(path: "replays/old.slp", sha256: key.digest, was: nil, size: size, mtime: 5)
        let object = Operation.Obj(sha256: key.digest, size: size, key: key.remoteKey.string, encodedSize: size)
        try old.commit(daysAgo: 199, [.obj(object), .put(put)])
        try old.commit(daysAgo: 197, [.del(.init(path: put.path, was: key.digest))])
        let place = old.depot.place
        #expect(try await scratch.collect(place, days: 0).condemned == 1)
        let hasActed = Mutex(false)
        var transfer = TransferOptions()
        transfer.wrap = { [laptop] remote in
            ActingRemote(remote, offsetMilliseconds: 2 * 86_400_000) { request, moment in
                guard case .delete(let keys) = request, moment == .before, keys.contains(key.remoteKey.string),
                    !hasActed.withLock({ $0 })
                else { return }
                hasActed.withLock { $0 = true }
                try old.commit(daysAgo: 0, writer: 2, [.put(put)])
                try await laptop.freeze("all", at: place)
            }
        }
        let collector = try await Laptop("second", in: scratch, transfer: transfer)
        var options = GarbageOptions()
        options.insists = true
        _ = try await collector.workspace.collectGarbage(at: place, options: options)
        #expect(hasActed.withLock { $0 })
        let pod = try await Laptop("pod", in: scratch)
        #expect(try await pod.fetch(from: place) { $0.selection.dataset = "all" }.failure == nil)
        #expect(pod.text("old.slp") == "old game")
    }

    /// A machine that slept for weeks between its reading of the log and its commit names nothing that is gone by then.
    @Test
    func whoSleepsForWeeksFreezesNothing() async throws {
        let place = try scratch.place()
        try laptop.writeFiles(["a.slp"])
        try await laptop.push(to: place)
        let sleep = Mutex<Int64>(0)
        var transfer = ActingRemote.acting { request, moment in
            guard case .list(let prefix) = request, prefix.hasPrefix("log"), moment == .after else { return }
            sleep.withLock { $0 = 40 * 86_400_000_000_000 }
        }
        transfer.sinceBoot = { Machine.sinceBoot() + sleep.withLock { $0 } }
        let sleeper = try await Laptop("sleeper", in: scratch, transfer: transfer)
        let error = await #expect(throws: ReplayCacheError.self) { try await sleeper.freeze("all", at: place) }
        #expect(error?.code == .busy)
        #expect(try await laptop.datasets(at: place).isEmpty)
    }

    // MARK: Where a dataset may be asked for

    @Test
    func anExportHasWhatTheDatasetHas() async throws {
        let place = try scratch.place()
        try laptop.writeFiles(["a.slp", "b.slp", "c.slp"])
        try await laptop.push(to: place)
        try await laptop.freeze("ab", at: place, Selection(paths: ["a.slp", "b.slp"]))
        try laptop.write("second a", to: "a.slp")
        try await laptop.push(to: place)
        try await laptop.remove("replays/b.slp", at: place)
        let summary = try await laptop.export(from: place, to: .folder(scratch.at("out"))) {
            $0.selection.dataset = "ab"
        }
        #expect(summary.failure == nil)
        #expect(try Tree.files(below: scratch.at("out")) == ["a.slp", "b.slp"])
        #expect(try Tree.read(scratch.at("out/a.slp")) == Array("first a.slp".utf8))
    }

    @Test
    func aStatusTellsWhatADatasetWouldBring() async throws {
        let place = try scratch.place()
        try laptop.writeFiles(["a.slp", "b.slp"])
        try await laptop.push(to: place)
        try await laptop.freeze("a", at: place, Selection(paths: ["a.slp"]))
        try await laptop.remove("replays/a.slp", at: place)
        let pod = try await Laptop("pod", in: scratch)
        let path = try LogicalPath("replays")
        let selection = Selection.of(dataset: "a")
        let summary = try await pod.workspace.status(pod.folder, at: place, path: path, selection: selection)
        #expect(summary.plan?.fetch?.files == 1)
        await #expect(throws: ReplayCacheError.self) {
            try await pod.workspace.status(pod.folder, at: place, path: path, isOffline: true, selection: selection)
        }
    }

    @Test
    func aQueryThatNamesNoPlaceFindsTheOneThatHasTheDataset() async throws {
        let (first, second) = (try scratch.place("first"), try scratch.place("second"))
        try laptop.writeFiles(["a.slp", "b.slp"])
        for place in [first, second] { try await laptop.push(to: place) }
        try await laptop.freeze("a", at: first, Selection(paths: ["a.slp"]))
        let selection = Selection.of(dataset: "a")
        #expect(try await laptop.workspace.query(selection).map(\.path) == ["replays/a.slp"])
        #expect(try await laptop.workspace.count(selection, in: .local) == 1)
        // The same list elsewhere is the same; another is not.
        try await laptop.freeze("a", at: second, Selection(paths: ["a.slp"]))
        #expect(try await laptop.workspace.count(selection) == 1)
        try await laptop.freeze("b", at: first, Selection(paths: ["a.slp"]))
        try await laptop.freeze("b", at: second, Selection(paths: ["b.slp"]))
        let error = await #expect(throws: ReplayCacheError.self) {
            try await laptop.workspace.count(.of(dataset: "b"))
        }
        #expect(error?.message.contains("first") == true && error?.message.contains("second") == true)
        await #expect(throws: ReplayCacheError.self) { try await laptop.workspace.count(.of(dataset: "none")) }
    }

    @Test
    func copiesAreLookedForInADatasetAlone() async throws {
        let place = try scratch.place()
        for name in ["a.slp", "b.slp"] { try laptop.write("same", to: name) }
        for name in ["c.slp", "d.slp"] { try laptop.write("other", to: name) }
        try await laptop.push(to: place)
        try await laptop.freeze("a", at: place, Selection(paths: ["a.slp"]))
        var options = DedupOptions()
        options.selection = .of(dataset: "a")
        let groups = Mutex(0)
        _ = try await laptop.workspace.duplicates(at: place, options: options) { _ in groups.withLock { $0 += 1 } }
        #expect(groups.withLock { $0 } == 1)
        _ = try await laptop.workspace.duplicates(options: options) { _ in groups.withLock { $0 += 1 } }
        #expect(groups.withLock { $0 } == 2)
    }
}
