import ReplayCacheTestSupport
import Testing

/// `dataset`, as people and scripts see it.
struct DatasetCommandTests {
    let sandbox: CommandLineSandbox

    init() throws { sandbox = try CommandLineSandbox() }

    @Test
    func sha256sumChecksAFetchedDataset() async throws {
        for name in ["fox/a.slp", "fox/b c.slp", "fox/back\\slash.slp", "fox/new\nline.slp", "ä.slp"] {
            try sandbox.write("slp/\(name)", "game \(name)")
        }
        try await sandbox.run("push", "slp", "remote")
        try await sandbox.run("dataset", "freeze", "all", "--remote", "remote")
        try sandbox.write("slp/fox/a.slp", "changed")
        try await sandbox.run("push", "slp", "remote")
        let result = try await sandbox.shell(
            """
            replaycache fetch remote replays --dataset all --quiet &&
            replaycache dataset show all --remote remote >list && sha256sum -c --strict list && sha256sum <list &&
            replaycache dataset list --remote remote --json
            """,
            machine: "pod"
        )
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.lines.count(where: { $0.hasSuffix(": OK") }) == 5)
        // The list is the content that the dataset is named by.
        let sum = try #require(result.lines.first { $0.hasSuffix("  -") }?.prefix(64))
        #expect(result.output.contains("\"sha256\":\"\(sum)\""))
    }

    @Test
    func namesAndFilesReadWell() async throws {
        for name in ["a.slp", "b.slp", "c.slp"] { try sandbox.write("slp/\(name)", "game \(name)") }
        try await sandbox.run("push", "slp", "remote")
        let frozen = try await sandbox.run("dataset", "freeze", "old", "--path", "[ab].slp", "--remote", "remote")
        #expect(frozen.output.hasPrefix("froze 2 files of 20 B ("))
        #expect(frozen.errors.hasPrefix("old: sha256 "))
        let again = try await sandbox.run("dataset", "freeze", "old", "--path", "[ab].slp", "--remote", "remote")
        #expect(again.output.hasPrefix("there already: 2 files of 20 B ("))
        try await sandbox.run("dataset", "freeze", "new", "--path", "[bc].slp", "--remote", "remote")
        let taken = try await sandbox.run("dataset", "freeze", "old", "--remote", "remote")
        #expect(taken.status == 64)
        #expect(taken.errors.contains("error: the dataset \"old\" is there already, with another list of 2 files\n"))
        let diff = try await sandbox.run("dataset", "diff", "old", "new", "--remote", "remote")
        #expect(
            diff.lines == [
                "- replays/a.slp", "+ replays/c.slp", "1 file added, 10 B; 1 file removed, 10 B; 1 file in both",
            ]
        )
        let capped = try await sandbox.run("dataset", "diff", "old", "new", "--limit", "0", "--remote", "remote")
        #expect(capped.lines.count == 2)
        let list = try await sandbox.run("dataset", "list", "--remote", "remote")
        #expect(list.lines.count == 3)
        #expect(list.lines[1].hasPrefix("new "))
        try sandbox.write("model.pt", "weights")
        try await sandbox.run(
            "checkpoint",
            "push",
            "model.pt",
            "--run",
            "fox",
            "--dataset",
            "new",
            "--remote",
            "remote"
        )
        #expect(try await sandbox.run("checkpoint", "log", "--remote", "remote").output.contains(" new@"))
        let unknown = try await sandbox.run("fetch", "remote", "pod", "--dataset", "odl")
        #expect(unknown.status == 64)
        #expect(unknown.errors.contains("hint: did you mean old?"))
    }

    @Test
    func aDatasetIsDropped() async throws {
        try sandbox.write("slp/a.slp", "game")
        try await sandbox.run("push", "slp", "remote")
        try await sandbox.run("dataset", "freeze", "old", "--remote", "remote")
        let planned = try await sandbox.run("dataset", "drop", "old", "--dry-run", "--remote", "remote")
        #expect(planned.output == "would drop a dataset of 1 file of 4 B\n")
        let dropped = try await sandbox.run("dataset", "drop", "old", "--remote", "remote")
        #expect(dropped.output.hasPrefix("dropped a dataset of 1 file of 4 B ("))
        #expect(try await sandbox.run("dataset", "list", "--remote", "remote").errors == "no datasets\n")
        let gone = try await sandbox.run("query", "--dataset", "old")
        #expect(gone.status == 64)
        #expect(gone.errors.contains("no dataset at the places known here is called \"old\""))
    }
}
