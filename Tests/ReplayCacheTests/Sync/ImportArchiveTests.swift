import ReplayCacheTestSupport
import ReplayGenerator
import Testing

@testable import ReplayCache

/// Archives of every kind, and archives in them, become entries with the bytes and the times of their members.
struct ImportArchiveTests {
    let bench: ImportBench

    init() async throws { bench = try await ImportBench() }

    /// An archive of the folder `games`, made from its members by Python.
    struct Sample: Sendable, CustomTestStringConvertible {
        let name: String
        let script: String
        var keepsTimes = false
        /// Where its members are below the path that it is imported to.
        var folder = ""

        init(_ name: String, _ script: String, keepsTimes: Bool = false, folder: String = "") {
            self.name = name
            self.script = script
            self.keepsTimes = keepsTimes
            self.folder = folder
        }

        var testDescription: String { name }
    }

    private static let samples = [
        Sample("dump.zip", "save('dump.zip', zipped(games))"),
        Sample("stored.ZIP", "save('stored.ZIP', zipped(games, zipfile.ZIP_STORED))"),
        Sample("xz.zip", "save('xz.zip', zipped(games, zipfile.ZIP_LZMA))"),
        Sample("dump.tar", "save('dump.tar', tarred(games))"),
        Sample("dump.tar.gz", "save('dump.tar.gz', tarred(games, 'w:gz'))"),
        Sample("dump.tgz", "save('dump.tgz', tarred(games, 'w:gz'))"),
        Sample("dump.tar.xz", "save('dump.tar.xz', tarred(games, 'w:xz'))"),
        Sample("dump.tar.zst", "save('dump.tar.zst', packed('zstd', tarred(games)))"),
        Sample(
            "folder.tar",
            "subprocess.run(['tar', '-cf', 'folder.tar', '-C', 'games', '.'], check=True)",
            keepsTimes: true
        ),
        Sample(
            "dump.7z",
            "subprocess.run(['bsdtar', '--format=7zip', '-cf', '../dump.7z', *tree('games')], cwd='games', check=True)",
            keepsTimes: true
        ),
        Sample("outer.zip", "save('outer.zip', zipped([('in/july.zip', zipped(games))]))", folder: "in/july/"),
        Sample(
            "stream.zip",
            """
            # A zip that was written to a pipe: lengths come behind the data.
            class Pipe(io.RawIOBase):
                def __init__(self): self.all = b''
                def writable(self): return True
                def write(self, data): self.all += bytes(data); return len(data)
            pipe = Pipe()
            with zipfile.ZipFile(pipe, 'w', zipfile.ZIP_DEFLATED) as z:
                for name, data in games: z.writestr(name, data)
            save('stream.zip', zipped([('july.zip', pipe.all)], zipfile.ZIP_STORED))
            """,
            folder: "july/"
        ),
        Sample(
            "tars.zip",
            "save('tars.zip', zipped([('july.tar.gz', tarred(games, 'w:gz'))]))",
            folder: "july/"
        ),
        Sample(
            "sevens.tar.zst",
            """
            subprocess.run(['bsdtar', '--format=7zip', '-cf', '../j.7z', *tree('games')], cwd='games', check=True)
            save('sevens.tar.zst', packed('zstd', tarred([('july.7z', read('j.7z'))])))
            """,
            folder: "july/"
        ),
        Sample(
            "packed.zip",
            "save('packed.zip', zipped([(n + '.gz', gzip.compress(d)) for n, d in games]))"
        ),
    ]

    @Test(.enabled(if: Program.exist("python3", "bsdtar", "zstd")), arguments: samples)
    func theMembersOfAnArchiveBecomeEntries(_ sample: Sample) async throws {
        let games = try bench.writeGames()
        try await bench.python(sample.script)
        let plan = try await bench.take(sample.name) { $0.isDryRun = true }
        #expect(plan.entriesAdded == games.count)
        #expect(plan.objectsUploaded == games.count)
        #expect(!Tree.exists(bench.place.directory))

        let first = try await bench.take(sample.name)
        #expect(first.failure == nil, "\(bench.refusals)")
        #expect(first.entriesAdded == games.count)
        #expect(first.bytesRaw == plan.bytesRaw)
        let expected = try ImportBench.digests(games)
        #expect(try await bench.held() == Dictionary(uniqueKeysWithValues: expected.map { (sample.folder + $0, $1) }))

        let second = try await bench.take(sample.name)
        #expect(second.filesInStep == games.count)
        #expect(second.requests.put == 0)
        #expect(try Tree.files(below: bench.laptop.home).filter { $0.contains("spool") } == [])
        guard sample.keepsTimes else { return }
        try await bench.laptop.fetch(from: bench.place)
        for name in games.keys {
            let there = try Tree.status(bench.laptop.at(name)).mtimeNanoseconds
            #expect(try there == Tree.status(bench.scratch.at("games/\(name)")).mtimeNanoseconds)
        }
    }

