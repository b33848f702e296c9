/// A value of the UBJSON subset that Slippi's metadata uses (slp-format.md §1).
enum UBJSON: Sendable, Equatable {
    case string(String)
    case integer(Int64)
    case object([String: UBJSON])
    /// Values that no metadata key needs: floats, booleans, null, arrays.
    case other

    subscript(key: String) -> UBJSON? {
        guard case .object(let members) = self else { return nil }
        return members[key]
    }

    var string: String? {
        guard case .string(let value) = self else { return nil }
        return value
    }

    var integer: Int64? {
        guard case .integer(let value) = self else { return nil }
        return value
    }

    var members: [String: UBJSON] {
        guard case .object(let members) = self else { return [:] }
        return members
    }
}

/// A reader of one UBJSON object that keeps what it read before damage.
///
/// Lengths are checked against the bytes that are left and nesting is capped, so that a few bytes can claim neither
/// memory nor stack.
struct UBJSONReader {
    private var rest: ArraySlice<UInt8>
    /// Set by the first byte that makes no sense; reading stops there.
    private(set) var isDamaged = false

    private static let nestingLimit = 16

    init(_ bytes: ArraySlice<UInt8>) {
        rest = bytes
    }

    /// Reads an object from its opening brace on.
    mutating func readObject() -> UBJSON {
        guard rest.popFirst() == UInt8(ascii: "{") else { return damage() }
        return object(depth: 1)
    }

    private mutating func damage() -> UBJSON {
        isDamaged = true
        rest = []
        return .other
    }

    private mutating func object(depth: Int) -> UBJSON {
        var members: [String: UBJSON] = [:]
        while !isDamaged {
            guard let next = rest.first else {
                isDamaged = true
                break
            }
            if next == UInt8(ascii: "}") {
                rest.removeFirst()
                break
            }
            guard let key = text() else { break }
            let value = value(depth: depth)
            // A value that was cut off is left out; an object in it may hold members that were not.
            if !isDamaged || !value.members.isEmpty { members[key] = value }
        }
        return .object(members)
    }

    private mutating func array(depth: Int) -> UBJSON {
        while !isDamaged, rest.first != UInt8(ascii: "]") {
            _ = value(depth: depth)
        }
        rest = rest.dropFirst()
        return .other
    }

    private mutating func value(depth: Int) -> UBJSON {
        guard depth < Self.nestingLimit, let type = rest.first else { return damage() }
        switch type {
        case UInt8(ascii: "{"):
            rest.removeFirst()
            return object(depth: depth + 1)
        case UInt8(ascii: "["):
            rest.removeFirst()
            return array(depth: depth + 1)
        case UInt8(ascii: "S"):
            rest.removeFirst()
            return text().map(UBJSON.string) ?? damage()
        case UInt8(ascii: "T"), UInt8(ascii: "F"), UInt8(ascii: "Z"): return skip(1)
        case UInt8(ascii: "C"): return skip(2)
        case UInt8(ascii: "d"): return skip(5)
        case UInt8(ascii: "D"): return skip(9)
        default:
            return integer().map(UBJSON.integer) ?? damage()
        }
    }

    private mutating func skip(_ count: Int) -> UBJSON {
        guard rest.count >= count else { return damage() }
        rest = rest.dropFirst(count)
        return .other
    }

    private mutating func text() -> String? {
        guard let length = integer(), length >= 0, length <= rest.count else {
            _ = damage()
            return nil
        }
        defer { rest = rest.dropFirst(Int(length)) }
        return String(decoding: rest.prefix(Int(length)), as: UTF8.self)
    }

    /// Reads an integer of any width, its type byte first; big-endian and signed except for `U`.
    private mutating func integer() -> Int64? {
        guard let type = rest.first, let width = Self.integerWidths[type], rest.count > width else { return nil }
        let digits = rest.dropFirst().prefix(width)
        rest = rest.dropFirst(1 + width)
        let bits = digits.reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard type != UInt8(ascii: "U") else { return Int64(bits) }
        let unusedBits = 64 - 8 * width
        return Int64(bitPattern: bits << unusedBits) >> unusedBits
    }

    private static let integerWidths: [UInt8: Int] = [
        UInt8(ascii: "i"): 1, UInt8(ascii: "U"): 1, UInt8(ascii: "I"): 2, UInt8(ascii: "l"): 4, UInt8(ascii: "L"): 8,
    ]
}
