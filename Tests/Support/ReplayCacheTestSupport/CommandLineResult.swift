/// What a run of the command left: its exit status, and what it wrote to each stream.
public struct CommandLineResult: Sendable {
    /// The exit status; 128 and the signal's number for a process that a signal ended.
    public let status: Int
    /// Standard output as bytes.
    public let outputBytes: [UInt8]
    /// Standard error.
    public let errors: String

    /// Standard output as text.
    public var output: String { String(decoding: outputBytes, as: UTF8.self) }
    /// The lines of standard output.
    public var lines: [String] { output.split(separator: "\n").map(String.init) }

    /// Each line of standard output as JSON.
    public func json() throws -> [JSONValue] { try lines.map { try JSONValue(parsing: $0) } }

    /// The last line of `--json`.
    public func summary() throws -> JSONValue { try json().last ?? .null }
}