    private static let singles = [
        Sample("game.slp", "save('game.slp', games[0][1])"),
        Sample("game.slp.gz", "save('game.slp.gz', gzip.compress(games[0][1]))"),
        Sample(
            "two.slp.gz",
            "d = games[0][1]; save('two.slp.gz', gzip.compress(d[:999]) + gzip.compress(d[999:]) + bytes(512))"
        ),
        Sample("game.slp.xz", "save('game.slp.xz', lzma.compress(games[0][1]))"),
        Sample("game.slp.zst", "save('game.slp.zst', packed('zstd', games[0][1]))"),
    ]

    @Test(.enabled(if: Program.exist("python3", "zstd")), arguments: singles, [false, true])
    func aPackedReplayBecomesTheReplay(_ sample: Sample, inFolder: Bool) async throws {
        let game = try #require(try bench.writeGames(["x.slp"])["x.slp"])
        try await bench.python(sample.script + "\nos.mkdir('f'); os.link('\(sample.name)', 'f/\(sample.name)')")
        let summary = try await bench.take(inFolder ? "f" : sample.name)
        #expect(summary.failure == nil, "\(bench.refusals)")
        let name = String(try #require(sample.name.split(separator: ".").first))
        #expect(try await bench.held() == ["\(name).slp": Digest.of(game)])
    }

    @Test func aReplayKeptAsSlpzIsDecoded() async throws {
        let game = ImportBench.game(1)
        try Tree.write(try SlpzSample.file(of: game), to: bench.scratch.at("f/a.slpz"))
        try Tree.write(Array("SLPZ, no".utf8), to: bench.scratch.at("f/b.slpz"))
        let summary = try await bench.take("f")
        #expect(try await bench.held() == ["a.slp": Digest.of(game)])
        #expect(summary.filesFailed == 1)
        #expect(bench.refusals["b.slpz"]?.contains("unpacked") == true)
    }

    /// Nobody has to have the files to ask what is in them.
    @Test(.enabled(if: Program.exist("python3")))
    func whatIsInTheReplaysIsPublished() async throws {
        try Tree.write(ImportBench.game(1, character: 18), to: bench.scratch.at("games/zelda.slp"))
        try Tree.write(ImportBench.game(2, character: 2), to: bench.scratch.at("games/fox.slp"))
        try await bench.python("save('dump.zip', zipped(games))")
        try await bench.take("dump.zip")
        let pod = try await Laptop("pod", in: bench.scratch)
        let rows = try await pod.workspace.query(
            Selection(characters: try Selection.characters(["zelda"]).anyOf),
            in: .place(bench.place)
        )
        #expect(rows.map(\.path) == ["replays/zelda.slp"])
    }

    @Test(.enabled(if: Program.exist("python3")))
    func aSelectionLooksIntoEachMember() async throws {
        try Tree.write(ImportBench.game(1, character: 18), to: bench.scratch.at("games/old/one.slp"))
        try Tree.write(ImportBench.game(2, character: 18), to: bench.scratch.at("games/new/two.slp"))
        try Tree.write(ImportBench.game(3), to: bench.scratch.at("games/old/three.slp"))
        try Tree.write("notes", to: bench.scratch.at("games/old/notes.txt"))
        try await bench.python("save('dump.zip', zipped([('top/' + n, d) for n, d in games]))")
        let summary = try await bench.take("dump.zip", into: "replays/x") {
            $0.strippedComponents = 1
            $0.selection.characters = try Selection.characters(["zelda"])
            $0.excludes = ["new/*"]
        }
        #expect(try await bench.held().keys.sorted() == ["x/old/one.slp"])
        #expect(summary.notSelected == 2)
        #expect(summary.failure == nil)
        let one = try await bench.take("dump.zip", into: "replays/y") { $0.selection.limit = 1 }
        #expect(one.entriesAdded == 1)
    }
}
