import ReplayCacheTestSupport
import Synchronization
import Testing

@testable import ReplayCache

/// What `verify REMOTE` finds, and what the ways to heal put back.
struct RemoteVerifyTests {
    private let scratch: Scratch
    private let laptop: Laptop
    private let place: Place
    private let large = SampleBytes.large(40 << 20)

    init() async throws {
        scratch = try Scratch()
        laptop = try await Laptop("laptop", in: scratch)
        place = try scratch.place()
        try laptop.write("one", to: "a/one.txt")
        try laptop.write("two", to: "two.txt")
        try Tree.write(large, to: laptop.at("large.bin"))
        try await laptop.push(to: place)
    }

    private func path(of content: [UInt8], recipe: Bool = false) throws -> String {
        let digest = try Digest.of(content).hex
        let name = try #require(try Tree.files(below: place.directory).last { $0.contains(digest) })
        #expect(name.hasSuffix(".recipe") == recipe)
        return "\(place.directory)/\(name)"
    }

    private var part: [UInt8] { Array(large[16 << 20..<32 << 20]) }

    private func verify(
        _ machine: Laptop? = nil,
        _ change: (inout VerifyOptions) -> Void = { _ in }
    ) async throws -> SyncSummary {
        var options = VerifyOptions()
        change(&options)
        return try await (machine ?? laptop).workspace.verify(place, options: options)
    }

    private func expectFetchable() async throws {
        let pod = try await Laptop("pod-\(UInt64.random(in: 0 ... .max))", in: scratch)
        #expect(try await pod.fetch(from: place).failure == nil)
        #expect(pod.text("a/one.txt") == "one")
        #expect(try Tree.read(pod.at("large.bin")) == large)
    }

    @Test func aSoundPlaceIsFoundSoundWithoutReadingIt() async throws {
        let before = try Tree.listing(of: place.directory)
        let summary = try await verify()
        #expect(summary.failure == nil)
        #expect(summary.verification == VerificationTotals(objects: 6))
        // The log, the objects; the recipe.
        #expect(summary.requests == RequestCounts(get: 1, list: 2))
        let deep = try await verify { $0.isDeep = true }
        #expect(deep.verification == VerificationTotals(objects: 6, objectsRead: 6))
        #expect(try Tree.listing(of: place.directory) == before)
    }

    /// What may be lost.
    enum Subject: String, CaseIterable, Sendable { case object, part, recipe }

    private func path(_ subject: Subject) throws -> String {
        switch subject {
        case .object: try path(of: Array("one".utf8))
        case .part: try path(of: part)
        case .recipe: try path(of: large, recipe: true)
        }
    }

    @Test(arguments: Subject.allCases)
    func whatIsMissingIsNamedWithThePathsThatNeedItAndHealed(_ subject: Subject) async throws {
        let lost = try path(subject)
        try Tree.remove(lost)
        let summary = try await verify()
        #expect(summary.failure?.code == .integrity)
        #expect(summary.verification?.missing ?? 0 >= 1)
        let told = laptop.events.compactMap { event -> [String]? in
            guard case .objectDamaged(let key, _, let paths) = event, lost.hasSuffix(key) else { return nil }
            return paths
        }
        #expect(told == [[subject == .object ? "replays/a/one.txt" : "replays/large.bin"]])

        let healed = try await verify { $0.heals = true }
        #expect(healed.failure == nil)
        #expect(healed.verification?.healed == 1)
        #expect(!Tree.exists(lost))
        #expect(laptop.told(.healed).count == 1)
        #expect(try await verify().failure == nil)
        try await expectFetchable()
    }

