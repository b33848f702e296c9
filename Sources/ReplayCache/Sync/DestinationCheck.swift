/// Looks at the destinations where a fetch would place a file: the catalog knows nothing of what a scan passes over, such
/// as links, folders and names that are ignored.
///
/// Costs one system call a file, and saves the download of what could not be placed.
struct DestinationCheck {
    let root: LocalRoot
    let store: PlaceStore
    let scope: PlaceStore.FetchScope

    /// Rows of the plan looked at in one go.
    private static let pageCount = 512

    /// Settles in the plan what is there already, and calls `tell` with each row that something stands in the way of.
    func run(_ tell: (FetchItem, String) -> Void) async throws {
        var last: Int64 = 0
        while true {
            let items = try await store.fetchItems([.place], after: last, limit: Self.pageCount)
            guard let end = items.last?.id else { return }
            last = end
            let found = try await BlockingPool.shared.run { [root] in items.compactMap { Self.look(at: $0, in: root) } }
            guard !found.isEmpty else { continue }
            let agreed = try await store.agreedContents(found.map(\.item), scope)
            for occupied in found { try await settle(occupied, isAgreed: agreed.contains(occupied.item.id), tell) }
        }
    }

    /// A destination that is not free.
    private struct Occupied: Sendable {
        let item: FetchItem
        let path: LogicalPath
        let kind: FileStatus.Kind
        /// Where a link leads to, else the thing itself; nil for a link to nowhere.
        let target: FileStatus?

        /// Whether it is, or leads to, a file that may have the content of the entry.
        var isLikeTheEntry: Bool { target?.kind == .regular && target?.size == item.size }
    }

    /// Blocks.
    ///
    /// Nil when the destination is free, or cannot be looked at: then the attempt to write there tells why.
    private static func look(at item: FetchItem, in root: LocalRoot) -> Occupied? {
        // The path comes from a remote, and the ones that are no paths are refused later. Links to folders are followed
        // here, since nothing is written.
        guard let path = try? LogicalPath(item.localPath),
            let status = try? root.directory.status(of: path.string)
        else { return nil }
        let isLink = status.kind == .symbolicLink
        let target = isLink ? try? root.directory.status(of: path.string, followingLinks: true) : status
        return Occupied(item: item, path: path, kind: status.kind, target: target)
    }

    private func settle(_ found: Occupied, isAgreed: Bool, _ tell: (FetchItem, String) -> Void) async throws {
        if isAgreed && found.isLikeTheEntry {
            // It was fetched or pushed from here, and is ignored since, or a link of `push --follow`.
            try await store.setAction(nil, of: found.item.id)
        } else if isAgreed && found.kind == .regular {
            try await store.setAction(.changedLocally, of: found.item.id)
        } else if try await holdsTheContent(found) {
            try await store.setAction(.adopt, of: found.item.id)
        } else {
            try await store.setAction(.obstructed, of: found.item.id)
            tell(found.item, Self.reason(found.kind))
        }
    }

    private func holdsTheContent(_ found: Occupied) async throws -> Bool {
        guard found.kind == .regular, found.isLikeTheEntry else { return false }
        return try await BlockingPool.shared.run { [root] in
            // One that cannot be read is taken for another.
            guard let directory = try? root.directory.parent(of: found.path, creating: false),
                let file = try? directory.reading(String(found.path.name))
            else { return false }
            return try Digest.of(file).digest == found.item.digest
        }
    }

    private static func reason(_ kind: FileStatus.Kind) -> String {
        let thing =
            switch kind {
            case .regular: "a file that the scan passed over"
            case .directory: "a folder"
            case .symbolicLink: "a symbolic link"
            case .other: "something that is no file"
            }
        return "\(thing) is in the way; it was left alone"
    }
}

extension PlaceStore {
    /// Those of `items`, by id, whose content the root and the place have agreed on at that path.
    func agreedContents(_ items: [FetchItem], _ scope: FetchScope) throws -> Set<Int64> {
        let sql = """
            SELECT 1 FROM catalog.agreed a JOIN catalog.content c ON c.id = a.content
            WHERE a.root = ? AND a.place = ? AND a.path = ? AND c.digest = ?
            """
        return Set(
            try items.filter { item in
                let key: [SQLiteValue] = [
                    .integer(scope.root.rawValue), .integer(record.id), .text(item.path), .blob(item.digest.bytes),
                ]
                return try database.first(sql, key) { _ in true } != nil
            }.map(\.id)
        )
    }

    /// Changes what is to be done with a row of the fetch plan; nil when nothing is.
    func setAction(_ action: FetchAction?, of id: Int64) throws {
        if let action {
            try database.run(
                "UPDATE temp.fetch_plan SET action = ? WHERE id = ?",
                .integer(Int64(action.rawValue)),
                .integer(id)
            )
        } else {
            try database.run("DELETE FROM temp.fetch_plan WHERE id = ?", .integer(id))
        }
    }
}
