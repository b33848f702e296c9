/// Hands out what a fetch is to place, in the order of the plan, as long as the disk has room for it.
struct FetchRoom {
    let disk: DiskSpace
    let repository: Repository
    /// Large contents that a run before has begun: their files have all their room already.
    let begun: Set<Digest>
    /// Whether the paths of one content are to be names of one file.
    let links: Bool
    private var left = PlanTotal()
    private var doubts = 0

    /// Recipes that are read to find out whether a size is true.
    private static let maximumDoubts = 64

    init(disk: DiskSpace, repository: Repository, begun: Set<Digest>, links: Bool) {
        self.disk = disk
        self.repository = repository
        self.begun = begun
        self.links = links
    }

    /// Paths of one content, and the bytes that are claimed for them on the disk.
    struct Unit: Sendable {
        let items: [FetchItem]
        let claimed: Int64
    }

    /// The next unit that there is room for.
    mutating func next(from units: inout FetchUnits) async throws -> Unit? {
        while let items = try await units.next() {
            try Task.checkCancellation()
            let bytes = byteCount(of: items)
            if try await disk.claim(bytes) { return Unit(items: items, claimed: bytes) }
            // Nothing is reserved for it before its recipe is read, which will tell what is wrong.
            if let first = items.first, try await isUnfounded(first) { return Unit(items: items, claimed: 0) }
            left.files += items.count
            left.bytes += items.reduce(0) { $0 + $1.size }
        }
        return nil
    }

    private func byteCount(of items: [FetchItem]) -> Int64 {
        let names = links ? 1 : items.count
        let begun = items.first.map { self.begun.contains($0.digest) } ?? false
        return (items.first?.size ?? 0) * Int64(begun ? names - 1 : names)
    }

    /// Whether a large size is a mere claim, which no recipe bears out: that is damage and no lack of space.
    private mutating func isUnfounded(_ item: FetchItem) async throws -> Bool {
        guard item.size > Recipe.threshold else { return false }
        guard let object = try await repository.store.object(of: item.digest), object.size == item.size else {
            return true
        }
        guard object.key.form == .recipe, doubts < Self.maximumDoubts else { return false }
        doubts += 1
        do {
            _ = try await ObjectReader(repository: repository, progress: Progress()).recipe(of: object)
            return false
        } catch let error as ReplayCacheError where error.code == .integrity {
            return true
        }
    }

    /// Tells what was left.
    func conclude(_ summary: inout SyncSummary) async throws {
        guard left.files > 0 else { return }
        let available = try await disk.available() ?? 0
        summary.left = SpaceShortage(
            reason: .disk,
            files: left.files + (summary.left?.files ?? 0),
            bytes: left.bytes + (summary.left?.bytes ?? 0),
            bytesMissing: max(1, left.bytes - available)
        )
    }
}
