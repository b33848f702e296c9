internal import FoundationEssentials
internal import ReplayCache
internal import SystemPackage

/// A disk that fails under one process: `Tests/Support/FaultyDisk/faultydisk.c`, which explains the faults, preloaded into
/// a command.
public struct FaultyDisk: Sendable {
    /// What happens at the chosen operation.
    public enum Fault: String, Sendable, CaseIterable {
        /// It and all later ones find the disk full.
        case full
        /// It fails with an input/output error.
        case error
        /// The process is killed in front of it.
        case kill
        /// The power fails in front of it.
        case loss
    }

    /// What a loss of power takes.
    public enum Loss: String, Sendable, CaseIterable {
        /// What was written to a file since it was synced.
        case data
        /// The same, and where files had grown there are zeros.
        case zeros
        /// Also the names that were given since their folder was synced.
        case names
    }

    /// Below these folders operations count.
    private let folders: [String]
    /// Below these a loss of power takes something.
    private let losing: [String]
    private let library: String
    private let state: String
    private let damaged: String

    /// Counts operations below `folders`, absolute paths without links; keeps what it knows in files that begin with
    /// `path`.
    ///
    /// `losing` narrows what a loss of power hurts.
    public init(_ path: String, folders: [String], losing: [String]? = nil) async throws {
        self.folders = folders
        self.losing = losing ?? folders
        state = "\(path).state"
        damaged = "\(path).damaged"
        library = try await Self.built.value
        try forget()
    }

    /// The variables of a process whose operation number `nth`, counted from 1, is struck; at 0 they only count.
    public func environment(_ fault: Fault? = nil, at nth: Int = 0, loss: Loss = .data) -> [String: String] {
        [
            "LD_PRELOAD": library, "FAULTYDISK_FOLDERS": folders.joined(separator: ":"), "FAULTYDISK_STATE": state,
            "FAULTYDISK_DAMAGED": damaged, "FAULTYDISK_NTH": String(nth), "FAULTYDISK_FAULT": fault?.rawValue ?? "",
            "FAULTYDISK_LOSS": loss.rawValue, "FAULTYDISK_LOSS_FOLDERS": losing.joined(separator: ":"),
        ]
    }

    /// Counts anew.
    public func forget() throws {
        try Tree.write([UInt8](repeating: 0, count: 16), to: state)
        try Tree.write([], to: damaged)
    }

    /// Operations so far.
    public var operations: Int { get throws { try word(0) } }

    /// Faults so far.
    public var strikes: Int { get throws { try word(1) } }

    /// The files that lost something, by the paths that they had then.
    public var damagedFiles: [String] {
        get throws { String(decoding: try Tree.read(damaged), as: UTF8.self).split(separator: "\n").map(String.init) }
    }

    private func word(_ index: Int) throws -> Int {
        try Tree.read(state)[(8 * index)..<(8 * index + 8)].reversed().reduce(0) { $0 << 8 | Int($1) }
    }

    // MARK: Building

    /// Whether there is a compiler to build it with.
    public static var isAvailable: Bool { compiler != nil }

    private static var compiler: String? { ["cc", "clang"].first { Program.exist($0) } }

    /// Built once for each process, beside the tests.
    private static let built = Task {
        let source = "\(Surroundings.packageRoot())/Tests/Support/FaultyDisk/faultydisk.c"
        let folder = try CommandLineSandbox.binary.removingLastComponent()
        let library = folder.appending("faultydisk.so").string
        // Another process of tests may be using the one that is there.
        let fresh = folder.appending("faultydisk.\(UInt64.random(in: 0 ... .max)).so").string
        let result = try await Program.run(
            compiler ?? "cc",
            ["-Wall", "-Wextra", "-O1", "-fvisibility=hidden", "-shared", "-fPIC", "-o", fresh, source, "-ldl"]
        )
        guard result.code == 0 else { throw Failure(description: "\(source) does not build: \(result.error)") }
        try FilePath(fresh).rename(to: library)
        return library
    }

    private struct Failure: Error, CustomStringConvertible { let description: String }
}

extension FilePath {
    /// Takes the place of what has the other name.
    fileprivate func rename(to other: String) throws {
        let folder = try OpenFile.directory(removingLastComponent().string)
        let target = FilePath(other)
        guard let name = lastComponent?.string, let new = target.lastComponent?.string else { return }
        try folder.rename(name, to: new, in: folder, replacing: true)
    }
}
