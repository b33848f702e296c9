/// The entries of files that left a folder: counted by every push, removed by `push --delete`.
///
/// An entry goes only if this root and the place agreed on it, the file is really gone, and the entry is still what was
/// agreed on. So nobody removes what somebody else has published, and nothing is removed after a lost catalog.
struct Deletion {
    let context: SyncContext
    let root: LocalRoot
    let store: PlaceStore
    let scope: PlaceStore.PushScope
    let options: DeletionOptions
    let isDryRun: Bool

    /// Rows looked at in one go.
    private static let pageCount = 512

    /// What stood before the push published anything.
    struct Basis: Sendable {
        /// Entries that the root and the place agreed on.
        let agreed: Int
        /// Whether there are entries, and nothing is known of what the root had to do with them.
        let isStranger: Bool
    }

    /// To be asked before anything is published; nil when nothing is to be removed.
    func basis() async throws -> Basis? {
        if !isDryRun { try await context.catalog.noteUse(of: root.id, place: store.record.id, path: scope.into) }
        guard options.isAsked else { return nil }
        let isStranger =
            try await store.agreementCount(root: root.id, below: scope.into) == 0
            ? try await store.holdsAnything(below: scope.into) : false
        return Basis(
            agreed: try await store.agreedCount(root: root.id, below: scope.into),
            isStranger: isStranger
        )
    }

    /// Counts what is gone and, if that is asked, removes the entries.
    ///
    /// To be called once what was published is committed. Without a repository, as in a dry run, it is only told.
    func run(since basis: Basis?, _ repository: Repository?, _ summary: inout SyncSummary) async throws {
        if let basis, basis.isStranger {
            let message =
                "nothing is known here of what \(root.path) held at the remote: this is the first push from it, or the "
                + "catalog was lost; nothing is removed"
            return context.report(.warning(message))
        }
        guard try await mayBeGone(summary) else { return }
        var gone = 0
        var changed = 0
        try await eachGone(excludingMoves: summary.dryRun) { item in
            if item.isUnchangedThere { gone += 1 } else { changed += 1 }
            if !item.isUnchangedThere, basis != nil { context.report(.behind(path: item.path)) }
        }
        guard let basis else {
            summary.filesGone = gone + changed
            return
        }
        summary.behind += changed
        guard gone > 0 else { return }
        if let refusal = refusal(of: gone, basis, summary) {
            summary.filesGone = gone
            summary.removalsRefused = refusal
            if summary.dryRun { try await name() }
            return
        }
        guard !summary.dryRun, let repository else {
            summary.entriesDeleted = gone
            return try await name()
        }
        try await remove(repository, atMost: gone, &summary)
    }

    /// Whether the catalog may know agreements without a file.
    ///
    /// A push that finds everything in step must not look up each of a million paths: as many agreements as files that
    /// are in step or were published leave none for files that are gone.
    private func mayBeGone(_ summary: SyncSummary) async throws -> Bool {
        if summary.dryRun { return true }
        let agreements = try await store.agreementCount(root: root.id, below: scope.into)
        return agreements > summary.filesInStep + summary.entriesAdded
    }

    private func refusal(of count: Int, _ basis: Basis, _ summary: SyncSummary) -> RefusedRemovals? {
        guard summary.filesSeen > 0, summary.foldersFailed == 0 else {
            let what =
                summary.filesSeen == 0
                ? "\(root.path) holds no files" : "some folders in \(root.path) could not be read"
            return RefusedRemovals(
                count: count,
                reason:
                    "\(what), so nothing shows that \(Decimals.grouped(count)) files were meant to go; none of their "
                    + "entries was removed",
                hint: summary.filesSeen == 0
                    ? "check that the disk is mounted; to remove entries whatever is here, use `replaycache rm`"
                    : "make the folders readable, or use `replaycache rm`"
            )
        }
        return options.guarding.refusal(of: count, outOf: basis.agreed, "entries", "that \(root.path) held")
    }

