internal import FoundationEssentials

/// JSON with sorted keys, one value a line: the form of segments, recipes and `--json` output.
package enum JSON {
    package static func line(_ value: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(value))
    }

    package static func decode<Value: Decodable>(_ type: Value.Type, from bytes: some Sequence<UInt8>) throws -> Value {
        try JSONDecoder().decode(type, from: Data(bytes))
    }

    /// Why a text does not decode, in words for people: which field is wrong, and how.
    package static func reason(_ error: any Error) -> String {
        func name(_ path: [any CodingKey]) -> String {
            DisplayText.quoted(path.map { $0.intValue.map(String.init) ?? $0.stringValue }.joined(separator: "."))
        }
        switch error as? DecodingError {
        case .keyNotFound(let key, let context): return "the field \(name(context.codingPath + [key])) is missing"
        case .valueNotFound(_, let context), .typeMismatch(_, let context), .dataCorrupted(let context):
            // Foundation tells both alike, and not which number.
            guard !context.codingPath.isEmpty else { return "it is no JSON object, or a number in it does not fit" }
            return "the field \(name(context.codingPath)) does not hold what it should"
        default: return "\(error)"
        }
    }

    package static func text(_ value: some Encodable) throws -> String {
        String(decoding: try line(value), as: UTF8.self)
    }
}
