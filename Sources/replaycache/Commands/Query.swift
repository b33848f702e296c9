import ArgumentParser
import ReplayCache
import Synchronization

struct Query: ReplayCacheSubcommand {
    static let configuration = CommandConfiguration(
        abstract: "Find replays by what happens in them.",
        discussion: """
            Answers from the local catalog: all repositories used from here and all folders scanned here, joined by \
            content. With --remote only that repository, brought up to date first.

            Examples:
              replaycache query --character mewtwo --limit 20
              replaycache query --character fox --remote /mnt/backup/melee --format json
              replaycache query --character fox --group-by matchup
            """
    )

    enum Format: String, ExpressibleByArgument, CaseIterable { case table, json, csv, paths }

    @OptionGroup(title: "Selection") var selection: SelectionOptions

    @Option(help: ArgumentHelp("Ask this repository, brought up to date first.", valueName: "remote"))
    var remote: String?

    @Flag(help: "Ask local folders only.")
    var local = false

    @Option(help: ArgumentHelp("How to print the rows.", valueName: "format"))
    var format = Format.table

    @Flag(name: .customShort("0"), help: "With --format paths: end each path with a NUL.")
    var nul = false

    @Flag(help: "Print only how many replays there are.")
    var count = false

    @Option(
        help: ArgumentHelp(
            "Count replays by character, matchup, stage, month, player, version or platform; may be repeated.",
            valueName: "field"
        )
    )
    var groupBy: [GroupFields] = []

    @OptionGroup var global: GlobalOptions

    func validate() throws {
        if local && remote != nil { throw ValidationError("--local and --remote contradict each other") }
        if nul && format != .paths { throw ValidationError("-0 goes with --format paths") }
        guard !groupBy.isEmpty else { return }
        if count { throw ValidationError("--count and --group-by contradict each other") }
        if format == .paths { throw ValidationError("groups have no paths: --format table, json or csv") }
        let fields = groupBy.flatMap(\.fields)
        if Set(fields).count < fields.count { throw ValidationError("--group-by names a field twice") }
    }

    func run() async throws {
        let selection = try selection.selection()
        let scope: Workspace.QueryScope =
            if let remote { .place(try Place(remote)) } else if local { .local } else { .everything }
        let reading = try await global.open()
        if count {
            try Console.data("\(try await reading.workspace.count(selection, in: scope))")
        } else if !groupBy.isEmpty {
            try await printGroups(reading.workspace, selection, scope)
        } else {
            try await printRows(reading.workspace, selection, scope)
        }
        if let damage = reading.damage { throw damage }
    }

    private func printRows(
        _ workspace: Workspace,
        _ selection: Selection,
        _ scope: Workspace.QueryScope
    ) async throws {
        let table = Mutex(Table(["STARTED", "STAGE", "PLAYERS", "LENGTH", "PATH"]))
        let format = global.json ? Format.json : format
        let terminator = nul ? "\0" : "\n"
        let isEmpty = Mutex(true)
        if format == .csv { try Console.data(CSV.line(ReplayCSV.header)) }
        try await workspace.query(selection, in: scope) { row in
            isEmpty.withLock { $0 = false }
            switch format {
            case .json: try Console.json(row)
            case .csv: try Console.data(ReplayCSV.line(row))
            case .paths: try Console.data(row.path, terminator: terminator)
            case .table: try table.withLock { try $0.add(Self.cells(row)) }
            }
        }
        try table.withLock { try $0.flush() }
        if isEmpty.withLock({ $0 }) && !global.quiet { StandardStream.note("no replay matches") }
    }

    private func printGroups(
        _ workspace: Workspace,
        _ selection: Selection,
        _ scope: Workspace.QueryScope
    ) async throws {
        let fields = groupBy.flatMap(\.fields)
        let rows = try await workspace.groups(selection, by: fields, in: scope)
        switch global.json ? .json : format {
        case .json: for row in rows { try Console.json(row) }
        case .csv:
            try Console.data(CSV.line(fields.map(\.rawValue) + ["replays", "bytes", "hours"]))
            for row in rows {
                try Console.data(CSV.line(row.keys.map(\.value) + ["\(row.replays)", "\(row.bytes)", "\(row.hours)"]))
            }
        case .table, .paths:
            try GroupText().print(rows, by: fields)
            if rows.isEmpty && !global.quiet { StandardStream.note("no replay matches") }
        }
    }

    /// Who meets whom, teams together, the winners marked: `Falco* + Fox* vs Marth + Peach`.
    private static func sides(_ row: ReplayRow) -> String {
        var sides: [(team: Int?, players: [String])] = []
        for player in row.players {
            let name = player.connectCode ?? player.displayName ?? player.nameTag
            let mark = row.winnerPorts?.contains(player.port) == true ? "*" : ""
            let text = player.character + mark + (name.map { " (\($0))" } ?? (player.type == "cpu" ? " (CPU)" : ""))
            if let index = sides.firstIndex(where: { $0.team != nil && $0.team == player.team }) {
                sides[index].players.append(text)
            } else {
                sides.append((player.team, [text]))
            }
        }
        return sides.isEmpty ? "-" : sides.map { $0.players.joined(separator: " + ") }.joined(separator: " vs ")
    }

    private static func cells(_ row: ReplayRow) -> [String] {
        let length = row.durationSeconds.map { seconds in
            "\(Int(seconds) / 60):\(Decimals.padded(Int64(seconds) % 60, to: 2))"
        }
        let note = row.problem.map { "  [\($0)]" } ?? ""
        return [
            row.startedAt ?? "-", row.stage ?? "-", sides(row),
            length ?? "-", row.path + note,
        ]
    }
}

/// Fields with commas between them.
struct GroupFields: ExpressibleByArgument {
    let fields: [GroupField]

    init?(argument: String) {
        let words = argument.split(separator: ",", omittingEmptySubsequences: false)
        fields = words.compactMap { GroupField(rawValue: String($0)) }
        guard fields.count == words.count else { return nil }
    }
}