    private func name() async throws {
        try await eachGone(excludingMoves: true) { item in
            if item.isUnchangedThere { context.report(.wouldRemove(path: item.path)) }
        }
    }

    private func eachGone(excludingMoves: Bool, _ body: (GoneItem) async throws -> Void) async throws {
        let rules = try IgnoreRules(root: root.directory, excluded: root.relativePath(of: context.catalog.home))
        let uses = try await context.catalog.uses(of: root.id, place: store.record.id)
        var last = ""
        while true {
            try Task.checkCancellation()
            let page = try await store.interruptible {
                try await store.gone(scope, after: last, limit: Self.pageCount, excludingMoves: excludingMoves)
            }
            guard let end = page.last else { return }
            last = end.path
            for item in try await vanished(page, rules, uses) { try await body(item) }
        }
    }

    /// Those that left the folder, as opposed to files that are there and passed over now, or would be, and to files that
    /// stand for the entry when the folder is pushed to another path.
    private func vanished(_ items: [GoneItem], _ rules: IgnoreRules, _ uses: [String]) async throws -> [GoneItem] {
        try await BlockingPool.shared.run { [directory = root.directory] in
            items.filter { item in
                let others = uses.filter { item.path.hasPrefix("\($0)/") }.map { item.path.dropFirst($0.count + 1) }
                return ([item.localPath[...]] + others).allSatisfy { local in
                    guard let path = try? LogicalPath(String(local)), !rules.ignores(anyOf: path) else { return false }
                    return directory.isVacant(path)
                }
            }
        }
    }

    private func remove(_ repository: Repository, atMost maximum: Int, _ summary: inout SyncSummary) async throws {
        var batch = CommitBatch(repository: repository)
        var removed: [String] = []
        var count = 0
        let before = try await store.newestHLC()
        func commit() async throws {
            try await batch.commit()
            try await context.catalog.agree(root: root.id, place: store.record.id, on: [], forget: removed)
            for path in removed { context.report(.removed(path: path)) }
            count += removed.count
            removed.removeAll(keepingCapacity: true)
        }
        try await eachGone(excludingMoves: false) { item in
            // What goes away meanwhile was not counted against the guard.
            guard item.isUnchangedThere, count + removed.count < maximum else { return }
            batch.add([.del(.init(path: item.path, was: item.digest))])
            removed.append(item.path)
            if batch.isDue { try await commit() }
        }
        try await commit()
        summary.entriesDeleted += count
        summary.undo = Undo.command(below: scope.into, after: before, at: repository.place)
    }
}

/// How `--delete` is to go.
public struct DeletionOptions: Sendable, Equatable {
    /// Whether anything is to be removed at all.
    public var isAsked = false
    /// The most that may be removed; nil for a tenth of what was agreed on.
    public var maximum: Int?

    /// Removes nothing.
    public init() {}

    /// Removes at most `maximum`, by default a tenth.
    public init(maximum: Int?) {
        isAsked = true
        self.maximum = maximum
    }

    var guarding: DeletionGuard { DeletionGuard(maximum: maximum) }
}

/// A path that a root and a place agreed on and that the catalog no longer knows in the root.
struct GoneItem: Sendable {
    /// In the repository.
    let path: String
    /// Below the root.
    let localPath: String
    /// What was agreed on.
    let digest: Digest
    /// Whether the entry still holds it.
    let isUnchangedThere: Bool
}

/// How to take back what was removed.
enum Undo {
    /// The command that restores what is deleted below `path` after `last`, the newest commit until then.
    static func command(below path: LogicalPath, after last: HLC?, at place: Place) -> String {
        let since = Timestamp(milliseconds: (last?.milliseconds ?? 0) &+ 1).rfc3339
        let quote = { (text: String) in
            text.utf8.allSatisfy { byte in
                (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
                    || "/._-:+@".utf8.contains(byte)
            } ? text : "'\(text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''"))'"
        }
        return "replaycache restore -r \(quote(path.string)) \(quote("\(place)")) --deleted-since \(since)"
    }
}

