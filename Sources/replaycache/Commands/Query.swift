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
            """
    )

    enum Format: String, ExpressibleByArgument, CaseIterable { case table, json, paths }

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

    @OptionGroup var global: GlobalOptions

    func validate() throws {
        if local && remote != nil { throw ValidationError("--local and --remote contradict each other") }
        if nul && format != .paths { throw ValidationError("-0 goes with --format paths") }
    }

    func run() async throws {
        let selection = try selection.selection()
        let scope: Workspace.QueryScope =
            if let remote { .place(try Place(remote)) } else if local { .local } else { .everything }
        let reading = try await global.open()
        if count {
            try Console.data("\(try await reading.workspace.count(selection, in: scope))")
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
        try await workspace.query(selection, in: scope) { row in
            isEmpty.withLock { $0 = false }
            switch format {
            case .json: try Console.json(row)
            case .paths: try Console.data(row.path, terminator: terminator)
            case .table: try table.withLock { try $0.add(Self.cells(row)) }
            }
        }
        try table.withLock { try $0.flush() }
        if isEmpty.withLock({ $0 }) && !global.quiet { StandardStream.note("no replay matches") }
    }

    private static func cells(_ row: ReplayRow) -> [String] {
        let players = row.players.map { player in
            let name = player.connectCode ?? player.displayName ?? player.nameTag
            let mark = row.winnerPorts?.contains(player.port) == true ? "*" : ""
            return player.character + mark + (name.map { " (\($0))" } ?? (player.type == "cpu" ? " (CPU)" : ""))
        }
        let length = row.durationSeconds.map { seconds in
            "\(Int(seconds) / 60):\(Decimals.padded(Int64(seconds) % 60, to: 2))"
        }
        let note = row.problem.map { "  [\($0)]" } ?? ""
        return [
            row.startedAt ?? "-", row.stage ?? "-", players.isEmpty ? "-" : players.joined(separator: " - "),
            length ?? "-", row.path + note,
        ]
    }
}
