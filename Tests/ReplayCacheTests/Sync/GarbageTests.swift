import ReplayCacheTestSupport
import Synchronization
import Testing

@testable import ReplayCache

/// What a collector condemns, removes and leaves alone.
struct GarbageTests {
    private let scratch: Scratch
    private let laptop: Laptop

    init() async throws {
        scratch = try Scratch()
        laptop = try await Laptop("laptop", in: scratch)
    }

    /// A collector to whose eyes the place is `days` later than it says; each has a catalog of its own.
    @discardableResult
    private func collect(
        _ place: Place,
        days: Double,
        dryRun: Bool = false,
        insists: Bool = true,
        _ row: @escaping @Sendable (GarbageRow) -> Void = { _ in }
    ) async throws -> GarbageTotals {
        let home = scratch.at("collector-\(UInt64.random(in: 0 ... .max))")
        let collector = try await Laptop(home: home, folder: laptop.folder, transfer: ActingRemote.later(days: days))
        var options = GarbageOptions()
        options.isDryRun = dryRun
        options.insists = insists
        return try #require(try await collector.workspace.collectGarbage(at: place, options: options, row).garbage)
    }

    private func objects(_ place: Place) async throws -> [String] { try await keys(place, below: "objects/") }

    private func keys(_ place: Place, below prefix: String) async throws -> [String] {
        let repository = try await laptop.repository(at: place)
        let found = Mutex<[String]>([])
        try await repository.remote.list(prefix: prefix, after: nil) { items in
            found.withLock { $0 += items.map(\.key.string) }
        }
        return found.withLock { $0 }
    }

