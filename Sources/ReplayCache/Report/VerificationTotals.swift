/// What a look at the objects of a place found.
public struct VerificationTotals: Sendable, Equatable, Encodable {
    /// Objects that are needed: whole contents, recipes and parts.
    public var objects = 0
    /// Objects that were read and compared with their digest.
    public var objectsRead = 0
    /// Objects that could not be read, for no fault of their own that is known.
    public var unreadable = 0
    /// Needed objects that are not there.
    public var missing = 0
    /// Needed objects whose bytes are wrong.
    public var damaged = 0
    /// Contents that were stored again.
    public var healed = 0
    /// Contents that are missing or damaged in part or whole, and were not stored again.
    public var contentsLost = 0
    /// Objects that nothing refers to; `gc` removes them in time.
    public var unreferenced = 0
    /// Their stored bytes.
    public var bytesUnreferenced: Int64 = 0
}
