import ArgumentParser
import ReplayCache

struct Stats: ReplayCacheSubcommand {
    static let configuration = CommandConfiguration(
        abstract: "Give an overview of a collection of replays.",
        discussion: """
            Answers from the local catalog: all repositories used from here and all folders scanned here, joined by \
            content. With --remote only that repository, brought up to date first.

            Examples:
              replaycache stats
              replaycache stats --character fox --remote /mnt/backup/melee
            """
    )

    @OptionGroup(title: "Selection") var selection: SelectionOptions

    @Option(help: ArgumentHelp("Look at this repository, brought up to date first.", valueName: "remote"))
    var remote: String?

    @Flag(help: "Look at local folders only.")
    var local = false

    @OptionGroup var global: GlobalOptions

    func validate() throws {
        if local && remote != nil { throw ValidationError("--local and --remote contradict each other") }
    }

    func run() async throws {
        let scope: Workspace.QueryScope =
            if let remote { .place(try Place(remote)) } else if local { .local } else { .everything }
        let reading = try await global.open()
        let stats = try await reading.workspace.statistics(try selection.selection(), in: scope)
        if global.json {
            try Console.json(stats)
        } else {
            for line in StatsText.lines(stats) { try Console.data(line) }
        }
        if let damage = reading.damage { throw damage }
    }
}
