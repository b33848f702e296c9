internal import FoundationEssentials
internal import SystemPackage

/// The variables of a process, and the files that they point to.
///
/// A value, so that tests pass their own. Everything in it may be secret and prints as such.
package struct EnvironmentVariables: Sendable {
    /// Reads a file of at most so many bytes.
    package typealias FileReader = @Sendable (_ path: String, _ maximum: Int) throws(FileError) -> [UInt8]

    /// One variable that is set.
    package struct Setting: Sendable {
        /// The variable that was read, `B2_APP_KEY` or `B2_APP_KEY_FILE`.
        package let name: String
        /// Without line ends after it; never empty.
        package let secret: Secret
        /// Whether it was found with the first process of the pod.
        package let isInherited: Bool

        /// The value, of a variable that is no secret.
        package var text: String { secret.reveal() }
        /// Where it was found, for people.
        package var source: String { isInherited ? "\(name) of process 1" : name }
    }

    private let own: [String: Secret]
    private let inherited: [String: Secret]
    private let readFile: FileReader

    /// Takes the variables of the process and, in a pod, those of its first process.
    package init(
        _ own: [String: String],
        firstProcess: [String: String] = [:],
        readFile: @escaping FileReader = Self.readFromDisk
    ) {
        self.own = own.mapValues(Secret.init)
        self.readFile = readFile
        // Other machines' first process is no business of ours.
        let isPod = own["RUNPOD_POD_ID"] != nil || firstProcess["RUNPOD_POD_ID"] != nil
        inherited = isPod ? firstProcess.mapValues(Secret.init) : [:]
    }

    /// Those of this process.
    ///
    /// A shell that came by SSH may lack what the pod was given, which its first process still has
    /// (`providers.md` section 6). Only root can read that.
    package static let process = EnvironmentVariables(
        ProcessInfo.processInfo.environment,
        firstProcess: variables(in: (try? readFromDisk("/proc/1/environ", 1 << 20)) ?? [])
    )

    /// Reads `NAME=value` pairs that end in NUL (proc_pid_environ(5)).
    static func variables(in bytes: [UInt8]) -> [String: String] {
        var result: [String: String] = [:]
        for entry in bytes.split(separator: 0) {
            guard let equals = entry.firstIndex(of: UInt8(ascii: "=")) else { continue }
            let name = String(decoding: entry[..<equals], as: UTF8.self)
            result[name] = String(decoding: entry[entry.index(after: equals)...], as: UTF8.self)
        }
        return result
    }

    /// The names of all variables.
    var names: Set<String> { Set(own.keys).union(inherited.keys) }

    /// A variable as it stands; nil when it is unset or empty.
    package func setting(_ name: String) throws -> Setting? {
        if let found = try setting(name, in: own, isInherited: false) { return found }
        return try setting(name, in: inherited, isInherited: true)
    }

    /// The value of the first of `names` that is set.
    package func setting(_ names: [String]) throws -> Setting? {
        for name in names { if let found = try setting(name) { return found } }
        return nil
    }

    /// A variable that may be secret, or the content of the file that the variable with `_FILE` after its name names.
    ///
    /// - Throws: ``ReplayCacheError`` with code `configuration`, never with a value in it.
    package func credential(_ name: String) throws -> Setting? {
        if let found = try credential(name, isInherited: false) { return found }
        return try credential(name, isInherited: true)
    }

    /// The same, looked for in one of the two processes: parts of one set must not come from both.
    func credential(_ name: String, isInherited: Bool) throws -> Setting? {
        let variables = isInherited ? inherited : own
        let value = try setting(name, in: variables, isInherited: isInherited)
        guard let path = try setting("\(name)_FILE", in: variables, isInherited: isInherited) else { return value }
        guard value == nil else {
            throw ReplayCacheError(
                .configuration,
                "both \(name) and \(path.name) are set",
                hint: "unset one of them",
                subject: name
            )
        }
        let text: String
        do {
            text = String(decoding: try readFile(path.text, 1 << 16), as: UTF8.self)
        } catch {
            throw ReplayCacheError(
                .configuration,
                "the file \(DisplayText.quoted(path.text)) that \(path.name) names cannot be read",
                hint: "check the path and who may read it",
                subject: path.name,
                cause: "\(error.errno)"
            )
        }
        guard let secret = try Self.clean(text, of: path.name) else {
            throw ReplayCacheError(
                .configuration,
                "the file \(DisplayText.quoted(path.text)) that \(path.name) names is empty",
                hint: "write the value into it",
                subject: path.name
            )
        }
        return Setting(name: path.name, secret: secret, isInherited: isInherited)
    }

    private func setting(_ name: String, in variables: [String: Secret], isInherited: Bool) throws -> Setting? {
        guard let secret = try variables[name].flatMap({ try Self.clean($0.reveal(), of: name) }) else { return nil }
        return Setting(name: name, secret: secret, isInherited: isInherited)
    }

    /// Takes the line ends of pasting away; nil when nothing is left.
    static func clean(_ text: String, of name: String) throws -> Secret? {
        var scalars = Substring(text).unicodeScalars
        while let last = scalars.last, last == "\n" || last == "\r" { scalars.removeLast() }
        guard !scalars.isEmpty else { return nil }
        let value = String(scalars)
        guard !value.contains("{{") else {
            throw ReplayCacheError(
                .configuration,
                "\(name) holds \"{{\": the secret was not put in its place",
                hint: "check the secret's name in the RunPod console, and start the pod again",
                subject: name
            )
        }
        // A line end in a header would begin another header.
        guard !value.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else {
            throw ReplayCacheError(
                .configuration,
                "\(name) holds a control character",
                hint: "set it again, on one line",
                subject: name
            )
        }
        return Secret(value)
    }
}

extension EnvironmentVariables {
    /// The text of a file of settings; nil when there is none.
    func file(_ path: String) throws -> String? {
        do {
            return String(decoding: try readFile(path, 1 << 20), as: UTF8.self)
        } catch {
            guard !error.isNotFound else { return nil }
            throw ReplayCacheError(
                .configuration,
                "the file \(DisplayText.quoted(path)) cannot be read",
                hint: "check who may read it",
                subject: path,
                cause: "\(error.errno)"
            )
        }
    }

    /// Throws why a file cannot be read; nothing when it can.
    func checkReadable(_ path: String) throws(FileError) {
        do {
            _ = try readFile(path, 0)
        } catch {
            // One byte is enough to see.
            guard error.errno == .fileTooLarge else { throw error }
        }
    }

    /// `path` with `~` for the home folder, as AWS and rclone write it.
    func expanded(_ path: String) throws -> String {
        guard path == "~" || path.hasPrefix("~/"), let home = try setting("HOME") else { return path }
        return home.text + path.dropFirst()
    }

    /// Reads a whole file of at most `maximum` bytes.
    package static func readFromDisk(_ path: String, _ maximum: Int) throws(FileError) -> [UInt8] {
        let file = try OpenFile.reading(path)
        // Files in /proc say that they are empty, so the end shows only in reading.
        var buffer = [UInt8](repeating: 0, count: maximum + 1)
        let count = try file.read(at: 0, into: &buffer)
        guard count <= maximum else { throw FileError("read", path, .fileTooLarge) }
        return Array(buffer.prefix(count))
    }
}
