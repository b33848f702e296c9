/// The local files whose entries were deleted: what `fetch --delete` removes.
///
/// The plan has found those that root and place agreed on and that are unchanged since (``FetchAction/remove``); each is
/// looked at once more as it goes.
struct LocalDeletion {
    let context: SyncContext
    let root: LocalRoot
    let store: PlaceStore
    let from: LogicalPath
    let options: DeletionOptions
    let isDryRun: Bool

    /// Files removed in one go.
    private static let pageCount = 512

    /// How many files root and place agreed on before this fetch placed any; nil when nothing is to be removed.
    func basis() async throws -> Int? {
        if !isDryRun { try await context.catalog.noteUse(of: root.id, place: store.record.id, path: from) }
        return options.isAsked ? try await store.agreedFileCount(root: root.id, below: from) : nil
    }

    /// To be called when everything else is in place.
    func run(since basis: Int?, _ summary: inout SyncSummary) async throws {
        guard let agreed = basis else { return }
        guard agreed > 0 else {
            guard summary.filesSeen > 0 else { return }
            let message =
                "nothing is known here of what \(root.path) and the remote agreed on: this is the first fetch into it, or "
                + "the catalog was lost; nothing is removed"
            return context.report(.warning(message))
        }
        let count = try await store.fetchTotals()[.remove]?.files ?? 0
        guard count > 0 else { return }
        let refusal = options.guarding.refusal(of: count, outOf: agreed, "files", "that came from the remote")
        if let refusal {
            summary.removalsRefused = refusal
            summary.deletedElsewhere += count
            guard summary.dryRun else { return }
        }
        if summary.dryRun {
            if refusal == nil { summary.filesDeleted = count }
            return try await eachPage { page in
                for item in page { context.report(.wouldRemove(path: item.localPath)) }
            }
        }
        var counts = summary
        try await eachPage { try await remove($0, &counts) }
        summary = counts
    }

    private func eachPage(_ body: ([FetchItem]) async throws -> Void) async throws {
        var last: Int64 = 0
        while true {
            try Task.checkCancellation()
            let page = try await store.fetchItems([.remove], after: last, limit: Self.pageCount)
            guard let end = page.last else { return }
            last = end.id
            try await body(page)
        }
    }

    private enum Fate: Sendable {
        case removed
        case changed
        case failed(String)
    }

    private func remove(_ items: [FetchItem], _ summary: inout SyncSummary) async throws {
        let fates = try await BlockingPool.shared.run { [root] in items.map { Self.remove($0, below: root.directory) } }
        var removed: [FetchItem] = []
        for (item, fate) in zip(items, fates) {
            switch fate {
            case .removed:
                removed.append(item)
                context.report(.removed(path: item.localPath))
            case .changed:
                summary.filesDeferred += 1
                context.report(.deferred(path: item.localPath, reason: "changed while it was about to be removed"))
            case .failed(let reason):
                summary.filesFailed += 1
                context.report(.failed(path: item.localPath, reason: reason))
            }
        }
        summary.filesDeleted += removed.count
        try await context.catalog.forget(removed.map(\.localPath), root: root.id)
        try await context.catalog.agree(root: root.id, place: store.record.id, on: [], forget: removed.map(\.path))
    }

    /// Blocks.
    ///
    /// Nothing is reached through a link. Folders go that hold nothing once the file is gone, the root itself never.
    private static func remove(_ item: FetchItem, below root: OpenFile) -> Fate {
        do {
            let path = try LogicalPath(item.localPath)
            var folders = [root]
            for component in path.components.dropLast() {
                folders.append(try folders[folders.count - 1].directory(String(component)))
            }
            let name = String(path.name)
            guard let known = item.known, try folders[folders.count - 1].status(of: name).isUnchanged(since: known)
            else {
                return .changed
            }
            try folders[folders.count - 1].remove(name)
            for (index, component) in path.components.dropLast().enumerated().reversed() {
                // A folder that cannot be removed, as a mount point, is no failure of the file.
                guard (try? folders[index].removeEmptyDirectory(String(component))) == true else { break }
            }
            return .removed
        } catch let error as FileError where error.isNotFound {
            return .changed
        } catch let error as FileError {
            return .failed("\(error.errno)")
        } catch {
            return .failed("\(error)")
        }
    }
}

extension PlaceStore {
    /// Files of a root that it and this place agreed on, below a path, whether the entry stands or not.
    func agreedFileCount(root: RootID, below path: LogicalPath) throws -> Int {
        let count = try database.first(
            """
            SELECT count(*) FROM catalog.agreed a
            JOIN catalog.file_path p ON p.root = a.root AND p.path = substr(a.path, length(?3) + 1)
            WHERE a.root = ?1 AND a.place = ?2 AND a.path > ?3 AND a.path < ?4
            """,
            [
                .integer(root.rawValue), .integer(record.id), .text(path.string + "/"), .text(path.string + "0"),
            ]
        ) { $0.int(0) }
        return count ?? 0
    }
}