    @Test(arguments: Subject.allCases)
    func whatIsDamagedIsFoundByReadingAndHealed(_ subject: Subject) async throws {
        let damaged = try path(subject)
        var bytes = try Tree.read(damaged)
        bytes[bytes.count / 2] ^= 0x55
        try Tree.overwrite(damaged, at: 0, with: bytes)
        if subject != .recipe { #expect(try await verify().failure == nil) }
        let deep = try await verify { $0.isDeep = true }
        #expect(deep.failure?.code == .integrity)
        #expect(deep.verification?.damaged == 1)
        #expect(deep.verification?.contentsLost == 1)
        let healed = try await verify {
            $0.isDeep = true
            $0.heals = true
        }
        #expect(healed.failure == nil)
        #expect(healed.verification?.healed == 1)
        #expect(try await verify { $0.isDeep = true }.failure == nil)
        try await expectFetchable()
    }

    @Test func anotherSizeThanWasToldIsReasonToRead() async throws {
        let object = try path(of: Array("one".utf8))
        try Tree.remove(object)
        try Tree.write("on", to: object)
        let summary = try await verify()
        #expect(summary.verification?.objectsRead == 1)
        #expect(summary.verification?.damaged == 1)
        // The same content under another encoding is sound, whatever its size.
        try Tree.remove(object)
        let digest = try Digest.of(Array("one".utf8))
        try await laptop.commit(
            [
                .obj(
                    .init(
                        sha256: digest,
                        size: 3,
                        key: ObjectKey(digest: digest, form: .content(.raw)).remoteKey.string,
                        encodedSize: 99
                    )
                )
            ],
            to: place
        )
        try Tree.write("one", to: "\(place.directory)/\(ObjectKey(digest: digest, form: .content(.raw)).remoteKey)")
        let sound = try await verify()
        #expect(sound.verification?.objectsRead == 1)
        #expect(sound.failure == nil)
    }

    @Test func aMachineWithoutTheFilesHealsNothing() async throws {
        try Tree.remove(try path(of: Array("one".utf8)))
        let pod = try await Laptop("pod", in: scratch)
        let summary = try await verify(pod) { $0.heals = true }
        #expect(summary.failure?.code == .integrity)
        #expect(summary.verification?.healed == 0)
        #expect(summary.verification?.contentsLost == 1)
    }

    @Test func aLocalFileThatChangedHealsNothing() async throws {
        try Tree.remove(try path(of: Array("one".utf8)))
        try laptop.write("not one", to: "a/one.txt")
        #expect(try await verify { $0.heals = true }.verification?.contentsLost == 1)
    }

    @Test func aSampleReadsAShare() async throws {
        for number in 0..<200 { try laptop.write("file \(number)", to: "many/\(number).txt") }
        try Tree.remove(laptop.at("large.bin"))
        try await laptop.push(to: place)
        let summary = try await verify {
            $0.isDeep = true
            $0.sharePercent = 50
        }
        let read = try #require(summary.verification?.objectsRead)
        // A hundred, give or take: outside of this once in 10^9 runs.
        #expect((57...151).contains(read))
    }

    @Test func whatNothingRefersToIsCounted() async throws {
        let orphan = ObjectKey(digest: try Digest.of([1, 2, 3]), form: .content(.raw)).remoteKey.string
        try Tree.write([1, 2, 3], to: "\(place.directory)/\(orphan)")
        let found = try await verify().verification
        #expect(found?.unreferenced == 1)
        #expect(found?.bytesUnreferenced == 3)
    }

    // MARK: push --heal

    @Test func pushHealPutsBackWhatAnotherProgramWiped() async throws {
        try Tree.remove("\(place.directory)/objects")
        // What is known to be there is not sent again.
        #expect(try await laptop.push(to: place).objectsUploaded == 0)
        let push = try await laptop.push(to: place) { $0.isHealing = true }
        #expect(push.failure == nil)
        #expect(push.verification?.missing == 3)
        #expect(push.verification?.healed == 3)
        #expect(laptop.told(.warning).contains { $0.contains("missing at \(place)") && $0.contains("rclone") })
        #expect(try Tree.files(below: "\(place.directory)/objects").count == 6)
        #expect(try await laptop.push(to: place) { $0.isHealing = true }.verification == VerificationTotals(objects: 6))
        try await expectFetchable()
    }

    @Test func pushHealSaysWhatTheFolderDoesNotHave() async throws {
        let other = try await Laptop("other", in: scratch)
        try other.write("three", to: "three.txt")
        try await other.push(to: place)
        try Tree.remove("\(place.directory)/objects")
        let push = try await other.push(to: place) { $0.isHealing = true }
        #expect(push.failure?.code == .integrity)
        #expect(push.verification?.healed == 1)
        #expect(push.verification?.contentsLost == 3)
        #expect(try await laptop.push(to: place) { $0.isHealing = true }.failure == nil)
        try await expectFetchable()
    }

    @Test func aNewFileOfALostContentIsSent() async throws {
        try Tree.remove(try path(of: Array("one".utf8)))
        try laptop.write("one", to: "copy.txt")
        #expect(try await laptop.push(to: place) { $0.isHealing = true }.failure == nil)
        try await expectFetchable()
    }

    // MARK: Fetching what was healed meanwhile

    @Test(arguments: Subject.allCases)
    func whatIsGoneIsFetchedFromWhereItIsNow(_ subject: Subject) async throws {
        let lost = try path(subject)
        let hasActed = Mutex(false)
        let options = ActingRemote.acting { request, moment in
            guard moment == .before, case .get(let key) = request, lost.hasSuffix(key) else { return }
            guard
                hasActed.withLock({ acted in
                    defer { acted = true }
                    return !acted
                })
            else { return }
            // Another machine notices and heals while this one is fetching.
            try Tree.remove(lost)
            _ = try await verify { $0.heals = true }
        }
        let pod = try await Laptop("pod", in: scratch, transfer: options)
        let fetch = try await pod.fetch(from: place)
        #expect(fetch.failure == nil)
        #expect(fetch.filesPlaced == 3)
        #expect(try Tree.read(pod.at("large.bin")) == large)
    }

    @Test func whatIsGoneForGoodIsNamedWithAWayOut() async throws {
        for content in ["one", "two"] { try Tree.remove(try path(of: Array(content.utf8))) }
        let pod = try await Laptop("pod", in: scratch)
        let fetch = try await pod.fetch(from: place)
        #expect(fetch.failure?.code == .integrity)
        #expect(fetch.filesFailed == 2)
        // Log and base at first contact; the log again, once and not for each.
        #expect(fetch.requests.list == 3)
    }
}

/// `verify DIR`: what was not read for longest comes first.
struct FolderVerifyTests {
    @Test func aShareADayReadsAllInTime() async throws {
        let scratch = try Scratch()
        let laptop = try await Laptop("laptop", in: scratch)
        for number in 0..<10 { try laptop.write("file \(number)", to: "\(number).txt") }
        _ = try await laptop.workspace.scan(laptop.folder)
        var options = VerifyOptions()
        options.sharePercent = 30
        var seen: [Int] = []
        for _ in 0..<4 {
            let summary = try await laptop.workspace.verify(laptop.folder, options: options)
            #expect(summary.failure == nil)
            seen.append(summary.filesHashed)
        }
        #expect(seen == [3, 3, 3, 3])
        // Twelve readings of ten files: eight were read once, two twice, none not at all.
        let times = try Database(path: Catalog.path(in: laptop.home)).all("SELECT verified_at FROM file") {
            $0.optionalInt64(0)
        }
        #expect(times.count == 10)
        #expect(times.allSatisfy { $0 != nil })
        #expect(try await laptop.workspace.verify(laptop.folder).filesHashed == 10)
    }

    @Test func whatIsDamagedIsNotCalledVerified() async throws {
        let scratch = try Scratch()
        let laptop = try await Laptop("laptop", in: scratch)
        try laptop.write("sound", to: "a.txt")
        _ = try await laptop.workspace.scan(laptop.folder)
        try laptop.write("other", to: "a.txt")
        _ = try await laptop.workspace.verify(laptop.folder)
        let times = try Database(path: Catalog.path(in: laptop.home)).all("SELECT verified_at FROM file") {
            $0.optionalInt64(0)
        }
        #expect(times == [nil])
    }
}
