import ArgumentParser
import FoundationEssentials
import ReplayCache

@main
struct ReadReplays: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "read-replays",
        abstract: "Show replays to the reader, for comparing what it finds with other readers, and for benchmarks.",
        discussion: """
            Prints a line of JSON a replay: its name and what was found. Two examples:
              read-replays ~/slp
              read-replays ~/slp --rounds 5 --jobs 2
            """
    )

    /// What is printed of a file.
    private struct Found: Encodable {
        let file: String
        let replay: ReplayMetadata
    }

    /// What is printed of a round.
    private struct Round: Encodable {
        let files: Int
        let bytes: Int64
        let seconds: Double
    }

    @Argument(help: "The directory that holds the replays, at any depth.")
    var directory: String

    @Option(help: "Print no replays, but how long it takes to read all of them, so many times.")
    var rounds = 0

    @Option(help: "Replays read at once.")
    var jobs = 1

    func validate() throws {
        guard rounds >= 0, (1...256).contains(jobs) else { throw ValidationError("Numbers must be positive.") }
    }

    func run() async throws {
        let names = try FileManager.default.subpathsOfDirectory(atPath: directory)
            .filter { $0.lowercased().hasSuffix(".slp") }.sorted()
        guard rounds > 0 else {
            for name in names { try show(Found(file: name, replay: ReplayReader.read(open(name)))) }
            return
        }
        for _ in 0..<rounds {
            let clock = ContinuousClock.now
            let bytes = try await readAll(names)
            let seconds = (ContinuousClock.now - clock) / .seconds(1)
            try show(Round(files: names.count, bytes: bytes, seconds: seconds))
        }
    }

    private func open(_ name: String) throws -> OpenFile { try OpenFile.reading("\(directory)/\(name)") }

    private func readAll(_ names: [String]) async throws -> Int64 {
        try await withThrowingTaskGroup(of: Int64.self) { group in
            for job in 0..<jobs {
                group.addTask(executorPreference: BlockingPool.shared) {
                    try stride(from: job, to: names.count, by: jobs).reduce(0) { sum, index in
                        let file = try open(names[index])
                        _ = try ReplayReader.read(file)
                        return sum + file.byteCount
                    }
                }
            }
            return try await group.reduce(0, +)
        }
    }

    private func show(_ value: some Encodable) throws {
        print(String(decoding: try JSON.line(value), as: UTF8.self))
    }
}
