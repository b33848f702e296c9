import FoundationEssentials
package import ReplayCache

/// A directory of one test, removed with everything in it when the test ends.
package final class Scratch: Sendable {
    /// Absolute, without links.
    package let path: String

    /// A folder in memory where there is one: `syncfs` writes out what the whole machine has in hand, which is long for tests
    /// that sync hundreds of times.
    package static let memory: String? = FileManager.default.isWritableFile(atPath: "/dev/shm") ? "/dev/shm" : nil

    /// Makes a new one below `parent`, or where temporary files go.
    package init(below parent: String? = nil) throws {
        let name = "replaycache-tests-\(UUID().uuidString)"
        let parent = parent.map { URL(filePath: $0) } ?? FileManager.default.temporaryDirectory
        let directory = parent.appending(path: name)
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        path = try Machine.canonicalPath(directory.path)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// The path of an item in it, which need not exist.
    package func at(_ name: String) -> String { "\(path)/\(name)" }

    /// Makes a folder in it and returns its path.
    package func folder(_ name: String) throws -> String {
        try Machine.makeDirectories(at(name))
        return at(name)
    }

    /// The place of a directory in it, which need not exist.
    package func place(_ name: String = "remote") throws -> Place { try Place(at(name)) }
}
