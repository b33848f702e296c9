/// A version of the Slippi format.
public struct SlippiVersion: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The first of the three numbers.
    public var major: UInt8
    /// The second one; new fields come with it.
    public var minor: UInt8
    /// The third one; it changes nothing in the layout.
    public var revision: UInt8

    /// The version `major.minor.revision`.
    public init(_ major: UInt8, _ minor: UInt8, _ revision: UInt8 = 0) {
        self.major = major
        self.minor = minor
        self.revision = revision
    }

    /// The version as people write it.
    public var description: String { "\(major).\(minor).\(revision)" }

    /// Orders versions by age.
    public static func < (left: SlippiVersion, right: SlippiVersion) -> Bool {
        (left.major, left.minor, left.revision) < (right.major, right.minor, right.revision)
    }

    /// One version for each change of the format (slp-format.md §2 and §3).
    public static let steps: [SlippiVersion] = [
        .init(0, 1), .init(0, 2), .init(1, 0), .init(1, 2), .init(1, 3), .init(1, 4), .init(1, 5), .init(1, 6),
        .init(2, 0), .init(2, 1), .init(2, 2), .init(3, 0), .init(3, 2), .init(3, 3), .init(3, 5), .init(3, 6),
        .init(3, 7), .init(3, 8), .init(3, 9), .init(3, 10), .init(3, 11), .init(3, 12), .init(3, 13), .init(3, 14),
        .init(3, 15), .init(3, 16), .init(3, 17), .init(3, 18), .init(3, 19),
    ]
}
