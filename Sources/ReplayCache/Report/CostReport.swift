/// What a repository costs, from what is known of it here (`cost`).
///
/// Sizes are in bytes, money is in US dollars.
public struct CostReport: Sendable, Encodable, Equatable {
    /// The place.
    public var place: String
    /// Objects that the repository names; its log is not among them.
    public var objects = 0
    /// Their stored size.
    public var bytesStored: Int64 = 0
    /// What they hold, before encoding.
    public var bytesRaw: Int64 = 0
    /// Files that there are at present.
    public var files = 0
    /// What storing costs a month; nil where no price is known.
    public var dollarsPerMonth: Double?
    /// What it takes to fetch everything that there is at present once, into an empty folder.
    public var fetch = TransferPlan()
    /// Where the prices come from; nil where none is known.
    public var prices: PriceSource?
}
