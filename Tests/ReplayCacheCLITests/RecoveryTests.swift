import ReplayCache
import ReplayCacheTestSupport
import Testing

/// Everything in a repository can be had with the tools of any system, without this program: `scripts/recover`, and the
/// single steps of `docs/recovery.md`.
@Suite(.enabled(if: Program.exist("zstd", "jq", "sha256sum", "sqlite3"), "needs zstd, jq, sha256sum and sqlite3"))
struct RecoveryTests {
    private let sandbox: CommandLineSandbox

    init() throws { sandbox = try CommandLineSandbox() }

    private func recover(_ repository: String = "remote") async throws -> CommandLineResult {
        try await sandbox.shell("\(CommandLineSandbox.checkout)/scripts/recover \(repository) out")
    }

    /// Lines of a shell script that runs in the repository.
    private func lines(_ script: String) async throws -> [String] {
        let result = try await sandbox.shell("set -euo pipefail; cd remote; \(script)")
        #expect(result.status == 0, "\(result.errors)")
        return result.lines
    }

    private func push(_ folder: String = "slp") async throws {
        let result = try await sandbox.run("push", folder, "remote")
        try #require(result.status == 0, "\(result.errors)")
    }

    /// Every kind of thing that a repository holds.
    private func fill() async throws {
        try await sandbox.writeLibrary(count: 6)
        try sandbox.write("slp/changed.slp", "before")
        try sandbox.write("slp/empty.txt", "")
        try sandbox.write("slp/random.bin", SampleBytes.random(100_000, seed: 3))
        try sandbox.write("slp/a \"name\", with\ttab, line\nbreak and ü.slp", "odd")
        try sandbox.write("slp/large.bin", SampleBytes.large(40 << 20))
        try await push()
        try sandbox.write("slp/changed.slp", "after")
        #expect(try await sandbox.shell("mkdir slp/new && mv slp/*/Game_*00*.slp slp/new").status == 0)
        try await push()
        try sandbox.write("model.pkl", [UInt8](repeating: 7, count: 33 << 20))
        try await sandbox.run("checkpoint", "push", "model.pkl", "--run", "fox", "--remote", "remote")
    }

    /// Puts a segment into the log, as anyone with a key can.
    private func plant(_ operations: [ReplayCache.Operation]) throws {
        let now = HLC(milliseconds: Timestamp.now().milliseconds)
        let segment = Segment(repository: "r", writer: newWriterName(), hlc: now, operations: operations)
        let (key, bytes) = try segment.encoded(number: 0)
        try sandbox.write("remote/\(key.remoteKey)", bytes)
    }

    /// Publishes operations, as another version of the program might.
    private func commit(_ operations: [ReplayCache.Operation]) async throws {
        let other = try await Laptop(home: sandbox("other-home"), folder: sandbox("other"))
        try await other.commit(operations, to: Place(sandbox("remote")))
    }

    @Test func theScriptRestoresTheListsOfDatasets() async throws {
        for name in ["a.slp", "b\nc.slp"] { try sandbox.write("slp/\(name)", "game \(name)") }
        try await push()
        for name in ["all", "given up"] { try await sandbox.run("dataset", "freeze", name, "--remote", "remote") }
        #expect(try await sandbox.run("dataset", "drop", "given up", "--remote", "remote").status == 0)
        let list = try await sandbox.run("dataset", "show", "all", "--remote", "remote").output
        let other = try await Laptop(home: sandbox("other-home"), folder: sandbox("other"))
        for fromBase in [false, true] {
            if fromBase {
                try await other.repository(at: Place(sandbox("remote"))).compact()
                #expect(try await sandbox.shell("rm -r out remote/log/*").status == 0)
            }
            let result = try await recover()
            #expect(result.status == 0, "\(result.errors)")
            let found = try await sandbox.shell(
                "cd out && ls datasets && cat datasets/* && sha256sum -c datasets/*.txt"
            )
            #expect(found.status == 0, "\(found.errors)")
            #expect(found.lines[0].hasPrefix("all@"))
            #expect(!found.output.contains("given up"))
            #expect(found.output.contains(list))
        }
    }

    @Test func theScriptRestoresWhatAFetchPlaces() async throws {
        try await fill()
        // Deleted, deleted in an older state than there is now, and deleted and published again.
        for (path, content) in [("gone.txt", "gone"), ("changed.slp", "before"), ("back.txt", "back")] {
            if content != "before" { try sandbox.write("slp/\(path)", content) }
            try await push()
            let digest = try Digest.of(Array(content.utf8))
            try await commit([.del(.init(path: "replays/\(path)", was: digest))])
        }
        try Tree.remove(sandbox("slp/gone.txt"))
        let back = try Digest.of(Array("back".utf8))
        try await commit([.put(.init(path: "replays/back.txt", sha256: back, was: nil, size: 4, mtime: 0))])

        // Remarks: of a path that was deleted, of one that shows another content, and of one that never was.
        let before = try Digest.of(Array("before".utf8))
        let gone = try Digest.of(Array("gone".utf8))
        let remarks: [(String, Digest, Int64)] = [
            ("gone.txt", gone, 4), ("changed.slp", before, 6), ("never.txt", gone, 4),
        ]
        try await commit(
            remarks.map { name, digest, size in
                .put(.init(path: "replays/\(name)", sha256: digest, was: digest, size: size, mtime: 0))
            }
        )

        #expect(try await sandbox.run("fetch", "remote", "pod", machine: "pod").status == 0)
        let result = try await recover()
        #expect(result.status == 0, "\(result.errors)")
        #expect(try sandbox.isSameTree("pod", "out/replays"))
        #expect(try sandbox.isSameTree("slp", "out/replays"))
        #expect(try sandbox.read("out/checkpoints/fox/model.pkl") == sandbox.read("model.pkl"))

        // The same from a base and the segments after it.
        let laptop = try await Laptop(home: sandbox("compacting"), folder: sandbox("slp"))
        try await laptop.repository(at: Place(sandbox("remote"))).compact()
        #expect(try await sandbox.shell("cd remote/log && rm $(ls | sort | head -n -1) && rm -r ../../out").status == 0)
        try sandbox.write("slp/changed.slp", "after that")
        try await push()
        let again = try await recover()
        #expect(again.status == 0, "\(again.errors)")
        #expect(again.output.contains("base/"))
        #expect(try sandbox.isSameTree("slp", "out/replays"))
        #expect(try sandbox.read("out/checkpoints/fox/model.pkl") == sandbox.read("model.pkl"))
    }

