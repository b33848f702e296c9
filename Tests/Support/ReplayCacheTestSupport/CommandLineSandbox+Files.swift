internal import FoundationEssentials
internal import ReplayGenerator

extension CommandLineSandbox {
    /// Writes short games below `folder`: every fifth with Mewtwo, some of them copies.
    public func writeLibrary(_ folder: String = "slp", count: Int = 20, frames: Int = 120) async throws {
        var library = LibrarySpec(count: count, seed: 7)
        library.frames = frames...frames
        library.mewtwoShare = 0.2
        library.duplicateShare = 0.2
        library.damagedShare = 0
        library.geckoListBytes = 0
        _ = try await library.write(to: URL(filePath: self(folder), directoryHint: .isDirectory))
    }

    /// Writes the recordings of one game by both players' machines below `folder`, and one of them with other names stamped
    /// into it.
    public func writeTwins(_ folder: String) throws {
        var game = ReplaySpec(frames: 130)
        game.isOnline = true
        game.matchID = "mode.unranked-2024-05-06T07:08:09.10-0"
        game.gameNumber = 1
        try write("\(folder)/mine.slp", game.bytes())
        game.rollbackInterval = 40
        game.startedAt = "2024-05-06T07:08:10Z"
        try write("\(folder)/theirs.slp", game.bytes())
        game.playedOn = "a program"
        try write("\(folder)/stamped.slp", game.bytes())
    }

    /// Writes a file, with its folders.
    public func write(_ relative: String, _ bytes: [UInt8]) throws {
        let url = URL(filePath: self(relative))
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(bytes).write(to: url)
    }

    /// Writes a text file, with its folders.
    public func write(_ relative: String, _ text: String) throws { try write(relative, Array(text.utf8)) }

    /// The bytes of a file.
    public func read(_ relative: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(filePath: self(relative))))
    }

    /// Names of the regular files below a folder, in byte order; none when it does not exist.
    public func files(_ folder: String) -> [String] {
        let names = (try? FileManager.default.subpathsOfDirectory(atPath: self(folder))) ?? []
        return names.filter { name in
            var isDirectory = false
            return FileManager.default.fileExists(atPath: self("\(folder)/\(name)"), isDirectory: &isDirectory)
                && !isDirectory
        }.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    /// Whether two folders hold the same names with the same bytes.
    public func isSameTree(_ left: String, _ right: String) throws -> Bool {
        let names = files(left)
        guard names == files(right) else { return false }
        return try names.allSatisfy { try read("\(left)/\($0)") == read("\(right)/\($0)") }
    }
}
