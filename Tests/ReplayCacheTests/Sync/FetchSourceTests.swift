import ReplayCacheTestSupport
import Testing

@testable import ReplayCache

/// Where a fetch comes from and goes to, before it moves anything.
struct FetchSourceTests {
    private let scratch: Scratch
    private let laptop: Laptop
    private let place: Place

    init() async throws {
        scratch = try Scratch()
        laptop = try await Laptop("laptop", in: scratch)
        place = try scratch.place()
        for name in ["mewtwo/2026/a.txt", "mewtwo-old/b.txt", "fox/c.txt"] { try laptop.write(name, to: name) }
        try await laptop.push(to: place)
    }

    /// What a fetch of `from` into a new folder is refused with; nil when it is not.
    private func refusal(from: String) async throws -> ReplayCacheError? {
        let destination = scratch.at("new")
        do {
            _ = try await laptop.workspace.fetch(from: place, into: destination, options: FetchOptions(from: from))
            return nil
        } catch {
            #expect(!Tree.exists(destination))
            return error as? ReplayCacheError
        }
    }

    @Test(
        arguments: [
            ("replays/mewtow", "did you mean replays/mewtwo?"), ("replays/mewtow/2026", "did you mean replays/mewtwo?"),
            ("replay/fox", "did you mean replays?"), ("replays/mewtwo/2062", "did you mean replays/mewtwo/2026?"),
            ("replays/zzz", "`replaycache ls"),
        ]
    )
    func aPathThatNothingIsBelowIsRefusedWithNearNames(_ from: String, _ hint: String) async throws {
        let error = try #require(try await refusal(from: from))
        #expect(error.code == .usage)
        #expect(error.message.contains("\"\(from)\""))
        #expect(error.hint?.hasPrefix(hint) == true, "\(error.hint ?? "")")
    }

    @Test
    func aSingleFileIsRefusedWithTheWayToFetchIt() async throws {
        let error = try #require(try await refusal(from: "replays/fox/c.txt"))
        #expect(error.code == .usage)
        #expect(error.hint == "`--from replays/fox --path 'replays/fox/c.txt'` fetches it alone")
        let pod = try await Laptop("pod", in: scratch)
        try await pod.fetch(from: place) {
            $0.from = try LogicalPath("replays/fox")
            $0.selection.paths.anyOf = ["replays/fox/c.txt"]
        }
        #expect(try pod.files() == ["c.txt"])
    }

    @Test(arguments: ["replays", "checkpoints", "replays/fox", "replays/mewtwo/2026"])
    func aCollectionAndAFolderMayBeEmpty(_ from: String) async throws {
        let digest = try Digest.of(Array("fox/c.txt".utf8))
        try await laptop.commit([.del(.init(path: "replays/fox/c.txt", was: digest))], to: place)
        #expect(try await refusal(from: from) == nil)
    }

    @Test(arguments: ["remote/out", "remote/a/b/out", "remote", "remote/objects/../out", "link/out"])
    func nothingIsMadeInsideTheRepository(_ destination: String) async throws {
        try Tree.link(scratch.at("link"), to: place.directory)
        let before = try Tree.listing(of: place.directory)
        await #expect {
            try await laptop.workspace.fetch(from: place, into: scratch.at(destination))
        } throws: { ($0 as? ReplayCacheError)?.code == .usage }
        #expect(try Tree.listing(of: place.directory) == before)
    }

    @Test
    func noCheckpointIsFetchedIntoTheRepository() async throws {
        try Tree.write("weights", to: scratch.at("model.pt"))
        let description = CheckpointDescription(run: "fox")
        _ = try await laptop.workspace.pushCheckpoint([scratch.at("model.pt")], to: place, description)
        let before = try Tree.listing(of: place.directory)
        await #expect {
            let reference = try CheckpointReference("fox")
            _ = try await laptop.workspace.fetchCheckpoint(reference, from: place, into: "\(place.directory)/out")
        } throws: { ($0 as? ReplayCacheError)?.code == .usage }
        #expect(try Tree.listing(of: place.directory) == before)
    }
}
