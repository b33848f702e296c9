/// One of N disjoint, even shares of all contents: N pods that fetch one share each together fetch everything once.
///
/// Decided by the digest of the content alone, so that a content stays in its share however many others come, and all
/// paths that hold it are in the same one.
public struct Shard: Sendable, Equatable {
    /// Which share, from 1.
    public let index: Int
    /// How many there are.
    public let count: Int

    /// More shares than this are a slip of the fingers.
    public static let maximumCount = 10_000

    /// Share `index` of `count`.
    ///
    /// - Throws: ``ReplayCacheError`` with code `usage` unless `1 <= index <= count <= 10,000`.
    public init(_ index: Int, of count: Int) throws {
        guard (1...Self.maximumCount).contains(count), (1...count).contains(index) else {
            throw Self.refusal("\(index)/\(count)")
        }
        self.index = index
        self.count = count
    }

    /// Reads `I/N`.
    public init(_ text: String) throws {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty && $0.allSatisfy { $0.isASCII && $0.isNumber } }),
            let index = Int(parts[0]), let count = Int(parts[1])
        else { throw Self.refusal(text) }
        try self.init(index, of: count)
    }

    private static func refusal(_ text: String) -> ReplayCacheError {
        ReplayCacheError(
            .usage,
            "\(DisplayText.quoted(text)) is no share: I/N takes numbers with 1 <= I <= N <= \(maximumCount)",
            hint: "the first of four pods takes 1/4, the last 4/4",
            subject: text
        )
    }

    /// Whether a content is in this share.
    public func contains(_ digest: Digest) -> Bool {
        Self.index(ofLeading: digest.leadingWord, count: UInt64(count)) == UInt64(index - 1)
    }

    /// The share of a digest whose first eight bytes are, as a big-endian number, `word`; from 0.
    ///
    /// A digest is as good as random, and the remainder of a random 64-bit number is even to one in 10^15.
    static func index(ofLeading word: UInt64, count: UInt64) -> UInt64 { word % count }
}
