/// Checks the path that a fetch starts from: nothing below it is more often a slip of the fingers than an empty folder.
struct FetchSource {
    let store: PlaceStore
    let from: LogicalPath
    let place: Place

    /// Throws when no entry is or ever was below the path.
    ///
    /// A whole collection may be empty.
    func check() async throws {
        guard !["replays", "checkpoints"].contains(from.string), try await !store.hasEntries(below: from.string) else {
            return
        }
        if try await store.isEntry(from.string) {
            throw ReplayCacheError(
                .usage,
                "\(DisplayText.quoted(from.string)) is a file, not a folder of the repository",
                hint: folder(of: from).map { "`--from \($0) --path '\(from)'` fetches it alone" },
                subject: from.string
            )
        }
        throw ReplayCacheError(
            .usage,
            "nothing is or was below \(DisplayText.quoted(from.string)) at \(place)",
            hint: try await hint(),
            subject: from.string
        )
    }

    private func folder(of path: LogicalPath) -> String? {
        let folder = path.components.dropLast().joined(separator: "/")
        return folder.isEmpty ? nil : folder
    }

    /// Names that are there beside the first one that is not.
    private func hint() async throws -> String {
        var known = ""
        for component in from.components {
            let next = known.isEmpty ? String(component) : "\(known)/\(component)"
            if try await store.hasEntries(below: next) {
                known = next
                continue
            }
            let folders = try await store.folders(below: known)
            let index = NameIndex(
                folders.map { (id: $0, name: $0, aliases: [String($0.split(separator: "/").last ?? "")]) }
            )
            let near = index.suggestions(for: String(component))
            if !near.isEmpty { return "did you mean \(near.joined(separator: ", "))?" }
            break
        }
        return "`replaycache ls \(place)` lists what is there"
    }
}

extension PlaceStore {
    /// Folders looked at to find one of a similar name.
    private static let folderLimit = 1000

    /// Whether a path below `path` holds something or did.
    func hasEntries(below path: String) throws -> Bool {
        let sql = "SELECT 1 FROM main.entry WHERE path > ? AND path < ? LIMIT 1"
        return try database.first(sql, [.text(path + "/"), .text(path + "0")]) { _ in true } ?? false
    }

    /// Whether `path` itself holds something.
    func isEntry(_ path: String) throws -> Bool {
        let sql = "SELECT 1 FROM main.entry WHERE path = ? AND content IS NOT NULL"
        return try database.first(sql, [.text(path)]) { _ in true } ?? false
    }

    /// The folders that are directly below `path`, with their whole paths; the empty path is the top.
    ///
    /// One look-up each, however many entries they hold.
    func folders(below path: String) throws -> [String] {
        let prefix = path.isEmpty ? "" : path + "/"
        let sql = """
            SELECT substr(path, 1, length(?1) + instr(substr(path, length(?1) + 1), '/') - 1) FROM main.entry
            WHERE path >= ?2 AND (?1 = '' OR path < ?3) AND instr(substr(path, length(?1) + 1), '/') > 0
            ORDER BY path LIMIT 1
            """
        var folders: [String] = []
        var lower = prefix
        while folders.count < Self.folderLimit {
            let values: [SQLiteValue] = [.text(prefix), .text(lower), .text(path + "0")]
            guard let folder = try database.first(sql, values, { $0.text(0) }) else { break }
            folders.append(folder)
            lower = folder + "0"
        }
        return folders
    }
}
