/// The name of something at a remote, relative to the repository's prefix.
///
/// Only the characters that every store and every file system takes: letters, digits, `.`, `_`, `-` and `/`. No empty, `.`
/// or `..` component (`s3-compat.md` section 3).
package struct RemoteKey: Sendable, Hashable, Comparable, CustomStringConvertible {
    package let string: String

    /// Nil when `string` is not such a name.
    package init?(_ string: String) {
        let isAllowed = string.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"),
                UInt8(ascii: "/"):
                true
            default: false
            }
        }
        guard isAllowed, string.utf8.count <= 512, (try? LogicalPath(string)) != nil else { return nil }
        self.string = string
    }

    package static func < (left: RemoteKey, right: RemoteKey) -> Bool {
        left.string.utf8.lexicographicallyPrecedes(right.string.utf8)
    }

    package var description: String { string }

    /// The same name as a path below a directory.
    func asPath() throws(LogicalPathError) -> LogicalPath { try LogicalPath(string) }
}
