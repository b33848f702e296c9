import FoundationEssentials
import ReplayCache
import ReplayGenerator
import Testing

/// The library example of the README: compiled here, run here, and compared with the README.
struct ReadmeExampleTests {
    @Test func theExampleRuns() async throws {
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "replaycache-readme-\(UInt64.random(in: 0 ... .max))", directoryHint: .isDirectory)
        defer { try? FileManager.default.removeItem(at: folder) }
        var library = LibrarySpec(count: 8, seed: 3)
        library.frames = 60...60
        library.mewtwoShare = 0.5
        _ = try await library.write(to: folder.appending(path: "slp", directoryHint: .isDirectory))
        let rows = try await mewtwoGames(in: folder.path)
        #expect(!rows.isEmpty)
        #expect(rows.allSatisfy { $0.hasPrefix("replays/") })
    }

    @Test func theReadmeShowsTheExample() throws {
        let checkout = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let readme = String(decoding: try Data(contentsOf: checkout.appending(path: "README.md")), as: UTF8.self)
        let source = String(decoding: try Data(contentsOf: URL(filePath: #filePath)), as: UTF8.self)
        // The markers are the only lines that are these words alone.
        let lines = source.split(separator: "\n", omittingEmptySubsequences: false)
        let example = lines.drop { $0 != "// README begins" }.dropFirst().prefix { $0 != "// README ends" }
        #expect(!example.isEmpty)
        #expect(example.count <= 20)
        #expect(readme.contains("```swift\n\(example.joined(separator: "\n"))\n```\n"))
    }
}

// README begins
func mewtwoGames(in folder: String) async throws -> [String] {
    let workspace = try await Workspace.open(home: "\(folder)/state")
    let remote = try Place("\(folder)/remote")

    let pushed = try await workspace.push("\(folder)/slp", to: remote)
    print("published \(pushed.entriesAdded) files, \(pushed.bytesUploaded) bytes sent")

    let mewtwo = Selection(characters: try Selection.characters(named: ["mewtwo"]))
    let options = try FetchOptions(selection: mewtwo)
    let fetched = try await workspace.fetch(from: remote, into: "\(folder)/mewtwo", options: options)
    print("fetched \(fetched.filesPlaced) files")

    return try await workspace.query(mewtwo, in: .place(remote)).map(\.path)
}
// README ends
