import ArgumentParser
import FoundationEssentials
import ReplayGenerator

@main
struct GenerateReplays: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "generate-replays",
        abstract: "Write a library of valid replays, for trying things out and for benchmarks.",
        discussion: """
            The same options give the same files, byte for byte. Two examples:
              generate-replays ~/slp --count 100
              generate-replays /tmp/many --count 100000 --frames 30 --gecko-bytes 0
            """
    )

    @Argument(help: "The directory to write to; existing files with the same names are replaced.")
    var directory: String

    @Option(help: "Number of replays.")
    var count = 100

    @Option(help: "Seed of all choices.")
    var seed: UInt64 = 1

    @Option(help: "Frames of the shortest game; 60 are a second.")
    var minFrames = 1_800

    @Option(help: "Frames of the longest game.")
    var maxFrames = 14_000

    @Option(help: "Frames of every game, instead of the two above.")
    var frames: Int?

    @Option(help: "Share of the games with Mewtwo on port 1, from 0 to 1.")
    var mewtwoShare = 0.1

    @Option(help: "Share of exact copies, from 0 to 1.")
    var duplicateShare = 0.03

    @Option(help: "Share of damaged and unfinished replays, from 0 to 1.")
    var damagedShare = 0.02

    @Option(help: "Bytes of the list of code patches in each replay since 3.3.0.")
    var geckoBytes = 24 << 10

    func validate() throws {
        guard count >= 0 else { throw ValidationError("--count must not be negative.") }
        let lengths = 1...1_000_000
        guard lengths.contains(minFrames), lengths.contains(maxFrames), minFrames <= maxFrames,
            frames.map(lengths.contains) ?? true
        else { throw ValidationError("Frames must be from 1 to 1000000, and --min-frames at most --max-frames.") }
        guard [mewtwoShare, duplicateShare, damagedShare].allSatisfy((0...1).contains) else {
            throw ValidationError("A share must be from 0 to 1.")
        }
        guard (0...65_535).contains(geckoBytes) else { throw ValidationError("--gecko-bytes must be from 0 to 65535.") }
    }

    func run() async throws {
        var library = LibrarySpec(count: count, seed: seed)
        library.frames = frames.map { $0...$0 } ?? minFrames...maxFrames
        library.mewtwoShare = mewtwoShare
        library.duplicateShare = duplicateShare
        library.damagedShare = damagedShare
        library.geckoListBytes = geckoBytes
        let summary = try await library.write(to: URL(filePath: directory, directoryHint: .isDirectory))
        print("\(summary.files) replays, \(summary.bytes) bytes")
    }
}
