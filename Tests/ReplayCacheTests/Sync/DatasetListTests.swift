import ReplayCacheTestSupport
import Testing

@testable import ReplayCache

/// The text that a dataset is, and texts that are none.
struct DatasetListTests {
    private let scratch: Scratch
    private let laptop: Laptop

    init() async throws {
        scratch = try Scratch()
        laptop = try await Laptop("laptop", in: scratch)
    }

    private static let digest = String(repeating: "ab", count: 32)

    @Test(
        arguments: [
            "", "\n", "\(digest)  replays/a", "\(digest)  \n", "\(digest) *replays/a\n",
            "\(digest)  ../../etc/passwd\n",
            "\(digest)  /etc/passwd\n", "\(digest)  replays/a\0b\n", "\(digest.uppercased())  replays/a\n",
            "\(digest)  replays/b\n\(digest)  replays/a\n", "\(digest)  replays/a\n\(digest)  replays/a\n",
            "\\\(digest)  replays/a\n", "\(digest)  replays/a\\b\n", "\\\(digest)  replays/a\\x\n",
            "\\\(digest)  replays/a\\\n", String(repeating: "x", count: 6_000) + "\n",
        ]
    )
    func aListThatIsNoneIsRefusedByEverybody(_ text: String) async throws {
        let depot = try await Depot(.directory, in: scratch)
        try laptop.writeFiles(["a.slp"])
        try await laptop.push(to: depot.place)
        let bytes = text.isEmpty ? [0xFF] : Array(text.utf8)
        let files = max(1, bytes.count(where: { $0 == UInt8(ascii: "\n") }))
        // What the numbers alone give away is refused before anything is fetched.
        let padded = bytes.count < 68 * files ? bytes + Array(repeating: UInt8(ascii: "x"), count: 68 * files) : bytes
        try await laptop.plantList(padded, files: files, named: "bad", at: depot)
        let pod = try await Laptop("pod", in: scratch)
        let error = await #expect(throws: ReplayCacheError.self) {
            try await pod.fetch(from: depot.place) { $0.selection.dataset = "bad" }
        }
        #expect(error?.code == .integrity)
        #expect(try pod.files().isEmpty)
        let refused = await #expect(throws: ReplayCacheError.self) { try await scratch.collect(depot.place, days: 31) }
        #expect(refused?.code == .integrity)
        // Everything else goes on.
        #expect(try await pod.fetch(from: depot.place).failure == nil)
    }

    @Test
    func aListThatWasDamagedHereIsFetchedAgain() async throws {
        let place = try scratch.place()
        try laptop.writeFiles(["a.slp"])
        try await laptop.push(to: place)
        let frozen = try #require(try await laptop.freeze("a", at: place))
        let cached = "\(laptop.home)/datasets/\(frozen.sha256.hex).txt"
        for damage in ["", "\(Self.digest)  replays/x.slp\n"] {
            try Tree.write(Array(damage.utf8), to: cached)
            let rows = RowCollector<DatasetFileRow>()
            try await laptop.workspace.showDataset("a", at: place) { rows.append($0) }
            #expect(rows.all.map(\.path) == ["replays/a.slp"])
        }
        #expect(try Digest.of(try Tree.read(cached)) == frozen.sha256)
    }

    @Test
    func namesOfAnyKindComeBackFromALine() throws {
        let digest = try Digest.of([1])
        for name in ["a", "a b", "a\\b", "a\nb", "a\rb", "\\", "ä/日本", "a\u{1b}[31m", " a ", "*a"] {
            let line = DatasetList.line(digest, name)
            let (found, path) = try DatasetList.parse(line.dropLast()[...])
            #expect(found == digest)
            #expect(path.string == name)
        }
    }
}
