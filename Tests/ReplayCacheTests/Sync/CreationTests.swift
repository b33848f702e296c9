import ReplayCacheTestSupport
import Testing

@testable import ReplayCache

/// Where a push creates a repository, and what writes nothing (`design.md` section 3, "Creating").
struct CreationTests {
    private let scratch: Scratch
    private let laptop: Laptop

    init() async throws {
        scratch = try Scratch()
        laptop = try await Laptop("laptop", in: scratch)
        try laptop.write("one", to: "one.txt")
    }

    private func refusal(_ body: () async throws -> SyncSummary) async -> ReplayCacheError? {
        do {
            _ = try await body()
            return nil
        } catch {
            return error as? ReplayCacheError
        }
    }

    @Test
    func theLastFolderOfAPlaceIsCreatedAndSaidSo() async throws {
        let place = try scratch.place("remote")
        try await laptop.push(to: place)
        #expect(laptop.told(.created) == [place.directory])
        #expect(Tree.exists("\(place.directory)/replaycache.json"))
    }

    @Test
    func aMissingFolderFurtherUpIsNotCreated() async throws {
        #expect(throws: ReplayCacheError.self) { try scratch.place("not/there") }
        let place = try Place(try scratch.folder("disk") + "/remote")
        try Tree.remove(scratch.at("disk"))
        let error = try #require(await refusal { try await laptop.push(to: place) })
        #expect(error.code == .notFound)
        #expect(!Tree.exists(scratch.at("disk")))
    }

