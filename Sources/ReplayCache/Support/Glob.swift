/// Shell patterns over paths: `*` (also across `/`), `?`, `[ab]`, `[a-c]`, `[!ab]`, and `\` before a character that means
/// itself.
///
/// The one pattern language: of ignore files, of options, and, as `path_matches`, of SQL. Not fnmatch(3), which takes `?`
/// for a byte or a character by the locale of the process (and in glibc 2.36 for either), and not SQLite's GLOB, which knows
/// no `[!ab]`. Paths are compared as they are, without regard to canonical equivalence.
package enum Glob {
    /// Whether `pattern` matches the whole of `path` or the whole of what follows one of its slashes, so that `*.slp` and
    /// `Game_*` work at any depth.
    package static func matches(_ pattern: String, path: String) -> Bool {
        matches(pattern.utf8Span.span, path: path.utf8Span.span)
    }

    /// The same for UTF-8.
    static func matches(_ pattern: Span<UInt8>, path: Span<UInt8>) -> Bool {
        if matchesAll(of: path, from: 0, pattern) { return true }
        for index in path.indices where path[index] == UInt8(ascii: "/") {
            if matchesAll(of: path, from: index + 1, pattern) { return true }
        }
        return false
    }

    /// A place in the pattern and one in the path.
    private struct Position {
        var pattern = 0
        var path: Int
    }

    /// Tries each length for the last `*` met, which is enough: an earlier one cannot do better by taking more.
    private static func matchesAll(of path: Span<UInt8>, from start: Int, _ pattern: Span<UInt8>) -> Bool {
        var here = Position(path: start)
        var retry: Position?
        while here.path < path.count {
            if here.pattern < pattern.count && pattern[here.pattern] == UInt8(ascii: "*") {
                here.pattern += 1
                retry = here
            } else if let next = step(here, pattern, path) {
                here = next
            } else if let last = retry {
                here = Position(pattern: last.pattern, path: last.path + Scalar(path, at: last.path).byteCount)
                retry = here
            } else {
                return false
            }
        }
        while here.pattern < pattern.count && pattern[here.pattern] == UInt8(ascii: "*") { here.pattern += 1 }
        return here.pattern == pattern.count
    }

    /// Matches one character, or one byte of one that stands for itself; nil when it does not match.
    private static func step(_ here: Position, _ pattern: Span<UInt8>, _ path: Span<UInt8>) -> Position? {
        guard here.pattern < pattern.count else { return nil }
        var literal = here.pattern
        switch pattern[here.pattern] {
        case UInt8(ascii: "?"):
            return Position(pattern: here.pattern + 1, path: here.path + Scalar(path, at: here.path).byteCount)
        case UInt8(ascii: "["):
            if let set = CharacterSet(pattern, at: here.pattern + 1) {
                let scalar = Scalar(path, at: here.path)
                guard set.contains(scalar.value, in: pattern) else { return nil }
                return Position(pattern: set.end, path: here.path + scalar.byteCount)
            }
        case UInt8(ascii: "\\"):
            if literal + 1 < pattern.count { literal += 1 }
        default:
            break
        }
        guard pattern[literal] == path[here.path] else { return nil }
        return Position(pattern: literal + 1, path: here.path + 1)
    }

    /// A character; of bytes that are not UTF-8, the first.
    private struct Scalar {
        var value: UInt32
        var byteCount = 1

        init(_ text: Span<UInt8>, at index: Int) {
            value = UInt32(text[index])
            let count = (~text[index]).leadingZeroBitCount
            guard (2...4).contains(count), index + count <= text.count else { return }
            value &= 0x7F >> UInt32(count)
            for offset in 1..<count { value = value << 6 | UInt32(text[index + offset] & 0x3F) }
            byteCount = count
        }
    }

    /// What stands between `[` and `]`.
    private struct CharacterSet {
        private let isNegated: Bool
        private let members: Range<Int>
        /// Behind the `]`.
        let end: Int

        /// Reads a set whose first character is at `start`; nil when it is not closed, and its `[` means itself.
        init?(_ pattern: Span<UInt8>, at start: Int) {
            var index = start
            isNegated = index < pattern.count && [UInt8(ascii: "!"), UInt8(ascii: "^")].contains(pattern[index])
            if isNegated { index += 1 }
            let first = index
            // A `]` that comes first is a member.
            while index < pattern.count && (pattern[index] != UInt8(ascii: "]") || index == first) {
                index += pattern[index] == UInt8(ascii: "\\") ? 2 : 1
            }
            guard index < pattern.count else { return nil }
            members = first..<index
            end = index + 1
        }

        func contains(_ value: UInt32, in pattern: Span<UInt8>) -> Bool {
            var index = members.lowerBound
            func next() -> UInt32 {
                if pattern[index] == UInt8(ascii: "\\") && index + 1 < members.upperBound { index += 1 }
                let scalar = Scalar(pattern, at: index)
                index += scalar.byteCount
                return scalar.value
            }
            while index < members.upperBound {
                let low = next()
                var high = low
                // A `-` that comes last is a member.
                if index + 1 < members.upperBound && pattern[index] == UInt8(ascii: "-") {
                    index += 1
                    high = next()
                }
                if low <= value && value <= high { return !isNegated }
            }
            return isNegated
        }
    }
}
