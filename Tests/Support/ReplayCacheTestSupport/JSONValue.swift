internal import FoundationEssentials

/// Any JSON, for tests that look at what other programs would see.
public enum JSONValue: Sendable, Equatable, Codable {
    case null
    case bool(Bool)
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])

    /// Reads one value.
    public init(parsing text: String) throws { self = try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8)) }

    /// Reads one value.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .string(value)
        } else if let value = try? container.decode([JSONValue].self) {
            self = .array(value)
        } else {
            self = .object(try container.decode([String: JSONValue].self))
        }
    }

    /// Writes one value.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .bool(let value): try container.encode(value)
        case .number(let value): try int.map { try container.encode($0) } ?? container.encode(value)
        case .string(let value): try container.encode(value)
        case .array(let value): try container.encode(value)
        case .object(let value): try container.encode(value)
        }
    }

    /// A field of an object; nil when it is absent, `.null` when it is null.
    public subscript(_ key: String) -> JSONValue? { object?[key] }

    /// The fields of an object.
    public var object: [String: JSONValue]? {
        if case .object(let value) = self { value } else { nil }
    }
    /// The items of an array.
    public var array: [JSONValue]? {
        if case .array(let value) = self { value } else { nil }
    }
    /// The text of a string.
    public var string: String? {
        if case .string(let value) = self { value } else { nil }
    }
    /// A number.
    public var number: Double? {
        if case .number(let value) = self { value } else { nil }
    }
    /// A whole number.
    public var int: Int? { number.flatMap(Int.init(exactly:)) }
}