    @Test
    func newsOfANewerFormatIsRefusedWhereTheRepositoryIsKnown() async throws {
        let place = try scratch.place("remote")
        let pod = try await Laptop("pod", in: scratch)
        try await laptop.push(to: place)
        try await pod.fetch(from: place)
        try laptop.write("two", to: "two.txt")
        try await laptop.push(to: place)
        try Tree.write(#"{"format":2,"repository":"x"}"#, to: "\(place.directory)/replaycache.json")
        let error = try #require(await refusal { try await pod.fetch(from: place) })
        #expect(error.code == .unsupportedFormat)
        #expect(error.message.contains("format 2"))
        #expect(try pod.files() == ["one.txt"])
    }

    @Test
    func aLogWithoutNewsIsOneRequest() async throws {
        let place = try scratch.place("remote")
        let pod = try await Laptop("pod", in: scratch)
        try await laptop.push(to: place)
        try await pod.fetch(from: place)
        #expect(try await pod.fetch(from: place).requests == RequestCounts(list: 1))
    }

    @Test
    func anEmptyFolderBecomesARepository() async throws {
        let place = try Place(try scratch.folder("remote"))
        try Tree.write("", to: "\(place.directory)/.DS_Store")
        #expect(try await laptop.push(to: place).entriesAdded == 1)
    }

    @Test(arguments: ["file.txt", "My Replays/Game 1.slp", "Größe", "checkpoints/a.pt", "file with spaces"])
    func aFolderWithOtherThingsIsRefusedAndAPrefixNamed(_ item: String) async throws {
        let place = try Place(try scratch.folder("remote"))
        try Tree.write("precious", to: "\(place.directory)/\(item)")
        let before = try Tree.listing(of: place.directory)
        let error = try #require(await refusal { try await laptop.push(to: place) })
        #expect(error.code == .configuration)
        #expect(error.hint?.contains("\(place.directory)/replaycache") == true)
        #expect(try Tree.listing(of: place.directory) == before)
        #expect(try await laptop.push(to: try Place("\(place.directory)/replaycache")).entriesAdded == 1)
    }

    /// What may happen to a repository behind one's back.
    enum Loss: String, CaseIterable, Sendable {
        case wiped, unmounted, replaced, logLost
        /// Wiped before anything was committed to it.
        case wipedBeforeTheFirstCommit

        func happen(to place: Place, scratch: Scratch) async throws {
            switch self {
            case .wiped, .wipedBeforeTheFirstCommit:
                try Tree.remove(place.directory)
                _ = try scratch.folder("remote")
            case .unmounted:
                try Tree.remove(place.directory)
            case .replaced:
                try Tree.remove(place.directory)
                let other = try await Laptop("other", in: scratch)
                try other.write("other", to: "other.txt")
                try await other.push(to: place)
            case .logLost:
                try Tree.remove("\(place.directory)/log")
            }
        }
    }

    @Test(arguments: Loss.allCases)
    func aKnownPlaceThatIsGoneIsRefusedAndLeftAlone(_ loss: Loss) async throws {
        let place = try scratch.place()
        if loss == .wipedBeforeTheFirstCommit { try Tree.remove(laptop.at("one.txt")) }
        try await laptop.push(to: place)
        try await loss.happen(to: place, scratch: scratch)
        try laptop.write("two", to: "two.txt")
        let before = Tree.exists(place.directory) ? try Tree.listing(of: place.directory) : []
        let error = try #require(await refusal { try await laptop.push(to: place) })
        #expect([.notFound, .configuration].contains(error.code))
        #expect(error.hint?.contains("--new") == true)
        #expect((Tree.exists(place.directory) ? try Tree.listing(of: place.directory) : []) == before)
        #expect(try laptop.files().contains("two.txt"))
    }

    @Test(arguments: [Loss.wiped, .unmounted, .replaced, .wipedBeforeTheFirstCommit])
    func insistingOnANewRepositoryPublishesEverythingAgain(_ loss: Loss) async throws {
        let place = try scratch.place()
        try await laptop.push(to: place)
        try await loss.happen(to: place, scratch: scratch)
        try laptop.write("two", to: "two.txt")
        try await laptop.push(to: place) { $0.insistsOnNew = true }
        let fresh = try await Laptop("fresh", in: scratch)
        try await fresh.fetch(from: place)
        #expect(try Set(fresh.files()).isSuperset(of: ["one.txt", "two.txt"]))
        #expect(try await laptop.push(to: place).requests.put == 0)
    }

    /// Makes a repository elsewhere and moves it to where another may have stood.
    private func stand(_ text: String, from name: String, at place: Place) async throws {
        let author = try await Laptop(name, in: scratch)
        try author.write(text, to: "shared.txt")
        try await author.push(to: try scratch.place("\(name)-remote"))
        if Tree.exists(place.directory) { try Tree.remove(place.directory) }
        try Tree.move(scratch.at("\(name)-remote"), to: place.directory)
    }

    @Test
    func whatWasAgreedWithARepositorySaysNothingOfItsSuccessor() async throws {
        let place = try scratch.place()
        try await stand("old", from: "first", at: place)
        #expect(try await laptop.fetch(from: place).filesPlaced == 1)
        try await stand("new", from: "second", at: place)
        let before = try Tree.listing(of: laptop.folder)
        let summary = try await laptop.fetch(from: place)
        #expect(summary.conflicts == 1)
        #expect(summary.filesPlaced == 0)
        #expect(laptop.told(.conflict) == ["replays/shared.txt"])
        #expect(laptop.text("shared.txt") == "old")
        #expect(try Tree.listing(of: laptop.folder) == before)
    }

    @Test
    func aSuccessorIsPushedToOnlyWhenInsistedAndItsFilesAreConflicts() async throws {
        let place = try scratch.place()
        try await stand("old", from: "first", at: place)
        try await laptop.fetch(from: place)
        try await stand("new", from: "second", at: place)
        let before = try Tree.listing(of: place.directory)
        #expect(await refusal { try await laptop.push(to: place) }?.code == .configuration)
        #expect(try Tree.listing(of: place.directory) == before)
        let summary = try await laptop.push(to: place) { $0.insistsOnNew = true }
        #expect(summary.conflicts == 1)
        #expect(summary.entriesAdded == 1)
        #expect(summary.entriesRemoved == 0)
        let digests = try ["one", "new"].map { try Digest.of(Array($0.utf8)) }
        #expect(
            try await laptop.entries(at: place) == ["replays/one.txt": digests[0], "replays/shared.txt": digests[1]]
        )
    }

