import ReplayCacheTestSupport
import Testing

@testable import ReplayCache

/// A pattern means the same wherever it is written.
struct PatternTests {
    private static let files = ["a1.txt", "b1.txt", "deep/a2.txt", "ä.txt"]

    private let scratch: Scratch
    private let laptop: Laptop
    private let place: Place

    init() async throws {
        scratch = try Scratch()
        laptop = try await Laptop("laptop", in: scratch)
        place = try scratch.place()
        for name in Self.files { try laptop.write(name, to: name) }
    }

    private func published(_ change: (inout PushOptions) throws -> Void = { _ in }) async throws -> [String] {
        let place = try scratch.place("remote-\(UInt64.random(in: 0 ... .max))")
        try await laptop.push(to: place, change)
        return try await laptop.entries(at: place).keys.sorted().map { String($0.dropFirst("replays/".count)) }
    }

    @Test(
        arguments: [
            ("[!a]?.txt", ["b1.txt"]), ("?.txt", ["ä.txt"]), ("[ä]*", ["ä.txt"]), ("deep/[!b]*", ["deep/a2.txt"]),
            ("[a-b]?.txt", ["a1.txt", "b1.txt", "deep/a2.txt"]), ("*[!1].txt", ["deep/a2.txt", "ä.txt"]),
        ]
    )
    func aPatternSelectsTheSameEverywhere(_ pattern: String, _ matching: [String]) async throws {
        let others = Self.files.filter { !matching.contains($0) }
        #expect(try await published { $0.includes = [pattern] } == matching)
        #expect(try await published { $0.excludes = [pattern] } == others)

        try await laptop.push(to: place)
        let pod = try await Laptop("pod", in: scratch)
        try await pod.fetch(from: place) { $0.selection = Selection(paths: [pattern]) }
        #expect(try pod.files() == matching)

        try laptop.write(pattern, to: ".replaycacheignore")
        #expect(try await published() == others)
    }
}
