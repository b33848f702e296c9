/// Where the files of a source go in a repository.
struct ImportNaming: Sendable {
    let into: LogicalPath
    let strippedComponents: Int
    let includes: [String]
    let excludes: [String]
    /// Whether a folder `checkpoints` at the top is that collection, and `replays` the one that is imported to.
    var keepsCollections = false
    /// Of the selection, since nothing has to be read to look at paths.
    let paths: Criterion<String>

    init(_ options: ImportOptions) {
        into = options.into
        strippedComponents = options.strippedComponents
        includes = options.includes
        excludes = options.excludes
        paths = options.selection.paths
    }

    enum Placement: Sendable {
        case path(LogicalPath)
        /// Litter, or left out by a pattern.
        case passedOver
        /// The end of a sentence.
        case refused(String)
    }

    /// Where a name goes, of a folder or of an archive, with `/` between its parts.
    ///
    /// What changes nothing about where a name leads, such as `./`, is dropped. A name that leads elsewhere is refused.
    func placement(of name: String) -> Placement {
        guard !name.hasPrefix("/") else { return .refused("has an absolute path") }
        var parts = name.split(separator: "/").filter { $0 != "." }
        guard !parts.contains("..") else { return .refused("has a path that leads out of its folder") }
        guard parts.count > strippedComponents else { return .passedOver }
        parts.removeFirst(strippedComponents)
        guard !parts.contains(where: Self.isLitter) else { return .passedOver }
        guard !name.unicodeScalars.contains(where: { $0.value < 0x20 || (0x7F..<0xA0).contains($0.value) }) else {
            return .refused("has control characters in its name")
        }
        let text = parts.joined(separator: "/")
        do {
            let path = try LogicalPath(text)
            let isIncluded = includes.isEmpty || includes.contains { Glob.matches($0, path: text) }
            guard isIncluded, !excludes.contains(where: { Glob.matches($0, path: text) }) else { return .passedOver }
            let whole = try placed(path)
            return isMeant(whole) ? .path(whole) : .passedOver
        } catch {
            return .refused(error.reason)
        }
    }

    private func placed(_ path: LogicalPath) throws(LogicalPathError) -> LogicalPath {
        guard keepsCollections, path.components.count > 1 else { return try path.below(into) }
        switch path.collection {
        case "checkpoints": return path
        case "replays": return try LogicalPath(String(path.string.dropFirst("replays/".count))).below(into)
        default: return try path.below(into)
        }
    }

    private func isMeant(_ path: LogicalPath) -> Bool {
        func matches(_ pattern: String) -> Bool { Glob.matches(pattern, path: path.string) }
        return (paths.anyOf.isEmpty || paths.anyOf.contains(where: matches)) && !paths.noneOf.contains(where: matches)
    }

    /// Names that push passes over too, and what macOS puts beside files that it packs.
    private static func isLitter(_ part: Substring) -> Bool {
        IgnoreRules.alwaysIgnores(part) || part == "__MACOSX" || part.hasPrefix("._")
    }

    /// The text of a name that may not be UTF-8, as old zip files have them in the character set of their writer: bytes that
    /// make no sense become `%8E`, so that every file can be imported and every name typed.
    static func text(of bytes: [UInt8]) -> String {
        if let text = String(validating: bytes, as: UTF8.self) { return text }
        var text = ""
        var index = 0
        while index < bytes.count {
            let length = max(1, (~bytes[index]).leadingZeroBitCount)
            let piece = bytes[index..<min(bytes.count, index + length)]
            if let valid = String(validating: piece, as: UTF8.self) {
                text += valid
                index += piece.count
            } else {
                let digits = String(bytes[index], radix: 16, uppercase: true)
                text += "%" + (digits.count < 2 ? "0" : "") + digits
                index += 1
            }
        }
        return text
    }
}

/// What a name says of how a file is packed.
enum Packing: Sendable, Equatable {
    /// Members with names: a zip or 7z.
    case archive
    /// A tar, packed or not.
    case tar
    /// One file, packed with gzip, xz or zstd.
    case single
    /// One replay, packed with slpz.
    case slpz
    /// Not packed, or not with anything that is opened.
    case none

    private static let archives = [".zip", ".7z"]
    private static let tars = [".tar", ".tar.gz", ".tgz", ".tar.xz", ".txz", ".tar.zst", ".tzst"]
    private static let singles = [".gz", ".xz", ".zst"]

    /// How a file of this name is packed, and what it is called once it is opened: the folder of its members, or its own
    /// name.
    ///
    /// Of single packed files only replays are meant, unless `isNamed`: the user points at one.
    static func of(_ name: some StringProtocol, isNamed: Bool = false) -> (packing: Packing, opened: String) {
        let lowered = name.lowercased()
        func opened(_ endings: [String]) -> String? {
            endings.filter { lowered.hasSuffix($0) && lowered.utf8.count > $0.utf8.count }
                .max { $0.count < $1.count }.map { String(name.dropLast($0.count)) }
        }
        if lowered.hasSuffix(".slpz") { return (.slpz, String(name.dropLast())) }
        if let folder = opened(archives) { return (.archive, folder) }
        if let folder = opened(tars) { return (.tar, folder) }
        if let file = opened(singles), isNamed || file.lowercased().hasSuffix(".slp") { return (.single, file) }
        return (.none, String(name))
    }
}
