import FoundationEssentials
import ReplayCacheTestSupport
import Testing

/// What the README shows is what the tool says.
struct QuickstartTests {
    @Test func theSessionInTheReadmeIsThatOfTheQuickstart() async throws {
        let sandbox = try CommandLineSandbox()
        try await sandbox.writeLibrary("demo/slp", count: 30, frames: 400)
        let lib = "\(CommandLineSandbox.checkout)/scripts/lib/tour.sh"
        let tour = try await sandbox.shell(
            "set -euo pipefail; source '\(lib)'; tour \"$(command -v replaycache)\" \"$PWD/demo/slp\" \"$PWD/demo\" 2>&1"
        )
        #expect(tour.status == 0, "\(tour.output)")
        let said = Set(tour.lines.map(Self.shape))
        for line in try Self.session() {
            #expect(said.contains(Self.shape(line)), "the quickstart does not say: \(line)")
        }
    }

    /// The block of the README that starts with the first push; rows of tables are left out, since games differ.
    private static func session() throws -> [String] {
        let readme = try String(
            decoding: Data(contentsOf: URL(filePath: "\(CommandLineSandbox.checkout)/README.md")),
            as: UTF8.self
        )
        let block = readme.split(separator: "```").first { $0.hasPrefix("console\n$ replaycache push slp remote\n") }
        let lines = try #require(block).split(separator: "\n").dropFirst().map(String.init)
        return lines.filter { $0.hasPrefix("$") || !($0.contains("  ") || $0 == "…") }
    }

    /// A line with numbers, sizes and folders masked.
    private static func shape(_ line: String) -> String {
        line.replacing(/sha256 [0-9a-f]+/, with: "sha256 #")
            .replacing(/[0-9][0-9,.]*( (B|kB|MB|GB))?/, with: "#")
            .replacing(/…?\/\S*/, with: "/…")
            .replacing(/\b(file|object|request)s?\b/) { $0.output.1 }
            .replacing(/\bcop(ies|y)\b/, with: "copies")
    }
}
