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

    package static func text(_ value: some Encodable) throws -> String {
        String(decoding: try line(value), as: UTF8.self)
    }
}
