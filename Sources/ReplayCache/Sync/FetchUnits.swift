/// The rows of a fetch plan in units of one content, small enough that the files of all units in hand can be open at once.
///
/// A content is downloaded for its first few paths, in the first round. The other paths come in a second round, when the
/// first are placed, and are copied from those.
struct FetchUnits {
    /// Paths in a unit.
    static let maximumCount = 4

    private var rows: PlanRows<FetchItem>
    private let isSecondRound: Bool
    private var last: Digest?
    /// Whether the first round has left paths to the second.
    private(set) var leavesMore = false

    init(_ rows: PlanRows<FetchItem>, isSecondRound: Bool = false) {
        self.rows = rows
        self.isSecondRound = isSecondRound
    }

    mutating func next() async throws -> [FetchItem]? {
        while let unit = try await rows.nextUnit(maximum: Self.maximumCount) {
            let digest = unit[0].digest
            let isFirst = last != digest
            last = digest
            if !isSecondRound {
                if try await rows.skip(digest) { leavesMore = true }
                return unit
            }
            if !isFirst { return unit }
        }
        return nil
    }
}
