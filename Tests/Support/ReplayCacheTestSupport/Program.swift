import FoundationEssentials
import Subprocess
import SystemPackage

/// Programs of the system that know the answers better than this one.
package enum Program {
    /// Whether all of `names` are on the path.
    package static func exist(_ names: String...) -> Bool { names.allSatisfy { path(of: $0) != nil } }

    /// Runs a program and returns its exit code (-1 after a signal) and what it printed.
    package static func run(
        _ name: String,
        _ arguments: [String],
        in directory: String? = nil
    ) async throws -> (code: Int, output: String, error: String) {
        let result = try await Subprocess.run(
            .name(name),
            arguments: Arguments(arguments),
            workingDirectory: directory.map { FilePath($0) },
            output: .string(limit: 16 << 20),
            error: .string(limit: 1 << 20)
        )
        let code = if case .exited(let code) = result.terminationStatus { Int(code) } else { -1 }
        return (code, result.standardOutput, result.standardError)
    }

    private static func path(of name: String) -> String? {
        (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
            .map { "\($0)/\(name)" }.first { FileManager.default.isExecutableFile(atPath: $0) }
    }
}

/// Facts about the machine that decide whether a test can tell anything.
package enum Surroundings {
    /// Whether permissions do not hold this user back.
    package static let isRoot: Bool = {
        let attributes = try? FileManager.default.attributesOfItem(atPath: "/proc/self")
        return attributes?[.ownerAccountID] as? UInt == 0 || attributes?[.ownerAccountID] as? Int == 0
    }()

    /// The folder of shared test material: `$REPLAYCACHE_SHARED`, by default beside the clone.
    package static let shared: String = ProcessInfo.processInfo.environment["REPLAYCACHE_SHARED"] ?? "../shared"

    /// The folder with `Package.swift`.
    package static func packageRoot(_ file: String = #filePath) -> String {
        var url = URL(filePath: file)
        while !FileManager.default.fileExists(atPath: url.appending(path: "Package.swift").path), url.path != "/" {
            url.deleteLastPathComponent()
        }
        return url.path
    }
}
