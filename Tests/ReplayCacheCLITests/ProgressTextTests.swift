import ReplayCache
import ReplayCacheTestSupport
import Testing

@testable import ReplayCacheCLI

/// How an operation that takes a while shows how far it is.
struct ProgressTextTests {
    private func snapshot(_ change: (inout Progress.Snapshot) -> Void = { _ in }) -> Progress.Snapshot {
        var now = Progress().snapshot
        now.phase = "fetching"
        now.itemsDone = 1200
        now.itemsTotal = 20_000
        now.bytesDone = 500_000_000
        now.bytesTotal = 2_000_000_000
        change(&now)
        return now
    }

    @Test func aLineTellsAllOfIt() {
        let text = ProgressText(now: snapshot(), bytesPerSecond: 15_000_000, retries: 3)
        #expect(
            text.line
                == "fetching: 1,200 of 20,000 files, 500 MB of 2.00 GB (25 %), 15.0 MB/s, 1 min 40 s left, 3 sent again"
        )
    }

    @Test func aBlockIsTwoOrThreeLinesWithinTheWidth() {
        let text = ProgressText(now: snapshot(), bytesPerSecond: 15_000_000, retries: 3)
        #expect(
            text.block(width: 79) == [
                "fetching: 1,200 of 20,000 files", "  [#######.......................] 500 MB of 2.00 GB (25 %)",
                "  15.0 MB/s, 1 min 40 s left, 3 sent again",
            ]
        )
        for width in [1, 10, 40, 200] {
            #expect(text.block(width: width).allSatisfy { $0.count <= width })
            #expect(text.block(width: width).count <= 3)
        }
    }

    @Test func totalsThatMayGrowSayNothingOfTheEnd() {
        let growing = snapshot {
            $0.phase = "pushing"
            $0.isTotalFinal = false
        }
        let line = ProgressText(now: growing, bytesPerSecond: 15_000_000, retries: 0).line
        #expect(line == "pushing: 1,200 of 20,000 files so far, 500 MB of 2.00 GB so far, 15.0 MB/s")
        let unknown = snapshot {
            $0.itemsTotal = nil
            $0.bytesTotal = nil
        }
        #expect(ProgressText(now: unknown, bytesPerSecond: nil, retries: 0).line == "fetching: 1,200 files, 500 MB")
        #expect(ProgressText(now: unknown, bytesPerSecond: nil, retries: 0).block(width: 79).count == 2)
    }

    @Test func aStallShows() {
        let line = ProgressText(now: snapshot(), bytesPerSecond: 0, retries: 0).line
        #expect(line.hasSuffix("0 B/s, nothing moves at present"))
    }

    @Test func aPhaseThatIsDoneHasNoTimeLeft() {
        let done = snapshot { $0.bytesDone = 2_000_000_000 }
        let line = ProgressText(now: done, bytesPerSecond: 1000, retries: 0).line
        #expect(line.contains("(100 %)") && !line.contains("left"))
        let empty = snapshot {
            $0.bytesDone = 0
            $0.bytesTotal = 0
        }
        #expect(!ProgressText(now: empty, bytesPerSecond: 0, retries: 0).line.contains("%"))
    }

    @Test func theRateIsThatOfTheLastSeconds() {
        var window = RateWindow(length: .seconds(5))
        #expect(window.bytesPerSecond == nil)
        window.note(0, at: .zero, phase: 1)
        #expect(window.bytesPerSecond == nil)
        for second in 1...10 { window.note(Int64(second) * 1000, at: .seconds(second), phase: 1) }
        #expect(window.bytesPerSecond == 1000)
        for second in 11...15 { window.note(10_000, at: .seconds(second), phase: 1) }
        #expect(window.bytesPerSecond == 0)
        for second in 16...20 { window.note(10_000 + Int64(second - 15) * 7000, at: .seconds(second), phase: 1) }
        #expect(window.bytesPerSecond == 7000)
        // Another phase counts from nothing.
        window.note(50, at: .seconds(21), phase: 2)
        #expect(window.bytesPerSecond == nil)
        window.note(150, at: .seconds(22), phase: 2)
        #expect(window.bytesPerSecond == 100)
    }

    @Test func aBlockIsDrawnOverTheOneBefore() {
        var block = TerminalBlock()
        #expect(block.wipe().isEmpty)
        #expect(block.draw(["a", "b", "c"]) == "a\nb\nc")
        #expect(block.draw(["d"]) == "\r\u{1B}[2A\u{1B}[Jd")
        #expect(block.draw(["e", "f"]) == "\r\u{1B}[Je\nf")
        #expect(block.wipe() == "\r\u{1B}[1A\u{1B}[J")
        #expect(block.wipe().isEmpty)
    }

    @Test(arguments: [
        ("200G", 200_000_000_000), ("1.5T", 1_500_000_000_000), ("64GiB", 68_719_476_736), ("500MB", 500_000_000),
        ("0", 0), ("12345", 12_345), ("10k", 10_000), ("7B", 7),
    ])
    func sizesAreReadAsPeopleWriteThem(_ text: String, _ bytes: Int64) {
        #expect(SizeArgument(text)?.bytes == bytes)
    }

    @Test(arguments: ["", "G", "-1", "1e3", "ten", "5b", "5iB", "1.2.3", "nan", "inf", "9999999T", "5 G", "0x10"])
    func whatIsNoSizeIsRefused(_ text: String) { #expect(SizeArgument(text) == nil) }

    @Test(arguments: [
        (0.0, "$0"), (0.000_001, "under $0.0001"), (0.004, "$0.0040"), (0.23, "$0.23"), (12.5, "$12.50"),
        (1234.4, "$1,234"),
    ])
    func moneyIsReadable(_ value: Double, _ text: String) { #expect(PlanText.dollars(value) == text) }
}

/// The same through the command.
struct PlanOutputTests {
    let sandbox: CommandLineSandbox

    init() throws { sandbox = try CommandLineSandbox() }

    @Test func aPlanIsReadable() async throws {
        try await sandbox.writeLibrary(count: 6)
        let push = try await sandbox.run("push", "slp", "remote", "--dry-run")
        #expect(push.lines.count == 3, "\(push.output)")
        #expect(push.lines[1].contains("to send, "))
        #expect(push.lines[1].contains("time unknown"))
        #expect(push.lines[2] == "  free of charge")
        try await sandbox.run("push", "slp", "remote")
        let status = try await sandbox.run("status", "slp", "remote")
        #expect(status.lines.suffix(2) == ["push would send nothing", "fetch would place nothing"])
        let cost = try await sandbox.run("cost", "remote")
        #expect(cost.status == 0)
        #expect(cost.lines.last == "  free of charge")
        let unknown = try await sandbox.run("cost", "nowhere")
        #expect(unknown.status == 5)
    }

    @Test func aFolderThatMayNotGrowIsStatus6() async throws {
        try await sandbox.writeLibrary(count: 6)
        try await sandbox.run("push", "slp", "remote")
        let arguments = ["fetch", "remote", "pod", "--max-disk", "10k"]
        let result = try await sandbox.run(try sandbox.configuration(arguments, machine: "pod"))
        #expect(result.status == 6)
        #expect(result.output.contains("left for lack of space"))
        #expect(result.errors.contains("too small for them"))
        #expect(result.errors.contains("hint: allow "))
        let json = try await sandbox.run(try sandbox.configuration(arguments + ["--json"], machine: "pod"))
        let summary = try json.summary()
        #expect(json.status == 6)
        #expect(try JSONSchemaCheck("summary").problems(summary) == [])
        #expect(summary["left"]?["reason"]?.string == "maxDisk")
    }

    @Test(arguments: [
        ["--shard", "0/2"], ["--shard", "3/2"], ["--shard", "1/10001"], ["--shard", "x"], ["--max-disk", "lots"],
        ["--max-disk", "-5"],
    ])
    func aShareOrSizeThatMakesNoSenseIsStatus64(_ option: [String]) async throws {
        try sandbox.write("slp/a.slp", "x")
        try await sandbox.run("push", "slp", "remote")
        let result = try await sandbox.run(try sandbox.configuration(["fetch", "remote", "pod"] + option))
        #expect(result.status == 64)
        #expect(sandbox.files("pod").isEmpty)
    }

    @Test func theStartIsAnEventWithItsTotals() async throws {
        try sandbox.write("slp/a.slp", "four")
        try sandbox.write("slp/b.slp", "fives")
        let push = try await sandbox.run("push", "slp", "remote", "--json").json()
        let start = try #require(push.first { $0["event"]?.string == "start" })
        #expect(start["command"]?.string == "push")
        #expect(start["root"]?.string?.hasSuffix("/slp") == true)
        let fetch = try await sandbox.run("fetch", "remote", "pod", "--json", machine: "pod").json()
        let begun = try #require(fetch.first)
        #expect(begun["event"]?.string == "start" && begun["files"]?.int == 2 && begun["bytes"]?.int == 9)
        let dry = try await sandbox.run("fetch", "remote", "other", "--json", "--dry-run", machine: "pod").json()
        #expect(dry.count == 1)
    }

    /// What a terminal gets: no escape sequence but those that draw the block, and nothing of it left at the end.
    @Test(.enabled(if: Program.exist("script"), "plays a terminal"))
    func aTerminalIsLeftClean() async throws {
        for number in 0..<400 { try sandbox.write("slp/\(number).txt", "\(number)") }
        let result = try await sandbox.shell(
            "script -qec 'stty cols 60; replaycache push slp remote' /dev/null < /dev/null"
        )
        guard result.output.contains("pushed 400 files") else { return }  // No terminal to be had here.
        let text = result.output
        if let last = text.ranges(of: "\u{1B}[J").last {
            #expect(!text[last.upperBound...].contains("pushing:"))
        } else {
            #expect(!text.contains("pushing:"))
        }
    }
}