    @Test(arguments: [#"{"format":2}"#, nil])
    func aManifestThatChangedSinceStopsAPushBeforeItsSegment(_ manifest: String?) async throws {
        let place = try scratch.place()
        try await laptop.push(to: place)
        try Tree.remove("\(place.directory)/replaycache.json")
        if let manifest { try Tree.write(manifest, to: "\(place.directory)/replaycache.json") }
        try laptop.write("two", to: "two.txt")
        let before = try Tree.files(below: "\(place.directory)/log")
        let error = await refusal { try await laptop.push(to: place) }
        #expect(error?.code == (manifest == nil ? .notFound : .unsupportedFormat))
        #expect(before.count == 1)
        #expect(try Tree.files(below: "\(place.directory)/log") == before)
    }

    @Test
    func aFetchFromAWipedPlaceSaysSoAndKeepsTheFiles() async throws {
        let place = try scratch.place()
        try await laptop.push(to: place)
        try await Loss.wiped.happen(to: place, scratch: scratch)
        let error = try #require(await refusal { try await laptop.fetch(from: place) })
        #expect(error.code == .notFound)
        #expect(try laptop.files() == ["one.txt"])
        #expect(try Tree.files(below: place.directory).isEmpty)
    }

    @Test
    func aRepositoryOfAFormatToComeIsRefusedByName() async throws {
        let place = try Place(try scratch.folder("remote"))
        try Tree.write(#"{"format":2}"#, to: "\(place.directory)/replaycache.json")
        for error in [
            await refusal { try await laptop.push(to: place) }, await refusal { try await laptop.fetch(from: place) },
        ] {
            #expect(error?.code == .unsupportedFormat)
            #expect(error?.message.contains("format 2") == true)
        }
        #expect(try Tree.files(below: place.directory) == ["replaycache.json"])
    }

    @Test
    func onlyAPushCreatesARepository() async throws {
        let place = try scratch.place()
        let empty = try Place(try scratch.folder("empty"))
        for place in [place, empty] {
            #expect(await refusal { try await laptop.fetch(from: place) }?.code == .notFound)
            let status = await refusal {
                try await laptop.workspace.status(laptop.folder, at: place, path: try LogicalPath("replays"))
            }
            #expect(status?.code == .notFound)
            await #expect(throws: ReplayCacheError.self) { _ = try await laptop.entries(at: place) }
        }
        #expect(!Tree.exists(place.directory))
        #expect(try Tree.files(below: empty.directory).isEmpty)
    }

    @Test
    func readingWritesNothingAtThePlace() async throws {
        let place = try scratch.place()
        try Tree.write(SampleBytes.replay(), to: laptop.at("fox/Game.slp"))
        try await laptop.push(to: place)
        let before = try Tree.listing(of: place.directory)
        try setMode(of: place, to: 0o555)
        defer { try? setMode(of: place, to: 0o755) }
        let reader = try await Laptop("reader", in: scratch)
        #expect(try await reader.fetch(from: place).filesPlaced == 2)
        #expect(try await reader.fetch(from: place).filesPlaced == 0)
        _ = try await reader.workspace.status(reader.folder, at: place, path: try LogicalPath("replays"))
        #expect(try await reader.workspace.query(Selection(), in: .place(place)).count == 1)
        #expect(try await reader.entries(at: place).count == 2)
        _ = try await reader.workspace.checkpoints(of: nil, at: place)
        try await reader.workspace.duplicates(at: place) { _ in }
        try setMode(of: place, to: 0o755)
        #expect(try Tree.listing(of: place.directory) == before)
    }

    private func setMode(of place: Place, to mode: Int) throws {
        for folder in ["", "/log", "/objects"] { try Tree.setMode(of: place.directory + folder, to: mode) }
    }

    @Test
    func aFolderAndTheRepositoryMustNotLieInsideEachOther() async throws {
        let inside = try Place("\(laptop.folder)/remote")
        #expect(await refusal { try await laptop.push(to: inside) }?.code == .usage)
        let around = try Place(scratch.path)
        #expect(await refusal { try await laptop.push(to: around) }?.code == .usage)
        #expect(try laptop.files() == ["one.txt"])
    }

    @Test
    func plainFilesArePushedOnlyBelowReplays() async throws {
        #expect { try PushOptions(into: "checkpoints/run") } throws: { ($0 as? ReplayCacheError)?.code == .usage }
        #expect { try PushOptions(into: "foo/bar") } throws: { error in
            let text = (error as? ReplayCacheError).map { "\($0) \($0.hint ?? "")" } ?? ""
            return text.contains("replays") && text.contains("checkpoint")
        }
        await #expect(throws: ReplayCacheError.self) {
            try await laptop.push(to: try scratch.place()) { $0.into = try LogicalPath("foo") }
        }
    }
}
