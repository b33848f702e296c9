import ArgumentParser
import ReplayCache

/// The part of SELECTION that is asked of each replay alone.
///
/// Repeating an option means any of; different options mean all of; `not:` before a value negates it.
struct CriteriaOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Replays in which a player plays this, such as fox or not:fox.", valueName: "name"))
    var character: [String] = []

    @Option(help: ArgumentHelp("… and meets this character, who is not on the same team.", valueName: "name"))
    var opponent: [String] = []

    @Option(help: ArgumentHelp("Replays in which these two meet, such as fox/marth.", valueName: "a/b"))
    var matchup: [String] = []

    @Option(help: ArgumentHelp("Replays on this stage, such as fod.", valueName: "name"))
    var stage: [String] = []

    @Option(
        help: ArgumentHelp(
            "Replays in which the player of --character has this connect code, online name or tag.",
            valueName: "code or name"
        )
    )
    var player: [String] = []

    @Option(help: ArgumentHelp("Replays that this character or player won.", valueName: "character or code"))
    var winner: [String] = []

    @Option(
        help: ArgumentHelp(
            "Started then or later: 2026-11-24, 2026-11-24T15:00:00Z, or 3d for days ago.",
            valueName: "when"
        )
    )
    var since: String?

    @Option(help: ArgumentHelp("Started before then; with a date alone, that day included.", valueName: "when"))
    var until: String?

    @Option(help: ArgumentHelp("At least this long: 45, 45s, 1m30s.", valueName: "time"))
    var minDuration: String?

    @Option(help: ArgumentHelp("At most this long.", valueName: "time"))
    var maxDuration: String?

    @Flag(help: "Recordings that are whole, of games that ended.")
    var complete = false

    @Option(help: ArgumentHelp("So many players are no CPUs.", valueName: "n"))
    var humans: Int?

    @Option(help: ArgumentHelp("Every player started with so many stocks or more.", valueName: "n"))
    var minStocks: Int?

    @Flag(help: "Ranked games; with --unranked either.")
    var ranked = false

    @Flag(help: "Unranked games.")
    var unranked = false

    @Flag(help: "On the six stages that tournaments play on.")
    var legal = false

    @Flag(help: "Teams games.")
    var doubles = false

    @Option(help: ArgumentHelp("Version of the file, such as '>=3.7' or '>=3.7,<3.14'.", valueName: "versions"))
    var slippi: [String] = []

    @Option(help: ArgumentHelp("What recorded it, such as dolphin or nintendont.", valueName: "name"))
    var platform: [String] = []

    @Option(help: ArgumentHelp("Files whose path matches.", valueName: "glob"))
    var path: [String] = []

    @Option(name: .customLong("where"), help: ArgumentHelp("An SQL condition on the view `replays`.", valueName: "sql"))
    var expression: String?

    func validate() throws {
        if let humans, !(0...4).contains(humans) { throw ValidationError("--humans must be from 0 to 4") }
        if let minStocks, !(0...255).contains(minStocks) {
            throw ValidationError("--min-stocks must be from 0 to 255")
        }
    }

    /// What the options say.
    func selection() throws -> Selection {
        var selection = Selection()
        selection.characters = try Selection.characters(character)
        selection.opponents = try Selection.characters(opponent, flag: "--opponent")
        selection.matchups = try Selection.matchups(matchup)
        selection.stages = try Selection.stages(stage)
        selection.players = try Selection.players(player)
        selection.winners = try Selection.winners(winner)
        selection.since = try since.map(Selection.since)
        selection.until = try until.map(Selection.until)
        selection.minimumDuration = try minDuration.map { try Selection.duration($0, flag: "--min-duration") }
        selection.maximumDuration = try maxDuration.map { try Selection.duration($0, flag: "--max-duration") }
        selection.isComplete = complete
        selection.humans = humans
        selection.minimumStocks = minStocks
        if ranked { selection.modes.insert(.ranked) }
        if unranked { selection.modes.insert(.unranked) }
        selection.isLegal = legal
        selection.isDoubles = doubles
        selection.versions = try Selection.versions(slippi)
        selection.platforms = try Selection.platforms(platform)
        selection.paths = try Selection.paths(path)
        selection.expression = try expression.map { try Selection.expression($0) }
        return selection
    }
}

/// SELECTION: which replays.
struct SelectionOptions: ParsableArguments {
    enum Unique: String, ExpressibleByArgument, CaseIterable { case file, game }

    @OptionGroup var criteria: CriteriaOptions

    @Option(help: ArgumentHelp("One path of each file, or one recording of each game.", valueName: "file|game"))
    var unique: Unique?

    @Option(help: ArgumentHelp("So many of them by chance.", valueName: "n"))
    var sample: Int?

    @Option(help: ArgumentHelp("With --sample: another draw. The same number draws the same again.", valueName: "s"))
    var seed: UInt64?

    @Option(
        help: ArgumentHelp(
            "With --sample: as many of each, of character, matchup, stage, month, player, version, platform.",
            valueName: "field,…"
        )
    )
    var per: [String] = []
    @Option(help: ArgumentHelp("Replays of a dataset: NAME, or NAME@DIGITS of its list.", valueName: "name"))
    var dataset: String?

    @Option(help: ArgumentHelp("At most this many, in the order of their paths.", valueName: "n"))
    var limit: Int?

    func validate() throws {
        if let limit, limit < 1 { throw ValidationError("--limit must be at least 1") }
        if let sample, sample < 1 { throw ValidationError("--sample must be at least 1") }
        if sample == nil && (seed != nil || !per.isEmpty) {
            throw ValidationError("--\(seed == nil ? "per" : "seed") goes with --sample")
        }
    }

    /// What the options say.
    func selection() throws -> Selection {
        var selection = try criteria.selection()
        selection.limit = limit
        selection.dataset = dataset
        selection.unique = unique.flatMap { .init(rawValue: $0.rawValue) }
        let strata = try Selection.strata(per)
        selection.sample = sample.map { Selection.Sample(count: $0, seed: seed ?? 0, strata: strata) }
        return selection
    }
}