    @Test func whatIsDamagedIsNamedAndTheRestRestored() async throws {
        try sandbox.write("slp/a.txt", "a")
        try sandbox.write("slp/b.txt", "b")
        try await push()
        try sandbox.write("slp/c.txt", "c")
        try await push()
        let digest = try Digest.of(Array("a".utf8)).hex
        try sandbox.write("remote/objects/\(digest.prefix(2))/\(digest).raw", "x")
        let newest = try #require(sandbox.files("remote/log").last)
        try sandbox.write("remote/log/\(newest)", Array(sandbox.read("remote/log/\(newest)").dropLast(5)))
        let result = try await recover()
        #expect(result.status == 1)
        #expect(result.errors.contains("failed: replays/a.txt: its content \(digest) is missing or damaged"))
        #expect(result.errors.contains("failed: log/\(newest) is damaged"))
        #expect(sandbox.files("out") == ["replays/b.txt"])
    }

    @Test func nothingIsWrittenElsewhere() async throws {
        try sandbox.write("slp/a.txt", "planted")
        try await push()
        let digest = try Digest.of(Array("planted".utf8))
        let paths = [
            "../x", "\(sandbox.path)/x", "replays/../../x", "replays/a.txt/x", "replays//x", "", "replays/a\0b",
        ]
        try plant(paths.map { .put(.init(path: $0, sha256: digest, was: nil, size: 7, mtime: 0)) })
        for key in ["../outside.raw", "objects/../../outside.raw"] {
            let digest = try Digest.of([1])
            try plant([
                .obj(.init(sha256: digest, size: 1, key: key, encodedSize: 1)),
                .put(.init(path: "replays/\(key.count)", sha256: digest, was: nil, size: 1, mtime: 0)),
            ])
        }
        try sandbox.write("outside.raw", [1])
        let before = sandbox.files(".").filter { !$0.hasPrefix("out/") }
        let result = try await recover()
        #expect(result.status == 1)
        #expect(sandbox.files("out") == ["replays/a.txt"])
        #expect(sandbox.files(".").filter { !$0.hasPrefix("out/") } == before)
    }

    @Test func aFolderThatHoldsNoRepositoryIsRefused() async throws {
        try sandbox.write("slp/a.txt", "a")
        let result = try await recover("slp")
        #expect(result.status == 2)
        #expect(result.errors == "error: slp holds no repository: there is no replaycache.json\n")
    }

    // MARK: By hand

    @Test func everyObjectDecodesToTheDigestInItsName() async throws {
        try await fill()
        let script = """
            for o in objects/*/*.zst; do echo "$(zstd -dcq "$o" | sha256sum | cut -c 1-64) $o"; done
            for o in objects/*/*.raw; do echo "$(sha256sum < "$o" | cut -c 1-64) $o"; done
            """
        let sums = try await lines(script).map { $0.split(separator: " ") }
        #expect(sums.contains { $0[1].hasSuffix(".raw") } && sums.contains { $0[1].hasSuffix(".zst") })
        for sum in sums { #expect(sum[1].hasPrefix("objects/\(sum[0].prefix(2))/\(sum[0]).")) }
    }

    @Test func thePartsOfARecipeAddUpToTheFile() async throws {
        try await fill()
        let digest = try await sandbox.shell("sha256sum < slp/large.bin | cut -c 1-64").lines[0]
        let script = """
            for o in $(jq -r '.parts[].key' objects/*/\(digest).recipe); do
                case $o in *.zst) zstd -dcq $o;; *) cat $o;; esac
            done | sha256sum | cut -c 1-64
            jq -r '.size, .partSize, (.parts | length)' objects/*/\(digest).recipe
            """
        #expect(try await lines(script) == [digest, "\(40 << 20)", "\(16 << 20)", "3"])
    }

    @Test func theLogIsLinesOfJSONThatNameEveryPath() async throws {
        try await fill()
        let names = try await lines("for s in log/*; do echo \"$s $(zstd -dcq $s | sha256sum | cut -c 1-8)\"; done")
        for name in names {
            let words = name.split(separator: " ")
            #expect(words[0].hasSuffix(".\(words[1]).ndjson.zst"))
        }
        let log = try await lines("zstd -dcq log/*").map { try JSONValue(parsing: $0) }
        #expect(log.first?["v"] == .number(1))
        let puts = log.filter { $0["op"] == .string("put") }
        let stored = Set(log.filter { $0["op"] == .string("obj") }.compactMap { $0["sha256"]?.string })
        #expect(puts.allSatisfy { stored.contains($0["sha256"]?.string ?? "") })
        let paths = Set(puts.compactMap { $0["path"]?.string })
        #expect(paths.isSuperset(of: sandbox.files("slp").map { "replays/\($0)" }))
    }
}