extension IgnoreRules {
    /// Whether a walk would pass over a path, or over a folder on the way to it.
    func ignores(anyOf path: LogicalPath) -> Bool {
        var prefix = ""
        for component in path.components {
            prefix += prefix.isEmpty ? component : "/\(component)"
            if ignores(name: String(component), path: prefix) { return true }
        }
        return false
    }
}

extension PlaceStore {
    /// What a root and this place agreed on below a path, whether the entries stand or not.
    func agreementCount(root: RootID, below path: LogicalPath) throws -> Int {
        let count = try database.first(
            "SELECT count(*) FROM catalog.agreed WHERE root = ? AND place = ? AND path > ? AND path < ?",
            [
                .integer(root.rawValue), .integer(record.id), .text(path.string + "/"), .text(path.string + "0"),
            ]
        ) { $0.int(0) }
        return count ?? 0
    }

    /// Whether an entry below a path holds something.
    func holdsAnything(below path: LogicalPath) throws -> Bool {
        let sql = "SELECT 1 FROM main.entry WHERE path > ? AND path < ? AND content IS NOT NULL LIMIT 1"
        return try database.first(sql, [.text(path.string + "/"), .text(path.string + "0")]) { _ in true } ?? false
    }

    /// Entries that a root and this place agree on, below a path.
    func agreedCount(root: RootID, below path: LogicalPath) throws -> Int {
        let count = try database.first(
            """
            SELECT count(*) FROM catalog.agreed a JOIN main.entry e ON e.path = a.path AND e.content IS NOT NULL
            WHERE a.root = ? AND a.place = ? AND a.path > ? AND a.path < ?
            """,
            [
                .integer(root.rawValue), .integer(record.id), .text(path.string + "/"), .text(path.string + "0"),
            ]
        ) { $0.int(0) }
        return count ?? 0
    }

    /// Entries whose file the catalog no longer knows in the root, after a path, at most `limit`.
    ///
    /// With `excludingMoves`, without those that the push plan takes for moved (``planRetirements(_:)``): their entries go
    /// as it is carried out.
    func gone(_ scope: PushScope, after path: String, limit: Int, excludingMoves: Bool) throws -> [GoneItem] {
        let filter = Self.filter(scope, path: "substr(a.path, length(?3) + 1)")
        let moved = """
            AND NOT EXISTS (SELECT 1 FROM temp.push_plan r
                WHERE r.action = \(PushAction.retire.rawValue) AND r.content = a.content AND r.path = a.path)
            """
        let lower = scope.into.string + "/"
        return try database.all(
            """
            SELECT a.path, substr(a.path, length(?3) + 1), ac.digest, ec.digest = ac.digest
            FROM catalog.agreed a
            JOIN catalog.content ac ON ac.id = a.content
            JOIN main.entry e ON e.path = a.path
            JOIN main.content ec ON ec.id = e.content
            WHERE a.root = ?1 AND a.place = ?2 AND a.path > ?4 AND a.path < ?5
                AND NOT EXISTS (SELECT 1 FROM catalog.file_path p
                    WHERE p.root = ?1 AND p.path = substr(a.path, length(?3) + 1))
                \(excludingMoves ? moved : "") \(filter.sql)
            ORDER BY a.path LIMIT \(limit)
            """,
            [
                .integer(scope.root.rawValue), .integer(record.id), .text(lower), .text(path.isEmpty ? lower : path),
                .text(scope.into.string + "0"),
            ] + filter.values
        ) { row in
            guard let digest = row.digest(2) else {
                throw SQLiteError(code: 11, message: "a digest is damaged", sql: nil)
            }
            return GoneItem(path: row.text(0), localPath: row.text(1), digest: digest, isUnchangedThere: row.bool(3))
        }
    }
}
