import ReplayCacheTestSupport
import Subprocess
import Testing

/// `export` as a command: what programs on the other side of a pipe get.
struct ExportCommandTests {
    let sandbox: CommandLineSandbox

    init() async throws {
        sandbox = try CommandLineSandbox()
        try await sandbox.writeLibrary(count: 12)
        try sandbox.write("slp/caf\u{E9}/\u{65E5}\u{672C}.txt", "caf\u{E9}")
        try sandbox.write("slp/" + String(repeating: "long/", count: 40) + "name.txt", "deep")
        try sandbox.write("slp/empty.txt", "")
        let push = try await sandbox.run("push", "slp", "remote")
        #expect(push.status == 0, "\(push.errors)")
    }

    private func shell(_ script: String) async throws -> CommandLineResult {
        try await sandbox.shell("set -o pipefail\n" + script, machine: "pod")
    }

    @Test func tarUnpacksTheStream() async throws {
        let result = try await shell("mkdir out && replaycache export --remote remote --to - -q | tar -x -C out")
        #expect(result.status == 0)
        // Neither the command nor tar has anything to remark.
        #expect(result.errors.isEmpty)
        #expect(try sandbox.isSameTree("slp", "out"))
    }

    @Test func pythonReadsTheStreamWithTimesAndNames() async throws {
        guard try await shell("command -v python3").status == 0 else { return }
        let script = """
            import os, sys, tarfile
            with tarfile.open(fileobj=sys.stdin.buffer, mode="r|") as archive:
                for member in archive:
                    path = os.path.join("slp", member.name)
                    assert member.isfile() and member.mode == 0o644 and member.uname == "", member
                    assert archive.extractfile(member).read() == open(path, "rb").read(), member.name
                    assert abs(member.mtime - os.stat(path).st_mtime) < 1e-6, member.name
                    print(member.name)
            """
        try sandbox.write("read.py", script)
        let result = try await shell("replaycache export --remote remote --to - | python3 read.py")
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.lines == sandbox.files("slp"))
    }

    @Test func onlyTheArchiveGoesToStandardOutput() async throws {
        let result = try await shell("replaycache export --remote remote --to - --json -v > out.tar && tar -tf out.tar")
        #expect(result.status == 0)
        #expect(Set(result.lines).count == sandbox.files("slp").count)
        let lines = try result.errors.split(separator: "\n").map { try JSONValue(parsing: String($0)) }
        #expect(lines.last?["event"]?.string == "summary")
        #expect(lines.last?["filesPlaced"]?.int == sandbox.files("slp").count)
        let failed = try await shell("replaycache export --remote nowhere --to - --json")
        #expect(failed.status != 0 && failed.outputBytes.isEmpty)
        #expect(failed.errors.contains("\"event\":\"error\""))
    }

    @Test func aReaderThatHasEnoughEndsTheStreamQuietly() async throws {
        try sandbox.write("slp/large.bin", SampleBytes.random(6 << 20, seed: 1))
        try await sandbox.run("push", "slp", "remote")
        let result = try await shell("replaycache export --remote remote --to - | head -c 100 | wc -c")
        #expect(result.status == 0)
        #expect(result.lines.first == "100")
        #expect(result.errors.isEmpty)
    }

    @Test func aReaderThatWaitsDoesNotKeepTheCommandFromStopping() async throws {
        try sandbox.write("slp/large.bin", SampleBytes.random(6 << 20, seed: 1))
        try await sandbox.run("push", "slp", "remote")
        let result = try await shell(
            """
            mkfifo pipe
            replaycache export --remote remote --to - > pipe & pid=$!
            exec 3< pipe
            head -c 1 <&3 > first
            kill -TERM $pid
            wait $pid
            """
        )
        #expect(result.status == 130, "\(result.errors)")
        #expect(try sandbox.read("first").count == 1)
    }

    @Test func aStreamThatBreaksOffHasNoEnd() async throws {
        try sandbox.write("slp/zz.bin", SampleBytes.random(33 << 20, seed: 1))
        try await sandbox.run("push", "slp", "remote")
        let spoil = """
            recipe=$(find remote -name '*.recipe'); key=$(grep -o '"key":"[^"]*"' "$recipe" | tail -n 1 | cut -d'"' -f4)
            chmod +w "remote/$key"; printf x | dd of="remote/$key" bs=1 seek=9 conv=notrunc 2> /dev/null
            """
        let spoilt = try await shell("set -e\n" + spoil)
        #expect(spoilt.status == 0, "\(spoilt.errors)")
        let result = try await shell("replaycache export --remote remote --to - > out.tar; echo $?; tar -tf out.tar")
        #expect(result.lines.first == "4")
        #expect(result.status == 2)
        #expect(result.errors.contains("Unexpected EOF"))
    }

    @Test func aKilledExportIsContinued() async throws {
        let folder = sandbox("tree")
        let status = try await sandbox.run(
            ["export", "--remote", "remote", "--to", "tree", "--bwlimit", "off:100k"],
            until: { Tree.exists(folder) },
            .kill
        )
        let result = try await shell(
            "replaycache export --remote remote --to tree && replaycache export --remote remote --to tree"
        )
        #expect(status == nil || status == 137)
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.lines.last?.hasPrefix("exported 0 files: nothing received") == true)
        #expect(try sandbox.isSameTree("slp", "tree"))
    }

    @Test func aSelectionIsExported() async throws {
        let result = try await shell("replaycache export --remote remote --to mewtwo --character mewtwo --json")
        let summary = try result.summary()
        let count = sandbox.files("mewtwo").count
        #expect(count > 0 && count < 12)
        #expect(summary["filesPlaced"]?.int == count)
    }

    @Test(arguments: [
        (["--to", "out.tar.gz"], 64), (["--to", "x", "--shard", "3/2"], 64), (["--to", "remote/inside"], 64),
        (["--to", "remote/all.tar"], 64),
        (["--to", "slp", "--from", "../x"], 64), (["--to", "x", "--from", "replays/none"], 64), ([], 64),
    ])
    func mistakesAreNamed(_ arguments: [String], _ status: Int) async throws {
        let result = try await sandbox.run(
            try sandbox.configuration(["export", "--remote", "remote"] + arguments, machine: "pod")
        )
        #expect(result.status == status, "\(result.errors)")
        #expect(!Tree.exists(sandbox("x")) && !Tree.exists(sandbox("remote/all.tar")))
    }
}
