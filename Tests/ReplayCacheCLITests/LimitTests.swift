import ReplayCacheTestSupport
import Testing

/// Machines that are short of something: open files, room on the disk.
struct LimitTests {
    let sandbox: CommandLineSandbox

    init() throws { sandbox = try CommandLineSandbox() }

    private func writeMany(_ text: (Int) -> String) throws {
        for number in 0..<700 { try sandbox.write("many/x/\(number).txt", text(number)) }
    }

    @Test func manyCopiesOfAContentNeedFewOpenFiles() async throws {
        try writeMany { _ in "the same in all of them" }
        #expect(try await sandbox.run("push", "many", "remote").status == 0)
        let result = try await sandbox.shell("ulimit -n 1024 && replaycache fetch remote pod", machine: "pod")
        #expect(result.status == 0, "\(result.errors)")
        #expect(try sandbox.isSameTree("many", "pod"))
    }

    @Test(arguments: [true, false])
    func aCheckpointOfManyFilesNeedsFewOpenFiles(areAllTheSame: Bool) async throws {
        try writeMany { areAllTheSame ? "the same in all of them" : "file \($0)" }
        try await sandbox.run("checkpoint", "push", "many", "--run", "fox", "--remote", "remote")
        let script = "ulimit -n 1024 && replaycache checkpoint fetch fox --remote remote -o pod"
        let result = try await sandbox.shell(script, machine: "pod")
        #expect(result.status == 0, "\(result.errors)")
        #expect(try sandbox.isSameTree("many", "pod"))
    }

    @Test(.enabled(if: Surroundings.isRoot && Program.exist("unshare", "mount"), "mounts a small disk"))
    func aFullDiskStopsTheRunWithStatus8AndTheNextOneContinues() async throws {
        for number in 0..<40 {
            try sandbox.write("slp/\(number).bin", SampleBytes.random(100_000, seed: UInt64(number)))
        }
        try await sandbox.run("push", "slp", "remote")
        let script = """
            mkdir pod && unshare -m sh -c '
                mount -t tmpfs -o size=1m none pod || exit 77
                replaycache fetch remote pod
                echo "status $?, files: $(ls pod | wc -l), unfinished: $(ls -A pod | grep -c part)"
                mount -o remount,size=8m pod
                replaycache fetch remote pod
                echo "status $?, files: $(ls pod | wc -l)"'
            """
        let result = try await sandbox.shell(script, machine: "pod")
        guard result.status != 77 else { return }  // A container without the right to mount.
        // Seen before it happens: a sixteenth of a small disk stays free.
        #expect(result.errors.contains("warning: 4.00 MB are to be placed in"))
        #expect(result.errors.contains("were left for lack of space: the disk is "))
        #expect(result.errors.contains("hint: free "))
        #expect(!result.errors.contains("failed: ") && !result.errors.contains("No space left"))
        #expect(result.output.contains("status 8, files: "))
        #expect(!result.output.contains("files: 0"))
        #expect(result.output.contains("unfinished: 0"))
        #expect(result.output.contains("status 0, files: 40"))
    }

    /// What is too large for the disk does not keep the others from being placed.
    @Test(.enabled(if: Surroundings.isRoot && Program.exist("unshare", "mount"), "mounts a small disk"))
    func aFileThatIsTooLargeForTheDiskIsLeftAlone() async throws {
        try sandbox.write("slp/a large one.bin", SampleBytes.large(40 << 20))
        for number in 0..<5 { try sandbox.write("slp/\(number).bin", "\(number)") }
        try await sandbox.run("push", "slp", "remote")
        let script = """
            mkdir pod && unshare -m sh -c '
                mount -t tmpfs -o size=16m none pod || exit 77
                replaycache fetch remote pod --json | tail -n 1
                echo "files: $(ls pod | wc -l), unfinished: $(ls -A pod | grep -c part)"
                mount -o remount,size=64m pod
                replaycache fetch remote pod > /dev/null
                echo "status $?, files: $(ls pod | wc -l)"'
            """
        let result = try await sandbox.shell(script, machine: "pod")
        guard result.status != 77 else { return }  // A container without the right to mount.
        let summary = try JSONValue(parsing: try #require(result.lines.first))
        #expect(summary["left"]?["reason"]?.string == "disk")
        #expect(summary["left"]?["files"]?.int == 1)
        #expect(summary["left"]?["bytes"]?.int == 40 << 20)
        #expect(summary["filesPlaced"]?.int == 5)
        #expect(result.lines.dropFirst() == ["files: 5, unfinished: 0", "status 0, files: 6"])
    }

    /// Room for bytes, and none for files: only the attempt tells.
    @Test(.enabled(if: Surroundings.isRoot && Program.exist("unshare", "mount"), "mounts a small disk"))
    func aDiskThatTurnsOutToBeFullLeavesAStateToContinueFrom() async throws {
        for number in 0..<40 {
            try sandbox.write("slp/\(number).bin", SampleBytes.random(1000, seed: UInt64(number)))
        }
        try await sandbox.run("push", "slp", "remote")
        let script = """
            mkdir pod && unshare -m sh -c '
                mount -t tmpfs -o size=8m,nr_inodes=20 none pod || exit 77
                replaycache fetch remote pod
                echo "status $?, files: $(ls pod | wc -l), unfinished: $(ls -A pod | grep -c part)"
                mount -o remount,nr_inodes=1000 pod
                replaycache fetch remote pod
                echo "status $?, files: $(ls pod | wc -l)"'
            """
        let result = try await sandbox.shell(script, machine: "pod")
        guard result.status != 77 else { return }  // A container without the right to mount.
        #expect(result.errors.contains("No space left on device"))
        #expect(result.errors.contains("hint: free some space"))
        #expect(result.output.contains("status 8, files: "))
        #expect(result.output.contains("unfinished: 0"))
        #expect(result.output.contains("status 0, files: 40"))
    }

    @Test(.enabled(if: Program.exist("strace"), "looks at system calls"))
    func theFolderOfTheFirstSegmentIsSynced() async throws {
        try sandbox.write("slp/a.txt", "x")
        let result = try await sandbox.shell(
            "strace -f -y -e trace=mkdir,mkdirat,fsync -o calls replaycache push slp remote"
        )
        guard result.status == 0 else { return }  // A container without the right to trace.
        let calls = String(decoding: try sandbox.read("calls"), as: UTF8.self).split(separator: "\n")
        func isSynced(_ folder: String, after call: (Substring) -> Bool) -> Bool {
            guard let made = calls.lastIndex(where: call) else { return false }
            return calls[made...].contains { $0.contains("fsync(") && $0.contains("\(folder)>)") }
        }
        #expect(isSynced(sandbox("remote")) { $0.contains("mkdirat(") && $0.contains("\"log\"") })
        #expect(isSynced(sandbox.path) { $0.contains("mkdir(") && $0.contains("/remote\"") })
    }
}
