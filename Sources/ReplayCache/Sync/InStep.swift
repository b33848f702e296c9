/// A proof that nothing is out of step between a folder and a place: looked for before a scan, made by a comparison that
/// finds nothing (``Catalog/filesInStep(_:)``).
struct InStep: Sendable {
    /// Files that are in step unless the scan finds a change; nil when everything is to be compared.
    let knownFiles: Int?

    private let catalog: Catalog
    private let key: Catalog.InStepKey
    private let token: Int64?

    /// Looks for a proof, and begins one if there is none.
    init(_ scope: PlaceStore.PushScope, _ store: PlaceStore, _ catalog: Catalog) async throws {
        // What a newer reader finds is news for the place.
        let arguments =
            [scope.into.string, scope.isForced ? "force" : "", "\(ReplayReader.version)"]
            + scope.includes + [""] + scope.excludes
        try await self.init("push", arguments, scope.root, store, catalog)
    }

    /// Looks for a proof, and begins one if there is none; nil for a selection, whose meaning may lie in more than its text.
    init?(_ scope: PlaceStore.FetchScope, _ store: PlaceStore, _ catalog: Catalog) async throws {
        guard scope.selection == Selection(), scope.shard == nil else { return nil }
        let arguments = [scope.from.string, scope.isForced ? "force" : "", scope.deletes ? "delete" : ""]
        try await self.init("fetch", arguments, scope.root, store, catalog)
    }

    private init(
        _ direction: String,
        _ arguments: [String],
        _ root: RootID,
        _ store: PlaceStore,
        _ catalog: Catalog
    ) async throws {
        self.catalog = catalog
        // The rules may change with the version; a length before each argument keeps them apart.
        let scope = ([Version.current, direction] + arguments).map { "\($0.utf8.count) \($0)" }.joined(separator: " ")
        key = .init(root: root, place: store.record.id, scope: scope, state: try await store.stateMark())
        knownFiles = try await catalog.filesInStep(key)
        token = knownFiles == nil ? try await catalog.beginProof(key) : nil
    }

    /// Remembers that a comparison of everything found all of `files` in step, and nothing else.
    func prove(files: Int) async throws {
        guard let token else { return }
        try await catalog.prove(key, token: token, files: files)
    }
}

extension PlaceStore {
    /// Identifies all that was merged: the state is a function of the segments in it, in any order.
    func stateMark() throws -> String {
        // Piece by piece: the segments of years may be a million.
        let hash = try SHA256Context()
        try hash.update(Array((try repositoryID() ?? "").utf8).span)
        try database.query("SELECT key FROM main.segment ORDER BY key") { (row: borrowing Row) throws in
            try hash.update(Array("\n\(row.text(0))".utf8).span)
        }
        return try hash.finish().hex
    }
}
