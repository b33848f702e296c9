import FoundationEssentials
import ReplayCacheTestSupport
import Testing

@testable import ReplayCache

/// Everything in a repository can be had with the tools of any system, without this program (`design.md` section 3).
@Suite(.enabled(if: Program.exist("zstd", "sha256sum", "sh"), "needs zstd and sha256sum"))
struct RecoveryTests {
    private let scratch: Scratch
    private let laptop: Laptop
    private let place: Place

    init() async throws {
        scratch = try Scratch()
        laptop = try await Laptop("laptop", in: scratch)
        place = try scratch.place()
        for number in 0..<5 {
            try Tree.write(SampleBytes.replay(seed: UInt64(number)), to: laptop.at("fox/\(number).slp"))
        }
        try Tree.write(SampleBytes.random(100_000, seed: 3), to: laptop.at("random.bin"))
        try laptop.write("", to: "empty.txt")
        try Tree.write(SampleBytes.large(40 << 20), to: laptop.at("large.bin"))
        try await laptop.push(to: place)
    }

    private func sh(_ script: String) async throws -> String {
        let result = try await Program.run("sh", ["-euc", script], in: place.directory)
        #expect(result.code == 0, "\(result.error)")
        return result.output
    }

    @Test
    func everyObjectDecodesToTheDigestInItsName() async throws {
        let sums = try await sh(
            """
            for o in objects/*/*.zst; do echo "$(zstd -dcq "$o" | sha256sum | cut -c 1-64) $o"; done
            for o in objects/*/*.raw; do echo "$(sha256sum < "$o" | cut -c 1-64) $o"; done
            """
        )
        let lines = sums.split(separator: "\n").map { $0.split(separator: " ") }
        // Five replays, two other small files and three parts.
        #expect(lines.count == 10)
        #expect(lines.contains { $0[1].hasSuffix(".raw") } && lines.contains { $0[1].hasSuffix(".zst") })
        for line in lines {
            #expect(line[1].hasPrefix("objects/\(line[0].prefix(2))/\(line[0])."))
        }
    }

    @Test
    func thePartsOfARecipeAddUpToTheFile() async throws {
        struct Recipe: Decodable {
            struct Part: Decodable {
                let sha256: String
                let key: String
            }
            let size: Int64
            let partSize: Int64
            let parts: [Part]
        }
        let name = try await sh("ls objects/*/*.recipe").split(separator: "\n").map(String.init)
        let file = try #require(name.first)
        #expect(name.count == 1)
        let bytes = try Tree.read("\(place.directory)/\(file)")
        let recipe = try JSONDecoder().decode(Recipe.self, from: Data(bytes))
        #expect(recipe.size == 40 << 20)
        #expect(recipe.partSize == 16 << 20)
        let sum = try await sh(
            "for o in \(recipe.parts.map(\.key).joined(separator: " ")); do "
                + "case $o in *.zst) zstd -dcq $o;; *) cat $o;; esac; done | sha256sum | cut -c 1-64"
        )
        #expect(file.contains(sum.prefix(64)))
        let original = try await Program.run("sha256sum", [laptop.at("large.bin")]).output
        #expect(original.prefix(64) == sum.prefix(64))
    }

    @Test
    func theLogIsLinesOfJSONThatNameEveryPath() async throws {
        let names = try await sh("ls log").split(separator: "\n").map(String.init)
        #expect(names.count == 1)
        for name in names {
            let check = try await sh("zstd -dcq log/\(name) | sha256sum | cut -c 1-8")
            #expect(name.contains(".\(check.prefix(8)).ndjson.zst"))
        }
        let lines = try await sh("zstd -dcq log/*").split(separator: "\n")
        let objects = try lines.map { try JSONDecoder().decode([String: Value].self, from: Data($0.utf8)) }
        #expect(objects.first?["v"] == .number(1))
        let puts = objects.filter { $0["op"] == .text("put") }
        #expect(
            puts.compactMap { $0["path"]?.text }.sorted()
                == (["empty.txt", "large.bin", "random.bin"] + (0..<5).map { "fox/\($0).slp" }).map { "replays/\($0)" }
                .sorted()
        )
        // Every content that a path names has an object.
        let stored = Set(objects.filter { $0["op"] == .text("obj") }.compactMap { $0["sha256"]?.text })
        #expect(puts.allSatisfy { stored.contains($0["sha256"]?.text ?? "") })
    }

    private enum Value: Decodable, Equatable {
        case text(String)
        case number(Double)
        case other

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let text = try? container.decode(String.self) {
                self = .text(text)
            } else if let number = try? container.decode(Double.self) {
                self = .number(number)
            } else {
                self = .other
            }
        }

        var text: String? { if case .text(let text) = self { text } else { nil } }
    }
}
