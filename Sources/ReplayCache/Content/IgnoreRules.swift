/// Which names a scan passes over.
package struct IgnoreRules: Sendable {
    /// The file at the top of a root with one pattern a line; `#` starts a comment.
    package static let fileName = ".replaycacheignore"

    /// Names that are never content: version control and desktop litter.
    private static let litter: Set<String> = [".git", ".DS_Store", "Thumbs.db", "desktop.ini", fileName]
    /// Files that programs are still writing.
    private static let temporarySuffixes = [".tmp", ".part", ".partial", ".crdownload", ".swp", "~"]

    private let patterns: [String]
    private let excluded: String?

    /// `excluded` is one path to pass over: the catalog, where it lies inside a root.
    package init(patterns: [String] = [], excluded: String? = nil) {
        // `folder/` and `/folder` are written by people who know .gitignore.
        self.patterns = patterns.map { pattern in
            var trimmed = pattern[...]
            if trimmed.hasPrefix("/") { trimmed.removeFirst() }
            if trimmed.hasSuffix("/") { trimmed.removeLast() }
            return String(trimmed)
        }
        self.excluded = excluded
    }

    /// Reads the patterns of a root; none when it has no such file.
    package init(root: OpenFile, excluded: String? = nil) throws {
        guard let file = try? root.reading(Self.fileName) else {
            self.init(excluded: excluded)
            return
        }
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        let count = try file.read(at: 0, into: &buffer)
        let text = String(decoding: buffer[0..<count], as: UTF8.self)
        self.init(
            patterns: text.split(whereSeparator: \.isNewline)
                .map { $0.trimmingSpaces }.filter { !$0.isEmpty && !$0.hasPrefix("#") },
            excluded: excluded
        )
    }

    /// Whether names must be looked at that are passed over nowhere else.
    var hasOwnPatterns: Bool { !patterns.isEmpty || excluded != nil }

    /// Whether a name is surely none that ``alwaysIgnores(_:)`` means: told from its bytes, since a scan asks for every file.
    static func isOrdinary(_ name: ArraySlice<UInt8>) -> Bool {
        guard let first = name.first, first != UInt8(ascii: "."), name.last != UInt8(ascii: "~") else { return false }
        // `Thumbs.db` and `desktop.ini`, `NAME~`, `NAME.replaced-<sha8>`, and the endings of temporary files.
        if name.count == 9 || name.count == 11, first == UInt8(ascii: "T") || first == UInt8(ascii: "d") {
            return false
        }
        guard let dot = name.lastIndex(of: UInt8(ascii: ".")) else { return true }
        let ending = name[dot...]
        if ending.elementsEqual(".slp".utf8) { return true }
        return ending.count <= 12 && !ignoredEndings.contains { ending.elementsEqual($0) }
    }

    private static let ignoredEndings = temporarySuffixes.map { Array($0.utf8) }

    /// Whether an item is passed over.
    func ignores(name: String, path: String) -> Bool {
        Self.alwaysIgnores(name) || path == excluded || patterns.contains { Glob.matches($0, path: path) }
    }

    /// Whether a name is passed over everywhere.
    ///
    /// Fetch refuses such names too: it would not see the file afterwards, and a remote has no business in `.git`.
    package static func alwaysIgnores(_ name: some StringProtocol) -> Bool {
        isLitter(name) || name.hasPrefix(PlacedFile.temporaryPrefix)
            || temporarySuffixes.contains { name.hasSuffix($0) } || isReplacedFile(name)
    }

    /// The first component of a path that fetch would refuse; nil when the path can be placed.
    static func neverPlaced(in path: LogicalPath) -> Substring? { path.components.first(where: alwaysIgnores) }

    /// Whether a name is nobody's content, so that a set of files is whole without it.
    static func isLitter(_ name: some StringProtocol) -> Bool { litter.contains(String(name)) }

    /// `NAME.replaced-<sha8>`: what `fetch --force` keeps of a local file.
    private static func isReplacedFile(_ name: some StringProtocol) -> Bool {
        let digits = name.suffix(8).utf8
        return digits.count == 8 && digits.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
            && name.dropLast(8).hasSuffix(".replaced-")
    }
}

extension StringProtocol {
    /// This text without white space around it.
    package var trimmingSpaces: String {
        let tail = drop { $0.isWhitespace }
        guard let end = tail.lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return String(tail[...end])
    }
}
