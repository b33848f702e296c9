/// A row of a plan table.
protocol PlanItem: Sendable {
    /// Row id; rows are read in its order.
    var id: Int64 { get }
    var digest: Digest { get }
    /// In the repository.
    var path: String { get }
    var size: Int64 { get }
}

/// The rows of a plan, read a page at a time.
struct PlanRows<Item: PlanItem> {
    private let read: (Int64) async throws -> [Item]
    private var page: ArraySlice<Item> = []
    private var last: Int64 = 0
    private var isAtEnd = false

    /// `read` returns the rows after an id, and none at the end.
    init(after id: Int64 = 0, _ read: @escaping (Int64) async throws -> [Item]) {
        self.read = read
        last = id
    }

    /// Looks for rows again that came behind the end, after a row where there are none before.
    mutating func resume(after id: Int64) {
        last = max(last, id)
        isAtEnd = false
    }

    /// The next row.
    mutating func next() async throws -> Item? {
        guard let item = try await peek() else { return nil }
        page.removeFirst()
        return item
    }

    /// The next rows that have one content in common, at most `maximum`; plans keep such rows together.
    mutating func nextUnit(maximum: Int = .max) async throws -> [Item]? {
        guard let first = try await next() else { return nil }
        var unit = [first]
        while unit.count < maximum, let item = try await peek(), item.digest == first.digest {
            unit.append(item)
            page.removeFirst()
        }
        return unit
    }

    /// The next rows, at most `maximum`.
    mutating func nextBatch(maximum: Int) async throws -> [Item]? {
        var batch: [Item] = []
        while batch.count < maximum, let item = try await next() { batch.append(item) }
        return batch.isEmpty ? nil : batch
    }

    /// Passes over the next rows that have this content; true when there were any.
    mutating func skip(_ digest: Digest) async throws -> Bool {
        var isAny = false
        while let item = try await peek(), item.digest == digest {
            isAny = true
            page.removeFirst()
        }
        return isAny
    }

    private mutating func peek() async throws -> Item? {
        if page.isEmpty && !isAtEnd {
            page = try await read(last)[...]
            isAtEnd = page.isEmpty
            last = page.last?.id ?? last
        }
        return page.first
    }
}

extension SyncContext {
    /// Remembers that both sides hold the same at the paths of `rows`.
    func agree(on rows: PlanRows<some PlanItem>, root: RootID, place: Int64) async throws {
        var rows = rows
        var agreed: [Agreement] = []
        while let item = try await rows.next() {
            agreed.append(Agreement(path: item.path, digest: item.digest, size: item.size))
            guard agreed.count >= 512 else { continue }
            try await catalog.agree(root: root, place: place, on: agreed)
            agreed.removeAll(keepingCapacity: true)
        }
        try await catalog.agree(root: root, place: place, on: agreed)
    }
}
