import ReplayCacheTestSupport
import Testing

@testable import ReplayCache

/// What a fetch has placed need not be read by the next command, and a change that comes right after is found
/// (`docs/decisions/0006`).
@Suite(.enabled(if: hasFineStamps))
struct PlacedRowTests {
    private let scratch: Scratch
    private let mine: Laptop
    private let theirs: Laptop
    private let place: Place

    init() async throws {
        scratch = try Scratch()
        mine = try await Laptop("mine", in: scratch)
        theirs = try await Laptop("theirs", in: scratch)
        place = try scratch.place()
        for name in ["a.txt", "b/c.txt", "b/d/e.txt"] { try mine.write(name, to: name) }
        try await mine.push(to: place)
        #expect(try await theirs.fetch(from: place).filesPlaced == 3)
    }

    @Test
    func whatAFetchHasPlacedIsNotReadAgain() async throws {
        let fetch = try await theirs.fetch(from: place)
        #expect(fetch.filesHashed == 0)
        #expect(fetch.filesUnchanged == 3)
        #expect(fetch.filesInStep == 3)
        #expect(try await theirs.push(to: place).filesHashed == 0)
    }

    @Test
    func whatAFetchHasRenamedOrReplacedIsNotReadAgain() async throws {
        try Tree.move(mine.at("b/c.txt"), to: mine.at("f.txt"))
        try mine.write("other", to: "a.txt")
        try await mine.push(to: place)
        let fetch = try await theirs.fetch(from: place)
        #expect(fetch.filesMoved == 1)
        #expect(fetch.filesPlaced == 1)
        #expect(fetch.filesHashed == 0)
        #expect(try await theirs.fetch(from: place).filesHashed == 0)
    }

    @Test
    func aChangeRightAfterAFetchIsFound() async throws {
        try Tree.overwrite(theirs.at("a.txt"), at: 0, with: Array("z".utf8))
        try Tree.setTime(of: theirs.at("a.txt"), to: 1_700_000_000)
        let push = try await theirs.push(to: place)
        #expect(push.filesHashed == 1)
        #expect(push.entriesAdded == 1)
    }

    /// A file under its name, as a placer hands it on.
    private func named(_ path: String, in root: LocalRoot, isAsVerified: Bool = true) throws -> SettlingFiles.Named {
        let status = try root.directory.status(of: path)
        let digest = try Digest.of(Array("new".utf8))
        return SettlingFiles.Named(
            file: HashedFile(
                path: try LogicalPath(path),
                status: status,
                hashedAt: status.ctimeNanoseconds,
                outcome: .content(digest, nil)
            ),
            old: nil,
            agreement: Agreement(path: "replays/\(path)", digest: digest, size: 3),
            forgotten: nil,
            isAsVerified: isAsVerified
        )
    }

    @Test
    func aChangeWhileTheClockIsWaitedForIsFound() async throws {
        let context = SyncContext(catalog: try Catalog(home: theirs.home))
        let root = try await LocalRoot.open(theirs.folder, catalog: context.catalog)
        for name in ["kept", "written", "doubtful"] { try theirs.write("new", to: name) }
        var files = SettlingFiles(context: context, root: root, place: nil)
        try await files.add([
            named("kept", in: root), named("written", in: root), named("doubtful", in: root, isAsVerified: false),
        ])
        try Tree.overwrite(theirs.at("written"), at: 0, with: Array("now".utf8))
        try await files.finish()
        #expect(try await theirs.workspace.scan(theirs.folder).filesHashed == 2)
        let digest = try Digest.of(Array("now".utf8))
        #expect(try await context.catalog.copies(of: digest).map(\.path.string) == ["written"])
    }

    @Test
    func aRunThatFailsRecordsWhatItHasNamedWithoutWaiting() async throws {
        let context = SyncContext(catalog: try Catalog(home: theirs.home))
        let root = try await LocalRoot.open(theirs.folder, catalog: context.catalog)
        try theirs.write("new", to: "new.txt")
        var files = SettlingFiles(context: context, root: root, place: nil)
        try await files.add([named("new.txt", in: root)])
        try await files.recordAll()
        let digest = try Digest.of(Array("new".utf8))
        #expect(try await context.catalog.copies(of: digest).map(\.path.string) == ["new.txt"])
    }
}

/// Whether scratch folders are on a file system whose stamps settle within a tick.
private let hasFineStamps =
    (try? Scratch()).map { FileSystem.fineTypes.contains(FileSystem.type(of: $0.path)) } ?? false