    /// Deletes entries, as another version of the program might.
    private func delete(_ paths: [String], at place: Place) async throws {
        let entries = try await laptop.entries(at: place)
        try await laptop.commit(
            try paths.map { .del(.init(path: $0, was: try #require(entries[$0]))) },
            to: place
        )
    }

    @Test(arguments: PlaceKind.allCases)
    func whatNothingRefersToIsCondemnedAndRemovedADayLater(_ kind: PlaceKind) async throws {
        let place = try await kind.place(in: scratch)
        try laptop.write("kept", to: "kept.txt")
        try laptop.write("gone", to: "gone.txt")
        try Tree.write(SampleBytes.large(40 << 20), to: laptop.at("large.bin"))
        try Tree.write(SampleBytes.large(40 << 20, seed: 7), to: laptop.at("keep.bin"))
        try await laptop.push(to: place)
        #expect(try await objects(place).count == 10)
        try await delete(["replays/gone.txt", "replays/large.bin"], at: place)

        // An entry stays restorable for thirty days.
        #expect(try await collect(place, days: 29) == GarbageTotals())
        let first = try await collect(place, days: 31)
        #expect(first.condemned == 5)
        #expect(first.removed == 0)
        #expect(first.bytesWaiting > 0)
        #expect(try await objects(place).count == 10)
        // Not a day yet.
        let early = try await collect(place, days: 31.9)
        #expect(early.condemned == 0)
        #expect(early.removed == 0)
        #expect(early.bytesWaiting == first.bytesWaiting)
        let second = try await collect(place, days: 32.1)
        #expect(second == GarbageTotals(removed: 5, bytesFreed: first.bytesWaiting))
        #expect(try await objects(place).count == 5)
        #expect(try await collect(place, days: 33.2) == GarbageTotals())

        let pod = try await Laptop("pod", in: scratch)
        #expect(try await pod.fetch(from: place).filesPlaced == 2)
        // Put again, the same content gets a key that was never used.
        try await laptop.push(to: place) { $0.isForced = true }
        try laptop.write("gone", to: "again.txt")
        try await laptop.push(to: place)
        let digest = try Digest.of(Array("gone".utf8)).hex
        #expect(try await objects(place).filter { $0.contains(digest) }.allSatisfy { $0.contains(".1.") })
        #expect(try await pod.fetch(from: place).failure == nil)
        #expect(pod.text("again.txt") == "gone")
    }

    /// As where a base left out the key of a content that is shown again since.
    @Test func anObjectOfAContentWithoutAKnownKeyStays() async throws {
        let depot = try await Depot(.directory, in: scratch)
        let (bytes, other) = (Array("needed".utf8), Array("not needed".utf8))
        try depot.plantManifest()
        let key = try depot.plantObject(bytes, hoursAgo: 40 * 24)
        _ = try depot.plantObject(other, hoursAgo: 40 * 24)
        let put = Operation.Put(
            path: "replays/a.txt",
            sha256: key.digest,
            was: nil,
            size: Int64(bytes.count),
            mtime: 0
        )
        try depot.plantSegment([.put(put)], hoursAgo: 40 * 24)
        #expect(try await collect(depot.place, days: 0).condemned == 1)
        #expect(try await collect(depot.place, days: 1.1).removed == 1)
        #expect(try depot.keys("objects/") == [key.remoteKey.string])
    }

    @Test func objectsThatNoCommitNamesAreCollectedOnceTheyAreOld() async throws {
        let place = try scratch.place()
        try laptop.write("kept", to: "kept.txt")
        try await laptop.push(to: place)
        let orphan = ObjectKey(digest: try Digest.of([1, 2, 3]), form: .content(.raw)).remoteKey.string
        try Tree.write([1, 2, 3], to: "\(place.directory)/\(orphan)")
        #expect(try await collect(place, days: 6) == GarbageTotals())
        #expect(try await collect(place, days: 8).condemned == 1)
        #expect(try await collect(place, days: 9.1).bytesFreed == 3)
        #expect(try await objects(place).count == 1)
    }

    /// A bucket that always keeps versions frees no space when a name is removed alone.
    @Test func inABucketThatKeepsVersionsEveryVersionGoes() async throws {
        let bucket = try await TestServer.shared(.quirks(.b2)).makeBucket()
        var variables = bucket.variables()
        variables["B2_KEY_ID"] = bucket.server.accessKey
        variables["B2_APP_KEY"] = bucket.server.secretKey
        variables["B2_API_URL"] = bucket.server.endpoint.description
        let place = try Place("b2:\(bucket.name)/repo", environment: EnvironmentVariables(variables))
        try laptop.write("kept", to: "kept.txt")
        try laptop.write("gone", to: "gone.txt")
        try await laptop.push(to: place)
        try await delete(["replays/gone.txt"], at: place)
        let digest = try Digest.of(Array("gone".utf8)).hex
        let gone = try #require(try bucket.objects().first { $0.key.contains(digest) })
        // Put again, as after an answer that was lost: two versions.
        try bucket.plant(gone.key, Array("gone".utf8))
        #expect(try await collect(place, days: 31).condemned == 1)
        #expect(try await collect(place, days: 32.1).removed == 1)
        #expect(try bucket.objects().allSatisfy { !$0.key.contains(digest) })
        #expect(try await Laptop("pod", in: scratch).fetch(from: place).filesPlaced == 1)
    }

    @Test func checkpointsAndSharedPartsStay() async throws {
        let place = try scratch.place()
        let bytes = SampleBytes.large(48 << 20)
        try Tree.write(bytes, to: scratch.at("model.pt"))
        var description = CheckpointDescription(run: "fox")
        description.step = 1
        _ = try await laptop.workspace.pushCheckpoint([scratch.at("model.pt")], to: place, description)
        // Shares its first two parts with the checkpoint, and is deleted.
        try Tree.write(Array(bytes.prefix(40 << 20)), to: laptop.at("cut.bin"))
        try await laptop.push(to: place)
        #expect(try await objects(place).count == 6)
        try await delete(["replays/cut.bin", "checkpoints/fox/model.pt"], at: place)
        #expect(try await collect(place, days: 31).condemned == 2)
        #expect(try await collect(place, days: 32.1).removed == 2)
        let (_, checkpoint) = try await Laptop("pod", in: scratch).workspace.fetchCheckpoint(
            CheckpointReference("fox@latest"),
            from: place,
            into: scratch.at("restored")
        )
        #expect(checkpoint.step == 1)
        #expect(try Tree.read(scratch.at("restored/model.pt")) == bytes)
    }

    /// A version that another has replaced stays as long after that as one that was deleted.
    @Test func whatWasReplacedLatelyStaysHoweverOldItIs() async throws {
        let place = try scratch.place()
        try laptop.write("new", to: "a.txt")
        try await laptop.push(to: place)
        let repository = try await laptop.repository(at: place)
        let old = try Digest.of(Array("old".utf8))
        let older = try Digest.of(Array("older".utf8))
        let now = Timestamp.now().milliseconds
        for (digest, text, days) in [(older, "older", 400), (old, "old", 300)] {
            let key = ObjectKey(digest: digest, form: .content(.raw))
            try Tree.write(text, to: "\(place.directory)/\(key.remoteKey)", modifiedAt: 1_600_000_000)
            let size = Int64(text.utf8.count)
            let object = Operation.Obj(sha256: digest, size: size, key: key.remoteKey.string, encodedSize: size)
            let put = Operation.Put(path: "replays/a.txt", sha256: digest, was: nil, size: size, mtime: 0)
            let segment = Segment(
                repository: repository.id,
                writer: newWriterName(),
                hlc: HLC(milliseconds: now - Int64(days) * 86_400_000),
                operations: [.obj(object), .put(put)]
            )
            let (name, bytes) = try segment.encoded(number: 0)
            try Tree.write(bytes, to: "\(place.directory)/\(name.remoteKey)")
        }
        let rows = Mutex<[GarbageRow]>([])
        #expect(
            try await collect(place, days: 0, dryRun: true) { row in rows.withLock { $0.append(row) } }.condemned == 1
        )
        let key = ObjectKey(digest: older, form: .content(.raw)).remoteKey.string
        #expect(
            rows.withLock { $0 } == [GarbageRow(action: .condemn, key: key, bytes: 5, path: "replays/a.txt")]
        )
    }

    @Test func aDryRunChangesNothing() async throws {
        let place = try scratch.place()
        try laptop.write("kept", to: "kept.txt")
        try await laptop.push(to: place)
        let orphan = "\(place.directory)/\(ObjectKey(digest: try Digest.of([1]), form: .content(.raw)).remoteKey)"
        try Tree.write([1], to: orphan, modifiedAt: 1_600_000_000)
        let before = try Tree.listing(of: place.directory)
        let rows = Mutex<[GarbageRow]>([])
        let totals = try await collect(place, days: 0, dryRun: true) { row in rows.withLock { $0.append(row) } }
        #expect(totals.condemned == 1)
        #expect(rows.withLock { $0 }.map(\.path) == [nil])
        #expect(try Tree.listing(of: place.directory) == before)
    }

    @Test func moreThanHalfIsNotRemovedUnlessInsistedOn() async throws {
        let place = try scratch.place()
        for number in 0..<24 { try laptop.write("file \(number)", to: "\(number).txt") }
        try await laptop.push(to: place)
        try await delete((0..<13).map { "replays/\($0).txt" }, at: place)
        let error = await #expect(throws: ReplayCacheError.self) {
            try await collect(place, days: 31, insists: false)
        }
        #expect(error?.code == .usage)
        #expect(error?.hint?.contains("--yes") == true)
        #expect(try await keys(place, below: "gc/").isEmpty)
        #expect(try await collect(place, days: 31).condemned == 13)
    }

