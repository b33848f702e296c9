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
