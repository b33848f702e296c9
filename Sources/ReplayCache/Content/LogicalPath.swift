/// A path inside a repository, and below a root: relative, with `/` between components, safe to use under a directory.
///
/// Values of this type come from hostile places (segments, listings) as well as from disks, so the checks live in the one
/// initialiser: no empty, `.` or `..` component, no NUL, no leading or trailing `/`, valid UTF-8, bounded lengths.
public struct LogicalPath: Sendable, Hashable, Comparable {
    /// The text.
    public let string: String

    /// Most bytes in a path: Linux's `PATH_MAX` less room for a root.
    static let maximumByteCount = 3072
    /// Most bytes in a component: `NAME_MAX` of every common file system.
    static let maximumComponentByteCount = 255

    /// Checks `string`; throws ``LogicalPathError`` with the reason.
    public init(_ string: String) throws(LogicalPathError) {
        func refuse(_ reason: String) -> LogicalPathError { LogicalPathError(path: string, reason: reason) }
        guard !string.isEmpty else { throw refuse("is empty") }
        guard string.utf8.count <= Self.maximumByteCount else { throw refuse("is longer than 3,072 bytes") }
        guard !string.utf8.contains(0) else { throw refuse("contains a NUL") }
        guard !string.utf8.starts(with: "/".utf8) else { throw refuse("is absolute") }
        for component in string.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
            guard !component.isEmpty else { throw refuse("has an empty component") }
            guard !component.elementsEqual("..".utf8), !component.elementsEqual(".".utf8) else {
                throw refuse("has a \"\(Substring(component))\" component")
            }
            guard component.count <= Self.maximumComponentByteCount else {
                throw refuse("has a component longer than 255 bytes")
            }
        }
        self.string = string
    }

    /// The path of a name that the kernel listed, below a folder that was reached the same way.
    ///
    /// `prefix` is empty or ends in a slash. What a kernel lists has no slash and no NUL, is not empty and, asked for so, no
    /// `.` and `..`: only the lengths are left to check.
    package init(below prefix: String, name: String) throws(LogicalPathError) {
        let path = prefix + name
        guard path.utf8.count <= Self.maximumByteCount, name.utf8.count <= Self.maximumComponentByteCount else {
            self = try LogicalPath(path)
            return
        }
        string = path
    }

    /// The parts between the slashes; never empty.
    package var components: [Substring] { string.split(separator: "/") }

    /// The first component: what kind of thing this is, `replays` or `checkpoints` (`design.md` section 2).
    public var collection: Substring { components.first ?? "" }

    /// The last component.
    package var name: Substring { components.last ?? "" }

    /// This path below another.
    package func below(_ prefix: LogicalPath) throws(LogicalPathError) -> LogicalPath {
        try LogicalPath("\(prefix.string)/\(string)")
    }

    /// Orders by bytes, as the catalog does.
    public static func < (left: LogicalPath, right: LogicalPath) -> Bool {
        left.string.utf8.lexicographicallyPrecedes(right.string.utf8)
    }

    /// Compares bytes: Swift compares strings by canonical equivalence, files and SQLite do not.
    public static func == (left: LogicalPath, right: LogicalPath) -> Bool {
        left.string.utf8.elementsEqual(right.string.utf8)
    }

    /// Feeds the bytes.
    public func hash(into hasher: inout Swift.Hasher) {
        for byte in string.utf8 { hasher.combine(byte) }
    }
}

/// Why a path was refused.
public struct LogicalPathError: Error, Sendable, CustomStringConvertible {
    /// The text that was refused.
    public let path: String
    /// What is wrong with it, as the end of a sentence.
    public let reason: String

    /// The sentence.
    public var description: String { "path \(DisplayText.quoted(path)) \(reason)" }
}

extension LogicalPath: CustomStringConvertible {
    /// The text.
    public var description: String { string }
}
