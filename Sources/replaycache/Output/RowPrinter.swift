import ReplayCache

/// Prints the rows of an answer in SQL.
struct RowPrinter {
    /// How rows look.
    enum Format: String, CaseIterable { case table, json, csv }

    private let format: Format
    private let names: [String]
    private var table: Table?

    /// Begins an answer with these columns.
    init(_ format: Format, columns: [String]) throws {
        self.format = format
        names = Self.distinct(columns)
        switch format {
        case .table: table = Table(columns)
        case .csv: try Console.data(CSV.line(columns))
        case .json: break
        }
    }

    mutating func add(_ cells: [SQLCell]) throws {
        switch format {
        case .table: try table?.add(cells.map { $0.text ?? "" })
        case .csv: try Console.data(CSV.line(cells.map(\.text)))
        case .json:
            try Console.json(Dictionary(uniqueKeysWithValues: zip(names, cells.map(JSONCell.init))))
        }
    }

    mutating func finish() throws { try table?.flush() }

    /// Names of which none is there twice, so that no cell is lost in an object: the second `a` is `a_2`.
    private static func distinct(_ columns: [String]) -> [String] {
        var taken: Set<String> = []
        return columns.map { column in
            var name = column
            var number = 2
            while !taken.insert(name).inserted {
                name = "\(column)_\(number)"
                number += 1
            }
            return name
        }
    }
}

extension SQLCell {
    /// As people read it; nil for NULL.
    fileprivate var text: String? {
        switch self {
        case .null: nil
        case .integer(let value): "\(value)"
        case .real(let value): "\(value)"
        case .text(let value): value
        case .blob(let bytes): "x'" + Self.hexadecimal(bytes) + "'"
        }
    }

    private static func hexadecimal(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}

private struct JSONCell: Encodable {
    let cell: SQLCell

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch cell {
        case .null: try container.encodeNil()
        case .integer(let value): try container.encode(value)
        case .real(let value) where value.isFinite: try container.encode(value)
        default: try container.encode(cell.text)
        }
    }
}
