internal import FoundationEssentials
internal import Glibc
public import Subprocess
internal import SystemPackage

/// A folder of its own in which a test runs the built command, with nothing of the user's environment.
///
/// Each machine that a test plays has its own local state. Relative paths in arguments are below the folder.
public final class CommandLineSandbox: Sendable {
    /// The folder; it goes with this value.
    public let path: String

    /// Output kept of a run.
    private static let outputLimit = 16 << 20

    /// Makes the folder, below `parent` or where temporary files go.
    public init(below parent: String? = nil) throws {
        path = try FileManager.default.createScratchDirectory(below: parent)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// The absolute form of a path below the folder.
    public func callAsFunction(_ relative: String) -> String { "\(path)/\(relative)" }

    /// The command beside the test bundle.
    static var binary: FilePath {
        get throws {
            let bundle = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
            return FilePath(bundle).removingLastComponent().appending("replaycache")
        }
    }

    /// The checkout that the tests were built from.
    public static var checkout: String {
        FilePath(#filePath).removingLastComponent().removingLastComponent().removingLastComponent()
            .removingLastComponent().string
    }

    /// How to start the command.
    public func configuration(
        _ arguments: [String],
        machine: String = "laptop",
        environment: [String: String] = [:]
    ) throws -> Configuration {
        var variables: [Environment.Key: String] = [
            "HOME": self("home"), "PATH": "/usr/local/bin:/usr/bin:/bin", "REPLAYCACHE_HOME": self("\(machine)-home"),
            "SWIFT_BACKTRACE": "enable=no",
        ]
        for (name, value) in environment { variables[Environment.Key(stringLiteral: name)] = value }
        return Configuration(
            executable: .path(try Self.binary),
            arguments: Arguments(arguments),
            environment: .custom(variables),
            workingDirectory: FilePath(path)
        )
    }

    /// Runs the command to its end.
    @discardableResult
    public func run(
        _ arguments: String...,
        machine: String = "laptop",
        environment: [String: String] = [:]
    ) async throws -> CommandLineResult {
        try await run(try configuration(arguments, machine: machine, environment: environment))
    }

    /// Runs a shell script, in which `replaycache` is the command.
    public func shell(_ script: String, machine: String = "laptop") async throws -> CommandLineResult {
        var configuration = try configuration(["-c", script], machine: machine)
        let folder = try Self.binary.removingLastComponent().string
        configuration.executable = .path("/bin/bash")
        configuration.environment = configuration.environment.updating(["PATH": "\(folder):/usr/bin:/bin"])
        return try await run(configuration)
    }

    /// Runs what was configured to its end.
    public func run(_ configuration: Configuration) async throws -> CommandLineResult {
        let result = try await Subprocess.run(
            configuration,
            output: .bytes(limit: Self.outputLimit),
            error: .string(limit: Self.outputLimit)
        )
        return CommandLineResult(
            status: result.terminationStatus.exitStatus,
            outputBytes: result.standardOutput,
            errors: result.standardError
        )
    }

    /// Starts the command, calls `body` once `condition` holds, and waits for the end.
    ///
    /// Returns the exit status; nil when the command ended before `condition` held.
    public func run(
        _ arguments: [String],
        environment: [String: String] = [:],
        until condition: @escaping @Sendable () -> Bool,
        _ signal: Subprocess.Signal
    ) async throws -> Int? {
        let result = try await Subprocess.run(
            try configuration(arguments, environment: environment),
            input: .none,
            output: .discarded,
            error: .discarded
        ) { execution in
            while !condition() {
                // Waits for a state of the disk, which nothing announces.
                try Task.checkCancellation()
                guard kill(execution.processIdentifier.value, 0) == 0 else { return false }
                await Task.yield()
            }
            try execution.send(signal: signal)
            return true
        }
        return result.closureResult ? result.terminationStatus.exitStatus : nil
    }
}

extension TerminationStatus {
    /// As a shell reports it.
    fileprivate var exitStatus: Int {
        switch self {
        case .exited(let code): Int(code)
        case .signaled(let signal): 128 + Int(signal)
        }
    }
}

extension FileManager {
    fileprivate func createScratchDirectory(below parent: String?) throws -> String {
        let name = "replaycache-cli-\(UInt64.random(in: 0 ... .max))"
        let path = parent.map { "\($0)/\(name)" } ?? temporaryDirectory.appending(path: name).path
        try createDirectory(atPath: path, withIntermediateDirectories: true)
        return path
    }
}