    @Test func whatCannotBeReadWholeIsNotCollected() async throws {
        let place = try scratch.place()
        try laptop.write("gone", to: "gone.txt")
        try await laptop.push(to: place)
        try await delete(["replays/gone.txt"], at: place)
        try await laptop.commit([.unknown(#"{"op":"later"}"#)], to: place)
        let error = await #expect(throws: ReplayCacheError.self) { try await collect(place, days: 31) }
        #expect(error?.code == .unsupportedFormat)

        let other = try scratch.place("other")
        try await laptop.push(to: other)
        let name = SegmentKey(
            hlc: HLC(milliseconds: 1_700_000_000_000),
            writer: newWriterName(),
            number: 0,
            check: "00000000"
        )
        try Tree.write("no segment", to: "\(other.directory)/\(name.remoteKey)")
        let aside = await #expect(throws: ReplayCacheError.self) { try await collect(other, days: 31) }
        #expect(aside?.code == .integrity)
        #expect(try await keys(other, below: "gc/").isEmpty)
    }

    @Test func aRecipeThatCannotBeReadEndsTheRun() async throws {
        let place = try scratch.place()
        try Tree.write(SampleBytes.large(33 << 20), to: laptop.at("large.bin"))
        try laptop.write("gone", to: "gone.txt")
        try await laptop.push(to: place)
        try await delete(["replays/gone.txt"], at: place)
        let recipe = try #require(try await objects(place).first { $0.hasSuffix(".recipe") })
        try Tree.overwrite("\(place.directory)/\(recipe)", at: 0, with: Array("xx".utf8))
        let error = await #expect(throws: ReplayCacheError.self) { try await collect(place, days: 31) }
        #expect(error?.code == .integrity)
        #expect(error?.subject == recipe)
        #expect(try await keys(place, below: "gc/").isEmpty)
    }

    /// A recipe that nobody refers to yet may be about to be.
    @Test func thePartsOfAYoungRecipeStay() async throws {
        let place = try scratch.place()
        let bytes = SampleBytes.large(33 << 20)
        try Tree.write(bytes, to: laptop.at("large.bin"))
        try await laptop.push(to: place)
        try await delete(["replays/large.bin"], at: place)
        for key in try await objects(place) where !key.hasSuffix(".recipe") {
            try Tree.setTime(of: "\(place.directory)/\(key)", to: 1_600_000_000)
        }
        let recipe = try #require(try await objects(place).first { $0.hasSuffix(".recipe") })
        // Put again a moment ago, to eyes that are forty days ahead.
        try Tree.setTime(of: "\(place.directory)/\(recipe)", to: Timestamp.now().milliseconds / 1000 + 40 * 86_400)
        #expect(try await collect(place, days: 40).condemned == 0)
        try Tree.setTime(of: "\(place.directory)/\(recipe)", to: 1_600_000_000)
        #expect(try await collect(place, days: 40).condemned == 4)
    }

    // MARK: Lists

    @Test func onlyKeysOfObjectsAreEverRemoved() async throws {
        let place = try scratch.place()
        try laptop.write("kept", to: "kept.txt")
        try await laptop.push(to: place)
        let live = try #require(try await objects(place).first)
        try Tree.write("outside", to: scratch.at("outside.txt"))
        try Tree.write("note", to: "\(place.directory)/objects/note.txt")
        let segment = try #require(try await keys(place, below: "log/").first)
        let orphan = ObjectKey(digest: try Digest.of([9]), form: .content(.raw)).remoteKey.string
        try Tree.write([9], to: "\(place.directory)/\(orphan)")
        let hostile = [
            "../outside.txt", "objects/../../outside.txt", "/etc/passwd", segment, "replaycache.json",
            "objects/note.txt", live, "objects/00/..", "", String(repeating: "x", count: 5000), orphan,
        ]
        try plant(hostile, at: place, daysAgo: 2)
        #expect(try await collect(place, days: 0) == GarbageTotals(removed: 1, bytesFreed: 1))
        #expect(Tree.text(scratch.at("outside.txt")) == "outside")
        #expect(Tree.text("\(place.directory)/objects/note.txt") == "note")
        let pod = try await Laptop("pod", in: scratch)
        #expect(try await pod.fetch(from: place).filesPlaced == 1)
        // The live object was condemned by somebody: it is stored anew by who needs it next.
        try laptop.write("kept", to: "copy.txt")
        let push = try await laptop.push(to: place)
        #expect(push.objectsUploaded == 1)
        #expect(try await pod.fetch(from: place).failure == nil)
    }

    /// Writes a list as a collector might have.
    private func plant(_ keys: [String], at place: Place, daysAgo: Int64) throws {
        let made = Timestamp(milliseconds: Timestamp.now().milliseconds - daysAgo * 86_400_000)
        let texts = keys.map { "\"\($0)\"" }.joined(separator: ",")
        let text = Array("{\"keys\":[\(texts)],\"v\":1}".utf8)
        var frame: [UInt8] = []
        try ZstdCompressor(level: 3, byteCount: Int64(text.count)).compress(text.span, isLast: true, into: &frame)
        let path = "\(place.directory)/\(CondemnedListKey(time: made, id: newWriterName()).remoteKey)"
        try Tree.write(frame, to: path, modifiedAt: made.milliseconds / 1000)
    }

    /// What may be in place of a list.
    @Test(arguments: ["garbage", "bomb", "other version"])
    func aListThatCannotBeReadStopsCommitsUntilACollectorReplacesIt(_ kind: String) async throws {
        let place = try scratch.place()
        try laptop.write("one", to: "one.txt")
        try await laptop.push(to: place)
        var bytes = Array("no list".utf8)
        if kind != "garbage" {
            let text = kind == "bomb" ? [UInt8](repeating: 32, count: 40 << 20) : Array(#"{"keys":[],"v":2}"#.utf8)
            bytes = []
            try ZstdCompressor(level: 1, byteCount: Int64(text.count)).compress(text.span, isLast: true, into: &bytes)
        }
        let list = "\(place.directory)/\(CondemnedListKey(time: .now(), id: newWriterName()).remoteKey)"
        try Tree.write(bytes, to: list)
        // Nothing to commit, nothing to ask.
        #expect(try await laptop.push(to: place).requests == RequestCounts(list: 1))
        try laptop.write("two", to: "two.txt")
        let error = await #expect(throws: ReplayCacheError.self) { try await laptop.push(to: place) }
        #expect(error?.code == .integrity)
        #expect(error?.hint?.contains("gc") == true)
        try await collect(place, days: 0)
        #expect(!Tree.exists(list))
        #expect(try await laptop.push(to: place).entriesAdded == 1)
    }

    /// Who has never seen a list that ended must still not take what it condemned for stored.
    @Test func whatWasRemovedIsStoredAgainAlsoWhenTheListsHaveEnded() async throws {
        let place = try scratch.place()
        try laptop.write("gone", to: "gone.txt")
        try laptop.write("kept", to: "kept.txt")
        try await laptop.push(to: place)
        try await delete(["replays/gone.txt"], at: place)
        #expect(try await collect(place, days: 31).condemned == 1)
        #expect(try await collect(place, days: 32.1).removed == 1)
        let first = try await keys(place, below: "gc/")
        try await collect(place, days: 122)
        #expect(try await keys(place, below: "gc/").filter(first.contains).isEmpty)
        let stranger = try await Laptop("stranger", in: scratch)
        try stranger.write("gone", to: "back.txt")
        #expect(try await stranger.push(to: place).objectsUploaded == 1)
        #expect(try await Laptop("pod", in: scratch).fetch(from: place).filesPlaced == 2)
    }
}
