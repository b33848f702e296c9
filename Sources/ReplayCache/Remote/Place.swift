internal import SystemPackage

/// Where a repository lives, as a user names it: REMOTE on the command line (`design.md` section 2).
public struct Place: Sendable, Hashable {
    /// The form that local state is keyed by: `file:` and an absolute path without links.
    package let canonical: String
    /// The path of a directory place.
    package let directory: String

    /// Reads a place: `/path`, `./path` or `file:/path`.
    ///
    /// - Throws: ``ReplayCacheError`` with code `usage` for kinds of places that this version does not know.
    public init(_ text: String) throws {
        if let scheme = Self.scheme(of: text), scheme != "file" {
            throw ReplayCacheError(
                .usage,
                "\"\(scheme):\" places are not supported by this version",
                hint: "use a directory, for example /mnt/backup/replays",
                subject: text
            )
        }
        if let host = text.firstIndex(of: ":"), text[..<host].contains("@"), !text[..<host].contains("/") {
            throw ReplayCacheError(
                .usage,
                "\(DisplayText.quoted(text)) names a folder on another machine, which is no place that this version knows",
                hint: "mount it and name the folder; for a folder of this very name write ./\(text)",
                subject: text
            )
        }
        var path = text.hasPrefix("file:") ? String(text.dropFirst(5)) : text
        if path.hasPrefix("///") { path = String(path.dropFirst(2)) }
        guard !path.isEmpty, !path.utf8.contains(0) else {
            throw ReplayCacheError(.usage, "the remote has no path", hint: "name a directory", subject: text)
        }
        directory = try Self.absolute(path)
        canonical = "file:\(directory)"
    }

    /// Whether `text` names a place rather than a folder of replays: it has a scheme, or holds a repository.
    public static func isPlace(_ text: String) -> Bool {
        if scheme(of: text) != nil { return true }
        guard let folder = try? OpenFile.directory(text) else { return false }
        return (try? folder.status(of: Manifest.key.string)) != nil
    }

    /// `b2`, `s3`, …: letters and digits before a colon, and no slash before it.
    private static func scheme(of text: String) -> String? {
        guard let colon = text.firstIndex(of: ":"), colon != text.startIndex else { return nil }
        let scheme = text[..<colon]
        guard scheme.utf8.allSatisfy({ ("a"..."z").contains(Unicode.Scalar($0)) || (48...57).contains($0) }) else {
            return nil
        }
        return String(scheme)
    }

    /// The path without links as far as it exists, so that one directory has one name.
    private static func absolute(_ path: String) throws -> String {
        if let whole = try? Machine.canonicalPath(path) { return whole }
        let trimmed = FilePath(path).lexicallyNormalized()
        guard let name = trimmed.lastComponent else { return "/" }
        let parent = trimmed.removingLastComponent().string
        do {
            let base = try Machine.canonicalPath(parent.isEmpty ? "." : parent)
            return base == "/" ? "/\(name.string)" : "\(base)/\(name.string)"
        } catch {
            throw ReplayCacheError(
                .notFound,
                "the folder \(parent.isEmpty ? "this command was started in" : parent) does not exist",
                hint: "create it, or check that the disk is mounted",
                subject: path,
                cause: "\(error.errno)"
            )
        }
    }
}

extension Place: CustomStringConvertible {
    /// The canonical form without `file:`.
    public var description: String { directory }
}
