import ArgumentParser
import ReplayCache

struct SQL: ReplayCacheSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "sql",
        abstract: "Run a SELECT over the catalog.",
        discussion: """
            Views: files, duplicates, local_replays (this machine); entries, replays, players, checkpoints (all \
            repositories used from here, with a column `place`). They are described in docs/catalog.md. Statements that \
            would change something are refused.

            Examples:
              replaycache sql "SELECT stage, count(*) FROM replays GROUP BY stage"
              replaycache sql "SELECT path FROM files WHERE problem IS NOT NULL" --json
            """
    )

    @Argument(help: "One statement.")
    var statement: String

    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let workspace = try await global.open().workspace
        var names: [String] = []
        var table: Table?
        try await workspace.sql(statement) { header in
            names = header
            if !global.json { table = Table(header) }
        } _: { cells in
            if global.json {
                try Console.json(
                    Dictionary(zip(names, cells.map(SQLValue.init)), uniquingKeysWith: { first, _ in first })
                )
            } else {
                try table?.add(cells.map { SQLValue(cell: $0).text })
            }
        }
        try table?.flush()
    }
}

/// A cell as JSON and as text.
private struct SQLValue: Encodable {
    let cell: SQLCell

    var text: String {
        switch cell {
        case .null: ""
        case .integer(let value): "\(value)"
        case .real(let value): "\(value)"
        case .text(let value): value
        case .blob(let bytes): "x'" + bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() + "'"
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch cell {
        case .null: try container.encodeNil()
        case .integer(let value): try container.encode(value)
        case .real(let value) where value.isFinite: try container.encode(value)
        default: try container.encode(text)
        }
    }
}
