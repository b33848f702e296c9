/// The files of a root with a known content, in the order of their paths, read a page at a time.
struct KnownFiles {
    private let catalog: Catalog
    private let root: RootID
    private var page: ArraySlice<KnownFile> = []
    private var last = ""

    private static let pageCount = 512

    init(catalog: Catalog, root: RootID) {
        self.catalog = catalog
        self.root = root
    }

    mutating func next() async throws -> KnownFile? {
        if page.isEmpty {
            page = try await catalog.knownFiles(root: root, after: last, limit: Self.pageCount)[...]
            last = page.last?.path.string ?? last
        }
        return page.popFirst()
    }
}
