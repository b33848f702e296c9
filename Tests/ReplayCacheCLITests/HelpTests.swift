import FoundationEssentials
import ReplayCacheTestSupport
import Testing

/// The help of every command, as `Tests/Fixtures/Help` has it.
///
/// `UPDATE_SNAPSHOTS=1 swift test` writes it anew.
struct HelpTests {
    private static let commands = [
        [], ["push"], ["fetch"], ["status"], ["ls"], ["query"], ["dedup"], ["history"], ["restore"], ["rm"], ["copy"],
        ["import"], ["export"], ["verify"], ["gc"], ["cost"], ["scan"], ["sql"], ["catalog"], ["stats"], ["doctor"],
        ["checkpoint"],
        ["checkpoint", "push"], ["checkpoint", "log"], ["checkpoint", "fetch"],
        ["dataset"], ["dataset", "freeze"], ["dataset", "list"], ["dataset", "show"], ["dataset", "diff"],
        ["dataset", "drop"],
    ]

    @Test(arguments: commands)
    func helpIsAsReviewedAndHasExamples(_ command: [String]) async throws {
        let sandbox = try CommandLineSandbox()
        let configuration = try sandbox.configuration(command + ["--help"], environment: ["COLUMNS": "100"])
        let result = try await sandbox.run(configuration)
        #expect(result.status == 0)
        #expect(result.errors.isEmpty)
        if ![["checkpoint"], ["dataset"]].contains(command) { #expect(result.output.contains("xamples:\n")) }

        let name = (["replaycache"] + command).joined(separator: "-")
        let fixture = URL(filePath: "\(CommandLineSandbox.checkout)/Tests/Fixtures/Help/\(name).txt")
        if ProcessInfo.processInfo.environment["UPDATE_SNAPSHOTS"] != nil {
            return try Data(result.output.utf8).write(to: fixture)
        }
        #expect(result.output == String(decoding: try Data(contentsOf: fixture), as: UTF8.self))
    }

    @Test func theListOfCommandsIsWhole() async throws {
        let help = try await CommandLineSandbox().run("--help").output
        let listed = help.split(separator: "\n").drop { !$0.hasPrefix("SUBCOMMANDS") }.dropFirst()
            .prefix { $0.hasPrefix("  ") }.compactMap { $0.split(separator: " ").first.map(String.init) }
        let tested = Set(Self.commands.compactMap(\.first))
        #expect(tested.isSubset(of: listed))
        #expect(Set(listed.filter { $0.first?.isLowercase == true && help.contains("\n  \($0) ") }) == tested)
    }
}
