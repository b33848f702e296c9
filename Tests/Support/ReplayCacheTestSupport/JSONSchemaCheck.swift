internal import FoundationEssentials

/// Checks values against a schema of `schema/`: the keywords that those schemas use, and that every field is described.
public struct JSONSchemaCheck: Sendable {
    private let root: JSONValue

    /// Reads `schema/NAME.schema.json`.
    public init(_ name: String) throws {
        let path = "\(CommandLineSandbox.checkout)/schema/\(name).schema.json"
        root = try JSONValue(parsing: String(decoding: Data(contentsOf: URL(filePath: path)), as: UTF8.self))
    }

    /// What is wrong with a value, a sentence each.
    public func problems(_ value: JSONValue) -> [String] { problems(value, root, at: "$") }

    private func problems(_ value: JSONValue, _ schema: JSONValue, at place: String) -> [String] {
        if let reference = schema["$ref"]?.string, let name = reference.split(separator: "/").last,
            let target = root["$defs"]?[String(name)]
        {
            return problems(value, target, at: place)
        }
        if let choices = schema["oneOf"]?.array {
            let count = choices.filter { problems(value, $0, at: place).isEmpty }.count
            return count == 1 ? [] : ["\(place) fits \(count) of the alternatives"]
        }
        var found: [String] = []
        if let constant = schema["const"], constant != value { found.append("\(place) is not the constant") }
        if let choices = schema["enum"]?.array, !choices.contains(value) { found.append("\(place) is not in the list") }
        if let types = schema["type"].map({ $0.array ?? [$0] }), !types.contains(where: { value.isOf($0) }) {
            found.append("\(place) has another type")
        }
        if let minimum = schema["minimum"]?.number, let number = value.number, number < minimum {
            found.append("\(place) is below the minimum")
        }
        for (index, item) in (value.array ?? []).enumerated() {
            if let items = schema["items"] { found += problems(item, items, at: "\(place)[\(index)]") }
        }
        return found + fieldProblems(value.object ?? [:], schema, at: place)
    }

    private func fieldProblems(_ fields: [String: JSONValue], _ schema: JSONValue, at place: String) -> [String] {
        guard let described = schema["properties"]?.object else { return [] }
        var found = (schema["required"]?.array ?? []).compactMap(\.string).filter { fields[$0] == nil }
            .map { "\(place).\($0) is missing" }
        for (name, value) in fields {
            guard let field = described[name] else {
                found.append("\(place).\(name) is not described")
                continue
            }
            found += problems(value, field, at: "\(place).\(name)")
        }
        return found
    }
}

extension JSONValue {
    fileprivate func isOf(_ type: JSONValue) -> Bool {
        switch (type.string, self) {
        case ("null", .null), ("boolean", .bool), ("number", .number), ("string", .string), ("array", .array),
            ("object", .object):
            true
        case ("integer", .number(let value)): value.rounded() == value
        default: false
        }
    }
}
