/// Files of one content: stored once, published under each path.
struct PushUnit: Sendable {
    let items: [PushItem]
    /// Names that the content had before.
    var retired: [PushItem] = []

    var digest: Digest { items[0].digest }
    var size: Int64 { items[0].size }
}

/// The rows of a push plan in units of one content: first what may be published while the scan goes on, then the rest.
struct PushUnits {
    /// Rows of the plan read at once.
    private static let pageCount = 512
    /// Paths in a unit: a content that a whole folder shares is taken in pieces, each a commit (``Committer``).
    private static let maximumCount = 5000

    private let store: PlaceStore
    private let root: LocalRoot
    private let feed: PlanFeed
    private var rows: PlanRows<PushItem>
    private var isLate = false
    /// The rows whose contents' earlier names were looked up.
    private var lookedUp: Int64 = 0
    /// Earlier names that are gone, by content, until a unit takes them.
    private var retired: [Int64: [PushItem]] = [:]

    init(store: PlaceStore, root: LocalRoot, feed: PlanFeed) {
        self.store = store
        self.root = root
        self.feed = feed
        rows = PlanRows { try await store.pushItems(.early, after: $0, limit: Self.pageCount) }
    }

    mutating func next() async throws -> PushUnit? {
        while true {
            if let items = try await rows.nextUnit(maximum: Self.maximumCount) {
                var unit = PushUnit(items: items)
                if isLate { unit.retired = try await namesBefore(items) }
                return unit
            }
            if isLate { return nil }
            if let last = try await feed.more() {
                rows.resume(after: last)
            } else {
                isLate = true
                rows = PlanRows { [store] in try await store.pushItems(.late, after: $0, limit: Self.pageCount) }
            }
        }
    }

    /// The names that the content of `items` had before: of as many rows at once as a page has.
    private mutating func namesBefore(_ items: [PushItem]) async throws -> [PushItem] {
        if let first = items.first?.id, let last = items.last?.id, last > lookedUp {
            lookedUp = last + Int64(Self.pageCount)
            let found = try await root.vanished(try await store.takeRetirements(for: first...lookedUp))
            for item in found { retired[item.content, default: []].append(item) }
        }
        return retired.removeValue(forKey: items[0].content) ?? []
    }
}
