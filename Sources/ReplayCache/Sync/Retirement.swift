extension LocalRoot {
    /// Those of `items` that left this folder, as opposed to files that are there and not looked at any more.
    func vanished(_ items: [PushItem]) async throws -> [PushItem] {
        guard !items.isEmpty else { return [] }
        return try await BlockingPool.shared.run { [directory] in
            items.filter { item in (try? LogicalPath(item.localPath)).map(directory.isVacant) ?? false }
        }
    }
}
