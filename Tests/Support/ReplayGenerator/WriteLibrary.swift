public import FoundationEssentials

extension LibrarySpec {
    /// What ``write(to:)`` made.
    public struct Summary: Sendable {
        /// Replays written.
        public var files = 0
        /// Bytes of all of them.
        public var bytes: Int64 = 0
    }

    /// Writes the library below `directory`, which is made if need be.
    ///
    /// Files have the start of their game as modification time. Games are made on all cores; a file that exists is
    /// replaced.
    public func write(to directory: URL) async throws -> Summary {
        let workers = ProcessInfo.processInfo.activeProcessorCount
        return try await withThrowingTaskGroup(of: Summary.self) { group in
            for worker in 0..<workers {
                group.addTask {
                    var summary = Summary()
                    var folders: Set<URL> = []
                    for index in stride(from: worker, to: count, by: workers) {
                        summary.files += 1
                        summary.bytes += try write(member(index), to: directory, folders: &folders)
                    }
                    return summary
                }
            }
            return try await group.reduce(into: Summary()) { total, part in
                total.files += part.files
                total.bytes += part.bytes
            }
        }
    }

    /// Writes one file and its folder, unless that is among the `folders` that exist.
    private func write(_ member: Member, to directory: URL, folders: inout Set<URL>) throws -> Int64 {
        let bytes = member.replay.bytes()
        let file = directory.appending(path: member.path, directoryHint: .notDirectory)
        if folders.insert(file.deletingLastPathComponent()).inserted {
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(),
                withIntermediateDirectories: true
            )
        }
        try Data(bytes).write(to: file)
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSince1970: Double(member.startedAt))],
            ofItemAtPath: file.path
        )
        return Int64(bytes.count)
    }
}
